"""Is a mail there already: by its Message-ID, or under another one that somebody on the way gave it?

A Message-ID alone does not say so. Programs give several mails the same, and anybody can write another's into their own:
such a mail is filed under an id made from its content, so that nothing is lost, and nobody's mail is kept out by a forged one.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from inbox.email.html import html_to_text
from inbox.email.parsing import InboundMail
from inbox.email.people import Parties, normalised
from inbox.email.quoting import split
from inbox.models import Attachment, ContactAddress, Message

SHOWN_LIMIT = 200_000  # Characters of a text that a page can bear; a longer one comes with the mail as a file.
CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Body:
    """A mail's words as they are stored. `cut`: all of them, where they are too many to be shown; else empty."""

    text: str
    quoted: str
    cut: str


def body(mail: InboundMail) -> Body:
    """The words of `mail`, its quoted history apart."""
    whole = mail.text if mail.text.strip() or not mail.html else html_to_text(mail.html)
    parts = split(whole[:SHOWN_LIMIT])
    cut = whole if len(whole) > SHOWN_LIMIT else ""
    return Body(parts.visible.strip("\n").rstrip(), parts.quoted.rstrip(), cut)


def by_id(mail: InboundMail, *, sent_at: datetime, support_addresses: frozenset[str]) -> Message | None:
    """The message that this mail is, found by its id: of the same sender, and of the same time or with the same words. A mail
    of ours that comes back (a copy, a list, a loop) is the one that we sent."""
    row = Message.objects.filter(message_id=mail.message_id).first()
    if row is None or _is_same(row, mail, sent_at, support_addresses):
        return row
    return Message.objects.filter(message_id=mail.own_id).first()


def with_free_id(mail: InboundMail) -> InboundMail:
    """The mail under an id that no other message has."""
    taken = Message.objects.filter(message_id=mail.message_id).exists()
    return replace(mail, message_id=mail.own_id) if taken else mail


def by_content(mail: InboundMail, *, sides: Parties, sent_at: datetime) -> Message | None:
    """The contact's message with the same sender, Date, subject, words, files and parents, under another id: a forwarder gave
    the mail a new one, or it was sent twice."""
    if mail.sent_at is None or sides.from_shop or sides.with_ is None:
        return None
    contacts = ContactAddress.objects.filter(email_norm__in=normalised([sides.with_[1]])).values("contact")
    rows = Message.objects.filter(conversation__contact__in=contacts, sent_at=sent_at, subject=mail.subject)
    rows = rows.filter(kind=Message.Kind.RECEIVED).select_related("conversation").order_by("pk")[:CANDIDATES]
    return next((row for row in rows if _has_same_content(row, mail)), None)


def add_id(mail: InboundMail, *, to: Message) -> None:
    """Answers may name the mail by either of its ids, and belong to it all the same."""
    if mail.message_id not in to.references:
        to.references = [*to.references, mail.message_id]
        to.save(update_fields=["references"])


def _is_same(row: Message, mail: InboundMail, sent_at: datetime, support_addresses: frozenset[str]) -> bool:
    sender = normalised([mail.from_[1]])
    if row.kind == Message.Kind.SENT and sender & support_addresses:
        return True
    return normalised([row.from_email]) == sender and (row.sent_at == sent_at or row.text == body(mail).text)


def _has_same_content(row: Message, mail: InboundMail) -> bool:
    if normalised([row.from_email]) != normalised([mail.from_[1]]) or row.in_reply_to != mail.in_reply_to:
        return False
    words = body(mail)
    if (row.text, row.quoted) != (words.text, words.quoted) or not set(mail.references) <= set(row.references):
        return False
    files = Attachment.objects.filter(message=row).order_by("pk").values_list("name", "size")
    return list(files) == [(file.name, file.size) for file in mail.attachments]
