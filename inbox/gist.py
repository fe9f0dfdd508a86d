"""What the messages of a conversation name and are about, read by the rules and kept beside it.

Always read anew from the newest messages, never added to: so it comes out the same from any order of arrival, after a
merge, and after a person was erased from mails of others.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Left

from inbox import indexing, labels, order_numbers, phones, topics
from inbox.models import Conversation, ConversationTopic, Mention, Message
from integrations.shopify import interface

MESSAGES_READ = 50
FEW_WORDS = 3
_ANSWER = re.compile(r"\s*(?:re|aw|sv|antw|odp|vs|r|fw|fwd|wg|tr|vb)\s*(?:\[[0-9]+\])?\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Written:
    """A received message. `own`: what was newly written. `whole`: with the history, where that says next to nothing."""

    subject: str
    own: str
    whole: str


@transaction.atomic
def refresh(*, conversation: Conversation) -> None:
    """Read the conversation's received messages and keep what they say. Changes nothing when they say the same."""
    # Whoever reads it at the same time waits, and then reads what has arrived meanwhile.
    if Conversation.objects.select_for_update(no_key=True).filter(pk=conversation.pk).first() is None:
        return
    written = _received(conversation)
    _keep_mentions(conversation, [*_orders(written), *_phones(conversation, written)])
    about = topics.together(topics.topics_of(_about(one)) for one in written)
    labels.keep(conversation=conversation, found={topic.value: confidence for topic, confidence in about.items()})
    indexing.conversation(conversation=conversation)


def about_orders() -> Q:
    """Of conversations: it names an order, or is about one as far as rules and agents say. Or nobody has read it for topics
    yet, as mail that was there before the rules were."""
    said = ConversationTopic.objects.filter(conversation=OuterRef("pk"))
    named = Mention.objects.filter(conversation=OuterRef("pk"), kind=Mention.Kind.ORDER)
    return Q(Exists(said.filter(labels.holding(), topic__in=topics.ORDER_TOPICS))) | Q(Exists(named)) | ~Q(Exists(said))


def _received(conversation: Conversation) -> list[_Written]:
    """The newest first. Never what the shop wrote: its own numbers and words stand in every answer."""
    rows = Message.objects.filter(conversation=conversation, kind=Message.Kind.RECEIVED).order_by("-sent_at", "-pk")
    texts = rows.values_list("subject", Left("text", topics.TEXT_LIMIT), Left("quoted", topics.TEXT_LIMIT))
    return [
        _Written(subject, own, own if len(own.split()) >= FEW_WORDS else f"{own}\n\n{quoted}")
        for subject, own, quoted in texts[:MESSAGES_READ]
    ]


def _about(one: _Written) -> str:
    """An answer's subject is that of what it answers, so it says nothing of what the answer is about."""
    return one.whole if _ANSWER.match(one.subject) else f"{one.subject}\n{one.whole}"


def _orders(written: list[_Written]) -> Iterable[Mention]:
    """In subjects too, also of answers: the shop's own confirmation of an order is answered by its customer."""
    texts = (f"{one.whole[: order_numbers.TEXT_LIMIT - 1_000]}\n\n{one.subject}" for one in written)
    for named in order_numbers.newest(texts, affixes=interface.order_affixes()):
        yield Mention(kind=Mention.Kind.ORDER, value=named.value, typed=named.typed)


def _phones(conversation: Conversation, written: list[_Written]) -> list[Mention]:
    """Of what was newly written alone, as far as a mail lets that be told; and none that the shop's own messages name."""
    found = {phone.value: phone for one in reversed(written) for phone in phones.phone_numbers(_unquoted(one.own))}
    if not found:
        return []
    sent = Message.objects.filter(conversation=conversation, kind=Message.Kind.SENT).order_by("-sent_at", "-pk")
    for text in sent.values_list(Left("text", topics.TEXT_LIMIT), flat=True)[:MESSAGES_READ]:
        for ours in phones.phone_numbers(text):
            found.pop(ours.value, None)
    newest = list(reversed(found.values()))[: phones.PHONES_LIMIT]
    return [Mention(kind=Mention.Kind.PHONE, value=phone.value, typed=phone.typed) for phone in newest]


def _unquoted(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(">"))


def _keep_mentions(conversation: Conversation, found: list[Mention]) -> None:
    """The newest mention last, so that the order of their ids tells their age."""
    found = found[::-1]
    rows = Mention.objects.filter(conversation=conversation).order_by("pk")
    if list(rows.values_list("kind", "value", "typed")) == [(each.kind, each.value, each.typed) for each in found]:
        return
    rows.delete()
    for each in found:
        each.conversation = conversation
    Mention.objects.bulk_create(found)
