"""One deed done to many conversations, and taken back. What was done is sealed into a word that the page hands back.

Each conversation is changed as it is alone (`conversations.py`, `tags.py`), with its event; one that cannot be changed does
not keep the others from it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils.dateparse import parse_datetime

from inbox import conversations, tags
from inbox.conversations import BadTime, Erased, NotAMember
from inbox.models import Conversation, ConversationTag, Tag
from tenants.models import Membership
from tenants.rls.context import current_tenant_id

MOST = 200
UNDO_SECONDS = 3600
State = Conversation.State
STATES = {"close": State.CLOSED, "reopen": State.OPEN, "spam": State.SPAM, "snooze": State.SNOOZED}
KINDS = (*STATES, "assign", "tag")


class TooMany(Exception):
    """More than `MOST` at once."""


class NothingToUndo(Exception):
    """What came back is none of ours, or too old."""


@dataclass(frozen=True, slots=True)
class Deed:
    """`kind` is one of KINDS; then to whom (None: nobody), until when, or which tag."""

    kind: str
    to: Membership | None = None
    until: datetime | None = None
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`changed`: the numbers, each with what is needed to take it back. `same`: how many were so already. `failed`: how many
    are not there, or can be changed no more."""

    kind: str
    argument: Any
    changed: tuple[tuple[int, Any], ...]
    same: int = 0
    failed: int = 0
    undone: bool = False


@transaction.atomic
def act(*, numbers: Collection[int], deed: Deed, by: Membership) -> Outcome:
    """Do it to the conversations with these numbers. Raises TooMany, and BadTag, BadTime and NotAMember for what could be
    done to none of them."""
    wanted = set(numbers)
    if len(wanted) > MOST:
        raise TooMany
    if deed.kind == "tag":
        tags.normalised(deed.tag)
    changed, same, failed = [], 0, 0
    rows = _locked(wanted)
    for row in rows:
        before = _before(row, deed.kind)
        try:
            if _do(row, deed, by):
                changed.append((row.number, before))
            else:
                same += 1
        except (Erased, tags.BadTag):
            failed += 1
    argument = (deed.to.pk if deed.to else None) if deed.kind == "assign" else deed.tag
    return Outcome(deed.kind, argument, tuple(changed), same, failed + len(wanted) - len(rows))


@transaction.atomic
def undo(*, outcome: Outcome, by: Membership) -> Outcome:
    """Take it back where nobody has done anything else since. `changed` of what is returned: those that are as before."""
    before = dict(outcome.changed)
    tag = Tag.objects.filter(name_norm=tags.normalised(outcome.argument)[1]).first() if outcome.kind == "tag" else None
    rows = [row for row in _locked(before) if _is_still(row, outcome, tag)]
    back = [row.number for row in rows if _back(row, outcome, before[row.number], tag, by)]
    return Outcome(
        outcome.kind, None, tuple((number, None) for number in back), 0, len(before) - len(back), undone=True
    )


def sealed(outcome: Outcome, *, by: Membership) -> str:
    """As a word that this member alone can hand back."""
    told = [outcome.kind, outcome.argument, outcome.changed, outcome.same, outcome.failed, outcome.undone]
    return signing.dumps(told, salt=_salt(by), compress=True)


def unsealed(word: str, *, by: Membership) -> Outcome:
    """Raises NothingToUndo."""
    try:
        kind, argument, changed, same, failed, undone = signing.loads(word, salt=_salt(by), max_age=UNDO_SECONDS)
    except (signing.BadSignature, ValueError):
        raise NothingToUndo from None
    return Outcome(kind, argument, tuple((number, before) for number, before in changed), same, failed, undone)


def _salt(by: Membership) -> str:
    return f"inbox.bulk.{current_tenant_id()}.{by.pk}"


def _locked(numbers: Iterable[int]) -> list[Conversation]:
    """In one order for everybody: two who do something to the same ones at once wait for each other, not crosswise."""
    rows = Conversation.objects.select_for_update(no_key=True).filter(number__in=list(numbers))
    return list(rows.order_by("pk"))


def _do(row: Conversation, deed: Deed, by: Membership) -> bool:
    if deed.kind == "assign":
        return conversations.assign(conversation=row, to=deed.to, by=by)
    if deed.kind == "tag":
        return tags.add(conversation=row, name=deed.tag, by=by)
    if deed.kind == "snooze":
        if deed.until is None:
            raise BadTime
        return conversations.snooze(conversation=row, until=deed.until, by=by)
    simple = {"close": conversations.close, "reopen": conversations.reopen, "spam": conversations.mark_spam}
    return simple[deed.kind](conversation=row, by=by)


def _before(row: Conversation, kind: str) -> Any:
    if kind == "assign":
        return row.assignee_id
    return None if kind == "tag" else [row.state, row.snoozed_until.isoformat() if row.snoozed_until else None]


def _is_still(row: Conversation, outcome: Outcome, tag: Tag | None) -> bool:
    if outcome.kind == "assign":
        return bool(row.assignee_id == outcome.argument)
    if outcome.kind == "tag":
        return tag is not None and ConversationTag.objects.filter(conversation=row, tag=tag).exists()
    return row.state == STATES[outcome.kind]


def _back(row: Conversation, outcome: Outcome, before: Any, tag: Tag | None, by: Membership) -> bool:
    try:
        if outcome.kind == "assign":
            to = Membership.objects.get(pk=before) if before else None
            return conversations.assign(conversation=row, to=to, by=by)
        if outcome.kind == "tag":
            return tag is not None and tags.remove(conversation=row, tag=tag, by=by)
        return _restore(row, before, by)
    except (Erased, NotAMember):
        return False


def _restore(row: Conversation, before: list[str], by: Membership) -> bool:
    state, until = before
    if state == State.SNOOZED:
        try:
            return conversations.snooze(conversation=row, until=parse_datetime(until) or row.last_message_at, by=by)
        except BadTime:  # it would have woken meanwhile
            return conversations.reopen(conversation=row, by=by)
    back = {State.OPEN: conversations.reopen, State.CLOSED: conversations.close, State.SPAM: conversations.mark_spam}
    return back[State(state)](conversation=row, by=by)
