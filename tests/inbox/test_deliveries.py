"""How far a mail got: noted once, in whatever order it is told; and what a provider tells, by its own signed door."""

import base64
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from inbox import deliveries, letters
from inbox.models import Delivery, OutgoingMail
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.factories import MAYA, team
from tests.inbox import mailing

State = Delivery.State
AT = datetime(2026, 11, 27, 10, tzinfo=UTC)
URL = "/mail/tracking/"


@pytest.fixture
def cast(db: None) -> Cast:
    return team()


def mail_of(cast: Cast, state: str = "sent") -> OutgoingMail:
    with tenant_context(cast.acme.pk):
        row = mailing.reply(state=state, writer=cast.ava)
        OutgoingMail.objects.filter(pk=row.pk).update(provider_id="pm-1", handed_over_at=AT)
        return row


def note(cast: Cast, row: OutgoingMail, state: str, *, minutes: float = 0, to: str = MAYA) -> bool:
    with tenant_context(cast.acme.pk):
        return deliveries.note(outgoing=row, recipient=to, state=state, at=AT + timedelta(minutes=minutes))


def known(cast: Cast) -> list[tuple[str, str]]:
    with tenant_context(cast.acme.pk):
        return list(Delivery.objects.order_by("recipient").values_list("recipient", "state"))


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (["delivered", "delivered"], "delivered"),
        (["delivered", "deferred"], "delivered"),
        (["deferred", "delivered"], "delivered"),
        (["bounced", "deferred"], "bounced"),
        (["delivered", "bounced"], "bounced"),
        (["bounced", "delivered"], "delivered"),
        (["complained", "delivered"], "complained"),
        (["complained", "bounced"], "complained"),
        (["rejected", "rejected"], "rejected"),
    ],
)
def test_what_is_further_on_counts(cast: Cast, told: list[str], state: str) -> None:
    row = mail_of(cast)
    for minutes, each in enumerate(told):
        note(cast, row, each, minutes=minutes)
    assert known(cast) == [(MAYA, state)]


@pytest.mark.parametrize("order", list(itertools.permutations(["deferred", "delivered", "complained"])))
def test_the_order_in_which_it_is_told_does_not_matter(cast: Cast, order: tuple[str, ...]) -> None:
    row = mail_of(cast)
    for each in order:
        note(cast, row, each)
    assert known(cast) == [(MAYA, "complained")]


def test_a_delivery_told_late_does_not_undo_a_later_bounce(cast: Cast) -> None:
    row = mail_of(cast)
    note(cast, row, "bounced", minutes=5)
    assert not note(cast, row, "delivered", minutes=1)
    assert known(cast) == [(MAYA, "bounced")]


def test_nothing_is_noted_of_somebody_whom_the_mail_did_not_go_to(cast: Cast) -> None:
    assert not note(cast, mail_of(cast), "bounced", to="somebody@else.example")
    assert not note(cast, mail_of(cast), "bounced", to="no address")
    assert known(cast) == []


def test_an_address_is_known_in_whatever_case(cast: Cast) -> None:
    row = mail_of(cast)
    assert note(cast, row, "deferred", to=MAYA.upper())
    assert note(cast, row, "delivered")
    assert known(cast) == [(MAYA, "delivered")]


def test_a_state_that_is_none_is_refused(cast: Cast) -> None:
    with pytest.raises(ValueError, match="opened"):
        note(cast, mail_of(cast), "opened")


@pytest.mark.parametrize(("told", "state"), [("delivered", "sent"), ("bounced", "sent"), ("rejected", "unknown")])
def test_whoever_tells_of_a_mail_has_it(cast: Cast, told: str, state: str) -> None:
    """A word of the provider settles what was not known; that it rejects somebody does not say that it took the mail."""
    row = mail_of(cast, "unknown")
    note(cast, row, told)
    with tenant_context(cast.acme.pk):
        found = OutgoingMail.objects.get()
    assert found.state == state
    assert found.sent_at == (AT if state == "sent" else None)


# --- What a provider tells -------------------------------------------------------------------------------------------
@pytest.fixture
def postmark(settings: Settings) -> None:
    settings.MAIL_TRANSPORT = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "us:secret", "POSTMARK_SERVER_TOKEN": "x"}


def handle(cast: Cast, row: OutgoingMail) -> str:
    with tenant_context(cast.acme.pk):
        return letters.handle_of(row)


def told(metadata: object, **fields: object) -> dict[str, Any]:
    return {
        "RecordType": "Delivery",
        "MessageID": "pm-1",
        "Recipient": MAYA,
        "DeliveredAt": "2026-11-27T10:00:00Z",
        "Metadata": metadata,
        **fields,
    }


def tell(body: object, *, secret: str = "us:secret") -> Any:
    headers = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()} if secret else {}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().post(URL, data, content_type="application/json", headers=headers)


def test_a_provider_tells_of_a_delivery_and_of_it_again(cast: Cast, postmark: None) -> None:
    row = mail_of(cast)
    body = told({"versana": handle(cast, row)})
    assert [tell(body).content for _ in range(2)] == [b"1 noted\n", b"0 noted\n"]
    assert known(cast) == [(MAYA, "delivered")]


def test_a_provider_tells_of_a_bounce_and_of_a_complaint(cast: Cast, postmark: None) -> None:
    row = mail_of(cast)
    meta = {"versana": handle(cast, row)}
    bounce = {"RecordType": "Bounce", "Type": "HardBounce", "Email": MAYA, "BouncedAt": "2026-11-27T10:01:00Z"}
    assert tell({**bounce, "MessageID": "pm-1", "Metadata": meta}).status_code == 200
    assert known(cast) == [(MAYA, "bounced")]
    spam = {**bounce, "RecordType": "SpamComplaint", "Type": "SpamComplaint", "MessageID": "pm-1", "Metadata": meta}
    assert tell(spam).status_code == 200
    assert known(cast) == [(MAYA, "complained")]


@pytest.mark.parametrize("secret", ["", "us:wrong", "us"])
def test_without_the_password_nothing_is_noted(cast: Cast, postmark: None, secret: str) -> None:
    row = mail_of(cast)
    assert tell(told({"versana": handle(cast, row)}), secret=secret).status_code == 403
    assert known(cast) == []


def test_without_a_password_of_ours_the_door_is_shut(cast: Cast, settings: Settings) -> None:
    settings.MAIL_TRANSPORT, settings.ANYMAIL = "anymail.backends.postmark.EmailBackend", {}
    assert tell(told({"versana": handle(cast, mail_of(cast))})).status_code == 404
    assert known(cast) == []


@pytest.mark.parametrize(
    "transport",
    [
        "django.core.mail.backends.smtp.EmailBackend",
        "anymail.backends.amazon_ses.EmailBackend",
        "anymail.backends",
        "x",
    ],
)
def test_without_a_provider_that_tells_there_is_no_door(transport: str, settings: Settings, db: None) -> None:
    settings.MAIL_TRANSPORT = transport
    assert tell(told({})).status_code == 404


def test_a_provider_that_signs_needs_no_password_and_is_believed_by_its_signature(settings: Settings, db: None) -> None:
    settings.MAIL_TRANSPORT = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": "key", "MAILGUN_API_KEY": "x"}
    body = {"signature": {"timestamp": "1", "token": "t", "signature": "forged"}, "event-data": {"event": "delivered"}}
    assert tell(body, secret="").status_code == 403


@pytest.mark.parametrize("forged", ["", "1.1:forged", "nonsense", 7, None, {"a": 1}])
def test_a_handle_that_we_did_not_sign_names_no_mail(cast: Cast, postmark: None, forged: object) -> None:
    mail_of(cast)
    assert tell(told({"versana": forged})).content == b"0 noted\n"
    assert known(cast) == []


def test_a_handle_names_one_mail_of_one_workspace(cast: Cast, postmark: None) -> None:
    """That of a row which is not there, in a workspace which is not there, or of next door's."""
    row = mail_of(cast)
    with tenant_context(cast.next_door.pk):
        theirs = letters.handle_of(row)  # our row's number in their workspace
    assert tell(told({"versana": theirs})).content == b"0 noted\n"
    assert known(cast) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7", b'{"RecordType": []}', b"\xff\xfe", b"[[[[" * 1000])
def test_a_broken_body_is_refused(postmark: None, db: None, body: bytes) -> None:
    assert tell(body).status_code in (200, 403)


def test_the_address_can_be_tried(db: None) -> None:
    assert Client().head(URL).status_code == 200
    assert Client().get(URL).status_code == 405


def test_an_opening_is_not_noted(cast: Cast, postmark: None) -> None:
    row = mail_of(cast)
    opened = told({"versana": handle(cast, row)}, RecordType="Open", ReceivedAt=timezone.now().isoformat())
    assert tell(opened).content == b"0 noted\n"
    assert known(cast) == []
