"""What is done to conversations: to one as to two hundred, by the same few statements. Each is told in its thread.

Whoever calls has locked the rows (`locked`), in the one order that everybody locks them in, and is in a transaction. A deed
that changes nothing writes nothing; what comes back are the conversations that were changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models.functions import Now

from inbox import notices
from inbox.models import Conversation, ConversationEvent, Notification
from tenants.models import Membership

State, Kind = Conversation.State, ConversationEvent.Kind
LONGEST_SNOOZE = timedelta(days=366)


class Erased(Exception):
    """The conversation was erased: there is nothing to work on any more."""


class NotAMember(Exception):
    """Nobody can be given a conversation who has left the workspace."""


class BadTime(Exception):
    """A conversation sleeps until a time to come, within a year."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A state, and until when one sleeps that is snoozed."""

    state: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    row: Conversation
    values: Mapping[str, Any]
    kind: str
    detail: Mapping[str, Any]


def locked(**which: Any) -> list[Conversation]:
    """Those that are wanted, erased ones too, locked in one order for everybody: two who do something to the same ones at once
    wait for each other, not crosswise. Each with whose it is, and with the database's time as `now`."""
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",)).select_related("assignee__user")
    return list(rows.annotate(now=Now()).filter(**which).order_by("pk"))


def assign(*, given: Iterable[tuple[Conversation, Membership | None]], by: Membership | None) -> list[Conversation]:
    """Each to its member, who is told, or to nobody. Raises NotAMember."""
    changes, told = [], []
    for row, to in given:
        if to is not None and to.removed_at is not None:
            raise NotAMember
        if row.assignee_id == (to.pk if to else None):
            continue
        kind = Kind.UNASSIGNED if to is None else Kind.ASSIGNED
        changes.append(_Change(row, {"assignee": to}, kind, {"member": to.pk if to else row.assignee_id}))
        if to is not None:
            told.append((to, row))
    changed = _write(changes, by=by)
    notices.tell_each(told=told, kind=Notification.Kind.ASSIGNED, by=by)
    return changed


def put(*, given: Iterable[tuple[Conversation, Standing]], by: Membership | None) -> list[Conversation]:
    """Each into its state. `by`: None where it happens by itself. Raises BadTime."""
    changes = []
    for row, new in given:
        if new.state == State.SNOOZED and not is_to_come(row, new.until):
            raise BadTime
        if (row.state, row.snoozed_until) == (new.state, new.until):
            continue
        closed_at = Now() if new.state == State.CLOSED else None
        values = {"state": new.state, "snoozed_until": new.until, "closed_at": closed_at}
        detail = {"until": new.until.isoformat()} if new.until else {}
        changes.append(_Change(row, values, _kind(row, new.state, by), detail))
    return _write(changes, by=by)


def prioritise(*, given: Iterable[tuple[Conversation, int]], by: Membership) -> list[Conversation]:
    """How urgent each is."""
    return _write(
        [
            _Change(row, {"priority": priority}, Kind.PRIORITY, {"before": row.priority, "after": int(priority)})
            for row, priority in given
            if row.priority != priority
        ],
        by=by,
    )


def is_to_come(row: Conversation, until: datetime | None) -> bool:
    """Whether a conversation that was locked may sleep until then."""
    now: datetime = row.now  # type: ignore[attr-defined]
    return until is not None and now < until <= now + LONGEST_SNOOZE


def _kind(row: Conversation, state: str, by: Membership | None) -> str:
    if state != State.OPEN:
        return {State.CLOSED: Kind.CLOSED, State.SNOOZED: Kind.SNOOZED, State.SPAM: Kind.SPAM}[State(state)]
    if row.state == State.SPAM:
        return Kind.NOT_SPAM
    return Kind.WOKE if row.state == State.SNOOZED and by is None else Kind.REOPENED


def _write(changes: list[_Change], *, by: Membership | None) -> list[Conversation]:
    """One statement for the rows, also where each gets something else; one for what the threads tell."""
    rows = [change.row for change in changes]
    for change in changes:
        for name, value in change.values.items():
            setattr(change.row, name, value)
    if changes:
        same = changes[0].values
        if all(change.values == same for change in changes):
            Conversation.objects.filter(pk__in=[row.pk for row in rows]).update(**same)
        else:
            Conversation.objects.bulk_update(rows, list(same))
        tell(rows, {change.row.pk: (change.kind, change.detail) for change in changes}, by=by)
    return rows


def tell(
    rows: Iterable[Conversation], what: Mapping[int, tuple[str, Mapping[str, Any]]], *, by: Membership | None
) -> None:
    """What the threads of these conversations tell: by the conversation's id the kind, and what is known of it."""
    ConversationEvent.objects.bulk_create(
        ConversationEvent(conversation=row, kind=kind, by=by, detail=dict(detail))
        for row in rows
        for kind, detail in [what[row.pk]]
    )
