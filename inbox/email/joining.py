"""Conversations become one, or a part of one becomes another: what moves along, and what is read anew from the messages.

By a mail that belongs to several (inbound.py), and by hand (inbox/merging.py). Both happen behind the workspace's lock.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from inbox import drafts, indexing, labels, notices
from inbox.models import (
    Conversation,
    ConversationEvent,
    ConversationTag,
    Message,
    MovedConversation,
    Note,
    Presence,
    Reference,
    Separation,
)
from tenants.models import Membership

# What belongs to a conversation by nothing but its reference to it.
_CARRIED: tuple[Any, ...] = (Message, Note, ConversationEvent)
_STATES = (
    Conversation.State.OPEN,
    Conversation.State.SNOOZED,
    Conversation.State.CLOSED,
    Conversation.State.SPAM,
)


def join(*, into: Conversation, others: Sequence[Conversation], by: Membership | None = None) -> None:
    """Move everything of `others` into `into`. Their numbers lead to it from now on, and are not given again.

    `into` may carry another contact and another beginning than its row; whoever calls saves them (inbound.summarise).
    """
    _carry_over(into, others)
    labels.move(into=into, others=others)
    drafts.move(into=into, others=list(others))
    notices.move(into=into, others=others)
    indexing.move(into=into, others=others)
    _move_references(into, others)
    _move_separations(into, others)
    _keep_work(into, others)
    MovedConversation.objects.filter(into__in=others).update(into=into)
    MovedConversation.objects.bulk_create(MovedConversation(number=other.number, into=into) for other in others)
    ConversationEvent.objects.bulk_create(
        ConversationEvent(conversation=into, kind=ConversationEvent.Kind.MERGED, by=by, detail={"number": other.number})
        for other in others
    )
    Conversation.objects.filter(pk__in=[other.pk for other in others]).delete()


def remember(*, conversation: Conversation, named: Iterable[str]) -> None:
    """Keep the ids that a mail names: the mails they belong to, and others that name them, may arrive later."""
    rows = [Reference(conversation=conversation, message_id=each) for each in sorted(named)]
    Reference.objects.bulk_create(rows, ignore_conflicts=True)


def remember_anew(*, conversation: Conversation) -> None:
    """Keep the ids that its messages name, and no others: some of them have left it."""
    named: set[str] = set()
    rows = Message.objects.filter(conversation=conversation)
    for own_id, parent, references in rows.values_list("message_id", "in_reply_to", "references"):
        named |= {each for each in (parent, *references) if each and each != own_id}
    Reference.objects.filter(conversation=conversation).exclude(message_id__in=named).delete()
    remember(conversation=conversation, named=named)


def separate(*, one: Conversation, other: Conversation) -> None:
    """No mail that belongs to both makes them one again."""
    low, high = sorted((one.pk, other.pk))
    Separation.objects.bulk_create([Separation(one_id=low, other_id=high)], ignore_conflicts=True)


def separated(ids: Iterable[int]) -> set[tuple[int, int]]:
    """Which of these conversations were taken apart, as pairs of their ids, each in both orders."""
    wanted = list(ids)
    pairs = set(Separation.objects.filter(one__in=wanted, other__in=wanted).values_list("one_id", "other_id"))
    return pairs | {(other, one) for one, other in pairs}


def _carry_over(into: Conversation, others: Sequence[Conversation]) -> None:
    for model in _CARRIED:
        model.objects.filter(conversation__in=others).update(conversation=into)
    tags = ConversationTag.objects.filter(conversation__in=others).values_list("tag_id", flat=True)
    rows = [ConversationTag(conversation=into, tag_id=tag) for tag in sorted(set(tags))]
    ConversationTag.objects.bulk_create(rows, ignore_conflicts=True)
    _move_presence(into, others)


def _move_presence(into: Conversation, others: Sequence[Conversation]) -> None:
    """Who looked at several is where they were last seen."""
    last: dict[int, Presence] = {}
    for row in Presence.objects.filter(conversation__in=[into, *others]).order_by("seen_at", "pk"):
        typed = [at for at in (row.typed_at, last[row.member_id].typed_at if row.member_id in last else None) if at]
        last[row.member_id] = Presence(
            conversation=into, member_id=row.member_id, seen_at=row.seen_at, typed_at=max(typed, default=None)
        )
    Presence.objects.filter(conversation__in=[into, *others]).delete()
    Presence.objects.bulk_create(last.values())


def _move_references(into: Conversation, others: Sequence[Conversation]) -> None:
    named = set(Reference.objects.filter(conversation__in=others).values_list("message_id", flat=True))
    Reference.objects.filter(conversation__in=others).delete()
    remember(conversation=into, named=named)


def _move_separations(into: Conversation, others: Sequence[Conversation]) -> None:
    """From whom one of them was taken apart, the whole is; among themselves that is over."""
    gone = {other.pk for other in others}
    pairs = Separation.objects.filter(one__in=gone) | Separation.objects.filter(other__in=gone)
    apart = {pk for pair in pairs.values_list("one_id", "other_id") for pk in pair} - gone - {into.pk}
    pairs.delete()
    rows = [Separation(one_id=min(into.pk, pk), other_id=max(into.pk, pk)) for pk in sorted(apart)]
    Separation.objects.bulk_create(rows, ignore_conflicts=True)


def _keep_work(into: Conversation, others: Sequence[Conversation]) -> None:
    """What waits for somebody in one of them waits in the whole: the most open state, the highest priority, an assignee."""
    everyone = (into, *others)
    awake = min(everyone, key=lambda each: _STATES.index(Conversation.State(each.state)))
    into.state, into.snoozed_until, into.closed_at = awake.state, awake.snoozed_until, awake.closed_at
    into.priority = max(each.priority for each in everyone)
    into.assignee_id = next((each.assignee_id for each in everyone if each.assignee_id), None)
    into.save(update_fields=["state", "snoozed_until", "closed_at", "priority", "assignee"])
