"""E-mail addresses in the one form in which they are compared.

An address is kept as it was typed and, beside it, in this form: trimmed, casefolded, its domain in ASCII.
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

    Casefolding makes one of letters that mail servers keep apart (K and the Kelvin sign, s and \u017f): a link that was sent
    to one mailbox would prove another's address.
    """
    normal = normalise(address)
    if not address.rpartition("@")[0].isascii():
        raise AddressError("An address to sign in by has no letters beyond ASCII before the @.")
    return normal


def _fold(local: str) -> str:
    """Casefolded and composed: an e with an accent is one letter, however the keyboard wrote it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", local).casefold())


def _ascii_domain(domain: str) -> str:
    """Lower-case ASCII. Plain host names pass as they are: real ones break IDNA's stricter rules (`r3---x.example`)."""
    plain = domain.casefold().removesuffix(".")
    if not plain.isascii():
        plain = _punycode(plain)
    if not _HOSTNAME.fullmatch(plain):
        raise AddressError("This e-mail address has no valid domain.")
    return plain


def _punycode(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        pass
    raise AddressError("This e-mail address has no valid domain.")
