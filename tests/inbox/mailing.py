"""Mail on its way, for tests: a workspace that may write, replies that wait, and a server to hand them to."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from inbox import identity, sending
from inbox.models import Conversation, Message, OutgoingMail
from tenants.models import Membership
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.smtp_server import SmtpServer, smtp_server

SMTP = "django.core.mail.backends.smtp.EmailBackend"
SUPPORT = "support@shop.example"


def set_up(by: Membership, **fields: Any) -> None:
    given = {
        "from_name": "Acme Goods",
        "from_email": SUPPORT,
        "reply_to": "",
        "signature": "{name}\nAcme Goods",
        "undo_seconds": 0,
        **fields,
    }
    identity.change(**given, by=by)


def reply(
    *, of: Conversation | None = None, writer: Membership | None = None, state: str = "queued", **fields: Any
) -> OutgoingMail:
    """A reply as the composer leaves it: the message and its row."""
    given: dict[str, Any] = {
        "kind": Message.Kind.SENT,
        "from_email": SUPPORT,
        "to": [["Maya Lindqvist", factories.MAYA]],
        "subject": "Re: Where is my order?",
        "writer": writer,
        **fields,
    }
    message = factories.message(
        of or Conversation.objects.first() or factories.conversation(), text=given.pop("text", "On its way."), **given
    )
    return OutgoingMail.objects.create(message=message, state=state, next_run_at=timezone.now() - timedelta(seconds=1))


def queued(cast: Cast, **fields: Any) -> OutgoingMail:
    """A reply of Ava's, unless told otherwise."""
    with tenant_context(cast.acme.pk):
        return reply(**{"writer": cast.ava, **fields})


def send(cast: Cast, row: OutgoingMail) -> OutgoingMail:
    """As a worker does; the row afterwards."""
    sending.send(tenant_id=cast.acme.pk, outgoing_id=row.pk)
    return again(cast, row)


def again(cast: Cast, row: OutgoingMail) -> OutgoingMail:
    with tenant_context(cast.acme.pk):
        return OutgoingMail.objects.get(pk=row.pk)


def due() -> None:
    """Whatever waits for its next try, or for the end of a dead worker's claim, has waited long enough."""
    OutgoingMail.objects.filter(state="queued").update(next_run_at=Now())
    OutgoingMail.objects.filter(state="sending").update(claimed_until=Now())


@contextmanager
def server(settings: Settings) -> Iterator[SmtpServer]:
    """The installation sends to it, with little patience."""
    with smtp_server() as running:
        for name, value in environment(running).items():
            setattr(settings, name, value)
        yield running


def environment(running: SmtpServer) -> dict[str, Any]:
    return {
        "MAIL_TRANSPORT": SMTP,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": running.port,
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_USE_TLS": False,
        "EMAIL_USE_SSL": False,
        "EMAIL_TIMEOUT": 0.5,
        "MAIL_ANSWER_TIMEOUT": 0.5,
    }
