"""What changed since an open page was painted: one question for all sections of the page, which is asked every few seconds.

The page hands back the state that it was told last. Whoever reads the state reads it before the rows that are painted: what
changes in between is then told once too often, and never too seldom.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from integrations.shopify import order_context, questions
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.order_context import AT_ONCE, FRESH, FRESH_AMONG_MANY
from integrations.shopify.person import Person
from integrations.shopify.questions import Kind, Question

# A state travels in an address, and servers bound those: with more stores than this holds, a change is told of all of them.
LONGEST = 2_000
_DIGITS = 6
_TOLD = (
    "store__number",
    "store__state",
    "store__problem",
    "pk",
    "fetched_at",
    "dropped_at",
    "failing_since",
    "failure",
    "failed_at",
    "leased_until",
    "clock",
    "kind",
    "key",
    "found",
)


@dataclass(frozen=True, slots=True)
class News:
    """`state` is handed back with the next question. Stores are named by their numbers."""

    state: str
    changed: tuple[int, ...] = ()  # something else is stored than when `seen` was told, or the store is gone
    due: tuple[int, ...] = ()  # what is stored is old: whoever still looks at it may ask for it anew

    def __bool__(self) -> bool:
        return bool(self.changed or self.due)


def news(*, person: Person, seen: str = "") -> News:
    """What is stored about a person, beside what the page has seen. Reads; a look at a section is what asks Shopify."""
    stores = {number: list(rows) for number, rows in groupby(_rows(person), key=lambda row: int(row["store__number"]))}
    marks = {number: _mark(rows, _said(person, number)) for number, rows in stores.items()}
    state = _state(marks)
    many = len(stores) > AT_ONCE
    due = [number for number, rows in stores.items() if any(_due(row, many=many) for row in _asked(rows))]
    return News(state=state, changed=_changed(marks, state, seen), due=tuple(due))


def _rows(person: Person) -> list[dict[str, Any]]:
    """The rows that a section of their store would be painted from: of a linked customer, none by address."""
    everywhere = questions.about(replace(person, links={}), store_number=0)
    about = order_context.any_of(question for several in everywhere for question in several)
    for number, link in person.links.items():
        about |= Q(kind=Kind.CUSTOMER, store__number=number, key=link.customer_id)
    rows = OrderContext.objects.filter(about).exclude(store__state=Store.State.DISCONNECTED)
    told = list(rows.annotate(clock=Now()).order_by("store__number", "pk").values(*_TOLD))
    asked: dict[int, set[Question]] = {}
    for number in {row["store__number"] for row in told}:
        asked[number] = {q for several in questions.about(person, store_number=number) for q in several}
    return [row for row in told if Question(row["kind"], row["key"]) in asked[row["store__number"]]]


def _asked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that a look would ask anew: telephone numbers only where nobody is found by an address."""
    known = any(row["found"] for row in rows if row["kind"] in (Kind.EMAIL, Kind.CUSTOMER))
    return [row for row in rows if not (known and row["kind"] == Kind.PHONE)]


def _said(person: Person, number: int) -> list[object]:
    """What members said: what one of them has confirmed, ruled out or taken back, the others are to see."""
    said = (person.confirmed, person.not_customers, person.not_orders)
    return [person.links.get(number), *(sorted(digits for store, digits in of if store == number) for of in said)]


def _mark(rows: Iterable[dict[str, Any]], said: list[object]) -> str:
    """A few digits that differ when a section of these rows would be painted differently. Not the leases: they end so."""
    shown = [said, *([row[name] for name in _TOLD[1:8]] for row in rows)]
    return hashlib.blake2s(repr(shown).encode(), digest_size=_DIGITS // 2).hexdigest()


def _state(marks: dict[int, str]) -> str:
    """`1.a1b2c3_2.d4e5f6`"""
    state = "_".join(f"{number}.{mark}" for number, mark in marks.items())
    return state if len(state) <= LONGEST else f"0.{hashlib.blake2s(state.encode(), digest_size=16).hexdigest()}"


def _changed(marks: dict[int, str], state: str, seen: str) -> tuple[int, ...]:
    """`seen` comes from outside: what is no state of ours differs from all of them."""
    if seen == state:
        return ()
    before = dict(part.split(".", 1) for part in seen[:LONGEST].split("_") if part.count(".") == 1)
    now = {str(number): mark for number, mark in marks.items()}
    gone = [int(number) for number in before if number not in now and number.isascii() and number.isdigit()]
    return (*(number for number in marks if before.get(str(number)) != now[str(number)]), *(n for n in gone if n))


def _due(row: dict[str, Any], *, many: bool) -> bool:
    """Where nobody asks already, and Shopify has not just failed: a page that is left open must not press on."""
    now = row["clock"]
    if row["store__state"] != Store.State.CONNECTED or (row["leased_until"] and row["leased_until"] > now):
        return False
    if row["failed_at"] and now - row["failed_at"] <= FRESH:
        return False
    fresh = FRESH_AMONG_MANY if many and not row["found"] else FRESH
    return row["fetched_at"] is None or row["dropped_at"] is not None or now - row["fetched_at"] > fresh
