"""Work on a conversation: whose it is, in which state, how urgent. Each deed is told in its thread (`ConversationEvent`).

A deed that changes nothing writes nothing: pressed twice, by two people at once, or in bulk over some that are so already.
All of them wait for the conversation's row, behind which mail that arrives and erasures stand as well.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from inbox import notices
from inbox.models import Conversation, ConversationEvent, Message, Notification
from tenants.models import Membership

State, Priority, Kind = Conversation.State, Conversation.Priority, ConversationEvent.Kind
LONGEST_SNOOZE = timedelta(days=366)
RECENT = timedelta(days=1)  # what arrives later than so long after it was sent is an import, or came round the world


class Erased(Exception):
    """The conversation was erased: there is nothing to work on any more."""


class NotAMember(Exception):
    """Nobody can be given a conversation who has left the workspace."""


class BadTime(Exception):
    """A conversation sleeps until a time to come, within a year."""


@transaction.atomic
def assign(*, conversation: Conversation, to: Membership | None, by: Membership) -> bool:
    """Give it to a member, or to nobody. False when it was so already. Raises Erased and NotAMember."""
    row = _locked(conversation)
    if to is not None and to.removed_at is not None:
        raise NotAMember
    if row.assignee_id == (to.pk if to else None):
        return False
    before = row.assignee_id
    _change(row, assignee=to)
    if to is None:
        _tell(row, Kind.UNASSIGNED, by=by, member=before)
        return True
    _tell(row, Kind.ASSIGNED, by=by, member=to.pk)
    notices.tell(member=to, kind=Notification.Kind.ASSIGNED, conversation=row, by=by)
    return True


@transaction.atomic
def close(*, conversation: Conversation, by: Membership) -> bool:
    """Nothing is left to do. A new message opens it again. False when it was closed already. Raises Erased."""
    return _into(_locked(conversation), State.CLOSED, Kind.CLOSED, by=by)


@transaction.atomic
def reopen(*, conversation: Conversation, by: Membership) -> bool:
    """Open again what was closed, sleeps, or was taken for spam. False when it is open. Raises Erased."""
    row = _locked(conversation)
    kind = Kind.NOT_SPAM if row.state == State.SPAM else Kind.REOPENED
    return _into(row, State.OPEN, kind, by=by)


@transaction.atomic
def snooze(*, conversation: Conversation, until: datetime, by: Membership) -> bool:
    """Out of sight until then, or until a message arrives. Raises Erased and BadTime."""
    row = _locked(conversation)
    if not row.now < until <= row.now + LONGEST_SNOOZE:  # type: ignore[attr-defined]
        raise BadTime
    if row.state == State.SNOOZED and row.snoozed_until == until:
        return False
    _change(row, state=State.SNOOZED, snoozed_until=until, closed_at=None)
    _tell(row, Kind.SNOOZED, by=by, until=until.isoformat())
    return True


@transaction.atomic
def mark_spam(*, conversation: Conversation, by: Membership) -> bool:
    """Nobody needs to see it. False when it was spam already. Raises Erased."""
    return _into(_locked(conversation), State.SPAM, Kind.SPAM, by=by)


def taken_for_spam(*, conversation: Conversation) -> None:
    """Mail in it is from somebody whom the shop does not listen to any more. In the caller's transaction."""
    row = _locked(conversation)
    _into(row, State.SPAM, Kind.SPAM, by=None)
    conversation.state, conversation.snoozed_until, conversation.closed_at = row.state, row.snoozed_until, row.closed_at


@transaction.atomic
def set_priority(*, conversation: Conversation, priority: int, by: Membership) -> bool:
    """How urgent it is. False when it was that already. Raises Erased, and ValueError for what is no priority."""
    row, priority = _locked(conversation), Priority(priority)
    if row.priority == priority:
        return False
    before = row.priority
    _change(row, priority=priority)
    _tell(row, Kind.PRIORITY, by=by, before=before, after=int(priority))
    return True


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
    kind = Kind.WOKE if row.state == State.SNOOZED else Kind.REOPENED
    _into(row, State.OPEN, kind, by=None)
    conversation.state, conversation.snoozed_until, conversation.closed_at = row.state, row.snoozed_until, row.closed_at
    if row.assignee is not None:
        notices.tell(member=row.assignee, kind=Notification.Kind.REPLIED, conversation=row)


@transaction.atomic
def wake(*, limit: int = 200) -> int:
    """Open what has slept long enough, by the database's clock. How many it were; called again while it is `limit`."""
    due = Conversation.objects.filter(state=State.SNOOZED, snoozed_until__lte=Now()).order_by("snoozed_until")
    rows = list(due.select_for_update(skip_locked=True, no_key=True)[:limit])
    for row in rows:
        _into(row, State.OPEN, Kind.WOKE, by=None)
    return len(rows)


@transaction.atomic
def release(*, member: Membership, limit: int = 200) -> int:
    """Whoever left has no conversations any more: nobody would look at those. How many it were; called again while it is
    `limit`."""
    rows = Conversation.objects.select_for_update(no_key=True).filter(assignee=member).order_by("pk")[:limit]
    for row in rows:
        _change(row, assignee=None)
        _tell(row, Kind.UNASSIGNED, by=None, member=member.pk)
    return len(rows)


def _locked(conversation: Conversation) -> Conversation:
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",)).select_related("assignee__user")
    row = rows.annotate(now=Now()).get(pk=conversation.pk)
    if row.erased_at is not None:
        raise Erased
    return row


def _into(row: Conversation, state: str, kind: str, *, by: Membership | None) -> bool:
    if row.state == state:
        return False
    _change(row, state=state, snoozed_until=None, closed_at=Now() if state == State.CLOSED else None)
    _tell(row, kind, by=by)
    return True


def _change(row: Conversation, **values: Any) -> None:
    Conversation.objects.filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)


def _tell(row: Conversation, kind: str, *, by: Membership | None, **detail: object) -> None:
    ConversationEvent.objects.create(conversation=row, kind=kind, by=by, detail=detail)
