"""Header fields of a mail, read leniently: encoded words, addresses, message ids, dates. Pure, never raises.

The parser of `email.policy.default` was measured and not taken for this: it raises on hostile fields (IndexError,
RecursionError) and its time grows with the square of a field's length. Fields are cut before anything looks at them.
"""

import binascii
import re
from datetime import UTC, datetime
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime

from inbox.email.charsets import decode, one_line

Address = tuple[str, str]  # Display name (may be empty) and address as typed.

FIELD_LIMIT = 20_000  # Characters of one field that are looked at; RFC 5322 allows lines of 998.
NAME_LIMIT = 200
ADDRESS_LIMIT = 254  # RFC 5321 4.5.3.1.3, less the angle brackets.
ADDRESSES_LIMIT = 200
MESSAGE_ID_LIMIT = 250
REFERENCES_LIMIT = 60

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?)")
_IN_BRACKETS = re.compile(r"<([^<>]{1,1000})>")
_MESSAGE_ID = re.compile(r"[^\s<>\x00-\x20\x7f]+")
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+@[^\s@<>()\\,;:\"\x00-\x1f\x7f]+")
_FIRST_YEAR, _LAST_YEAR = 1971, 2200  # Outside of these a Date field is a broken clock, not a time.


class LenientHeaders(Compat32):
    """The standard library's oldest policy, which parses no field on its own, with fields decoded and cut when read."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        """The field as text. Bytes beyond ASCII arrive as surrogates; they are UTF-8 nowadays (RFC 6532), or Latin-1."""
        return decode(str(value)[:FIELD_LIMIT].encode("utf-8", "surrogateescape"), None)


def text_field(mail: Message, name: str, limit: int) -> str:
    """An unstructured field (Subject) as one line of at most `limit` characters."""
    return one_line(decode_words(mail.get(name, "")), limit)


def decode_words(value: str) -> str:
    """`value` with its encoded words (RFC 2047) decoded; what cannot be decoded stays as it is."""
    pieces: list[str] = []
    position = 0
    pending, charset = b"", ""
    value = _BETWEEN_WORDS.sub(r"\1", value)
    for word in _ENCODED_WORD.finditer(value):
        raw = _word_bytes(word)
        # A character cut in two by the sender's line folding is whole again when neighbours are joined before decoding.
        if pending and (raw is None or word.start() != position or word[1].lower() != charset):
            pieces.append(decode(pending, charset))
            pending = b""
        pieces.append(value[position : word.start()])
        if raw is None:
            pieces.append(word[0])
        else:
            pending, charset = pending + raw, word[1].lower()
        position = word.end()
    if pending:
        pieces.append(decode(pending, charset))
    pieces.append(value[position:])
    return "".join(pieces)


def _word_bytes(word: re.Match[str]) -> bytes | None:
    try:
        if word[2] in "bB":
            return binascii.a2b_base64(word[3].rstrip("= ") + "==")
        return binascii.a2b_qp(word[3].encode("utf-8", "replace"), header=True)
    except ValueError:  # binascii.Error included.
        return None


def addresses(mail: Message, name: str) -> tuple[Address, ...]:
    """The addresses of a field, without duplicates and without what is no address (groups, "undisclosed recipients")."""
    try:
        pairs = getaddresses([str(value) for value in mail.get_all(name, [])][:20])
    except (
        Exception
    ):  # Nested comments exhaust the standard parser's recursion; anything it raises means "not readable".
        return ()
    found: dict[str, Address] = {}
    for display, address in pairs:
        address = address.strip().strip(".")
        if len(address) <= ADDRESS_LIMIT and _ADDRESS.fullmatch(address):
            found.setdefault(address.lower(), (one_line(decode_words(display), NAME_LIMIT), address))
    return tuple(found.values())[:ADDRESSES_LIMIT]


def message_ids(mail: Message, name: str) -> tuple[str, ...]:
    """The well-formed message ids of a field in their order, without brackets; the last ones when there are very many."""
    value = " ".join(str(field) for field in mail.get_all(name, [])[:5])
    candidates = _IN_BRACKETS.findall(value) or ([value] if "@" in value else [])
    tidy = (candidate.strip() for candidate in candidates)
    good = [each for each in tidy if len(each) <= MESSAGE_ID_LIMIT and _MESSAGE_ID.fullmatch(each)]
    return tuple(dict.fromkeys(good))[-REFERENCES_LIMIT:]


def date(mail: Message) -> datetime | None:
    """The Date field in UTC; None when it is missing, broken, or no time at which mail was sent."""
    try:
        moment = parsedate_to_datetime(str(mail.get("Date", ""))[:200])
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except Exception:  # TypeError, ValueError, OverflowError, IndexError: it depends on Python's version.
        return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def answers_by_itself(mail: Message) -> bool:
    """Is it an answer that nobody wrote: a note of absence, the report of a mail server? A list, or a form of the shop's, is
    not: behind those stands somebody who waits."""
    submitted = str(mail.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    return (
        submitted in ("auto-replied", "auto-notified")
        or str(mail.get("Precedence", "")).strip().lower() == "auto_reply"
        or any(name in mail for name in ("X-Autoreply", "X-Autorespond"))
        or mail.get_content_type() == "multipart/report"
        or str(mail.get("Return-Path", "?")).strip() == "<>"
    )


def is_automatic(mail: Message) -> bool:
    """Was it sent by a program (RFC 3834), so that nothing may ever answer it by itself?"""
    submitted = str(mail.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    precedence = str(mail.get("Precedence", "")).strip().lower()
    return (
        submitted not in ("", "no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(name in mail for name in ("X-Autoreply", "X-Autorespond", "List-Id"))
        or str(mail.get("Return-Path", "?")).strip() == "<>"
    )
