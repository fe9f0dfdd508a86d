"""A letter of ours as a mail: headers, text, a simple HTML beside it, files. Knows no rows; nothing is looked up here.

Everything that somebody typed becomes one line before it goes into a header, so that nobody adds one; what Django and the
standard library refuse on top of that never gets that far.
"""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from email import charset, encoders
from email.mime.base import MIMEBase

from django.core.mail import EmailMultiAlternatives
from django.utils.html import escape, urlize

from tenants.addresses import AddressError, normalise

LONGEST_SUBJECT, LONGEST_NAME = 500, 100
MOST_REFERENCES = 20  # the first and the newest: what programs thread by, in a header of bearable length
_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,500}")  # of a Message-ID, without its brackets
_PLAIN_NAME = re.compile(r"[\w !#$%&'*+/=?^`{|}~.-]*")
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,60}")
# Not as eight bits, which older servers may not take; and lines of a bearable length.
_UTF8 = charset.Charset("utf-8")
_UTF8.body_encoding = charset.QP


@dataclass(frozen=True, slots=True)
class Address:
    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent, complete. Ids are without brackets. `handle`: what a provider repeats when it tells of the mail."""

    message_id: str
    sender: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: str = ""
    signature: str = ""
    quoted: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    handle: str = ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody who gets it, once, as it is written on the envelope: with the domain in ASCII."""
        return tuple(dict.fromkeys(normalise(each.email) for each in (*self.to, *self.cc, *self.bcc)))


def mail(letter: Letter) -> EmailMultiAlternatives:
    """The letter for a backend of Django's or Anymail's. Raises AddressError for an address that is none."""
    made = EmailMultiAlternatives(
        subject=one_line(letter.subject)[:LONGEST_SUBJECT],
        body=text_of(letter),
        from_email=_written(letter.sender),
        to=[_written(each) for each in letter.to],
        cc=[_written(each) for each in letter.cc],
        bcc=[_written(each) for each in letter.bcc],
        reply_to=[_written(Address(letter.reply_to))] if letter.reply_to else None,
        headers=_headers(letter),
    )
    made.attach_alternative(html_of(letter), "text/html")
    for file in letter.files:
        made.attach(_part(file))
    return made


def writable(letter: Letter) -> tuple[Letter, tuple[str, ...]]:
    """The letter without receivers whose address cannot be written in a header of ASCII, and those. SMTPUTF8 (RFC 6531), which
    could, is taken by few servers on the way, and one that does not take it sends everybody's mail back."""
    left_out: dict[str, None] = {}

    def those(line: tuple[Address, ...]) -> tuple[Address, ...]:
        left_out.update((normalise(each.email), None) for each in line if not _is_writable(each))
        return tuple(each for each in line if _is_writable(each))

    try:
        kept = replace(letter, to=those(letter.to), cc=those(letter.cc), bcc=those(letter.bcc))
    except AddressError:  # no address at all: not one of a person's
        return letter, ()
    return kept, tuple(left_out)


def _is_writable(who: Address) -> bool:
    return normalise(who.email).rpartition("@")[0].isascii()


def as_bytes(letter: Letter) -> bytes:
    """The same as bytes for SMTP: ASCII alone, lines that end with CR LF. Bcc stands on the envelope only."""
    made = mail(letter)
    made.encoding = _UTF8
    return made.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own


def text_of(letter: Letter) -> str:
    """What was written, the signature, and the history that it repeats."""
    parts = [_lines(letter.text).rstrip()]
    if letter.signature.strip():
        parts.append("-- \n" + _lines(letter.signature).strip())
    if letter.quoted.strip():
        parts.append(_lines(letter.quoted).rstrip())
    return "\n\n".join(parts) + "\n"


def html_of(letter: Letter) -> str:
    """The same for programs that show HTML: paragraphs, links, and nothing that is fetched."""
    parts = [*map(_paragraph, re.split(r"\n{2,}", _lines(letter.text).strip()))]
    if letter.signature.strip():
        parts.append(f"<p>-- <br>{_broken(letter.signature)}</p>")
    if letter.quoted.strip():
        parts.append(f"<blockquote>{_broken(letter.quoted)}</blockquote>")
    return '<!doctype html><html><head><meta charset="utf-8"></head><body>' + "".join(parts) + "</body></html>"


def one_line(text: str) -> str:
    """Without line breaks and other signs that cannot be seen, and with single spaces."""
    return " ".join("".join(" " if _unseen(letter) else letter for letter in text).split())


def _unseen(letter: str) -> bool:
    """Control signs, line separators, lone halves of a pair; and those that turn the direction of what follows."""
    category = unicodedata.category(letter)
    return category in ("Cc", "Cs", "Zl", "Zp") or letter in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _written(who: Address) -> str:
    """`"Name" <address>`. Django encodes what is not ASCII, Anymail wants it as it is."""
    name, email = one_line(who.name)[:LONGEST_NAME].strip(), normalise(who.email)
    local = email.rpartition("@")[0]
    if not local.isascii() or re.search(r'[<>",;:\\\[\]() ]', local):
        raise AddressError("This address cannot stand in a header.")
    if not name:
        return email
    quoted = name if _PLAIN_NAME.fullmatch(name) and not name.startswith("=") and "=?" not in name else _quoted(name)
    return f"{quoted} <{email}>"


def _quoted(name: str) -> str:
    # Never taken for an encoded word, which could be decoded into anything.
    return '"' + name.replace("=?", "= ?").replace("\\", "\\\\").replace('"', '\\"') + '"'


def _headers(letter: Letter) -> dict[str, str]:
    headers = {"Message-ID": f"<{_id(letter.message_id)}>"}
    if _ID.fullmatch(letter.in_reply_to):
        headers["In-Reply-To"] = f"<{letter.in_reply_to}>"
    references = [each for each in letter.references if _ID.fullmatch(each)]
    if len(references) > MOST_REFERENCES:
        references = [references[0], *references[1 - MOST_REFERENCES :]]
    if references:
        headers["References"] = " ".join(f"<{each}>" for each in references)
    return headers


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise AddressError("This is not a Message-ID.")
    return text


def _lines(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in lines if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))


def _paragraph(text: str) -> str:
    return f"<p>{_broken(text)}</p>" if text.strip() else ""


def _broken(text: str) -> str:
    return str(urlize(escape(_lines(text).strip()), autoescape=False)).replace("\n", "<br>")


def _part(file: File) -> MIMEBase:
    """Byte for byte: a text file's line ends and charset are nobody's business, and a mail in a mail stays closed."""
    kind = file.content_type if _TYPE.fullmatch(file.content_type) else "application/octet-stream"
    if kind.startswith(("multipart/", "message/")):
        kind = "application/octet-stream"
    part = MIMEBase(*kind.split("/"))
    part.set_payload(file.content)
    encoders.encode_base64(part)
    name = one_line(file.name)[:255] or "file"
    part.add_header("Content-Disposition", "attachment", filename=name if name.isascii() else ("utf-8", "", name))
    return part
