"""Take a mail into the current workspace: seen before? which conversation? whose?

All of it happens in the caller's transaction and tenant context; a mail that is refused leaves nothing behind.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from inbox import arrivals, conversations, gist, indexing
from inbox.contacts import contact_of
from inbox.email import bounces, duplicates, joining, threads
from inbox.email.addressing import slug_of
from inbox.email.charsets import one_line
from inbox.email.duplicates import body
from inbox.email.html import sanitise
from inbox.email.parsing import BadMail, InboundMail
from inbox.email.people import Parties, normalised, parties
from inbox.file_kinds import checked
from inbox.models import Attachment, Contact, Conversation, Mailbox, Message
from tenants import personal
from tenants.models import Tenant
from tenants.numbering import next_number
from tenants.rls.context import current_tenant_id

SNIPPET_LIMIT = 200
_SUMMARY = ("subject", "snippet", "needs_reply", "last_message_at", "answered_at")


class ClosedWorkspace(Exception):
    """The workspace is closed: no mail comes in that its people could not read, and that is erased with the rest."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a mail is now. `is_new` is False when it was there before; then nothing was changed."""

    message: Message
    is_new: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the server that took a mail in found of it: a word of Message.Authentication, or empty; and whether it is spam."""

    authentication: str = ""
    spam: bool = False


UNJUDGED = Verdict()


def receive(*, mail: InboundMail, now: datetime, verdict: Verdict = UNJUDGED) -> Receipt:
    """Take `mail` into the current workspace, once. Raises BadMail for one that nobody could be told about, and
    ClosedWorkspace for every one."""
    with transaction.atomic():
        support = _own_addresses(_locked_workspace(), mail)
        # A clock that runs ahead must not keep a conversation at the top of the list for years.
        sent_at = min(mail.sent_at or now, now)
        seen = duplicates.by_id(mail, sent_at=sent_at, support_addresses=support)
        if seen is not None:
            return Receipt(seen, False)
        mail = duplicates.with_free_id(mail)
        sides, disguised = _sides(mail, support, verdict)
        _refuse_erased(sides, sent_at=sent_at)
        twin = duplicates.by_content(mail, sides=sides, sent_at=sent_at)
        if twin is not None:
            duplicates.add_id(mail, to=twin)
            joining.remember(conversation=twin.conversation, named=[mail.message_id])
            return Receipt(twin, False)
        conversation, ties = _place(mail, sides, support, sent_at=sent_at, verdict=verdict, disguised=disguised)
        message = _write(mail, conversation, sides, sent_at=sent_at, now=now, authentication=verdict.authentication)
        joining.remember(conversation=conversation, named=ties.named)
        summarise(conversation)
        gist.refresh(conversation=conversation)
        indexing.message(message=message)
        arrivals.announce(message=message, now=now)
        return Receipt(message, True)


def _own_addresses(tenant: Tenant, mail: InboundMail) -> frozenset[str]:
    """The shop's own addresses, and those of this mail at which the workspace takes mail in: nobody else is behind them."""
    domain = settings.INBOUND_DOMAIN
    inward = [address for _, address in (*mail.to, *mail.cc) if slug_of(address, domain=domain) == tenant.slug]
    inward += [f"{tenant.slug}@{domain}"] if domain else []
    polled = Mailbox.objects.values_list("address", flat=True)
    return normalised([*inward, *polled]).union(tenant.support_addresses)


def _sides(mail: InboundMail, support: frozenset[str], verdict: Verdict) -> tuple[Parties, bool]:
    """Whose it is. Mail that says it is the shop's, and that the shop's domain disowns, is a stranger's in disguise."""
    sides = parties(mail, support_addresses=support)
    if sides.from_shop and verdict.authentication == Message.Authentication.FAIL:
        return Parties(False, mail.from_, frozenset(normalised([mail.from_[1]]))), True
    return sides, False


def _place(
    mail: InboundMail,
    sides: Parties,
    support: frozenset[str],
    *,
    sent_at: datetime,
    verdict: Verdict,
    disguised: bool,
) -> tuple[Conversation, threads.Ties]:
    """The conversation it goes into. The provider's word "spam" counts for what begins one; within one, people know each
    other. What a blocked contact writes, and what a stranger writes in the shop's name, is spam in any case."""
    named, nearest = (frozenset[str](), ()) if disguised else (_named(mail), _nearest(mail))
    ties = threads.Ties(mail.message_id, named, sides.outsiders, nearest)
    about = bounces.note(mail, at=sent_at)
    if about is not None:
        return about.conversation, ties
    found = [] if disguised else threads.conversations_of(ties=ties, support_addresses=support)
    blocked = not sides.from_shop and _is_blocked(sides)
    spam = disguised or blocked or (verdict.spam and not sides.from_shop)
    conversation = _conversation(found, sides=sides, sent_at=sent_at, spam=spam)
    if found and blocked:
        conversations.taken_for_spam(conversation=conversation)
    return conversation, ties


def _is_blocked(sides: Parties) -> bool:
    sender = normalised([sides.with_[1]] if sides.with_ else [])
    return Contact.objects.filter(addresses__email_norm__in=sender, blocked_at__isnull=False).exists()


def _locked_workspace() -> Tenant:
    """One mail at a time: two of one thread that arrive together must see each other, or they would open two conversations.

    `no_key`: other rows of this workspace may still be written meanwhile, which refer to the locked one.
    """
    rows = Tenant.objects.select_for_update(no_key=True).only("slug", "support_addresses", "closed_at")
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


def _nearest(mail: InboundMail) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in (mail.in_reply_to, *reversed(mail.references)) if each))


def _conversation(found: list[Conversation], *, sides: Parties, sent_at: datetime, spam: bool) -> Conversation:
    """The conversation that the mail belongs to, made one if it is several, or a new one."""
    contact = contact_of(name=sides.with_[0], address=sides.with_[1]) if sides.with_ else None
    if not found:
        if contact is None:
            raise BadMail("the shop sent it, and it names nobody it was sent to")
        number = next_number("conversation")
        state = Conversation.State.SPAM if spam else Conversation.State.OPEN
        return Conversation.objects.create(
            number=number, contact=contact, created_at=sent_at, last_message_at=sent_at, state=state
        )
    into, others = found[0], found[1:]
    earliest = min(found, key=lambda conversation: conversation.created_at)
    into.contact, into.created_at = earliest.contact, earliest.created_at
    if sent_at < into.created_at:  # What opened the conversation arrives after its answers.
        into.contact, into.created_at = contact or into.contact, sent_at
    if others:
        joining.join(into=into, others=others)
    return into


def _write(
    mail: InboundMail,
    conversation: Conversation,
    sides: Parties,
    *,
    sent_at: datetime,
    now: datetime,
    authentication: str,
) -> Message:
    parts = body(mail)
    message = Message.objects.create(
        conversation=conversation,
        kind=Message.Kind.SENT if sides.from_shop else Message.Kind.RECEIVED,
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
        text=parts.text,
        quoted=parts.quoted,
        html=sanitise(mail.html).html,
        authentication=authentication,
        reply_to=[list(person) for person in mail.answers_to],
        is_automatic=mail.is_automatic,
        answers_by_itself=mail.answers_by_itself,
    )
    _write_attachments(mail, message=message, cut_text=parts.cut)
    return message


def _write_attachments(mail: InboundMail, *, message: Message, cut_text: str) -> None:
    for file in mail.attachments:
        inline = bool(file.content_id) and f"cid:{file.content_id}" in mail.html
        Attachment.objects.create(
            message=message,
            name=file.name,
            content_type=checked(file.content_type, file.content),
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
    written = messages.filter(answers_by_itself=False).order_by("-sent_at", "-id").first()
    conversation.needs_reply = written is not None and written.kind == Message.Kind.RECEIVED
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
