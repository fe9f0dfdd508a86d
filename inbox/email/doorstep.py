"""Mail that was handed in and is not filed yet: first a row, then an event, and only then is the sender told that we have it.

A worker files it. The message and the end of its row are one transaction, so that a worker killed anywhere files it once. What
cannot be filed stays with the reason until a person has looked.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from inbox.email import authentication as results
from inbox.email.addressing import slug_of
from inbox.email.inbound import ClosedWorkspace, Verdict, receive
from inbox.email.parsing import MAIL_LIMIT, BadMail, InboundMail, parse
from inbox.email.people import normalised
from inbox.events import MailWaits
from inbox.models import RawMail
from tenants import audit, doors
from tenants.audit import Action
from tenants.models import Membership, Tenant
from tenants.numbering import next_number
from tenants.outbox.events import publish
from tenants.rls.context import current_tenant_id, task_tenant_id, tenant_context
from versana.observability import context as log_context

log = logging.getLogger("versana.mail")

MOST_ATTEMPTS, FEW_ATTEMPTS = 10, 3
MOST_HOPS = 60  # servers that a mail has passed: more is a loop
STALE = timedelta(minutes=5)  # what waits longer, nobody was poked for, or its event is dead
BATCH = 100


class UnknownRecipient(Exception):
    """No workspace takes mail in at this address."""


class NoSuchMail(Exception):
    """No mail of this number is kept: it was filed, or somebody deleted it."""


class NotRefused(Exception):
    """The mail is about to be filed: somebody was faster."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A mail as a door takes it: for whom by its envelope, and what was found of it. `authentication` None: look into the
    mail for the word of a server that we trust."""

    raw: bytes
    source: str
    recipient: str
    authentication: str | None = None
    spam: bool = False


def hand_in(handed: Handed) -> None:
    """Keep a mail for the workspace that its envelope names; committed when this returns.

    Raises UnknownRecipient, ClosedWorkspace, and BadMail for one that is too large to be kept.
    """
    slug = slug_of(handed.recipient, domain=settings.INBOUND_DOMAIN)
    tenant_id = doors.tenant_of_slug(slug) if slug else None
    if tenant_id is None:
        log.info("mail for an address of no workspace")
        raise UnknownRecipient
    with tenant_context(tenant_id), log_context.bound(tenant=tenant_id):
        take(
            raw=handed.raw,
            source=handed.source,
            recipient=handed.recipient,
            authentication=handed.authentication,
            spam=handed.spam,
        )


def take(
    *, raw: bytes, source: str, recipient: str = "", authentication: str | None = None, spam: bool = False
) -> RawMail:
    """Keep a mail in the current workspace until it is filed; the same bytes, handed in twice, are one row.

    Raises ClosedWorkspace, and BadMail for one that is too large.
    """
    if len(raw) > MAIL_LIMIT:
        raise BadMail(f"it is larger than {MAIL_LIMIT // 1024 // 1024} MB")
    with transaction.atomic():
        if Tenant.objects.filter(pk=current_tenant_id(), closed_at__isnull=False).exists():
            raise ClosedWorkspace
        if authentication is None:
            authentication = results.of(raw, trusted=settings.INBOUND_AUTHSERV)
        row, is_new = RawMail.objects.get_or_create(
            digest=hashlib.sha256(raw).hexdigest(),
            defaults={
                "number": lambda: next_number("raw mail"),
                "source": source,
                "raw": raw,
                "recipient": _storable(recipient),
                "authentication": authentication,
                "spam": spam or results.is_marked_spam(raw),
            },
        )
        if is_new:
            publish(MailWaits(raw_id=row.pk))
    return row


def note_refused(*, source: str, recipient: str, head: bytes, reason: str) -> None:
    """Tell of a mail that was not taken, and is still where it was, by its header."""
    RawMail.objects.get_or_create(
        digest=hashlib.sha256(head).hexdigest(),
        defaults={
            "number": lambda: next_number("raw mail"),
            "source": source,
            "raw": head,
            "recipient": _storable(recipient),
            "state": RawMail.State.REFUSED,
            "reason": reason[:200],
        },
    )


def file(*, raw_id: int) -> None:
    """File the mail in this row and delete the row, together; or note why it cannot be filed. For tasks.

    What the database or the machine is to blame for raises, and is tried again. A mail that ends its worker each time is
    given up after MOST_ATTEMPTS.
    """
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        waiting = RawMail.objects.filter(pk=raw_id, state=RawMail.State.NEW)
        if not waiting.update(attempts=F("attempts") + 1):
            return
        row = waiting.get()
    try:
        if row.attempts > MOST_ATTEMPTS:
            raise BadMail("reading it failed many times")
        mail = parse(bytes(row.raw))
        _refuse_loops(bytes(row.raw), mail)
        with tenant_context(tenant_id):
            _file(row, mail)
    except (BadMail, ClosedWorkspace) as refusal:
        reason = refusal.reason if isinstance(refusal, BadMail) else "the workspace is closed"
        _refuse(tenant_id, row, reason)
    except (DataError, IntegrityError) as error:
        if isinstance(error, IntegrityError) and row.attempts < FEW_ATTEMPTS:
            raise  # another mail of the same moment may have been in the way
        # The database's words would quote the mail.
        _refuse(tenant_id, row, f"the database does not take it ({type(error).__name__})")


def try_again(*, number: int, by: Membership) -> None:
    """Have a mail filed that could not be. Raises NoSuchMail and NotRefused."""
    with transaction.atomic():
        row = _refused(number)
        RawMail.objects.filter(pk=row.pk).update(state=RawMail.State.NEW, attempts=0, reason="")
        publish(MailWaits(raw_id=row.pk))
        audit.record(Action.REFUSED_MAIL_RETRIED, by=by, target=f"raw mail {number}")


def delete(*, number: int, by: Membership) -> None:
    """Throw a mail away that could not be filed. Raises NoSuchMail and NotRefused."""
    with transaction.atomic():
        row = _refused(number)
        audit.record(Action.REFUSED_MAIL_DELETED, by=by, target=f"raw mail {number}", reason=row.reason)
        row.delete()


def fetch(*, number: int, by: Membership) -> bytes:
    """The bytes of a mail that is kept. Raises NoSuchMail."""
    with transaction.atomic():
        row = _kept(number)
        audit.record(Action.REFUSED_MAIL_FETCHED, by=by, target=f"raw mail {number}")
        return bytes(row.raw)


def sweep() -> int:
    """Ask again for the mails of the current workspace that wait though their event is long past. How many it were."""
    stale = RawMail.objects.filter(state=RawMail.State.NEW, received_at__lt=Now() - STALE).order_by("received_at")
    ids = list(stale.values_list("pk", flat=True)[:BATCH])
    for pk in ids:
        publish(MailWaits(raw_id=pk))
    return len(ids)


def _file(row: RawMail, mail: InboundMail) -> None:
    """Two workers at once: the second waits for the row, and finds it gone."""
    waiting = RawMail.objects.select_for_update().filter(pk=row.pk, state=RawMail.State.NEW)
    if waiting.defer("raw").first() is None:
        return
    receive(mail=mail, now=timezone.now(), verdict=Verdict(row.authentication, row.spam))
    RawMail.objects.filter(pk=row.pk).delete()


def _refuse(tenant_id: int, row: RawMail, reason: str) -> None:
    with tenant_context(tenant_id):
        waiting = RawMail.objects.filter(pk=row.pk, state=RawMail.State.NEW)
        waiting.update(state=RawMail.State.REFUSED, reason=reason[:200])
    log.info("raw mail %s could not be filed", row.pk)


def _refused(number: int) -> RawMail:
    row = _kept(number)
    if row.state != RawMail.State.REFUSED:
        raise NotRefused
    return row


def _kept(number: int) -> RawMail:
    row = RawMail.objects.select_for_update().filter(number=number).first()
    if row is None:
        raise NoSuchMail
    return row


def _refuse_loops(raw: bytes, mail: InboundMail) -> None:
    """Our own notices, forwarded to the shop's address, would make new notices without end."""
    if normalised([mail.from_[1]]) & normalised([settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip("> ")]):
        raise BadMail("this installation sent it itself, as a notice to a member")
    if raw[:1_000_000].lower().count(b"\nreceived:") > MOST_HOPS:
        raise BadMail("it has gone round in a loop")


def _storable(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:320]
