"""Mailboxes that mail is fetched from, for those who have no other way to hand it in.

A mailbox is looked into every minute by one worker at a time, which has it for as long as `next_poll_at` says. Each mail is kept
in the transaction that notes how far we are, so that none is missed and none is counted before it is here. What lay in the
mailbox before it was added stays out: `import_mail` is for that.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from inbox.email import authentication, doorstep
from inbox.email.inbound import ClosedWorkspace
from inbox.email.parsing import MAIL_LIMIT
from inbox.events import MailboxAdded, MailboxDue
from inbox.models import Mailbox, RawMail
from integrations import imap
from tenants import audit
from tenants.audit import Action
from tenants.crypto.sealing import SealError
from tenants.crypto.secret import Secret
from tenants.models import Membership
from tenants.numbering import next_number
from tenants.outbox.events import publish
from tenants.rls.context import task_tenant_id, tenant_context

log = logging.getLogger("versana.mail")

EVERY = timedelta(minutes=1)
LEASE = timedelta(minutes=2)  # longer than a task may run
LONGEST_WAIT = timedelta(minutes=30)  # between two tries of one that fails
MOST_AT_ONCE = 50  # mails
LONGEST = 45.0  # seconds of one look
OVERLAP = timedelta(days=2)
MOST_MAILBOXES = 20
# Who signs what it found of a sender, where the host says so for certain.
_SERVERS = {"imap.gmail.com": ("mx.google.com",), "outlook.office365.com": ("spf.protection.outlook.com",)}


class AlreadyThere(Exception):
    """This folder of this mailbox is fetched from already."""


class TooMany(Exception):
    """No workspace has more than MOST_MAILBOXES."""


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """What somebody enters of a mailbox."""

    address: str
    host: str
    port: int
    username: str
    password: Secret
    folder: str


def add(*, entered: NewMailbox, by: Membership) -> Mailbox:
    """Fetch mail from there from now on; a worker tries at once whether it works. Raises AlreadyThere and TooMany."""
    try:
        with transaction.atomic():
            number = next_number("mailbox")  # which others wait for, so that the count holds
            if Mailbox.objects.count() >= MOST_MAILBOXES:
                raise TooMany
            row = Mailbox.objects.create(
                number=number,
                address=entered.address,
                host=entered.host,
                port=entered.port,
                username=entered.username,
                password=entered.password,
                folder=entered.folder,
            )
            publish(MailboxAdded(mailbox_id=row.pk))
            audit.record(Action.MAILBOX_ADDED, by=by, target=entered.address, host=entered.host)
    except IntegrityError:
        raise AlreadyThere from None
    return row


def remove(*, mailbox: Mailbox, by: Membership) -> None:
    """Fetch from there no more, and forget the password. Mail that came from it stays."""
    with transaction.atomic():
        audit.record(Action.MAILBOX_REMOVED, by=by, target=mailbox.address, host=mailbox.host)
        Mailbox.objects.filter(pk=mailbox.pk).delete()


def check(*, mailbox: Mailbox) -> None:
    """Look into it now: somebody has mended something, and waits."""
    with transaction.atomic():
        Mailbox.objects.filter(pk=mailbox.pk).update(next_poll_at=Now())
        publish(MailboxAdded(mailbox_id=mailbox.pk))


def call_due() -> int:
    """Have the current workspace's mailboxes looked into whose time it is. How many."""
    ids = list(Mailbox.objects.filter(next_poll_at__lte=Now()).values_list("pk", flat=True))
    for pk in ids:
        publish(MailboxDue(mailbox_id=pk))
    return len(ids)


def poll(*, mailbox_id: int) -> int:
    """Look into a mailbox whose time it is, unless another worker does. How many mails were taken. For tasks."""
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        row = _claim(mailbox_id)
    if row is None:
        return 0
    taken, failure, more = 0, "", False
    try:
        with imap.opened(_account(row)) as folder:
            uids = _begin(tenant_id, row, folder)
            taken = _take_all(tenant_id, row, folder, uids[:MOST_AT_ONCE])
            more = taken < len(uids)
    except imap.MailboxError as error:
        failure = error.code
    except SealError:
        failure = "key_lost"
    except ClosedWorkspace:
        failure = "closed"
    with tenant_context(tenant_id):
        _finish(row, failure, again_at_once=more)
    return taken


def _claim(mailbox_id: int) -> Mailbox | None:
    """By the database's clock: those of two workers may differ."""
    due = Mailbox.objects.filter(pk=mailbox_id, next_poll_at__lte=Now())
    if not due.update(next_poll_at=Now() + LEASE):
        return None
    return Mailbox.objects.filter(pk=mailbox_id).defer("password").first()


def _account(row: Mailbox) -> imap.Account:
    with tenant_context(task_tenant_id()):
        whole = Mailbox.objects.get(pk=row.pk)
        return imap.Account(whole.host, whole.port, whole.username, whole.password, whole.folder)


def _begin(tenant_id: int, row: Mailbox, folder: imap.Folder) -> list[int]:
    """The UIDs to take. Where the server has numbered its mails anew, the last days are taken again: what is there already
    is known by its id."""
    if row.uid_validity == folder.uid_validity:
        return folder.after(row.last_uid)
    newest = folder.uid_next - 1 if folder.uid_next else max(folder.after(0), default=0)
    uids: list[int] = []
    if row.uid_validity is not None:
        uids = folder.since(((row.polled_at or row.created_at) - OVERLAP).date())
        log.warning("mailbox %s was numbered anew", row.pk)
    last = uids[0] - 1 if uids else newest
    with tenant_context(tenant_id):
        Mailbox.objects.filter(pk=row.pk).update(uid_validity=folder.uid_validity, last_uid=last)
    return uids


def _take_all(tenant_id: int, row: Mailbox, folder: imap.Folder, uids: list[int]) -> int:
    """How many of them are behind us. What does not fit into this look waits for the next."""
    end = time.monotonic() + LONGEST
    sizes = folder.sizes(uids)
    for count, uid in enumerate(uids):
        if time.monotonic() > end:
            return count
        large = sizes.get(uid, 0) > MAIL_LIMIT
        raw = folder.head(uid) if large else folder.whole(uid)
        with tenant_context(tenant_id):
            _keep(row, uid, raw, large=large)
    return len(uids)


def _keep(row: Mailbox, uid: int, raw: bytes | None, *, large: bool) -> None:
    """The mail, and that we are past it. One that has gone from the mailbox meanwhile was somebody's to delete."""
    mailbox, recipient = RawMail.Source.MAILBOX, row.address
    if raw and large:
        reason = f"it is larger than {MAIL_LIMIT // 1024 // 1024} MB, and is still in the mailbox; this is its header"
        doorstep.note_refused(source=mailbox, recipient=recipient, head=raw, reason=reason)
    elif raw:
        found = authentication.of(raw, trusted=_SERVERS.get(row.host.lower(), ()))
        doorstep.take(raw=raw, source=mailbox, recipient=recipient, authentication=found)
    Mailbox.objects.filter(pk=row.pk, last_uid__lt=uid).update(last_uid=uid)


def _finish(row: Mailbox, failure: str, *, again_at_once: bool) -> None:
    here = Mailbox.objects.filter(pk=row.pk)
    if failure:
        since = row.failing_since or timezone.now()
        here.update(failure=failure, failing_since=since, next_poll_at=Now() + _wait(since))
        log.info("mailbox %s cannot be read: %s", row.pk, failure)
        return
    here.update(failure="", failing_since=None, polled_at=Now(), next_poll_at=Now() if again_at_once else Now() + EVERY)
    if again_at_once and here.exists():
        publish(MailboxDue(mailbox_id=row.pk))


def _wait(since: datetime) -> timedelta:
    """As long again as it has failed, between a minute and half an hour."""
    return min(max(timezone.now() - since, EVERY), LONGEST_WAIT)


def trying() -> Q:
    """Nobody has looked into it yet."""
    return Q(polled_at=None, failing_since=None)
