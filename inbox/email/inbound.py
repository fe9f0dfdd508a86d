"""Take a mail into the current workspace: seen before? which conversation? whose?

All of it happens in the caller's transaction and tenant context; a mail that is refused leaves nothing behind.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from inbox import arrivals, gist, labels
from inbox.contacts import contact_of
from inbox.email import threads
from inbox.email.charsets import one_line
from inbox.email.html import html_to_text, sanitise
from inbox.email.parsing import BadMail, InboundMail
from inbox.email.people import Parties, normalised, parties
from inbox.email.quoting import split
from inbox.models import Attachment, Conversation, Message
from tenants import personal
from tenants.models import Tenant
from tenants.numbering import next_number
from tenants.rls.context import current_tenant_id

SNIPPET_LIMIT = 200
_SUMMARY = ("subject", "snippet", "needs_reply", "last_message_at", "answered_at")
SHOWN_LIMIT = 200_000  # Characters of a text that a page can bear; a longer one comes with the mail as a file.


class ClosedWorkspace(Exception):
    """The workspace is closed: no mail comes in that its people could not read, and that is erased with the rest."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a mail is now. `is_new` is False when it was there before; then nothing was changed."""

    message: Message
    is_new: bool


def receive(*, mail: InboundMail, now: datetime) -> Receipt:
    """Take `mail` into the current workspace, once. Raises BadMail for one that nobody could be told about, and
    ClosedWorkspace for every one."""
    with transaction.atomic():
        support = frozenset(_locked_workspace().support_addresses)
        seen = Message.objects.filter(message_id=mail.message_id).first()
        if seen is not None:
            return Receipt(seen, False)
        sides = parties(mail, support_addresses=support)
        # A clock that runs ahead must not keep a conversation at the top of the list for years.
        sent_at = min(mail.sent_at or now, now)
        _refuse_erased(sides, sent_at=sent_at)
        ties = threads.Ties(mail.message_id, _named(mail), sides.outsiders)
        found = threads.conversations_of(ties=ties, support_addresses=support)
        conversation = _conversation(found, sides=sides, sent_at=sent_at)
        message = _write(mail, conversation=conversation, from_shop=sides.from_shop, sent_at=sent_at, now=now)
        threads.remember(conversation=conversation, named=ties.named)
        summarise(conversation)
        gist.refresh(conversation=conversation)
        arrivals.announce(message=message, now=now)
        return Receipt(message, True)


def _locked_workspace() -> Tenant:
    """One mail at a time: two of one thread that arrive together must see each other, or they would open two conversations.

    `no_key`: other rows of this workspace may still be written meanwhile, which refer to the locked one.
    """
    rows = Tenant.objects.select_for_update(no_key=True).only("support_addresses", "closed_at")
    tenant = rows.get(pk=current_tenant_id())
    if tenant.closed_at is not None:
        raise ClosedWorkspace
    return tenant


def _refuse_erased(sides: Parties, *, sent_at: datetime) -> None:
    """An old mailbox, or an import that was under way, brings nobody back whose data was erased after they wrote it."""
    for address in normalised([sides.with_[1]] if sides.with_ else []):
        erased_at = personal.erased_at(address)
        if erased_at is not None and sent_at <= erased_at:
            raise BadMail("the data of the person it is with was erased after it was sent")


def _named(mail: InboundMail) -> frozenset[str]:
    return frozenset(each for each in (mail.in_reply_to, *mail.references) if each and each != mail.message_id)


def _conversation(found: list[Conversation], *, sides: Parties, sent_at: datetime) -> Conversation:
    """The conversation that the mail belongs to, made one if it is several, or a new one."""
    contact = contact_of(name=sides.with_[0], address=sides.with_[1]) if sides.with_ else None
    if not found:
        if contact is None:
            raise BadMail("the shop sent it, and it names nobody it was sent to")
        number = next_number("conversation")
        return Conversation.objects.create(number=number, contact=contact, created_at=sent_at, last_message_at=sent_at)
    into, others = found[0], found[1:]
    earliest = min(found, key=lambda conversation: conversation.created_at)
    into.contact, into.created_at = earliest.contact, earliest.created_at
    if sent_at < into.created_at:  # What opened the conversation arrives after its answers.
        into.contact, into.created_at = contact or into.contact, sent_at
    if others:
        labels.move(into=into, others=others)
        threads.merge(into=into, others=others)
    return into


def _write(
    mail: InboundMail, *, conversation: Conversation, from_shop: bool, sent_at: datetime, now: datetime
) -> Message:
    whole = mail.text if mail.text.strip() or not mail.html else html_to_text(mail.html)
    parts = split(whole[:SHOWN_LIMIT])
    message = Message.objects.create(
        conversation=conversation,
        kind=Message.Kind.SENT if from_shop else Message.Kind.RECEIVED,
        from_name=mail.from_[0],
        from_email=mail.from_[1],
        to=[list(person) for person in mail.to],
        cc=[list(person) for person in mail.cc],
        subject=mail.subject,
        sent_at=sent_at,
        received_at=now,
        message_id=mail.message_id,
        in_reply_to=mail.in_reply_to,
        references=list(mail.references),
        text=parts.visible.strip("\n").rstrip(),
        quoted=parts.quoted.rstrip(),
        html=sanitise(mail.html).html,
        is_automatic=mail.is_automatic,
    )
    _write_attachments(mail, message=message, cut_text=whole if len(whole) > SHOWN_LIMIT else "")
    return message


def _write_attachments(mail: InboundMail, *, message: Message, cut_text: str) -> None:
    for file in mail.attachments:
        inline = bool(file.content_id) and f"cid:{file.content_id}" in mail.html
        Attachment.objects.create(
            message=message,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            content_id=file.content_id,
            inline=inline,
            content=file.content,
        )
    if cut_text:
        content = cut_text.encode()
        Attachment.objects.create(
            message=message, name="whole message.txt", content_type="text/plain", size=len(content), content=content
        )


def summarise(conversation: Conversation) -> None:
    """What the list shows follows from the messages: subject of the first, time and words of the newest; and when the shop
    first answered. Behind the conversation's row, so that a mail and an answer at the same moment both count."""
    list(Conversation.objects.select_for_update(no_key=True).filter(pk=conversation.pk).values_list("pk"))
    messages = Message.objects.filter(conversation=conversation).only("id", "kind", "subject", "sent_at", "text")
    first, newest = messages.order_by("sent_at", "id")[0], messages.order_by("-sent_at", "-id")[0]
    conversation.subject = first.subject
    conversation.snippet = one_line(newest.text[: 10 * SNIPPET_LIMIT], SNIPPET_LIMIT)
    conversation.needs_reply = newest.kind == Message.Kind.RECEIVED
    conversation.last_message_at = newest.sent_at
    conversation.answered_at = _first_answer(messages)
    conversation.save(update_fields=[*_SUMMARY, "contact", "created_at"])


def _first_answer(messages: QuerySet[Message]) -> datetime | None:
    """What the shop wrote before anybody wrote to it is no answer."""
    asked = (
        messages.filter(kind=Message.Kind.RECEIVED).order_by("sent_at", "id").values_list("sent_at", flat=True).first()
    )
    answers = (
        messages.filter(kind=Message.Kind.SENT, is_automatic=False, sent_at__gte=asked) if asked else messages.none()
    )
    return answers.order_by("sent_at", "id").values_list("sent_at", flat=True).first()
