"""Who has a conversation before them, and who writes in it, so that two do not answer at once.

Every open thread asks every few seconds: one statement while nothing is new. A row is written when somebody comes, begins to
write, and every ten seconds; half a minute after the last one they are gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.models import Conversation, Presence
from tenants.models import Membership

GONE = timedelta(seconds=30)
TYPING = timedelta(seconds=12)  # so long after a key was pressed
AGAIN = timedelta(seconds=10)
MOST = 20  # who are told of; more than that are a meeting


@dataclass(frozen=True, slots=True)
class Colleague:
    name: str
    typing: bool


@transaction.atomic
def look(*, number: int, by: Membership, typing: bool = False) -> tuple[Colleague, ...]:
    """Say that a member looks at the conversation with this number, and who else does. Raises Conversation.DoesNotExist."""
    rows = Presence.objects.filter(conversation__number=number, seen_at__gt=Now() - GONE).annotate(now=Now())
    present = list(rows.select_related("member__user").order_by("member")[: MOST + 1])
    own = next((row for row in present if row.member_id == by.pk), None)
    if own is None or _is_old(own, typing=typing):
        conversation = Conversation.objects.only("pk").get(number=number)
        _note(conversation, by, typing=typing)
    return tuple(_colleague(row) for row in present if row.member_id != by.pk)


def leave(*, number: int, by: Membership) -> None:
    """They have it no longer before them."""
    Presence.objects.filter(conversation__number=number, member=by).delete()


def words(colleagues: Sequence[Colleague]) -> str:
    """ "Ava is replying." Whoever writes is named before whoever looks."""
    for typing in (True, False):
        names = [each.name for each in colleagues if each.typing is typing]
        if names:
            said = (
                ngettext("%(names)s is replying", "%(names)s are replying", len(names))
                if typing
                else ngettext("%(names)s is looking at this", "%(names)s are looking at this", len(names))
            )
            return said % {"names": _listed(names)}
    return ""


def _listed(names: list[str]) -> str:
    if len(names) > 3:
        return _("%(names)s and others") % {"names": ", ".join(names[:2])}
    return ", ".join(names)


def _colleague(row: Presence) -> Colleague:
    now: datetime = row.now  # type: ignore[attr-defined]
    return Colleague(row.member.user.display_name, row.typed_at is not None and now - row.typed_at < TYPING)


def _is_old(row: Presence, *, typing: bool) -> bool:
    now: datetime = row.now  # type: ignore[attr-defined]
    typed = row.typed_at is not None and now - row.typed_at < TYPING / 2
    return now - row.seen_at > AGAIN or (typing and not typed)


def _note(conversation: Conversation, member: Membership, *, typing: bool) -> None:
    at = Now()
    row = Presence(conversation=conversation, member=member, seen_at=at, typed_at=at if typing else None)
    Presence.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["tenant", "conversation", "member"],
        update_fields=["seen_at", "typed_at"] if typing else ["seen_at"],
    )
