"""Whom an answer goes to: as it is proposed, as it is typed, as it is checked before it is sent. Pure but for localisation."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.addresses import AddressError, normalise
from tenants.names import shown

Person = tuple[str, str]  # name, which may be empty, and address
MOST = 50  # of one mail: more is a newsletter, for which there are better ways
LONGEST_LINE = 20_000  # characters of To, Cc or Bcc that are looked at
_LONGEST_NAME = 100
# Parts between commas, semicolons and line ends that stand neither in quotes nor in brackets.
_PART = re.compile(r'(?:"[^"]*"|<[^<>]*>|[^,;\n])+')
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>\s*")
# What an address in a header would have to be quoted for is no address that anybody has.
_PLAIN = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+@[^\s@<>()\\,;:\"\x00-\x1f\x7f]+")


class BadRecipients(ValueError):
    """Why a mail cannot go to these, in words for whoever typed them."""

    def __init__(self, reason: str) -> None:
        super().__init__("These are no recipients.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Recipients:
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    bcc: tuple[Person, ...] = ()

    @property
    def everybody(self) -> tuple[Person, ...]:
        return (*self.to, *self.cc, *self.bcc)


@dataclass(frozen=True, slots=True)
class Parent:
    """The message that is answered: the newest that came in, or the newest of ours where none did."""

    received: bool
    sender: Person
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    reply_to: tuple[Person, ...] = ()


def split(line: str) -> tuple[Person, ...]:
    """What was typed into one line, in its order; nothing is checked yet. Raises BadRecipients for a line that is too long."""
    if len(line) > LONGEST_LINE:
        raise BadRecipients(_too_many())
    parts = (part.strip() for part in _PART.findall(line.replace("\r", "\n")))
    return tuple(_person(part) for part in parts if part)


def _person(part: str) -> Person:
    named = _NAMED.fullmatch(part)
    return (named[1].strip().strip('"').strip(), named[2].strip()) if named else ("", part)


def checked(people: Recipients) -> Recipients:
    """The same with clean names and each address once, where it stands first. Raises BadRecipients."""
    if len(people.everybody) > MOST:
        raise BadRecipients(_too_many())
    seen: set[str] = set()
    clean = Recipients(*(tuple(_clean(line, seen)) for line in (people.to, people.cc, people.bcc)))
    if not clean.everybody:
        raise BadRecipients(_("Say whom this goes to: there is no recipient."))
    return clean


def _clean(line: Iterable[Person], seen: set[str]) -> Iterable[Person]:
    for name, address in line:
        try:
            norm = normalise(address) if _PLAIN.fullmatch(address.strip()) else ""
        except AddressError:
            norm = ""
        if not norm:
            raise BadRecipients(_("“%(typed)s” is not an e-mail address.") % {"typed": shown(address)[:80]})
        if not norm.rpartition("@")[0].isascii():
            raise BadRecipients(
                _(
                    "“%(typed)s” cannot be written to: before the @ it has letters that most mail servers do not take. "
                    "Take it out, or use another address of theirs."
                )
                % {"typed": shown(address)[:80]}
            )
        if norm not in seen:
            seen.add(norm)
            yield shown(name)[:_LONGEST_NAME], address.strip()


def _too_many() -> str:
    said = ngettext(
        "A reply goes to at most %(most)d person.", "A reply goes to at most %(most)d people at once.", MOST
    )
    return said % {"most": MOST}


def typed(people: Iterable[Sequence[str]]) -> str:
    """As one line that `split` reads again."""
    return ", ".join(_typed(str(name), str(address)) for name, address in people)


def _typed(name: str, address: str) -> str:
    name = name.replace('"', "'")
    quoted = f'"{name}"' if re.search(r"[,;<>\n]", name) else name
    return f"{quoted} <{address}>" if name else address


# --- Proposed -------------------------------------------------------------------------------------------------------
def proposed(
    parent: Parent | None, *, own: frozenset[str], contact: Person | None, everybody: bool = False
) -> Recipients:
    """Whoever wrote, or wishes to be answered; `everybody` else on the mail beside them. Never an address of the shop's own,
    which is normalised in `own`. Where the mail names nobody, the contact."""
    if parent is None:
        return Recipients(_others([contact] if contact else [], own))
    asked = (parent.reply_to or (parent.sender,)) if parent.received else parent.to
    to = _others(asked, own) or _others([contact] if contact else [], own)
    if not everybody:
        return Recipients(to)
    named = (*parent.to, *parent.cc) if parent.received else parent.cc
    return Recipients(to, _others(named, own | {_norm(address) for _name, address in to}))


def _others(people: Iterable[Person], without: frozenset[str]) -> tuple[Person, ...]:
    """Each once; what is no address is left out, as nothing could be sent there."""
    found: dict[str, Person] = {}
    for name, address in people:
        norm = _norm(address)
        if norm and norm not in without:
            found.setdefault(norm, (shown(name), address))
    return tuple(found.values())


def _norm(address: str) -> str:
    try:
        return normalise(address) if _PLAIN.fullmatch(address.strip()) else ""
    except AddressError:
        return ""
