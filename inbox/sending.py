"""Mail out: each row is handed over once in effect, or a person is asked.

    claim (a short transaction) -> talk to the server, no transaction open -> note how it ended (another)

`handed_over_at` is committed before the text leaves. Whoever finds it on a claim that ran out, or loses the connection after
it, does not know whether the mail was sent, and nothing is tried again by itself: `unknown`, until a person or a provider's
tracking settles it. Without it the mail never left, and is tried again. Times are the database's.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from inbox import deliveries, letters, unsent
from inbox.email import transport
from inbox.email.answers import Lost, NotNow, NotSent, Refused, Sent, Superseded
from inbox.email.outbound import Letter
from inbox.events import ReplyQueued
from inbox.models import Delivery, OutgoingMail
from tenants import audit
from tenants.models import Membership
from tenants.outbox.events import publish
from tenants.rls.context import tenant_context

log = logging.getLogger("versana.mail")
State = OutgoingMail.State

CLAIM = timedelta(seconds=120)  # longer than a task may take
MOST_ATTEMPTS = 8  # over about five hours: whoever waits for an answer should learn that it does not get through
PATIENT_ATTEMPTS = 4  # so often nobody gets the mail while one receiver is put off; then the others get it
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=2)
OVERDUE = timedelta(seconds=60)  # nobody was poked for what is due so long
BATCH = 200
# The database may go away between the server's yes and our note of it; so often, and so long in seconds, we come back.
NOTE_TRIES, NOTE_PAUSE = 8, 0.5


class NotSettled(Exception):
    """The mail is in no state in which a person has a say: it is on its way, sent, or was settled by somebody else."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail in our hands until `until`, which no other claim shares."""

    tenant_id: int
    outgoing_id: int
    until: datetime
    attempt: int
    letter: Letter


def send(*, tenant_id: int, outgoing_id: int) -> None:
    """Hand one mail over if it is due and in nobody's hands. Bears being called more than once. No transaction is open."""
    claim = _claimed(tenant_id, outgoing_id)
    if claim is None:
        return
    try:
        sent = transport.hand_over(
            letter=claim.letter,
            whole=claim.attempt < PATIENT_ATTEMPTS,
            handing_over=partial(_handing_over, claim),
        )
    except Superseded:
        return
    except NotSent as failure:
        _surely(partial(_failed, claim, failure))
    except (OperationalError, InterfaceError):  # of our own note that it leaves: so it did not
        _surely(partial(_failed, claim, NotNow("database")))
    else:
        _surely(partial(_sent, claim, sent))


def _claimed(tenant_id: int, outgoing_id: int) -> Claim | None:
    with tenant_context(tenant_id):
        rows = OutgoingMail.objects.select_for_update(skip_locked=True, of=("self",)).annotate(now=Now())
        row = rows.select_related("message__writer__user").filter(pk=outgoing_id, state=State.QUEUED).first()
        if row is None:
            return None
        if row.next_run_at > row.now:  # poked by a clock that is ahead, or while it waits for its next try
            publish(ReplyQueued(outgoing_id=row.pk), at=row.next_run_at)
            return None
        try:
            letter = letters.letter_of(row)
        except letters.Unsendable as error:
            _into(outgoing_id, State.FAILED, error=error.word)
            return None
        until = row.now + CLAIM
        _into(outgoing_id, State.SENDING, claimed_until=until, handed_over_at=None, attempts=F("attempts") + 1)
        return Claim(tenant_id, outgoing_id, until, row.attempts + 1, letter)


def _handing_over(claim: Claim) -> bool:
    """Commit that the text leaves. False when the claim is no longer ours."""
    with tenant_context(claim.tenant_id):
        ours = _of(claim).filter(state=State.SENDING, claimed_until__gt=Now())
        return ours.update(handed_over_at=Now()) == 1


def _sent(claim: Claim, sent: Sent) -> None:
    """The server has it. Also where the claim ran out meanwhile, unless a person has decided by then."""
    with tenant_context(claim.tenant_id):
        ours = _of(claim).filter(state__in=[State.SENDING, State.UNKNOWN])
        late = ours.filter(state=State.UNKNOWN).exists()
        if ours.update(state=State.SENT, sent_at=Now(), error="", provider_id=sent.provider_id, claimed_until=None):
            _note_refused(claim, sent.refused)
            if late:
                unsent.note(outgoing_id=claim.outgoing_id)


def _failed(claim: Claim, failure: NotSent) -> None:
    """Note how it ended, and when to try again where that may be."""
    with tenant_context(claim.tenant_id):
        ours = _of(claim).filter(state__in=[State.SENDING, State.UNKNOWN])
        if isinstance(failure, Lost):
            if ours.update(state=State.UNKNOWN, error=failure.word):
                unsent.note(outgoing_id=claim.outgoing_id)
        elif isinstance(failure, Refused) or claim.attempt >= MOST_ATTEMPTS:
            if ours.update(state=State.FAILED, error=failure.word, handed_over_at=None, claimed_until=None):
                _note_refused(claim, failure.refused)
                unsent.note(outgoing_id=claim.outgoing_id)
        elif ours.update(
            state=State.QUEUED,
            error=failure.word,
            handed_over_at=None,
            claimed_until=None,
            next_run_at=Now() + min(FIRST_WAIT * 3 ** (claim.attempt - 1), LONGEST_WAIT),
        ):
            _call_again(claim.outgoing_id)
    log.info("mail %s: %s at attempt %s", claim.outgoing_id, failure.word, claim.attempt)


def _note_refused(claim: Claim, refused: tuple[str, ...]) -> None:
    row = OutgoingMail.objects.annotate(now=Now()).get(pk=claim.outgoing_id)
    for each in refused:
        deliveries.note(outgoing=row, recipient=each, state=Delivery.State.REJECTED, at=row.now)


def _surely(note: Callable[[], None]) -> None:
    """What the server said is lost if it is not noted now: come back to a database that went away. Noting twice is harmless."""
    for attempt in range(NOTE_TRIES):
        try:
            return note()
        except (OperationalError, InterfaceError):
            if attempt == NOTE_TRIES - 1 or connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(NOTE_PAUSE)
    return None


# --- From time to time ----------------------------------------------------------------------------------------------
@transaction.atomic
def rescue(*, limit: int = BATCH) -> int:
    """Of this workspace: what a dead worker held, and what is due without anybody being poked. How many it were."""
    locked = OutgoingMail.objects.select_for_update(skip_locked=True)
    expired = Q(state=State.SENDING, claimed_until__lte=Now())
    overdue = Q(state=State.QUEUED, next_run_at__lte=Now() - OVERDUE)
    rows = list(locked.filter(expired | overdue).order_by("next_run_at")[:limit])
    for row in rows:
        if row.handed_over_at is not None and row.state == State.SENDING:
            _into(row.pk, State.UNKNOWN, error="worker_lost")
        else:
            _into(row.pk, State.QUEUED, next_run_at=Now(), claimed_until=None)
            publish(ReplyQueued(outgoing_id=row.pk))
    return len(rows)


# --- By a person ----------------------------------------------------------------------------------------------------
@transaction.atomic
def settle(*, mail: OutgoingMail, sent: bool, by: Membership) -> None:
    """Say of a mail that is not known to be sent what became of it: it was sent, or it is to be sent again. Raises NotSettled."""
    row = _locked(mail, State.UNKNOWN)
    if sent:
        at = Coalesce(F("handed_over_at"), Now())
        _into(row.pk, State.SENT, sent_at=at, error="", settled_by=by, claimed_until=None)
    else:
        _queue_anew(row, by=by)
    audit.record(audit.Action.MAIL_SETTLED, by=by, target=_target(row), sent=sent)


@transaction.atomic
def retry(*, mail: OutgoingMail, by: Membership) -> None:
    """Send once more what was not sent. Raises NotSettled."""
    row = _locked(mail, State.FAILED)
    _queue_anew(row, by=by)
    audit.record(audit.Action.MAIL_RETRIED, by=by, target=_target(row))


def _locked(mail: OutgoingMail, state: str) -> OutgoingMail:
    rows = OutgoingMail.objects.select_for_update(of=("self",)).select_related("message__conversation")
    row = rows.filter(pk=mail.pk, state=state).first()
    if row is None:
        raise NotSettled
    return row


def _queue_anew(row: OutgoingMail, *, by: Membership) -> None:
    """With the same Message-ID, by which a receiver can tell that it is the same mail."""
    Delivery.objects.filter(outgoing=row, state=Delivery.State.REJECTED).delete()
    _into(
        row.pk,
        State.QUEUED,
        next_run_at=Now(),
        claimed_until=None,
        handed_over_at=None,
        attempts=0,
        error="",
        settled_by=by,
    )
    publish(ReplyQueued(outgoing_id=row.pk))


def _target(row: OutgoingMail) -> str:
    return f"conversation {row.message.conversation.number}"


def _of(claim: Claim) -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(pk=claim.outgoing_id, claimed_until=claim.until)


def _into(outgoing_id: int, state: str, **values: object) -> None:
    OutgoingMail.objects.filter(pk=outgoing_id).update(state=state, **values)
    if state != State.SENDING:
        unsent.note(outgoing_id=outgoing_id)


def _call_again(outgoing_id: int) -> None:
    row = OutgoingMail.objects.get(pk=outgoing_id)
    publish(ReplyQueued(outgoing_id=row.pk), at=row.next_run_at)
