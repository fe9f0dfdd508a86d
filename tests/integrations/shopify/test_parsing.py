"""Shopify's JSON becomes our types or a MalformedAnswer; nobody else's customer ever comes out."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.errors import MalformedAnswer
from integrations.shopify import parsing
from integrations.shopify.types import CustomerOrders, Denied, Money, ParcelItem, Tracking
from tenants.addresses import normalise
from tests.integrations.shopify.answers import EMAIL, PROBE, customer, data, guests, order


def parse(answer: object, **options: Any) -> CustomerOrders:
    return parsing.customer_orders(answer, wanted=EMAIL, **options)


def test_a_customer_is_read_whole() -> None:
    found = parse(data()).customer
    assert found is not None
    assert (found.id, found.legacy_id, found.display_name, found.email) == (
        "gid://shopify/Customer/7",
        "7",
        "Maya Lindqvist",
        "Maya@Lindqvist.example",
    )
    assert (found.number_of_orders, found.spent, found.phone) == (13, Money(Decimal("1482.20"), "USD"), "+46700000142")
    assert (found.tags, found.note) == (("Gift club",), "Prefers parcels at the pick-up point.")
    assert found.created_at == datetime(2024, 3, 11, 8, 20, tzinfo=UTC)


def test_an_order_is_read_whole() -> None:
    first = next(o for o in parse(data()).orders if o.name == "#1042")
    assert (first.total, first.shop_total) == (Money(Decimal("2190.50"), "SEK"), Money(Decimal("236.00"), "USD"))
    assert (first.ship_to, first.fulfillment_status, first.more_lines) == ("Göteborg, SE", "PARTIALLY_FULFILLED", False)
    line, parcel = first.lines[0], first.parcels[0]
    assert (line.quantity, line.current_quantity, line.unfulfilled_quantity) == (2, 1, 1)
    assert parcel.tracking == (Tracking("UPS", "1Z999", "https://www.ups.com/track?tracknum=1Z999"),)
    assert parcel.items == (ParcelItem("gid://shopify/LineItem/1", 1),)
    assert parcel.estimated_delivery_at == datetime(2026, 11, 24, 17, tzinfo=UTC)


def test_guest_orders_join_once_newest_first_and_strangers_stay_out() -> None:
    answer = parse(data())
    assert [o.name for o in answer.orders] == ["#1031", "#990", "#1042"]
    assert [o.email for o in answer.orders] == [None, EMAIL.upper(), None]
    assert [o.created_at for o in answer.orders] == sorted((o.created_at for o in answer.orders), reverse=True)
    assert answer.more_orders


@pytest.mark.parametrize(
    "returned",
    [
        "eve@evil.example",
        "maya@lindqvist.example.evil",
        "xmaya@lindqvist.example",
        "maya@lindqvist",
        "",
        "no address",
        None,
    ],
)
def test_a_customer_with_another_address_is_dropped_with_their_orders(returned: str | None) -> None:
    answer = parse(data(customer=customer(defaultEmailAddress={"emailAddress": returned}), guests=None))
    assert answer == CustomerOrders(customer=None)
    assert not answer.found


@pytest.mark.parametrize("returned", ["MAYA@LINDQVIST.EXAMPLE", " maya@lindqvist.example ", "maya@lindqvist.example."])
def test_another_spelling_of_the_same_address_is_the_same_person(returned: str) -> None:
    assert parse(data(customer=customer(defaultEmailAddress={"emailAddress": returned}))).customer is not None


def test_an_idn_address_is_found_in_either_spelling() -> None:
    wanted = normalise("ada@bücher.example")
    for returned in ("ada@bücher.example", "Ada@XN--BCHER-KVA.example"):
        answer = parsing.customer_orders(
            data(customer=customer(defaultEmailAddress={"emailAddress": returned}), guests=None), wanted=wanted
        )
        assert answer.customer is not None


def test_without_a_customer_guest_orders_remain_with_their_own_more() -> None:
    answer = parse({"customer": None, "guests": guests(order(990, email=EMAIL), more=True)})
    assert (answer.customer, len(answer.orders), answer.more_orders, answer.found) == (None, 1, True, True)


def test_an_untrusted_search_counts_for_nothing() -> None:
    answer = parse({"customer": None, "guests": guests(order(990, email=EMAIL))}, trust_search=False)
    assert not answer.found


def test_nobody_is_an_answer() -> None:
    for nobody in ({}, {"customer": None}, {"customer": None, "guests": None}, {"customer": None, "guests": guests()}):
        assert parse(nobody) == CustomerOrders(customer=None)


def test_what_was_denied_is_kept() -> None:
    denied = (Denied("customer.note", "scope"),)
    assert parse(data(), denied=denied).denied == denied


def test_hidden_fields_are_tolerated() -> None:
    bare = order(
        1,
        shippingAddress=None,
        lineItems=None,
        fulfillments=None,
        currentTotalPriceSet=None,
        displayFinancialStatus=None,
        returnStatus=None,
        updatedAt=None,
    )
    hidden = customer(
        displayName=None,
        amountSpent=None,
        numberOfOrders=None,
        tags=None,
        note=None,
        defaultPhoneNumber=None,
        createdAt=None,
        orders=guests(bare),
    )
    answer = parse({"customer": hidden})
    assert answer.customer is not None
    assert answer.customer.display_name == "Maya@Lindqvist.example"
    assert (answer.orders[0].total, answer.orders[0].lines, answer.orders[0].parcels, answer.orders[0].ship_to) == (
        None,
        (),
        (),
        None,
    )


def test_values_that_shopify_adds_later_are_kept_as_they_are() -> None:
    answer = parse({"customer": customer(orders=guests(order(1, displayFulfillmentStatus="TELEPORTED")))})
    assert answer.orders[0].fulfillment_status == "TELEPORTED"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://ups.com/1", True),
        ("HTTP://ups.com/1", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//ups.com/1", False),
        ("/1", False),
        ("https:///x", False),
        ("https://ups.com@evil.example/", False),
        ("https://ups.com\\@evil.example/", False),
        ("https://ups.com/\nSet-Cookie: a", False),
        ("https://[::1", False),
        ("https://ups.com/" + "a" * 3000, False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_become_tracking_links(url: str | None, kept: bool) -> None:
    tracked = order(1)
    tracked["fulfillments"][0]["trackingInfo"][0]["url"] = url
    tracking = parse({"customer": customer(orders=guests(tracked))}).orders[0].parcels[0].tracking[0]
    assert tracking.url == (url if kept else None)
    assert tracking.number == "1Z999"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", None),
        ("id", 7),
        ("legacyResourceId", None),
        ("legacyResourceId", "1/../2"),
        ("legacyResourceId", "-1"),
        ("legacyResourceId", True),
        ("name", None),
        ("createdAt", None),
        ("createdAt", "yesterday"),
        ("createdAt", "2026-11-18T09:12:00"),
        ("createdAt", "0001-01-01T00:00:00+14:00"),
        ("createdAt", "9999-12-31T23:59:59-14:00"),
        ("test", "no"),
        ("currentTotalPriceSet", {"shopMoney": {"amount": "1e9999", "currencyCode": "USD"}}),
        ("currentTotalPriceSet", {"shopMoney": {"amount": "NaN", "currencyCode": "USD"}}),
        ("currentTotalPriceSet", {"shopMoney": {"amount": 12.5, "currencyCode": "USD"}}),
        ("currentTotalPriceSet", []),
        ("lineItems", []),
        ("lineItems", {"nodes": {}}),
        ("lineItems", {"nodes": [{"id": "1"}]}),
        ("lineItems", {"nodes": [{"id": "1", "quantity": 2**40}]}),
        ("fulfillments", {}),
        ("fulfillments", [7]),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(field: str, value: object) -> None:
    with pytest.raises(MalformedAnswer) as refused:
        parse({"customer": customer(orders=guests(order(1, **{field: value})))})
    assert field in refused.value.detail
    assert refused.value.detail.startswith("data.customer.orders.nodes[0].")
    assert not refused.value.permanent


def test_characters_that_a_database_refuses_are_replaced() -> None:
    found = parse(data(customer=customer(note="a\x00b\ud800c", tags=["\x00"]))).customer
    assert found is not None
    assert (found.note, found.tags) == ("a\ufffdb\ufffdc", ("\ufffd",))


def test_more_lines_come_with_a_cursor_until_the_last_page() -> None:
    lines = order(1)["lineItems"]
    page = parsing.line_page(
        {"order": {"id": "1", "lineItems": {**lines, "pageInfo": {"hasNextPage": True, "endCursor": "next"}}}},
        wanted="1",
    )
    assert (len(page.lines), page.next_cursor) == (1, "next")
    assert parsing.line_page({"order": {"id": "1", "lineItems": lines}}, wanted="1").next_cursor is None
    assert parsing.line_page({"order": None}, wanted="1").lines == ()
    with pytest.raises(MalformedAnswer):
        parsing.line_page({"order": {"id": "2", "lineItems": lines}}, wanted="1")


def test_a_shop_says_who_it_is_and_what_we_may() -> None:
    profile = parsing.shop_profile(PROBE)
    assert (profile.name, profile.domain, profile.currency, profile.time_zone) == (
        "Harbor Goods",
        "harbor-goods.myshopify.com",
        "USD",
        "America/New_York",
    )
    assert profile.scopes == {"read_customers", "read_orders"}
    for missing in (
        {},
        {"shop": None},
        {**PROBE, "currentAppInstallation": None},
        {**PROBE, "shop": {**PROBE["shop"], "name": None}},
    ):
        with pytest.raises(MalformedAnswer):
            parsing.shop_profile(missing)


def test_uninstalling_worked_only_without_complaints() -> None:
    assert parsing.uninstalled({"appUninstall": {"app": {"id": "1"}, "userErrors": []}})
    assert not parsing.uninstalled({"appUninstall": {"app": None, "userErrors": [{"message": "no"}]}})
    assert not parsing.uninstalled({"appUninstall": None})


# --- Answers that nobody would send -------------------------------------------------------------

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["eve@evil.example", "9" * 400, "1e400", "2026-13-45T99:99:99Z", "\ud800", "https://[", "-0"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


ALL_PLACES = list(places(data()))


def changed(answer: Any, path: tuple[Any, ...], value: object) -> None:
    for key in path[:-1]:
        if not isinstance(answer, dict | list):
            return
        try:
            answer = answer[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(answer, dict) or (isinstance(answer, list) and isinstance(path[-1], int) and path[-1] < len(answer)):
        answer[path[-1]] = value


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ALL_PLACES), JUNK), min_size=1, max_size=4))
def test_a_mutated_answer_is_read_or_malformed_and_never_somebody_elses(
    mutations: list[tuple[tuple[Any, ...], Any]],
) -> None:
    answer = copy.deepcopy(data())
    for path, value in mutations:
        changed(answer, path, value)
    try:
        read = parse(answer)
    except MalformedAnswer:
        return
    if read.customer is not None:
        assert normalise(read.customer.email or "") == EMAIL
    else:
        assert all(o.email is not None for o in read.orders)
    assert all(o.email is None or normalise(o.email) == EMAIL for o in read.orders)
    assert all(
        t.url is None or t.url.lower().startswith(("http://", "https://"))
        for o in read.orders
        for p in o.parcels
        for t in p.tracking
    )
    repr(read).encode("utf-8")


@settings(deadline=None)
@given(JUNK)
def test_whole_answers_of_junk_are_malformed_or_nobody(junk: object) -> None:
    for read in (
        parse,
        partial(parsing.line_page, wanted="1"),
        parsing.shop_profile,
        parsing.token_grant,
        parsing.uninstalled,
    ):
        try:
            answer = read(junk)
        except MalformedAnswer:
            continue
        assert not getattr(answer, "found", False)


@settings(deadline=None)
@given(st.emails(), st.emails())
def test_a_foreign_address_never_passes_as_the_wanted_one(returned: str, wanted: str) -> None:
    answer = parsing.customer_orders(
        {
            "customer": customer(defaultEmailAddress={"emailAddress": returned}),
            "guests": guests(order(1, email=returned)),
        },
        wanted=wanted.casefold(),
    )
    assert answer.found == (returned.casefold() == wanted.casefold())
