"""Telephone numbers in the one form in which they are compared: E.164, as Shopify keeps them. Pure."""

import re
from typing import Final

_WRITTEN: Final = re.compile(r"(?:\+|00)[0-9 ()./\u00a0\u2010-\u2013-]{7,30}")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def e164(text: str) -> str:
    """The number, where one with its country's code was written; else nothing. Without that code it could be anybody's."""
    written = text.strip()
    if not _WRITTEN.fullmatch(written):
        return ""
    digits = "".join(character for character in written if character in "0123456789")
    number = f"+{digits.removeprefix('00') if written.startswith('00') else digits}"
    return number if _E164.fullmatch(number) else ""
