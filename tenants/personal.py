"""What is kept about people: an inventory of every field that can hold any, and the ways to collect it and to erase it.

Each package declares its own (`settings.PERSONAL_DATA`), so the lower ones know nothing of those above. A test walks all
models and refuses a field that nobody declared; the page for a data protection officer is made of the same declarations.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from urllib.parse import quote

from django.conf import settings
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from tenants.contents import Section
from tenants.models import ErasedAddress
from tenants.rls.context import current_tenant_id

Counts = Mapping[str, int]  # kind of thing -> how many
FEWEST_DIGITS = 7  # A shorter number is found in texts that have nothing to do with a telephone.
MOST_ROUNDS = 4


class Who(TextChoices):
    """Whose data it is: the first division of the page."""

    CONTACT = "contact", _("People who write to the shop, and the store’s customers")
    MEMBER = "member", _("People of the workspace")
    STORE = "store", _("Stores and their owners")


@dataclass(frozen=True, slots=True)
class Kept:
    """Fields of a model that can hold something about a person: what it is, why it is kept, how it is forgotten."""

    model: str  # "inbox.Message"
    fields: tuple[str, ...]
    who: Who
    what: str
    why: str
    forgotten: str


@dataclass(frozen=True, slots=True)
class Plain:
    """Fields that hold nothing about a person, and a word why."""

    model: str
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, by everything that names them: normalised addresses and other spellings of them, numbers, full names,
    and what they are in a store: pairs of a store's id and Shopify's digits."""

    emails: frozenset[str] = frozenset()
    spellings: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    customers: frozenset[tuple[int, str]] = frozenset()
    orders: frozenset[tuple[int, str]] = frozenset()

    def __or__(self, other: "Subject") -> "Subject":
        return Subject(**{field.name: getattr(self, field.name) | getattr(other, field.name) for field in fields(self)})

    def mention(self) -> str:
        """A regular expression, for Python and PostgreSQL alike, that finds an address or a number of theirs in a text.

        Not inside another one: ann@example.com is no part of joann@example.com. Empty when nothing can be looked for.
        """
        spelled = {*self.emails, *self.spellings}
        numbers = {_number(phone) for phone in self.phones} - {""}
        if not spelled and not numbers:
            return ""
        in_links = "|".join(sorted(re.escape(quote(address, safe="")) for address in spelled))
        plain = "|".join([*sorted(map(re.escape, spelled)), *sorted(numbers)])
        return rf"(?<![\w.+-])(?:{plain})(?![\w-]|\.\w)" + (f"|{in_links}" if in_links else "")

    def part(self) -> str:
        """The same for ids, in which an address can stand behind anything: an id too many is no loss."""
        return "|".join(sorted(map(re.escape, {*self.emails, *self.spellings})))


def _number(phone: str) -> str:
    """A telephone number as a regular expression, however it is spaced. Shopify has "+46701234567", people write otherwise."""
    digits = re.sub(r"[^0-9]", "", phone)
    return r"(?:\+|00)?" + r"[\s()./-]{0,3}".join(digits) if len(digits) >= FEWEST_DIGITS else ""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one step of a sweep did: how much of what it erased, up to which row it came, whether there is more."""

    counts: Counts
    after: int
    more: bool


@dataclass(frozen=True, slots=True)
class Package:
    """What one package has of people.

    `widen` learns more names of a subject from its rows. `collect` names the files of a person's data. A sweep erases what
    there can be much of, in steps in order of an id; `forget` erases the rest in one transaction, behind the workspace's
    lock, and is told whether anything was found before. `settle` runs once more, a little later: it is given a function
    that says when an address was erased, and removes what a request that was under way then has put back.
    """

    kept: tuple[Kept, ...]
    plain: tuple[Plain, ...]
    widen: Callable[[Subject], Subject] = lambda subject: subject
    collect: Callable[[Subject], Iterable[tuple[str, Section]]] = lambda subject: ()
    sweeps: tuple[Callable[[Subject, int], Swept], ...] = ()
    forget: Callable[[Subject, bool], Counts] = lambda subject, touched: {}
    settle: Callable[[Callable[[str], datetime | None]], Counts] = lambda erased_at: {}


# --- The registry ---------------------------------------------------------------------------------------------------
@cache
def packages() -> tuple[Package, ...]:
    return tuple(import_string(path) for path in settings.PERSONAL_DATA)


def inventory() -> Iterator[Kept]:
    """Everything that is kept about people, package by package; the uppermost, which hold most of it, first."""
    for package in reversed(packages()):
        yield from package.kept


def sweeps() -> tuple[Callable[[Subject, int], Swept], ...]:
    return tuple(sweep for package in packages() for sweep in package.sweeps)


def widened(subject: Subject) -> Subject:
    """The subject with all that the rows say of it: an address leads to a contact, that to its other addresses, and so on."""
    for _round in range(MOST_ROUNDS):
        wider = subject
        for package in packages():
            wider |= package.widen(wider)
        if wider == subject:
            break
        subject = wider
    return subject


def collect(subject: Subject) -> list[tuple[str, Section]]:
    """Everything that is held about a person, as named parts of a file."""
    return [part for package in packages() for part in package.collect(subject)]


def forget(subject: Subject, *, touched: bool) -> Counts:
    """The last step of an erasure, after all sweeps, in the caller's transaction and behind the workspace's lock."""
    counts: dict[str, int] = {}
    for package in reversed(packages()):
        found = package.forget(subject, touched or any(counts.values()))
        counts = added(counts, found)
    _remember(subject.emails)
    return counts


def settle() -> Counts:
    """What was put back by somebody who had read an address just before it was erased."""
    counts: Counts = {}
    for package in packages():
        counts = added(counts, package.settle(erased_at))
    return counts


def added(one: Counts, other: Counts) -> dict[str, int]:
    return {kind: one.get(kind, 0) + other.get(kind, 0) for kind in {**one, **other}}


# --- What must not come back ----------------------------------------------------------------------------------------
def erased_at(email_norm: str) -> datetime | None:
    """When this address was erased in the current workspace, if it was."""
    found = ErasedAddress.objects.filter(address_hash__in=_hashes(email_norm))
    moment: datetime | None = found.order_by("-erased_at").values_list("erased_at", flat=True).first()
    return moment


def _remember(emails: Iterable[str]) -> None:
    for email in sorted(emails):
        ErasedAddress.objects.update_or_create(address_hash=_hashes(email)[0], defaults={"erased_at": timezone.now()})


def _hashes(email_norm: str) -> list[str]:
    """With the key of today, and with those that were before it: a changed key must not bring people back."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    salt = f"tenants.erased {current_tenant_id()}"  # two workspaces have two hashes of one address
    return [salted_hmac(salt, email_norm, secret=key, algorithm="sha256").hexdigest() for key in keys]
