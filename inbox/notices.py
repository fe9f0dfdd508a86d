"""What members are told of: that a conversation was given to them, that they were named in a note, that theirs was answered,
that a reply of theirs did not leave.

One unread notice per member, kind and conversation: what happens again meanwhile moves it up. Reading the conversation reads
its notices. `mail_at` is when a notice is to be mailed if it is unread by then (notice_mails.py); null: not, or not any more.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
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
    if member.removed_at is not None or (by is not None and by.pk == member.pk):
        return False
    now = timezone.now()
    unread = Notification.objects.filter(member=member, kind=kind, conversation=conversation, read_at=None)
    if not unread.update(at=now, by=by):
        mail_at = now + GATHER if notice_rules.of(member).mails(kind) else None
        row = Notification(member=member, kind=kind, conversation=conversation, by=by, at=now, mail_at=mail_at)
        # Of two at once the other one's stands: it says the same.
        Notification.objects.bulk_create([row], ignore_conflicts=True)
    return True


def unread(*, member: Membership) -> int:
    """How many unread notices a member has; counting stops behind COUNT_LIMIT."""
    return _unread(member).values("pk")[: COUNT_LIMIT + 1].count()


def read(*, conversation: Conversation, by: Membership) -> int:
    """The member has the conversation before them: what they were told of it is read. How many notices that were."""
    return _unread(by).filter(conversation=conversation).update(read_at=timezone.now(), mail_at=None)


def over(*, member: Membership, kinds: Sequence[str], conversation: Conversation) -> int:
    """What a member was told of is not so any more, so nobody has to look: it is read. How many notices that were."""
    rows = _unread(member).filter(conversation=conversation, kind__in=kinds)
    return rows.update(read_at=timezone.now(), mail_at=None)


def read_all(*, by: Membership) -> int:
    """Everything that the member was told of is read. How many notices that were."""
    return _unread(by).update(read_at=timezone.now(), mail_at=None)


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
