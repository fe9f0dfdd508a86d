"""The parts of a MIME tree as one plain text, one HTML text and a list of attachments. Pure.

Nothing written is lost: text parts around an inline picture (Apple Mail sends such) are joined, and a part that is neither
text to read nor a container is an attachment, also when it is damaged.
"""

import re
from dataclasses import dataclass
from email.message import Message
from email.policy import compat32
from html import escape

from inbox.email.charsets import decode, one_line
from inbox.email.headers import decode_words
from inbox.email.html import html_to_text

FILE_NAME_LIMIT = 150

_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,90}")
# Separators of paths, what file systems refuse, and marks that turn the reading direction ("fdp.exe" shown as "exe.pdf").
_NOT_IN_FILE_NAMES = re.compile('[/\\\\:*?"<>|\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+')
# Of what programs send without a name of its own, so that whoever saves it can open it.
_NAMES = {"text/calendar": "invitation.ics", "application/ms-tnef": "winmail.dat"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail. `content_id` is set for what the HTML shows inline (cid:)."""

    name: str
    content_type: str
    size: int
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Bodies:
    """What a container holds, its own containers included."""

    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


def read_bodies(part: Message) -> Bodies:
    """The readable bodies and the attachments of `part` and everything in it."""
    if part.get_content_maintype() == "message" and part.is_multipart():
        return Bodies(attachments=(_attached_mail(part),))
    if part.is_multipart():
        children = [read_bodies(child) for child in part.get_payload() if isinstance(child, Message)]
        join = _alternatives if part.get_content_subtype() == "alternative" else _sequence
        return join(children)
    kind = part.get_content_type()
    if kind in ("text/plain", "text/html") and not _is_file(part):
        written = _text_of(part)
        return Bodies(text=written) if kind == "text/plain" else Bodies(html=written)
    return Bodies(attachments=(_attachment(part),))


def _alternatives(children: list[Bodies]) -> Bodies:
    """The same content in several forms: the first as text, the last (the richest, RFC 2046 5.1.4) as HTML."""
    return Bodies(
        text=next((child.text for child in children if child.text.strip()), ""),
        html=next((child.html for child in reversed(children) if child.html.strip()), ""),
        attachments=tuple(file for child in children for file in child.attachments),
    )


def _sequence(children: list[Bodies]) -> Bodies:
    """One after the other. When some parts are text only and others HTML only, each is carried over into the other form."""
    written = [child for child in children if child.text.strip() or child.html.strip()]
    any_text, any_html = any(child.text for child in written), any(child.html for child in written)
    return Bodies(
        text="\n\n".join((child.text or html_to_text(child.html)).strip("\n") for child in written) if any_text else "",
        html="\n".join(child.html or _as_html(child.text) for child in written) if any_html else "",
        attachments=tuple(file for child in children for file in child.attachments),
    )


def _as_html(text: str) -> str:
    return "<div>" + escape(text).replace("\n", "<br>") + "</div>"


def _is_file(part: Message) -> bool:
    # Some programs give the body a name without a disposition; only a text that says "attachment" is a file.
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _text_of(part: Message) -> str:
    try:
        charset = part.get_content_charset()
    except Exception:  # An extended parameter (RFC 2231) in a charset that does not exist.
        charset = None
    return decode(_content(part), charset).replace("\r\n", "\n").replace("\r", "\n")


def _content(part: Message) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except Exception:  # A transfer encoding that lies: the part as it came is better than nothing.
        content = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return content if isinstance(content, bytes) else b""


def _attachment(part: Message) -> Attachment:
    content, kind = _content(part), part.get_content_type().lower()
    return Attachment(
        name=_file_name(part) or _NAMES.get(kind, "attachment"),
        content_type=kind if _CONTENT_TYPE.fullmatch(kind) else "application/octet-stream",
        size=len(content),
        content=content,
        content_id=one_line(str(part.get("Content-ID", "")), 250).strip("<> "),
    )


def _attached_mail(part: Message) -> Attachment:
    """A forwarded mail, or a delivery report, kept whole as a file."""
    chosen = _file_name(part)
    try:
        content = b"\n".join(
            child.as_bytes(policy=compat32) for child in part.get_payload() if isinstance(child, Message)
        )
    except Exception:  # The standard library cannot always write again what it has read.
        content, chosen = b"", chosen or "unreadable message.eml"
    return Attachment(chosen or "message.eml", part.get_content_type(), len(content), content)


def _file_name(part: Message) -> str:
    try:
        given = decode_words(part.get_filename() or "")
    except Exception:  # As for charsets: RFC 2231 in a charset that does not exist.
        given = ""
    name = one_line(_NOT_IN_FILE_NAMES.sub("_", given), 1_000).strip(". ")
    if len(name) <= FILE_NAME_LIMIT:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: FILE_NAME_LIMIT - 12]}.{ending}" if dot and len(ending) <= 10 else name[:FILE_NAME_LIMIT]
