"""Which conversation a mail belongs to, in whatever order mails arrive.

Two mails belong together when they share a Message-ID (one names the other in In-Reply-To or References, or both name the
same third) *and* a person who is not the shop. A conversation is what hangs together by that rule, so it comes out the same
from any order of arrival, and two conversations become one when a mail arrives that belongs to both.

Where a member took conversations apart (Separation), a mail that belongs to both goes to the one with the mail that it
answers, and they stay apart.

The shared person is for safety: a Message-ID is no secret. Hundreds of customers answer the same newsletter, and whoever
was forwarded a mail could otherwise write into a stranger's conversation, and be answered with the stranger's orders.
"""

from dataclasses import dataclass

from inbox.contacts import contact_ids
from inbox.email import joining
from inbox.email.people import normalised
from inbox.models import Conversation, Message, Reference


@dataclass(frozen=True, slots=True)
class Ties:
    """What can tie a mail to others. `outsiders`: normalised addresses of everybody but the shop. `nearest`: the ids that it
    names, the mail that it answers first."""

    message_id: str
    named: frozenset[str]
    outsiders: frozenset[str]
    nearest: tuple[str, ...] = ()


def conversations_of(*, ties: Ties, support_addresses: frozenset[str]) -> list[Conversation]:
    """The conversations that a mail with these ties belongs to, the oldest first; more than one means they are one."""
    messages = _candidates(ties)
    known = {message.pk: _ties_of(message, support_addresses) for message in messages}
    contacts = contact_ids(email_norms=ties.outsiders.union(*(other.outsiders for other in known.values())))
    belonging = [message for message in messages if _belong_together(ties, known[message.pk], contacts)]
    ids = {message.conversation_id for message in belonging}
    if len(ids) > 1:
        ids = _still_together(ids, ties, belonging)
    return list(Conversation.objects.filter(pk__in=ids).order_by("number")) if ids else []


def _still_together(ids: set[int], ties: Ties, belonging: list[Message]) -> set[int]:
    """Of the conversations that a mail belongs to, those that nobody took apart from the one where it answers."""
    apart = joining.separated(ids)
    kept: list[int] = []
    for pk in _by_nearness(ids, ties, belonging) if apart else ids:
        if not any((pk, other) in apart for other in kept):
            kept.append(pk)
    return set(kept)


def _by_nearness(ids: set[int], ties: Ties, belonging: list[Message]) -> list[int]:
    """The one that holds the mail which is answered, then those of the mails before it; then the rest, the oldest first."""
    home = {message.message_id: message.conversation_id for message in belonging}
    answering = [message.conversation_id for message in belonging if message.in_reply_to == ties.message_id]
    near = [home[each] for each in ties.nearest if each in home]
    return list(dict.fromkeys([*near, *sorted(answering), *sorted(ids)]))


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
