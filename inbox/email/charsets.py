"""Bytes of unknown origin to text that can be stored: any charset, any lie about it, never an exception."""

import re

# What senders write and Python does not know, or knows too narrowly. Mail programs label Windows text as Latin-1 and
# Chinese text as GB2312; browsers read the wider set under the narrow name (WHATWG Encoding Standard), and so do we.
_WIDER = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8",
    "windows-874": "cp874",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "unicode-1-1-utf-7": "utf_7",
    "utf8mb4": "utf-8",
}
# Codecs of Python that are no charset of mail; decoding punycode or idna takes time that grows with the square of the length.
_NOT_A_CHARSET = {
    "idna",
    "punycode",
    "undefined",
    "unicode_escape",
    "raw_unicode_escape",
    "unicode-escape",
    "raw-unicode-escape",
}
# Python imports a module by the charset's name and remembers every miss: only plausible names may get that far.
_NAME = re.compile(r"[a-z0-9][a-z0-9._:+-]{0,39}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WHITE_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def decode(raw: bytes, charset: str | None) -> str:
    """Text of `raw`: by the charset it claims, else as UTF-8, else as Windows-1252 with replacement characters."""
    for candidate in (_codec(charset), "utf-8"):
        if candidate is None:
            continue
        try:
            return storable(raw.decode(candidate))
        except (LookupError, ValueError):  # An unknown name, a codec that yields no text, or bytes that do not fit.
            continue
    return storable(raw.decode("cp1252", "replace"))


def storable(text: str) -> str:
    """`text` without what PostgreSQL refuses: NUL, and halves of surrogate pairs (not encodable as UTF-8)."""
    return _SURROGATE.sub("\ufffd", text.replace("\x00", ""))


def one_line(text: str, limit: int) -> str:
    """`text` for a heading: control characters and runs of white space become one space, cut at `limit` characters."""
    return _WHITE_OR_CONTROL.sub(" ", storable(text)).strip()[:limit].rstrip()


def _codec(charset: str | None) -> str | None:
    name = (charset or "").strip().strip("\"'").lower()
    if not _NAME.fullmatch(name) or name in _NOT_A_CHARSET:
        return None
    return _WIDER.get(name, name)
