"""Mails in a file, one after the other: a mailbox (mbox in its dialects) or a single mail (.eml). Bounded memory.

The file is read once, line by line; only the mail at hand is held, and of one that is too large nothing. A pipe will do.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from inbox.email.parsing import MAIL_LIMIT

CHUNK = 64 * 1024  # A "line" may be the whole file: it is read in pieces.

# "From sender date": the line that begins a mail in a mailbox. With a date it is recognised anywhere; a mailbox whose first
# line has none (some programs write "From - ") is split at lines that follow an empty one. Python's own reader splits at every
# "From ", also in the middle of a text that says "From here on".
_DATED = re.compile(
    rb"From \S.{0,300}?\b\d{1,2}:\d{2}(?::\d{2})?\b.{0,60}?\b(?:19|20)\d{2}\b|From \S.{0,300}?\b(?:19|20)\d{2}\b.{0,60}?\b\d{1,2}:\d{2}"
)
_ESCAPED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_HEADER_LINE = re.compile(rb"[!-9;-~]{1,200}:")


@dataclass(frozen=True, slots=True)
class FoundMail:
    """The bytes of the mail with this number; the first one in a file is 1."""

    number: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class SkippedMail:
    """What stands in this place and cannot be a mail. Number 0: before the first mail."""

    number: int
    reason: str


class UnreadableFile(Exception):
    """Nothing (more) can be read from the file; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def mails_in(path: Path) -> Iterator[FoundMail | SkippedMail]:
    """The mails of the file at `path`, in their order. Raises UnreadableFile, also midway when reading fails."""
    try:
        with path.open("rb") as file:
            yield from _mails(file, path.suffix.lower())
    except OSError as error:
        raise UnreadableFile((error.strerror or "it cannot be read").lower()) from error
    except ValueError as error:  # A NUL in the path.
        raise UnreadableFile("its name is no file name") from error


def _mails(file: BinaryIO, suffix: str) -> Iterator[FoundMail | SkippedMail]:
    first = _first_line(file)
    if not first:
        raise UnreadableFile("it is empty")
    if first.startswith(b"From "):
        yield from _mailbox(file, first)
    elif _HEADER_LINE.match(first) and suffix not in (".mbox", ".mbx"):
        yield _single(file, first)
    else:
        yield from _mailbox_after_garbage(file, first)


def _first_line(file: BinaryIO) -> bytes:
    """The first line with anything in it, without a byte order mark."""
    line = file.readline(CHUNK).removeprefix(b"\xef\xbb\xbf")
    while line and not line.strip():
        line = file.readline(CHUNK)
    return line


def _single(file: BinaryIO, first: bytes) -> FoundMail | SkippedMail:
    raw = first + file.read(MAIL_LIMIT + 1)
    return FoundMail(1, raw) if len(raw) <= MAIL_LIMIT else SkippedMail(1, _too_large())


def _mailbox_after_garbage(file: BinaryIO, first: bytes) -> Iterator[FoundMail | SkippedMail]:
    """Look for the first separator. Only dated ones count: a stray "From " in some other kind of file makes no mailbox."""
    passed, line, at_start = 0, first, True
    while line and not (at_start and _DATED.match(line)):
        passed += len(line)
        at_start = line.endswith(b"\n")
        line = file.readline(CHUNK)
    if not line:
        raise UnreadableFile("it is neither a mailbox nor a mail")
    yield SkippedMail(0, f"{passed} bytes before the first mail are no mail")
    yield from _mailbox(file, line)


def _mailbox(file: BinaryIO, separator: bytes) -> Iterator[FoundMail | SkippedMail]:
    dated = bool(_DATED.match(separator))
    number, pieces, size = 1, bytearray(), 0
    at_start, after_blank = separator.endswith(b"\n"), False
    while line := file.readline(CHUNK):
        if at_start and line.startswith(b"From ") and (_DATED.match(line) if dated else after_blank):
            yield _finished(number, pieces, size)
            number, pieces, size = number + 1, bytearray(), 0
            at_start, after_blank = line.endswith(b"\n"), False
            continue
        size += len(line)
        if size <= MAIL_LIMIT:
            pieces += line
        elif pieces:
            pieces = bytearray()  # Too large: from here on it is only counted.
        after_blank = at_start and line in (b"\n", b"\r\n")
        at_start = line.endswith(b"\n")
    yield _finished(number, pieces, size)


def _finished(number: int, pieces: bytearray, size: int) -> FoundMail | SkippedMail:
    if size > MAIL_LIMIT:
        return SkippedMail(number, _too_large())
    raw = bytes(pieces)
    # The empty line before the next separator belongs to the format, not to the mail.
    for line_end in (b"\r\n", b"\n"):
        if raw.endswith(line_end * 2):
            raw = raw[: -len(line_end)]
            break
    # ">From " is how mailboxes write "From " inside a text; mboxrd adds a mark to marked ones too, so one mark goes.
    return FoundMail(number, _ESCAPED_FROM.sub(rb"\1", raw))


def _too_large() -> str:
    return f"it is larger than {MAIL_LIMIT // 1024 // 1024} MB"
