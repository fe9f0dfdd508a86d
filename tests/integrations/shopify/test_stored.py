"""Answers as JSON and back: nothing is lost on the way, and what is painted at once stays small."""

import json
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.shopify import stored
from integrations.shopify.types import (
    Customer,
    CustomerOrders,
    Denied,
    LineItem,
    Money,
    Order,
    Parcel,
    ParcelItem,
    Tracking,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

# Any text that Postgres can keep: no NUL, no lone surrogates (reading.py replaces them).
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
perhaps = st.none() | texts
digits = st.text(string.digits, min_size=1, max_size=20)
counts = st.integers(-(2**31), 2**31)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1970, 1, 2), datetime(2200, 12, 30), timezones=offsets)  # noqa: DTZ001 - zones are given
money = st.builds(
    Money,
    amount=st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12),
    currency=st.sampled_from(["USD", "EUR", "JPY", "XTS"]),
)
lines = st.builds(
    LineItem, id=texts, title=texts, variant_title=perhaps, sku=perhaps, quantity=counts, current_quantity=counts, unfulfilled_quantity=counts
)  # fmt: skip
parcels = st.builds(
    Parcel,
    id=texts,
    status=perhaps,
    display_status=perhaps,
    created_at=st.none() | moments,
    estimated_delivery_at=st.none() | moments,
    in_transit_at=st.none() | moments,
    delivered_at=st.none() | moments,
    total_quantity=st.none() | counts,
    tracking=st.lists(st.builds(Tracking, company=perhaps, number=perhaps, url=perhaps), max_size=2).map(tuple),
    items=st.lists(st.builds(ParcelItem, line_id=texts, quantity=counts), max_size=2).map(tuple),
)
orders = st.builds(
    Order,
    id=texts,
    legacy_id=digits,
    name=texts,
    created_at=moments,
    processed_at=st.none() | moments,
    updated_at=st.none() | moments,
    cancelled_at=st.none() | moments,
    cancel_reason=perhaps,
    closed_at=st.none() | moments,
    test=st.booleans(),
    fulfillment_status=perhaps,
    financial_status=perhaps,
    return_status=perhaps,
    total=st.none() | money,
    shop_total=st.none() | money,
    ship_to=perhaps,
    lines=st.lists(lines, max_size=3).map(tuple),
    more_lines=st.booleans(),
    parcels=st.lists(parcels, max_size=2).map(tuple),
    email=perhaps,
)
customers = st.builds(
    Customer,
    id=texts,
    legacy_id=digits,
    display_name=texts,
    email=perhaps,
    phone=perhaps,
    created_at=st.none() | moments,
    number_of_orders=st.none() | st.integers(0, 10**20),
    spent=st.none() | money,
    tags=st.lists(texts, max_size=3).map(tuple),
    note=perhaps,
)


def as_stored(value: Any) -> Any:
    return json.loads(json.dumps(value))


@settings(max_examples=60, deadline=None)
@given(orders)
def test_an_order_comes_back_as_it_was(order: Order) -> None:
    head, _ = stored.split(CustomerOrders(None, (order,)))
    assert stored.order(as_stored(head)["orders"][0]) == order


@settings(max_examples=60, deadline=None)
@given(customers)
def test_a_customer_comes_back_as_they_were(customer: Customer) -> None:
    head, _ = stored.split(CustomerOrders(customer))
    assert stored.customer(as_stored(head)["customer"]) == customer


def test_a_customer_we_know_nothing_of_is_none() -> None:
    assert stored.customer(None) is None


def test_denied_fields_come_back() -> None:
    denied = (Denied("customer.note", "scope"), Denied("orders.email", "protected_data"))
    head, _ = stored.split(CustomerOrders(None, denied=denied))
    assert stored.denied(as_stored(head)["denied"]) == denied


def an_order(number: int, pieces: int) -> Order:
    rows = tuple(LineItem(f"l{number}-{n}", f"Thing {n}", None, None, 1, 1, 0) for n in range(pieces))
    parcel = Parcel(
        "p", "SUCCESS", "IN_TRANSIT", NOW, None, None, None, 1, (Tracking("UPS", "1Z", None),), (ParcelItem("l", 1),)
    )
    return Order(
        f"gid://{number}", str(number), f"#{number}", NOW - timedelta(days=number), None, None, None, None, None, False, "FULFILLED", "PAID",
        None, Money(Decimal("1.10"), "USD"), None, None, rows, False, (parcel,),
    )  # fmt: skip


def folded(*orders: Order) -> tuple[dict[str, Any], dict[str, Any]]:
    """The last of the orders as its line is stored, and as it is stored whole."""
    head, rest = stored.split(CustomerOrders(None, (*(an_order(n, 26) for n in range(1, 4)), *orders)))
    return as_stored(head)["orders"][-1], as_stored(rest)[stored.rest_key(orders[-1].legacy_id)]


@settings(max_examples=60, deadline=None)
@given(orders)
def test_a_folded_order_comes_back_whole_and_its_line_says_the_same(order: Order) -> None:
    line, whole = folded(order)
    assert stored.order(whole) == order
    assert stored.line(line) == stored.line(whole)


def test_the_newest_three_are_kept_in_full_however_long() -> None:
    head, rest = stored.split(CustomerOrders(None, tuple(an_order(n, 250) for n in range(1, 6))))
    assert [order["full"] for order in head["orders"]] == [True, True, True, False, False]
    assert sorted(rest) == [stored.rest_key("4"), stored.rest_key("5")]


def test_a_handful_of_small_orders_is_kept_in_full() -> None:
    head, rest = stored.split(CustomerOrders(None, tuple(an_order(n, 15) for n in range(1, 8))))
    assert [order["full"] for order in head["orders"]] == [True] * 5 + [False] * 2
    assert sorted(rest) == [stored.rest_key("6"), stored.rest_key("7")]


def test_three_orders_leave_nothing_aside() -> None:
    head, rest = stored.split(CustomerOrders(None, tuple(an_order(n, 1) for n in range(1, 4))))
    assert all(order["full"] for order in head["orders"])
    assert rest == {}


def test_no_order_at_all_is_kept_as_that() -> None:
    head, rest = stored.split(CustomerOrders(None))
    assert (head["customer"], head["orders"], head["more_orders"], rest) == (None, [], False, {})


def test_a_folded_order_keeps_what_its_line_shows_and_nothing_more() -> None:
    line, whole = folded(an_order(5, 40))
    shown = stored.line(line)
    assert (shown.name, shown.total, shown.cancelled) == ("#5", Money(Decimal("1.10"), "USD"), False)
    assert shown.parcels == (("SUCCESS", "IN_TRANSIT"),)
    assert "lines" not in line
    assert len(json.dumps(line)) < len(json.dumps(whole)) / 5


def test_an_order_is_found_by_its_items_and_tracking_numbers() -> None:
    search = stored.search_text(an_order(5, 40)).split()
    assert {"#5", "1z", "thing", "39"} <= set(search)
    assert len(search) == len(set(search))


def test_what_the_filter_searches_stays_short() -> None:
    order = replace(an_order(5, 1), name="x" * 5000)
    assert len(stored.search_text(order)) == stored.SEARCH_LENGTH
