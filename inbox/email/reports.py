"""What a mail server reports of a mail that was sent (RFC 3464): which mail, to whom, how it ended. Pure, never raises.

A report is only believed by whoever compares it with a mail that was really sent (inbox/email/bounces.py).
"""

import re
from dataclasses import dataclass
from email.message import Message

from inbox.email import headers

RECIPIENTS_LIMIT = 100
_ADDRESS = re.compile(r"(?:[a-z0-9-]+\s*;\s*)?<?([^\s<>;]+@[^\s<>;]+)>?", re.IGNORECASE)
_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended for one receiver. `action` is RFC 3464's word: failed, delayed, delivered, relayed, expanded."""

    recipient: str
    action: str


@dataclass(frozen=True, slots=True)
class Report:
    """`message_id`: of the mail that it is about, without brackets; empty when the report does not say."""

    message_id: str
    outcomes: tuple[Outcome, ...]


def read(mail: Message) -> Report | None:
    """The report that `mail` is, or None. Feedback of complaints (RFC 5965) is one too, with the action "complained"."""
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        return None
    parts = [part for part in mail.get_payload() if isinstance(part, Message)]
    outcomes = [outcome for part in parts for outcome in _outcomes(part)]
    return Report(_about(parts, mail), tuple(outcomes[:RECIPIENTS_LIMIT]))


def _outcomes(part: Message) -> list[Outcome]:
    kind = part.get_content_type()
    if kind not in ("message/delivery-status", "message/feedback-report"):
        return []
    blocks = [block for block in part.get_payload() if isinstance(block, Message)] if part.is_multipart() else []
    found = (_complaint(block) if kind == "message/feedback-report" else _outcome(block) for block in blocks)
    return [outcome for outcome in found if outcome is not None]


def _outcome(block: Message) -> Outcome | None:
    recipient = _address(block.get("Original-Recipient")) or _address(block.get("Final-Recipient"))
    action = str(block.get("Action", "")).split(";")[0].strip().lower()
    if not action and (status := _STATUS.match(str(block.get("Status", "")).strip())):
        action = {"2": "delivered", "4": "delayed", "5": "failed"}[status[1]]
    return Outcome(recipient, action) if recipient and action else None


def _complaint(block: Message) -> Outcome | None:
    recipient = _address(block.get("Original-Rcpt-To"))
    return Outcome(recipient, "complained") if recipient else None


def _address(field: object) -> str:
    found = _ADDRESS.match(str(field or "").strip()[:500])
    return found[1] if found else ""


def _about(parts: list[Message], mail: Message) -> str:
    """The id of the returned mail; servers that return nothing of it name it in their own header, or not at all."""
    for part in parts:
        kind = part.get_content_type()
        for candidate in (part, *_inside(part)) if kind in ("message/rfc822", "text/rfc822-headers") else ():
            ids = headers.message_ids(candidate, "Message-ID") if candidate is not part else _in_text(part)
            if ids:
                return ids[0]
    for name in ("Original-Message-ID", "X-Original-Message-ID", "In-Reply-To", "References"):
        if ids := headers.message_ids(mail, name):
            return ids[-1]
    return ""


def _inside(part: Message) -> list[Message]:
    return [child for child in part.get_payload() if isinstance(child, Message)] if part.is_multipart() else []


def _in_text(part: Message) -> tuple[str, ...]:
    """Headers alone (text/rfc822-headers) are a text to the parser."""
    if part.is_multipart():
        return ()
    found = re.search(
        r"^message-id:\s*<([^<>\s]{1,250})>", str(part.get_payload())[:50_000], re.IGNORECASE | re.MULTILINE
    )
    return (found[1],) if found else ()
