"""Work on a conversation: whose it is, in which state, how urgent. What each deed is: `deeds.py`.

A deed that changes nothing writes nothing: pressed twice, by two people at once, or in bulk over some that are so already.
All of them wait for the conversation's row, behind which mail that arrives and erasures stand as well.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from inbox import deeds, notices
from inbox.deeds import BadTime as BadTime
from inbox.deeds import Erased as Erased
from inbox.deeds import NotAMember as NotAMember
from inbox.deeds import Standing
from inbox.models import Conversation, Message, Notification
from tenants.models import Membership

State, Priority = Conversation.State, Conversation.Priority
RECENT = timedelta(days=1)  # what arrives later than so long after it was sent is an import, or came round the world


@transaction.atomic
def assign(*, conversation: Conversation, to: Membership | None, by: Membership) -> bool:
    """Give it to a member, or to nobody. False when it was so already. Raises Erased and NotAMember."""
    return bool(deeds.assign(given=[(_locked(conversation), to)], by=by))


@transaction.atomic
def close(*, conversation: Conversation, by: Membership) -> bool:
    """Nothing is left to do. A new message opens it again. False when it was closed already. Raises Erased."""
    return _put(_locked(conversation), Standing(State.CLOSED), by=by)


@transaction.atomic
def reopen(*, conversation: Conversation, by: Membership) -> bool:
    """Open again what was closed, sleeps, or was taken for spam. False when it is open. Raises Erased."""
    return _put(_locked(conversation), Standing(State.OPEN), by=by)


@transaction.atomic
def snooze(*, conversation: Conversation, until: datetime, by: Membership) -> bool:
    """Out of sight until then, or until a message arrives. Raises Erased and BadTime."""
    return _put(_locked(conversation), Standing(State.SNOOZED, until), by=by)


@transaction.atomic
def mark_spam(*, conversation: Conversation, by: Membership) -> bool:
    """Nobody needs to see it. False when it was spam already. Raises Erased."""
    return _put(_locked(conversation), Standing(State.SPAM), by=by)


def taken_for_spam(*, conversation: Conversation) -> None:
    """Mail in it is from somebody whom the shop does not listen to any more. In the caller's transaction."""
    row = _locked(conversation)
    _put(row, Standing(State.SPAM), by=None)
    conversation.state, conversation.snoozed_until, conversation.closed_at = row.state, row.snoozed_until, row.closed_at


@transaction.atomic
def set_priority(*, conversation: Conversation, priority: int, by: Membership) -> bool:
    """How urgent it is. False when it was that already. Raises Erased, and ValueError for what is no priority."""
    return bool(deeds.prioritise(given=[(_locked(conversation), Priority(priority))], by=by))


def message_arrived(*, conversation: Conversation, message: Message) -> None:
    """A contact wrote just now: what was closed or sleeps is open again, and whose it is, is told. In the caller's transaction.

    Not for an answer that nobody wrote (an absence, a bounce), nor for an old mail that is imported late: neither is anything to
    look at. Spam stays spam.
    """
    old = message.received_at - message.sent_at > RECENT
    if message.kind != Message.Kind.RECEIVED or message.answers_by_itself or old or conversation.erased_at:
        return
    row = _locked(conversation)
    if row.state == State.SPAM:
        return
    _put(row, Standing(State.OPEN), by=None)
    conversation.state, conversation.snoozed_until, conversation.closed_at = row.state, row.snoozed_until, row.closed_at
    if row.assignee is not None:
        notices.tell(member=row.assignee, kind=Notification.Kind.REPLIED, conversation=row)


@transaction.atomic
def wake(*, limit: int = 200) -> int:
    """Open what has slept long enough, by the database's clock. How many it were; called again while it is `limit`."""
    due = Conversation.objects.filter(state=State.SNOOZED, snoozed_until__lte=Now()).order_by("snoozed_until")
    rows = list(due.select_for_update(skip_locked=True, no_key=True)[:limit])
    deeds.put(given=[(row, Standing(State.OPEN)) for row in rows], by=None)
    return len(rows)


@transaction.atomic
def release(*, member: Membership, limit: int = 200) -> int:
    """Whoever left has no conversations any more: nobody would look at those. How many it were; called again while it is
    `limit`."""
    rows = Conversation.objects.select_for_update(no_key=True).filter(assignee=member).order_by("pk")[:limit]
    return len(deeds.assign(given=[(row, None) for row in rows], by=None))


def _locked(conversation: Conversation) -> Conversation:
    rows = deeds.locked(pk=conversation.pk)
    if not rows:
        raise Conversation.DoesNotExist
    if rows[0].erased_at is not None:
        raise Erased
    return rows[0]


def _put(row: Conversation, standing: Standing, *, by: Membership | None) -> bool:
    return bool(deeds.put(given=[(row, standing)], by=by))
