"""E-mail addresses in the one form in which they are compared.

An address is kept as it was typed and, beside it, in this form: trimmed, in small letters, its domain in ASCII.
"""

import re
import unicodedata

import idna

MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3: a path of 256 octets with its two brackets.

_HOSTNAME = re.compile(r"(?!.*\.\.)[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")
_UNWANTED = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class AddressError(ValueError):
    """Not an e-mail address. The text never repeats what was given."""


def normalise(address: str) -> str:
    """The form in which two spellings of one address are equal; raises AddressError for what is none."""
    local, separator, domain = address.strip().rpartition("@")
    if not (local and separator and domain) or _UNWANTED.search(local + domain) or "@" in local:
        raise AddressError("This is not an e-mail address.")
    normal = f"{_fold(local)}@{_ascii_domain(domain)}"
    if len(normal) > MAX_LENGTH:
        raise AddressError("This e-mail address is too long.")
    return normal


def of_account(address: str) -> str:
    """The same for an address by which somebody signs in, which a link proves: what stands before the @ is ASCII.

    Letters that look alike are two addresses to a mail server, and one to whoever reads a list of members.
    """
    normal = normalise(address)
    if not address.rpartition("@")[0].isascii():
        raise AddressError("An address to sign in by has no letters beyond ASCII before the @.")
    return normal


def _fold(local: str) -> str:
    """Small letters, composed: an e with an accent is one letter, however the keyboard wrote it.

    Not casefolded: that makes "ss" of a sharp s and an s of the long s. Those are other mailboxes, and whoever has one of them
    would be taken for the customer of the other. Signs that composing makes a letter of (the Kelvin sign) are no address.
    """
    if any(not letter.isascii() and unicodedata.normalize("NFC", letter).isascii() for letter in local):
        raise AddressError("This e-mail address has a sign that passes for a letter.")
    return unicodedata.normalize("NFC", "".join(map(_small, unicodedata.normalize("NFC", local))))


def _small(letter: str) -> str:
    """A letter stays what it is where its small one is another alphabet's."""
    small = letter.lower()
    return letter if small.isascii() and not letter.isascii() else small


def _ascii_domain(domain: str) -> str:
    """Lower-case ASCII. Plain host names pass as they are: real ones break IDNA's stricter rules (`r3---x.example`)."""
    plain = (domain.lower() if domain.isascii() else _punycode(domain)).removesuffix(".")
    if not _HOSTNAME.fullmatch(plain):
        raise AddressError("This e-mail address has no valid domain.")
    return plain


def _punycode(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        pass
    raise AddressError("This e-mail address has no valid domain.")
