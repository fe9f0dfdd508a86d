"""Which conversation a mail belongs to, in whatever order mails arrive.

Two mails belong together when they share a Message-ID (one names the other in In-Reply-To or References, or both name the
same third) *and* a person who is not the shop. A conversation is what hangs together by that rule, so it comes out the same
from any order of arrival, and two conversations become one when a mail arrives that belongs to both.

The shared person is for safety: a Message-ID is no secret. Hundreds of customers answer the same newsletter, and whoever
was forwarded a mail could otherwise write into a stranger's conversation, and be answered with the stranger's orders.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from inbox import drafts, indexing
from inbox.contacts import contact_ids
from inbox.email.people import normalised
from inbox.models import Conversation, Message, Reference


@dataclass(frozen=True, slots=True)
class Ties:
    """What can tie a mail to others. `outsiders`: normalised addresses of everybody but the shop."""

    message_id: str
    named: frozenset[str]
    outsiders: frozenset[str]


def conversations_of(*, ties: Ties, support_addresses: frozenset[str]) -> list[Conversation]:
    """The conversations that a mail with these ties belongs to, the oldest first; more than one means they are one."""
    messages = _candidates(ties)
    known = {message.pk: _ties_of(message, support_addresses) for message in messages}
    contacts = contact_ids(email_norms=ties.outsiders.union(*(other.outsiders for other in known.values())))
    ids = {message.conversation_id for message in messages if _belong_together(ties, known[message.pk], contacts)}
    return list(Conversation.objects.filter(pk__in=ids).order_by("number")) if ids else []


def remember(*, conversation: Conversation, named: Iterable[str]) -> None:
    """Keep the ids that a mail names: the mails they belong to, and others that name them, may arrive later."""
    rows = [Reference(conversation=conversation, message_id=each) for each in sorted(named)]
    Reference.objects.bulk_create(rows, ignore_conflicts=True)


def merge(*, into: Conversation, others: list[Conversation]) -> None:
    """Move everything of `others` into `into`. Their numbers are not given again."""
    Message.objects.filter(conversation__in=others).update(conversation=into)
    indexing.move(into=into, others=others)
    named = set(Reference.objects.filter(conversation__in=others).values_list("message_id", flat=True))
    Reference.objects.filter(conversation__in=others).delete()
    remember(conversation=into, named=named)
    drafts.move(into=into, others=others)
    Conversation.objects.filter(pk__in=[other.pk for other in others]).delete()


def _candidates(ties: Ties) -> list[Message]:
    """Messages of every conversation that knows one of the ids. Bodies stay in the database."""
    ids = {ties.message_id, *ties.named}
    conversations = {
        *Message.objects.filter(message_id__in=ids).values_list("conversation_id", flat=True),
        *Reference.objects.filter(message_id__in=ids).values_list("conversation_id", flat=True),
    }
    if not conversations:
        return []
    fields = ("id", "conversation_id", "message_id", "in_reply_to", "references", "from_email", "to", "cc")
    return list(Message.objects.filter(conversation_id__in=conversations).only(*fields))


def _ties_of(message: Message, support_addresses: frozenset[str]) -> Ties:
    everybody = normalised([message.from_email, *(address for _, address in (*message.to, *message.cc))])
    named = frozenset([*message.references, *filter(None, [message.in_reply_to])])
    return Ties(message.message_id, named, everybody - support_addresses)


def _belong_together(one: Ties, other: Ties, contacts: dict[str, int]) -> bool:
    share_an_id = one.message_id in other.named or other.message_id in one.named or bool(one.named & other.named)
    return share_an_id and _share_a_person(one, other, contacts)


def _share_a_person(one: Ties, other: Ties, contacts: dict[str, int]) -> bool:
    """The same address, or addresses of the same contact. Mails that stay inside the shop share the shop."""
    if not one.outsiders and not other.outsiders:
        return True
    people: list[set[str | int]] = [
        {contacts.get(address, address) for address in side.outsiders} for side in (one, other)
    ]
    return bool(people[0] & people[1])
