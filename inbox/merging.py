"""Conversations made one by hand, and taken apart. What moves is in `email/joining.py`, which a mail that ties two uses too.

Both wait for mail that is arriving, and mail waits for them: no message is in two conversations, or in none.
"""

import hashlib
from collections.abc import Collection, Sequence

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox import gist, indexing
from inbox.contacts import contact_ids
from inbox.email import joining
from inbox.email.inbound import summarise
from inbox.email.people import normalised
from inbox.models import Conversation, ConversationEvent, ConversationTag, Message
from tenants.models import Membership, Tenant
from tenants.numbering import next_number
from tenants.rls.context import current_tenant_id

MOST = 50  # conversations at once


class NotDone(ValueError):
    """Why nothing was merged or split, for whoever tried."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__("Nothing was changed.")
        self.sentence = sentence


class SeveralContacts(NotDone):
    """The conversations are with several contacts, and nobody said that they are one all the same."""

    def __init__(self) -> None:
        super().__init__(_("These conversations are with different contacts. Confirm that they belong together."))


class ChangedMeanwhile(NotDone):
    """Messages arrived or left since the page was painted."""

    def __init__(self) -> None:
        super().__init__(_("The conversation has changed meanwhile. Look at its messages, and choose again."))


@transaction.atomic
def merge(*, numbers: Collection[int], by: Membership, sure: bool = False) -> Conversation:
    """Make the conversations with these numbers one, under the lowest of them. Raises NotDone, and SeveralContacts unless
    `sure`."""
    _wait_for_mail()
    found = _locked(numbers)
    if len(found) < len(set(numbers)):
        raise NotDone(_("One of these conversations is not there any more."))
    if not 2 <= len(found) <= MOST:
        raise NotDone(_("Choose at least one other conversation."))
    if any(each.erased_at for each in found):
        raise NotDone(_("An erased conversation cannot be merged."))
    if len({each.contact_id for each in found}) > 1 and not sure:
        raise SeveralContacts
    into, others = found[0], found[1:]
    earliest = first_of(found)
    into.contact_id, into.created_at = earliest.contact_id, earliest.created_at
    joining.join(into=into, others=others, by=by)
    _told_anew(into)
    return into


@transaction.atomic
def split(*, conversation: Conversation, positions: Collection[int], seen: str, by: Membership) -> Conversation:
    """Take the messages at these places (1 is the oldest) into a new conversation. `seen`: what `fingerprint` said when they
    were chosen. Raises NotDone, and ChangedMeanwhile."""
    _wait_for_mail()
    rows = _locked([conversation.number])
    if not rows or rows[0].erased_at:
        raise NotDone(_("This conversation cannot be split any more."))
    origin, messages = rows[0], messages_of(rows[0])
    if seen != fingerprint(messages):
        raise ChangedMeanwhile
    chosen = [message for place, message in enumerate(messages, 1) if place in set(positions)]
    if not 0 < len(chosen) < len(messages):
        raise NotDone(_("Choose some of the messages: at least one, and not all of them."))
    made = _beside(origin, chosen)
    Message.objects.filter(pk__in=[message.pk for message in chosen]).update(conversation=made)
    joining.separate(one=origin, other=made)
    for each in (origin, made):
        _settle(each)
        indexing.whole(conversation=each)
    _tell(origin, by, number=made.number, messages=len(chosen))
    _tell(made, by, number=origin.number, messages=len(chosen))
    return made


def first_of(conversations: Sequence[Conversation]) -> Conversation:
    """The one that began first: with whom it is, the whole is."""
    return min(conversations, key=lambda each: (each.created_at, each.number))


def messages_of(conversation: Conversation) -> list[Message]:
    """In the order in which the thread shows them. Bodies stay in the database but for their first words."""
    rows = Message.objects.filter(conversation=conversation).defer("quoted", "html")
    return list(rows.order_by("sent_at", "pk"))


def fingerprint(messages: Sequence[Message]) -> str:
    """Which messages these are, in their order; says nothing of them."""
    return hashlib.sha256(",".join(str(message.pk) for message in messages).encode()).hexdigest()[:16]


def _wait_for_mail() -> None:
    """The lock of a mail that arrives (email/inbound.py)."""
    Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=current_tenant_id())


def _locked(numbers: Collection[int]) -> list[Conversation]:
    rows = Conversation.objects.filter(number__in=set(numbers))
    return list(rows.select_for_update().order_by("number"))


def _beside(origin: Conversation, chosen: Sequence[Message]) -> Conversation:
    """A new conversation as `origin` stands: whoever works on the one works on the other."""
    made = Conversation.objects.create(
        number=next_number("conversation"),
        contact_id=_with_whom(chosen, otherwise=origin.contact_id),
        state=origin.state,
        assignee_id=origin.assignee_id,
        priority=origin.priority,
        snoozed_until=origin.snoozed_until,
        closed_at=origin.closed_at,
        created_at=chosen[0].sent_at,
        last_message_at=chosen[-1].sent_at,
    )
    tags = ConversationTag.objects.filter(conversation=origin).values_list("tag_id", flat=True)
    ConversationTag.objects.bulk_create(ConversationTag(conversation=made, tag_id=tag) for tag in tags)
    return made


def _with_whom(messages: Sequence[Message], *, otherwise: int) -> int:
    """The contact stays, unless they have no part in these messages and another one alone wrote them."""
    parts = {m.pk: [m.from_email, *(address for _name, address in (*m.to, *m.cc))] for m in messages}
    known = contact_ids(email_norms=normalised(address for each in parts.values() for address in each))
    if otherwise in known.values():
        return otherwise
    received = [message.from_email for message in messages if message.kind == Message.Kind.RECEIVED]
    writers = {known[address] for address in normalised(received) if address in known}
    return writers.pop() if len(writers) == 1 else otherwise


def _settle(conversation: Conversation) -> None:
    """What follows from the messages that it has now."""
    messages = messages_of(conversation)
    conversation.contact_id = _with_whom(messages, otherwise=conversation.contact_id)
    conversation.created_at = messages[0].sent_at
    joining.remember_anew(conversation=conversation)
    _told_anew(conversation)


def _told_anew(conversation: Conversation) -> None:
    if Message.objects.filter(conversation=conversation).exists():
        summarise(conversation)
    else:
        conversation.save(update_fields=["contact", "created_at"])
    gist.refresh(conversation=conversation)


def _tell(conversation: Conversation, by: Membership, **detail: int) -> None:
    ConversationEvent.objects.create(conversation=conversation, kind=ConversationEvent.Kind.SPLIT, by=by, detail=detail)
