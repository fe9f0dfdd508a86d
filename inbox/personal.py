"""What the inbox keeps about people, and how it is collected and erased.

An erased conversation stays as a shell: its number, its times, that there were so many messages. So counts stay true, and
no number leads to another conversation than it did. Mail of others that names the person keeps its words without them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat, Now

from inbox import exporting, gist, indexing
from inbox.email.inbound import summarise
from inbox.email.people import normalised
from inbox.kept import KEPT, PLAIN
from inbox.models import (
    Attachment,
    Contact,
    ContactAddress,
    Conversation,
    ConversationTopic,
    CustomerLink,
    Delivery,
    Mention,
    Message,
    Note,
    OrderConfirmation,
    OutgoingMail,
    RawMail,
    Reference,
    ReplyDraft,
    RuledOut,
    SavedReply,
    SavedView,
)
from integrations.shopify import interface
from tenants.contents import Contributor, Section, Table
from tenants.models import Membership, Tenant
from tenants.personal import Counts, Package, Subject, Swept, added
from tenants.rls.context import current_tenant_id

CONVERSATIONS_A_STEP, MESSAGES_A_STEP = 50, 1_000
GONE = "[…]"
_TEXTS = ("subject", "text", "quoted", "html", "from_name")
_IDS = ("message_id", "in_reply_to")
_PEOPLE = ("to", "cc", "bcc", "reply_to")


# --- Who it is ------------------------------------------------------------------------------------------------------
def _contacts(subject: Subject) -> QuerySet[Contact]:
    """Not by an address of the shop's: mail from before it was entered as one would be everybody's."""
    addresses = ContactAddress.objects.filter(email_norm__in=subject.emails - _support())
    found: QuerySet[Contact] = Contact.objects.filter(pk__in=addresses.values("contact_id"))
    return found


def _support() -> frozenset[str]:
    return frozenset(Tenant.objects.values_list("support_addresses", flat=True).get(pk=current_tenant_id()))


def _among_others(subject: Subject) -> Subject:
    """By what they are looked for in mails with others. Whoever enters the shop's address, or a member's, in the shop is not
    the writer of the shop's answers to everybody."""
    ours = _support() | frozenset(Membership.objects.values_list("user__email_norm", flat=True))
    spellings = frozenset(typed for typed in subject.spellings if not normalised([typed]) & ours)
    return replace(subject, emails=subject.emails - ours, spellings=spellings)


def _numbers_of_ours(subject: Subject) -> frozenset[str]:
    """Those of their telephone numbers that stand in what the shop writes to others, as in a signature: to two of them, since
    one may have been told the customer's. Such a number names the shop, whoever entered it as theirs in the store."""
    sent = Message.objects.filter(kind=Message.Kind.SENT).exclude(conversation__contact__in=_contacts(subject))
    ours = set()
    for phone in subject.phones:
        pattern = Subject(phones=frozenset({phone})).mention()
        naming = sent.filter(text__iregex=pattern).order_by("pk").values_list("conversation__contact", flat=True)
        # Two questions that each end at the first find: a signature stands in the first mail that is looked at.
        first = naming.first() if pattern else None
        if first is not None and naming.exclude(conversation__contact=first).exists():
            ours.add(phone)
    return frozenset(ours)


def widen(subject: Subject) -> Subject:
    """A contact's other addresses, as they were typed too, and their name."""
    if not subject.emails:
        return subject
    contacts = _contacts(subject)
    addresses = list(ContactAddress.objects.filter(contact__in=contacts).values_list("email_norm", "email"))
    return subject | Subject(
        emails=frozenset(norm for norm, _ in addresses),
        spellings=frozenset(typed for _, typed in addresses),
        names=frozenset(filter(None, contacts.values_list("name", flat=True))),
    )


# --- Collected ------------------------------------------------------------------------------------------------------
def collect(subject: Subject) -> Iterable[tuple[str, Section]]:
    """Rows as lines of JSON; every mail of their conversations, and those that they wrote into others', as mail files."""

    def of(model: Any, name: str) -> QuerySet[Any]:
        rows: QuerySet[Any] = model.objects.filter(**{f"{name}__in": _contacts(subject)})
        return rows

    yield "contacts", Table(Contact, partial(_contacts, subject))
    yield "addresses", Table(ContactAddress, partial(of, ContactAddress, "contact"))
    yield "conversations", Table(Conversation, partial(of, Conversation, "contact"))
    yield "messages", Table(Message, partial(of, Message, "conversation__contact"))
    yield "mentions", Table(Mention, partial(of, Mention, "conversation__contact"))
    yield "topics", Table(ConversationTopic, partial(of, ConversationTopic, "conversation__contact"))
    yield "links with customers", Table(CustomerLink, partial(of, CustomerLink, "contact"))
    yield "confirmed orders", Table(OrderConfirmation, partial(of, OrderConfirmation, "contact"))
    yield "customers and orders ruled out", Table(RuledOut, partial(of, RuledOut, "contact"))
    yield "drafts", Table(ReplyDraft, partial(of, ReplyDraft, "conversation__contact"))
    yield "notes", Table(Note, partial(of, Note, "conversation__contact"))
    yield "deliveries", Table(Delivery, partial(of, Delivery, "outgoing__message__conversation__contact"))
    yield (
        "mails",
        Contributor(
            count=lambda: of(Message, "conversation__contact").count(),
            following=lambda after, most: list(
                of(Conversation, "contact").filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:most]
            ),
            files=exporting.files,
        ),
    )
    yield (
        "mails in conversations of others",
        Contributor(
            count=lambda: len(_written_elsewhere(subject, after=0, most=100_000)),
            following=lambda after, most: _written_elsewhere(subject, after=after, most=most),
            files=_single_mails,
        ),
    )


def _written_elsewhere(subject: Subject, *, after: int, most: int) -> list[int]:
    """Messages that they sent into conversations with somebody else."""
    pattern = _among_others(subject).mention()
    if not pattern:
        return []
    sent = Message.objects.filter(pk__gt=after, from_email__iregex=pattern)
    elsewhere = sent.exclude(conversation__contact__in=_contacts(subject))
    return list(elsewhere.order_by("pk").values_list("pk", flat=True)[:most])


def _single_mails(ids: list[int]) -> Iterator[tuple[int, str, bytes]]:
    for message in Message.objects.filter(pk__in=ids).order_by("pk"):
        files = Attachment.objects.filter(message=message).order_by("pk")
        yield message.pk, f"mail/others/{message.pk}.eml", exporting.eml(message, files)


# --- Erased ---------------------------------------------------------------------------------------------------------
def sweep_conversations(subject: Subject, after: int) -> Swept:
    """What was written with them: every mail, every file."""
    rows = Conversation.objects.filter(contact__in=_contacts(subject), pk__gt=after, erased_at=None).order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:CONVERSATIONS_A_STEP])
    return Swept(_empty(ids), ids[-1] if ids else after, more=len(ids) == CONVERSATIONS_A_STEP)


def _empty(ids: list[int]) -> Counts:
    """Leave the shells of these conversations."""
    if not ids:
        return {}
    # First, so that whoever is keeping a draft waits for the end of this (inbox/drafts.py).
    Conversation.objects.filter(pk__in=ids).update(subject="", snippet="", needs_reply=False, erased_at=Now())
    files, _ = Attachment.objects.filter(message__conversation__in=ids).delete()
    messages = _blank(Message.objects.filter(conversation__in=ids))
    named, _ = Reference.objects.filter(conversation__in=ids).delete()
    Mention.objects.filter(conversation__in=ids).delete()
    ReplyDraft.objects.filter(conversation__in=ids).delete()
    Note.objects.filter(conversation__in=ids).delete()
    Delivery.objects.filter(outgoing__message__conversation__in=ids).delete()
    # What has not left yet does not leave any more. One that is being sent is in a worker's hands, and out of ours.
    waiting = OutgoingMail.objects.filter(message__conversation__in=ids, state=OutgoingMail.State.QUEUED)
    waiting.update(state=OutgoingMail.State.CANCELLED)
    indexing.forget(conversation_ids=ids)
    return {"conversations": len(ids), "messages": messages, "files": files, "references": named}


def _blank(messages: QuerySet[Message]) -> int:
    return messages.update(
        from_name="", from_email="", to=[], cc=[], bcc=[], reply_to=[], subject="", in_reply_to="", references=[], text="", quoted="", html="",
        message_id=Concat(Value("erased."), Cast("pk", TextField())),
    )  # fmt: skip


def sweep_mentions(subject: Subject, after: int) -> Swept:
    """Mails of others that name them: what they wrote goes, of the rest their addresses, numbers and names."""
    subject = _among_others(subject)
    page = list(Message.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:MESSAGES_A_STEP])
    if not subject.mention() or not page:
        return Swept({}, after, more=False)
    found = _mentioning(subject, after, page[-1])
    # Asked only where something was found, for it reads what was sent until it finds: a signature soon, another number never.
    if found and (ours := _numbers_of_ours(subject)):
        subject = replace(subject, phones=subject.phones - ours)
        found = _mentioning(subject, after, page[-1])
    pattern = re.compile(subject.mention(), re.IGNORECASE)
    counts: dict[str, int] = {}
    for each in found:
        # Read one by one: what is done to one message changes others of its conversation.
        message = Message.objects.select_related("conversation").get(pk=each)
        counts = added(counts, _without(message, subject, pattern))
    return Swept(counts, page[-1], more=len(page) == MESSAGES_A_STEP)


def _mentioning(subject: Subject, after: int, last: int) -> list[int]:
    """Of the messages up to `last` those that name them, wherever in a mail."""
    pattern = subject.mention()
    if not pattern:
        return []
    rows = Message.objects.filter(pk__gt=after, pk__lte=last).annotate(
        references_text=Cast("references", TextField()),
        **{f"{name}_text": Cast(name, TextField()) for name in _PEOPLE},
    )
    where = Q()
    for column in (*_TEXTS, "from_email", *(f"{name}_text" for name in _PEOPLE)):
        where |= Q(**{f"{column}__iregex": pattern})
    for column in (*_IDS, "references_text") if subject.part() else ():
        where |= Q(**{f"{column}__iregex": subject.part()})
    return list(rows.filter(where).order_by("pk").values_list("pk", flat=True))


def _without(message: Message, subject: Subject, pattern: re.Pattern[str]) -> Counts:
    files = [
        file.pk
        for file in Attachment.objects.filter(message=message)
        if pattern.search(f"{file.name} {bytes(file.content).decode('utf-8', 'replace')}")
    ]
    if normalised([message.from_email]) & subject.emails:
        files = list(Attachment.objects.filter(message=message).values_list("pk", flat=True))
        _blank(Message.objects.filter(pk=message.pk))
        # Their words stand again below the answers of others, and in those answers' original form.
        Message.objects.filter(conversation=message.conversation_id).update(quoted="", html="")
    else:
        _strike(message, subject, pattern)
        Delivery.objects.filter(outgoing__message=message, recipient__iregex=subject.mention()).delete()
    Attachment.objects.filter(pk__in=files).delete()
    if subject.part():
        Reference.objects.filter(conversation=message.conversation_id, message_id__iregex=subject.part()).delete()
    summarise(message.conversation)
    gist.refresh(conversation=message.conversation)
    indexing.message(message=Message.objects.get(pk=message.pk))
    return {"messages of others": 1, "files": len(files)}


def _strike(message: Message, subject: Subject, pattern: re.Pattern[str]) -> None:
    """The message without its mentions of them."""
    whole = _named_or(subject, pattern)
    for field in _TEXTS:
        setattr(message, field, whole.sub(GONE, getattr(message, field)))
    for field in _PEOPLE:
        people = getattr(message, field)
        setattr(message, field, [each for each in people if not pattern.search(" ".join(map(str, each)))])
    if subject.part():
        in_id = re.compile(subject.part(), re.IGNORECASE)
        message.references = [each for each in message.references if not in_id.search(each)]
        message.in_reply_to = "" if in_id.search(message.in_reply_to) else message.in_reply_to
        message.message_id = f"erased.{message.pk}" if in_id.search(message.message_id) else message.message_id
    if pattern.search(message.from_email):
        message.from_email = ""
    message.save()
    if not (message.to or message.cc or message.bcc):  # it would have gone to nobody else
        waiting = OutgoingMail.objects.filter(message=message, state=OutgoingMail.State.QUEUED)
        waiting.update(state=OutgoingMail.State.CANCELLED)


def _named_or(subject: Subject, pattern: re.Pattern[str]) -> re.Pattern[str]:
    """The pattern, or their full name."""
    names = [name for name in subject.names if " " in name.strip()]  # A first name is somebody else's too.
    words = [pattern.pattern, *(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(names))]
    return re.compile("|".join(words), re.IGNORECASE)


_WRITTEN_BY_MEMBERS: tuple[tuple[Any, str], ...] = (
    (OrderConfirmation, "reason"),
    (ReplyDraft, "text"),
    (Note, "text"),
    (SavedReply, "text"),
    (Contact, "note"),
)


def _unsay(subject: Subject) -> None:
    """What members said of other contacts: that one is this customer, or one of these orders is theirs; and what they wrote."""
    numbers = interface.store_numbers(ids={store for store, _ in subject.customers | subject.orders})
    for store, digits in subject.customers:
        CustomerLink.objects.filter(store_number=numbers.get(store), customer_id=digits).delete()
        RuledOut.objects.filter(
            store_number=numbers.get(store), kind=RuledOut.Kind.CUSTOMER, shopify_id=digits
        ).delete()
    # Shopify may name tens of thousands of orders; members said something of a few.
    stores = {number: store for store, number in numbers.items()}
    for row in OrderConfirmation.objects.filter(store_number__in=stores).only("store_number", "order_id"):
        if (stores[row.store_number], row.order_id) in subject.orders:
            row.delete()
    for out in RuledOut.objects.filter(store_number__in=stores, kind=RuledOut.Kind.ORDER):
        if (stores[out.store_number], out.shopify_id) in subject.orders:
            out.delete()
    subject = _among_others(subject)
    if not (mention := subject.mention()):
        return
    pattern = re.compile(mention, re.IGNORECASE)
    whole = _named_or(subject, pattern)
    for model, field in _WRITTEN_BY_MEMBERS:
        for pk, text in model.objects.filter(**{f"{field}__iregex": mention}).values_list("pk", field):
            model.objects.filter(pk=pk).update(**{field: whole.sub(GONE, text)})
            if model is Note:
                indexing.note(note=Note.objects.get(pk=pk))
    SavedView.objects.filter(query__iregex=mention).delete()
    for draft in ReplyDraft.objects.exclude(recipients={}):
        kept = {
            field: [one for one in people if not pattern.search(str(one))] for field, people in draft.recipients.items()
        }
        ReplyDraft.objects.filter(pk=draft.pk).update(recipients=kept)
    for raw in RawMail.objects.order_by("pk").iterator(chunk_size=20):
        if pattern.search(f"{raw.recipient} {bytes(raw.raw).decode('utf-8', 'replace')}"):
            raw.delete()


def forget(subject: Subject, touched: bool) -> Counts:
    """The contacts themselves, and what came in since the sweep. Mail that arrives waits for the workspace's lock."""
    contacts = list(_contacts(subject).values_list("pk", flat=True))
    late = Conversation.objects.filter(contact__in=contacts, erased_at=None).order_by("pk")
    counts = _empty(list(late.values_list("pk", flat=True)))
    Contact.objects.filter(pk__in=contacts).update(name="", note="")
    addresses, _ = ContactAddress.objects.filter(contact__in=contacts).delete()
    CustomerLink.objects.filter(contact__in=contacts).delete()
    OrderConfirmation.objects.filter(contact__in=contacts).delete()
    RuledOut.objects.filter(contact__in=contacts).delete()
    _unsay(subject)
    return added(counts, {"contacts": len(contacts), "addresses": addresses})


PACKAGE = Package(
    kept=KEPT,
    plain=PLAIN,
    widen=widen,
    collect=collect,
    sweeps=(sweep_conversations, sweep_mentions),
    forget=forget,
)
