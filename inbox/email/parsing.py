"""Bytes of one mail to a frozen `InboundMail`, or `BadMail` with a reason an administrator understands. Pure.

Whatever the bytes are, nothing else leaves `parse`. What would make Python's parser slow or exhaust its stack (mails nested
a thousand deep raise RecursionError, measured) is refused by counting before the parser sees it.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message

from inbox.email import headers, reports
from inbox.email.bodies import Attachment, read_bodies
from inbox.email.headers import Address, LenientHeaders
from inbox.email.reports import Report

MAIL_LIMIT = 25 * 1024 * 1024  # What Gmail and most providers accept; larger files are not mail of people.
SUBJECT_LIMIT = 500
CONTAINERS_LIMIT = (
    100  # Parts that contain parts. Real mail has up to a dozen; 500 nested ones already take a third of a second.
)
WORK_LIMIT = (
    10_000_000  # Lines times containers: the parser compares each line with the boundary of every open container.
)
PARTS_LIMIT = 1_000

_CONTAINER = re.compile(
    rb"^content-type:[^\n:]{0,200}?(?:\n[ \t][^\n]{0,200}?)?(?:multipart|message)/", re.IGNORECASE | re.MULTILINE
)
_ANY_PART = re.compile(rb"^content-(?:type|disposition|transfer-encoding):", re.IGNORECASE | re.MULTILINE)


class BadMail(Exception):
    """This mail cannot be taken in; `reason` says why, in words for the person who imports it, and quotes no content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class InboundMail:
    """One mail as far as a conversation needs it. All text can be stored: no NUL, no surrogates, bounded headings."""

    message_id: str  # Without angle brackets; made from the content when the sender gave none worth the name.
    in_reply_to: str  # Empty when there is none.
    references: tuple[str, ...]
    subject: str
    sent_at: datetime | None  # UTC; None when the Date field is missing or broken.
    from_: Address
    reply_to: Address | None
    answers_to: tuple[Address, ...]  # all of Reply-To
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    text: str  # As sent, quoted history included; empty when the mail is HTML only.
    html: str  # As sent: hostile until inbox.email.html has been over it.
    attachments: tuple[Attachment, ...]
    is_automatic: bool
    answers_by_itself: bool  # nobody wrote it: an absence, a bounce
    report: Report | None  # what a mail server says of a mail that was sent
    own_id: str  # made from the content: for a mail whose Message-ID is another mail's
    size: int


def parse(raw: bytes) -> InboundMail:
    """The mail in `raw`. Raises BadMail, and nothing but BadMail."""
    _refuse_what_costs_too_much(raw)
    try:
        return _read(raw)
    except BadMail:
        raise
    except (RecursionError, MemoryError):
        raise BadMail("its parts are nested too deeply to be read") from None
    except (
        Exception
    ) as error:  # The standard parser's bugs depend on Python's version; one mail must not stop an import.
        raise BadMail(f"it cannot be read ({type(error).__name__})") from error


def _refuse_what_costs_too_much(raw: bytes) -> None:
    if len(raw) > MAIL_LIMIT:
        raise BadMail(f"it is larger than {MAIL_LIMIT // 1024 // 1024} MB")
    if not raw.strip():
        raise BadMail("it is empty")
    containers = _count(_CONTAINER, raw, CONTAINERS_LIMIT)
    if containers > CONTAINERS_LIMIT:
        raise BadMail(f"it has more than {CONTAINERS_LIMIT} nested parts")
    if _count(_ANY_PART, raw, 3 * PARTS_LIMIT) > 3 * PARTS_LIMIT:
        raise BadMail(f"it has more than {PARTS_LIMIT} parts")
    if (raw.count(b"\n") + raw.count(b"\r")) * (containers + 2) > WORK_LIMIT:
        raise BadMail("it has too many lines")


def _count(pattern: re.Pattern[bytes], raw: bytes, limit: int) -> int:
    count = 0
    for _ in pattern.finditer(raw):
        count += 1
        if count > limit:
            break
    return count


def _read(raw: bytes) -> InboundMail:
    mail = message_from_bytes(raw, policy=LenientHeaders())
    sender = _sender(mail)
    _refuse_many_parts(mail)
    bodies = read_bodies(mail)
    own_id = _made_from(raw)
    answers_to = headers.addresses(mail, "Reply-To")
    return InboundMail(
        message_id=_first(headers.message_ids(mail, "Message-ID")) or own_id,
        in_reply_to=_first(headers.message_ids(mail, "In-Reply-To")),
        references=headers.message_ids(mail, "References"),
        subject=headers.text_field(mail, "Subject", SUBJECT_LIMIT),
        sent_at=headers.date(mail),
        from_=sender,
        reply_to=next(iter(answers_to), None),
        answers_to=answers_to,
        to=headers.addresses(mail, "To"),
        cc=headers.addresses(mail, "Cc"),
        text=bodies.text,
        html=bodies.html,
        attachments=bodies.attachments,
        is_automatic=headers.is_automatic(mail),
        answers_by_itself=headers.answers_by_itself(mail),
        report=reports.read(mail),
        own_id=own_id,
        size=len(raw),
    )


def _sender(mail: Message) -> Address:
    for field in ("From", "Sender"):
        found = headers.addresses(mail, field)
        if found:
            return found[0]
    if not mail.keys():
        raise BadMail("it has no header, so it is no mail")
    raise BadMail("it does not say whom it is from")


def _refuse_many_parts(mail: Message) -> None:
    for count, _ in enumerate(mail.walk()):
        if count > PARTS_LIMIT:
            raise BadMail(f"it has more than {PARTS_LIMIT} parts")


def _first(ids: tuple[str, ...]) -> str:
    return ids[0] if ids else ""


def _made_from(raw: bytes) -> str:
    """An id of our own for a mail without one: the same for the same mail, however its lines end in this file."""
    normal = raw.replace(b"\r\n", b"\n").strip(b"\n")
    return f"{hashlib.sha256(normal).hexdigest()[:40]}@no-message-id.invalid"
