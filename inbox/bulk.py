"""One deed done to many conversations, and taken back. What was done is sealed into a word that the page hands back.

Each conversation is changed as it is alone (`deeds.py`, `tags.py`), with its event, but all of them by the same few statements;
one that cannot be changed does not keep the others from it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils.dateparse import parse_datetime

from inbox import deeds, tags
from inbox.deeds import Standing
from inbox.models import Conversation, Tag
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
    rows = [row for row in deeds.locked(number__in=list(wanted)) if row.erased_at is None]
    before = {row.pk: _before(row, deed.kind) for row in rows}
    changed, full = _do(rows, deed, by)
    return Outcome(
        deed.kind,
        (deed.to.pk if deed.to else None) if deed.kind == "assign" else deed.tag,
        tuple((row.number, before[row.pk]) for row in changed),
        same=len(rows) - len(changed) - full,
        failed=len(wanted) - len(rows) + full,
    )


@transaction.atomic
def undo(*, outcome: Outcome, by: Membership) -> Outcome:
    """Take it back where nobody has done anything else since. `changed` of what is returned: those that are as before."""
    before = dict(outcome.changed)
    back = _back(deeds.locked(number__in=list(before)), outcome, before, by)
    told = tuple((row.number, None) for row in back)
    return Outcome(outcome.kind, None, told, 0, len(before) - len(back), undone=True)


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


def _do(rows: list[Conversation], deed: Deed, by: Membership) -> tuple[list[Conversation], int]:
    """Those that were changed, and how many could not be."""
    if deed.kind == "tag":
        put, full = tags.put_on(rows=rows, name=deed.tag, by=by)
        return put, len(full)
    if deed.kind == "assign":
        return deeds.assign(given=[(row, deed.to) for row in rows], by=by), 0
    new = Standing(STATES[deed.kind], deed.until if deed.kind == "snooze" else None)
    return deeds.put(given=[(row, new) for row in rows], by=by), 0


def _before(row: Conversation, kind: str) -> Any:
    if kind == "assign":
        return row.assignee_id
    return None if kind == "tag" else [row.state, row.snoozed_until.isoformat() if row.snoozed_until else None]


def _back(rows: list[Conversation], outcome: Outcome, before: Mapping[int, Any], by: Membership) -> list[Conversation]:
    """Those that are still as they were made, made as they were; nothing is given to who has left since."""
    if outcome.kind == "tag":
        tag = Tag.objects.filter(name_norm=tags.normalised(outcome.argument)[1]).first()
        return tags.take_off(rows=rows, tag=tag, by=by) if tag else []
    rows = [row for row in rows if row.erased_at is None]
    if outcome.kind == "assign":
        people = Membership.objects.filter(removed_at=None).in_bulk({each for each in before.values() if each})
        theirs = [(row, before[row.number]) for row in rows if row.assignee_id == outcome.argument]
        given = [(row, people.get(pk)) for row, pk in theirs if pk is None or pk in people]
        return deeds.assign(given=given, by=by)
    still = [row for row in rows if row.state == STATES[outcome.kind]]
    return deeds.put(given=[(row, _standing(row, *before[row.number])) for row in still], by=by)


def _standing(row: Conversation, state: str, until: str | None) -> Standing:
    """As it was; open, where it would have woken meanwhile."""
    if state != State.SNOOZED:
        return Standing(State(state))
    when = parse_datetime(until or "")
    return Standing(State.SNOOZED, when) if deeds.is_to_come(row, when) else Standing(State.OPEN)
