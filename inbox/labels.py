"""The topics of conversations as they are kept: what the rules see, and what agents say of that.

An agent's word stands whatever arrives later, and stays as a label of the conversation: of what the rules got right, what
they got wrong, and what they missed.
"""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from inbox.models import Conversation, ConversationTopic
from tenants.models import Membership

OTHER = ConversationTopic.Topic.OTHER


def keep(*, conversation: Conversation, found: Mapping[str, float]) -> None:
    """What the rules see now. A topic that they do not see any more goes, unless an agent spoke of it."""
    rows = {row.topic: row for row in ConversationTopic.objects.filter(conversation=conversation)}
    for topic, confidence in found.items():
        if topic not in rows:
            ConversationTopic.objects.create(conversation=conversation, topic=topic, confidence=confidence)
        elif rows[topic].confidence != confidence:
            ConversationTopic.objects.filter(pk=rows[topic].pk).update(confidence=confidence)
    gone = ConversationTopic.objects.filter(pk__in=[row.pk for topic, row in rows.items() if topic not in found])
    if rows.keys() - found.keys():
        gone.filter(confirmed=None).delete()
        gone.exclude(confidence=None).update(confidence=None)


@transaction.atomic
def correct(*, conversation: Conversation, topic: str, holds: bool, by: Membership) -> None:
    """A member says that the conversation is about `topic`, or that it is not. The last word counts."""
    Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    said = {"confirmed": holds, "confirmed_by": by, "confirmed_at": Now()}
    rows = ConversationTopic.objects.filter(conversation=conversation, topic=topic)
    if not rows.update(**said):
        ConversationTopic.objects.create(conversation=conversation, topic=topic, **said)


def move(*, into: Conversation, others: Iterable[Conversation]) -> None:
    """Conversations become one: what agents said of them is said of it. Where they disagree, the last word counts."""
    rows = ConversationTopic.objects.filter(conversation__in=[into, *others]).exclude(confirmed=None)
    last = {row.topic: row for row in rows.order_by("confirmed_at", "pk")}
    for topic, row in last.items():
        said = {"confirmed": row.confirmed, "confirmed_by_id": row.confirmed_by_id, "confirmed_at": row.confirmed_at}
        if not ConversationTopic.objects.filter(conversation=into, topic=topic).update(**said):
            ConversationTopic.objects.create(conversation=into, topic=topic, **said)


def shown(rows: Iterable[ConversationTopic]) -> list[ConversationTopic]:
    """Those that hold, the surest first; "other" only when it is alone or somebody said it."""
    hold = [row for row in rows if row.confirmed or (row.confirmed is None and row.confidence is not None)]
    some = [row for row in hold if row.topic != OTHER or row.confirmed] or hold
    order = list(ConversationTopic.Topic.values)
    return sorted(some, key=lambda row: (not row.confirmed, -(row.confidence or 0), order.index(row.topic)))


def holding() -> Q:
    """Of rows: the topic is recognised, and nobody said that it is wrong."""
    return Q(confirmed=True) | Q(confirmed=None, confidence__isnull=False)
