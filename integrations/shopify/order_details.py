"""One order in full: as it stands among what is stored of a person, and with all of its lines where that holds the first ones.

Of orders that a section would not show to this person nothing is said, and nothing is asked: they are not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from integrations.shopify import answers as meanings
from integrations.shopify import banners, matching, order_cards, order_context, questions, sidebar, stored
from integrations.shopify.matching import Proof
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.order_context import Answers
from integrations.shopify.person import Person, is_id
from integrations.shopify.questions import Asked, Question
from integrations.shopify.sections import OrderDetail, lines_url_of
from integrations.shopify.sidebar import TRIES, Addresses
from integrations.shopify.types import Order


@dataclass(frozen=True, slots=True)
class Known:
    """An order that may be shown, and what a page of its store needs."""

    order: Order
    time_zone: str
    shop_domain: str


def known(store_number: int, person: Person, legacy_id: str) -> Known | None:
    """A stored order of this person's, decoded alone."""
    if not is_id(legacy_id):
        return None
    who, _orders, _phones = questions.about(person, store_number=store_number)
    rows = OrderContext.objects.filter(order_context.any_of(who), store__number=store_number)
    rows = rows.exclude(store__state=Store.State.DISCONNECTED)
    kept = f"rest__{stored.rest_key(legacy_id)}"
    values = rows.values_list(kept, "head__orders", "store__time_zone", "store__shop_domain")
    for kept_in_rest, orders, zone, shop in values:
        value = kept_in_rest or next((o for o in orders or [] if o["legacy_id"] == legacy_id and o["full"]), None)
        if value:
            return Known(stored.order(value), zone, shop)
    return _named(store_number, person, legacy_id)


def _named(store_number: int, person: Person, legacy_id: str) -> Known | None:
    """One that messages name, as long as it is taken for the person's."""
    at_hand = stored_answers(store_number, person) if person.orders else None
    for named in matching.named(at_hand, person) if at_hand else ():
        if at_hand and named.order["legacy_id"] == legacy_id and named.proof is not Proof.NONE:
            return Known(stored.order(named.order), at_hand.store.time_zone, at_hand.store.shop_domain)
    return None


def named_theirs(store_number: int, person: Person) -> list[Known]:
    """The orders that messages name and that are taken for the person's, as stored in one store."""
    at_hand = stored_answers(store_number, person) if person.orders else None
    return [
        Known(stored.order(named.order), at_hand.store.time_zone, at_hand.store.shop_domain)
        for named in (matching.named(at_hand, person) if at_hand else ())
        if at_hand
        and named.proof is not Proof.NONE
        and (store_number, named.order["legacy_id"]) not in person.not_orders
    ]


def stored_answers(store_number: int, person: Person) -> Answers | None:
    """What one store's rows say of a person, without asking for more."""
    asked = questions.about(person, store_number=store_number)
    rows = order_context.rows_with_store(store_number, asked)
    if not rows:
        return None
    keyed = {Question(row.kind, row.key): row for row in rows}
    return Answers(Asked(rows[0].store, *asked), keyed)


def words(answers: Answers, shown: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What the filter over a section's orders searches, by the order's digits. Of a folded order only its full form has it,
    which a section that is painted every few seconds does without."""
    pks = [row.pk for row in answers.rows.values()]
    kept = [rest or {} for rest in OrderContext.objects.filter(pk__in=pks).values_list("rest", flat=True)]
    folded = {key: value for rest in kept for key, value in rest.items()}
    whole = {o["legacy_id"]: o if o["full"] else folded.get(stored.rest_key(o["legacy_id"])) for o in shown}
    return {digits: stored.search_text(stored.order(value)) for digits, value in whole.items() if value}


def first(found: Known, *, store_number: int, addresses: Addresses) -> OrderDetail:
    """As it is stored: its first lines, and where the others are."""
    return _painted(found, found.order, lines_url_of(addresses.order(store_number, found.order.legacy_id)))


def _painted(found: Known, order: Order, url: str, *, whole: bool = False) -> OrderDetail:
    return order_cards.fetched(
        order, time_zone=found.time_zone, shop_domain=found.shop_domain, lines_url=url, whole=whole
    )


# --- With all of its lines ------------------------------------------------------------------------------------------
def whole(
    found: Known, store: Store, question: Question, *, row: OrderContext | None, addresses: Addresses, attempt: int
) -> OrderDetail:
    """All lines as soon as they are there; until then the first ones, and whether to look again. `row`: what is stored of
    them. Where that is old, this look has the store asked."""
    url = lines_url_of(addresses.order(store.number, found.order.legacy_id))
    if not found.order.more_lines:
        return _painted(found, found.order, url, whole=True)
    force = _wants_another(row, found.order, attempt)
    (answer,) = order_context.look_up([Asked(store, (question,))], force=force, rows_at_hand=[row] if row else ())
    row = answer.rows.get(question)
    every = _usable(row, found.order)
    asking = answer.refreshing and attempt < TRIES
    return replace(
        _painted(found, every or found.order, url, whole=every is not None),
        asking=asking,
        asking_failed="" if asking else _why_not(store, row, waiting=answer.refreshing, at_hand=every is not None),
        poll_url=f"{url}?try={attempt + 1}",
        poll_delay_ms=sidebar.delay(attempt),
    )


def _usable(row: OrderContext | None, order: Order) -> Order | None:
    """All lines, unless what stands beside them is newer: of one order nothing is shown that contradicts itself."""
    if row is None or not row.found:
        return None
    every = stored.order((row.head or {})["orders"][0])
    older = every.updated_at and order.updated_at and every.updated_at < order.updated_at
    return None if older else every


def _wants_another(row: OrderContext | None, order: Order, attempt: int) -> bool:
    """Whether even a row that is not old is asked for anew: the order has changed since, or somebody presses after a failure."""
    if row is None:
        return False
    return attempt == 0 if row.failing_since is not None else row.found and _usable(row, order) is None


def _why_not(store: Store, row: OrderContext | None, *, waiting: bool, at_hand: bool) -> str:
    """Why all lines, or the newest of them, are not there; nothing where they are."""
    if waiting:
        return _("Shopify is slow to answer.")
    if not order_context.readable(store):
        return "" if at_hand else _("This store cannot be read at the moment.")
    if row is not None and row.failing_since is not None:
        what = meanings.of(row.failure).agents
        if not at_hand:
            return f"{what}".rstrip(".") + "."
        known_at = {"what": f"{what}".rstrip("."), "known": banners.clock(row.fetched_at)}
        return _("%(what)s; shown is what we knew at %(known)s.") % known_at
    gone = row is not None and row.fetched_at is not None and not row.found
    return _("Shopify no longer shows this order.") if gone else ""
