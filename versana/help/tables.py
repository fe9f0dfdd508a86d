"""The tables of the help, read out of those that the product itself works by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from integrations.shopify import answers, failures, order_cards, order_context, queries, reconciliation, vocabulary
from integrations.shopify.models import Store
from integrations.shopify.pages.cards import PermissionRow
from integrations.shopify.pages.health import BADGES
from integrations.shopify.pages.stores import REVOKE
from integrations.shopify.scopes import NEVER, TABLE
from integrations.shopify.vocabulary import Badge
from tenants.roles import Permission, Role, may


@dataclass(frozen=True, slots=True)
class Entry:
    """What is shown, what to do about it for owners, and what everybody else reads."""

    title: str
    text: str
    others: str = ""


@dataclass(frozen=True, slots=True)
class RightRow:
    """Something that can be done, and whether each of `Role` may do it, in that order."""

    what: str
    allowed: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The limits that the pages name."""

    orders: int = queries.FULL["orders"]
    guest_orders: int = queries.FULL["guestOrders"]
    lines: int = queries.FULL["lines"]
    open_orders: int = order_cards.OPEN_ORDERS
    fresh_seconds: int = int(order_context.FRESH.total_seconds())
    pause_seconds: int = int(order_context.PAUSE_AFTER_FAILURE.total_seconds())
    kept_days: int = order_context.KEPT.days
    looked_for_minutes: int = int(reconciliation.EVERY.total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that a page may show. They are small; which page shows what, its template says."""

    numbers: Numbers
    roles: tuple[str, ...]
    rights: tuple[RightRow, ...]
    states: tuple[tuple[Badge, str], ...]
    words: tuple[tuple[str, tuple[Badge, ...]], ...]
    problems: tuple[Entry, ...]
    passing: tuple[Entry, ...]
    hidden: tuple[Entry, ...]
    failed: tuple[Entry, ...]
    advice: tuple[str, ...]
    scopes: tuple[PermissionRow, ...]
    never: tuple[str, ...]
    revoke: tuple[str, ...]


_STATES: Final[Mapping[Store.State, object]] = {
    Store.State.CONNECTED: _("The store is read whenever somebody looks at one of its customers."),
    Store.State.NEEDS_ATTENTION: _("Nothing is read until the cause is mended. What was last known is shown meanwhile."),
    Store.State.UNINSTALLED: _("The app was removed in Shopify. Access and stored orders are deleted; conversations stay."),
    Store.State.DISCONNECTED: _("An owner has disconnected it here. Access and stored orders are deleted; conversations stay."),
}  # fmt: skip
_RIGHTS: Final = (
    (_("Read conversations and what stands beside them"), Permission.READ_INBOX),
    (_("Link a customer by hand, confirm an order, correct a topic"), Permission.WORK_INBOX),
    (_("See which stores are connected, and what is read in them"), Permission.SEE_SETTINGS),
    (_("See how each part of a connection is doing"), Permission.SEE_STORE_HEALTH),
    (_("Connect, reconnect, check and disconnect stores"), Permission.CONNECT_STORES),
)
_OF: Final[Mapping[str, object]] = {
    "order": _("Orders"),
    "payment": _("Payment"),
    "parcel": _("Parcels"),
    "return": _("Returns"),
    "mark": _("Also on an order"),
}


def tables() -> Tables:
    return Tables(
        numbers=Numbers(),
        roles=tuple(str(role.label) for role in Role),
        rights=tuple(RightRow(str(what), tuple(may(role, needed) for role in Role)) for what, needed in _RIGHTS),
        states=tuple((BADGES[state], str(_STATES[state])) for state in Store.State),
        words=tuple((str(_OF[kind]), badges) for kind, badges in vocabulary.STATES.items()),
        problems=_meanings(answers.Kind.PROBLEM),
        passing=_meanings(answers.Kind.PASSING, answers.Kind.OURS, answers.Kind.QUIET),
        hidden=_meanings(answers.Kind.HIDDEN),
        failed=_once(Entry(found.title, found.text) for found in failures.EXPLANATIONS.values()),
        advice=failures.ADVICE,
        scopes=tuple(PermissionRow(each.handle, each.name, each.reads, each.why, each.required) for each in TABLE),
        never=NEVER,
        revoke=REVOKE,
    )


def _meanings(*kinds: answers.Kind) -> tuple[Entry, ...]:
    found = (meaning for meaning in answers.ANSWERS.values() if meaning.kind in kinds)
    return _once(Entry(str(meaning.title), str(meaning.fix), str(meaning.agents)) for meaning in found)


def _once(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Several codes have one meaning: the first of each title."""
    found: dict[str, Entry] = {}
    for entry in entries:
        found.setdefault(entry.title, entry)
    return tuple(found.values())
