"""What members are told of: that a conversation was given to them, that they were named in a note, that theirs was answered,
that a reply of theirs did not leave.

One unread notice per member, kind and conversation: what happens again meanwhile moves it up. Reading the conversation reads
its notices. `mail_at` is when a notice is to be mailed if it is unread by then (notice_mails.py); null: not, or not any more.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from inbox import notice_rules
from inbox.models import Conversation, Notification
from tenants.models import Membership

COUNT_LIMIT = 99  # what a bell shows is not counted further
# What comes within so long becomes one mail, and whoever looks meanwhile gets none.
GATHER = timedelta(minutes=3)


@transaction.atomic
def tell(*, member: Membership, kind: str, conversation: Conversation, by: Membership | None = None) -> bool:
    """Tell a member of something; whether they were. Nobody is told of their own doing, nor once they were removed.

    `by`: who did it; None where a contact wrote. To be called in the transaction of what is told of.
    """
    return bool(tell_each(told=[(member, conversation)], kind=kind, by=by))


def tell_each(*, told: Iterable[tuple[Membership, Conversation]], kind: str, by: Membership | None = None) -> int:
    """Tell members of something, each of a conversation: how many of these were told. As `tell`, for many at once."""
    wanted = {
        (member.pk, conversation.pk): (member, conversation)
        for member, conversation in told
        if member.removed_at is None and (by is None or by.pk != member.pk)
    }
    if not wanted:
        return 0
    now = timezone.now()
    known = _unread_among(wanted, kind)
    if known:
        Notification.objects.filter(pk__in=known.values()).update(at=now, by=by)
    fresh = [both for key, both in wanted.items() if key not in known]
    rules = notice_rules.of_members([member.pk for member, _ in fresh]) if fresh else {}
    rows = [
        Notification(
            member=member,
            kind=kind,
            conversation=conversation,
            by=by,
            at=now,
            mail_at=now + GATHER if rules.get(member.pk, notice_rules.Rule()).mails(kind) else None,
        )
        for member, conversation in fresh
    ]
    # Of two at once the other one's stands: it says the same.
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    return len(wanted)


def _unread_among(wanted: Collection[tuple[int, int]], kind: str) -> dict[tuple[int, int], int]:
    """Ids of the unread notices of a kind, by member and conversation. Locked in one order, as `read_all` does: of two who
    change many of them, one waits for the other."""
    members, conversations = {one for one, _ in wanted}, {other for _, other in wanted}
    rows = Notification.objects.select_for_update(no_key=True).filter(kind=kind, read_at=None)
    rows = rows.filter(member__in=members, conversation__in=conversations).order_by("pk")
    found = {(one, other): pk for one, other, pk in rows.values_list("member_id", "conversation_id", "pk")}
    return {key: pk for key, pk in found.items() if key in wanted}


def unread(*, member: Membership) -> int:
    """How many unread notices a member has; counting stops behind COUNT_LIMIT."""
    return _unread(member).values("pk")[: COUNT_LIMIT + 1].count()


def about(conversation: OuterRef, *, member: Membership) -> Exists:
    """Whether a member has unread notices of a conversation, as a part of the query that finds it."""
    return Exists(_unread(member).filter(conversation=conversation))


def read(*, conversation: Conversation, by: Membership) -> int:
    """The member has the conversation before them: what they were told of it is read. How many notices that were."""
    return _unread(by).filter(conversation=conversation).update(read_at=timezone.now(), mail_at=None)


def over(*, member: Membership, kinds: Sequence[str], conversation: Conversation) -> int:
    """What a member was told of is not so any more, so nobody has to look: it is read. How many notices that were."""
    rows = _unread(member).filter(conversation=conversation, kind__in=kinds)
    return rows.update(read_at=timezone.now(), mail_at=None)


@transaction.atomic
def read_all(*, by: Membership) -> int:
    """Everything that the member was told of is read. How many notices that were."""
    rows = _unread(by).select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True)
    return Notification.objects.filter(pk__in=list(rows)).update(read_at=timezone.now(), mail_at=None)


@transaction.atomic
def move(*, into: Conversation, others: Sequence[Conversation]) -> None:
    """Conversations became one: so do the notices of them. Of unread ones of a kind the newest stays unread."""
    rows = Notification.objects.filter(conversation__in=[into, *others]).order_by("-at", "-pk")
    doubled, seen = [], set[tuple[int, str]]()
    for pk, member_id, kind in rows.filter(read_at=None).values_list("pk", "member_id", "kind"):
        if (member_id, kind) in seen:
            doubled.append(pk)
        seen.add((member_id, kind))
    rows.filter(pk__in=doubled).update(read_at=timezone.now(), mail_at=None)
    Notification.objects.filter(conversation__in=list(others)).update(conversation=into)


def _unread(member: Membership) -> QuerySet[Notification]:
    return Notification.objects.filter(member=member, read_at=None)
