"""Store files: what is filled in, what is refused with the entry's name, and the demo's own."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.shopify import sandbox
from integrations.shopify.sandbox import DEMO_STORES, StoreFileError
from integrations.shopify.sandbox.store_file import load
from tests.integrations.shopify.sandbox.small_store import SHOP, line, small_store

Spoil = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: d.update(shops=[]), "shops: at least one"),
        (lambda d: d.update(shops={}), "shops: must be a list"),
        (lambda d: d.update(orders=["x"]), r"orders\[0\]: must be an object"),
        (lambda d: d["shops"].append(dict(d["shops"][0])), r"shops\[2\].domain: .* is there twice"),
        (lambda d: d["shops"][0].update(domain="evil.example"), r"shops\[0\].domain"),
        (lambda d: d["shops"][0].update(currencyCode="XYZ"), r"shops\[0\].currencyCode"),
        (lambda d: d["shops"][0].update(allOrders="yes"), "allOrders: must be true or false"),
        (lambda d: d["meta"].update(clock="noon"), "meta.clock"),
        (lambda d: d["customers"][0].update(shops=["x"]), r"customers\[0\].shops: 'x' is none"),
        (lambda d: d["customers"][0].update(id="11"), r"customers\[0\].id"),
        (
            lambda d: d["customers"][1].update(email=" ADA.lovelace@example.COM"),
            r"customers\[1\].email: another customer",
        ),
        (lambda d: d["orders"][0].pop("name"), r"orders\[0\].name"),
        (lambda d: d["orders"][0].update(suggestedShop="x"), r"orders\[0\] \(#1000\).suggestedShop"),
        (lambda d: d["orders"][0].update(customerId="gid://shopify/Customer/9"), r"\(#1000\).customerId"),
        (lambda d: d["orders"][0].update(createdAt="soon"), r"\(#1000\).createdAt"),
        (
            lambda d: d["orders"][0].update(displayFinancialStatus="RICH"),
            "is none of Shopify's OrderDisplayFinancialStatus",
        ),
        (
            lambda d: d["orders"][0].update(currentTotalPriceSet={"shopMoney": {"amount": "ten"}}),
            "'ten' is not an amount",
        ),
        (
            lambda d: d["orders"][0].update(currentTotalPriceSet={"shopMoney": {"amount": "NaN"}}),
            "'NaN' is not an amount",
        ),
        (lambda d: d["orders"][0]["lineItems"][0].update(quantity=-1), r"lineItems\[0\].quantity"),
        (
            lambda d: d["orders"][2]["fulfillments"][0]["fulfillmentLineItems"][0].update(lineItemId="x"),
            "is no line of this order",
        ),
        (lambda d: d["orders"][1].update(id="gid://shopify/Order/1002"), "is there twice"),
    ],
)
def test_a_wrong_entry_is_named(spoil: Spoil, words: str) -> None:
    data = small_store()
    spoil(data)
    with pytest.raises(StoreFileError, match=words):
        load(data)


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000, "\x00"])
def test_a_file_that_is_not_a_store_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "stores.json"
    path.write_text(content)
    with pytest.raises(StoreFileError):
        load(path)


def test_missing_values_are_filled_in() -> None:
    data = {
        "shops": [{"domain": SHOP}],
        "customers": [],
        "orders": [
            {
                "name": "A",
                "createdAt": "2026-01-01",
                "email": "x@example.com",
                "lineItems": [line(1, 2)],
                "fulfillments": [{}],
            }
        ],
    }
    order = load(data).stores[SHOP].orders[0]
    assert order["displayFulfillmentStatus"] == "FULFILLED"
    assert order["fulfillments"][0]["totalQuantity"] == 2
    assert order["currentTotalPriceSet"]["presentmentMoney"] == {"amount": "20.00", "currencyCode": "USD"}
    assert order["id"].removeprefix("gid://shopify/Order/") == order["legacyResourceId"]
    assert order["id"] == load(data).stores[SHOP].orders[0]["id"]


def test_a_cancelled_order_is_not_called_shipped() -> None:
    data = small_store()
    data["orders"][1]["displayFinancialStatus"] = "PAID"
    order = next(order for order in load(data).stores[SHOP].orders if order["name"] == "#1001")
    assert order["displayFulfillmentStatus"] == "UNFULFILLED"
    assert (order["lineItems"][0]["currentQuantity"], order["lineItems"][0]["unfulfilledQuantity"]) == (1, 0)


def test_odd_digits_in_a_name_are_no_harm() -> None:
    data = small_store()
    data["orders"][0]["name"] = "№ ²٣"
    assert "№ ²٣" in [order["name"] for order in load(data).stores[SHOP].orders]


def test_what_the_file_says_wins_over_what_could_be_counted() -> None:
    data = small_store()
    data["customers"][0] |= {"numberOfOrdersByShop": {SHOP: 40}, "amountSpentByShop": {SHOP: "1234.5"}}
    data["orders"][2]["lineItems"][0]["unfulfilledQuantity"] = 4
    data["orders"][2]["currentTotalPriceSet"] = {
        "shopMoney": {"amount": "7", "currencyCode": "USD"},
        "presentmentMoney": {"amount": "6.5", "currencyCode": "EUR"},
    }
    store = load(data).stores[SHOP]
    customer, order = store.customers["gid://shopify/Customer/11"], store.order("gid://shopify/Order/1002")
    assert (customer["numberOfOrders"], customer["amountSpent"]["amount"]) == ("40", "1234.50")
    assert order is not None
    assert order["lineItems"][0]["unfulfilledQuantity"] == 4
    assert order["currentTotalPriceSet"]["presentmentMoney"] == {"amount": "6.50", "currencyCode": "EUR"}


def test_the_demo_has_maya_with_two_parcels_and_six_visible_of_thirteen_orders() -> None:
    file = load(DEMO_STORES)
    assert file.clock is not None
    assert [store.all_orders for store in file.stores.values()] == [False, True, False, False]
    harbor = file.stores["harbor-goods.myshopify.com"]
    maya = harbor.customer_by_email("maya@lindqvist.example")
    assert maya is not None
    assert (maya["numberOfOrders"], maya["amountSpent"]["amount"]) == ("13", "1482.20")
    orders = harbor.orders_of(maya["id"])
    assert sum((file.clock - order["_created"]).days < 60 for order in orders) == 6
    newest = orders[-1]
    assert [parcel["trackingInfo"][0]["company"] for parcel in newest["fulfillments"]] == ["UPS", "USPS"]
    assert [item["unfulfilledQuantity"] for item in newest["lineItems"]] == [0, 0, 2]


def test_the_demo_is_small_and_keeps_the_notice_of_what_it_derives_from() -> None:
    assert DEMO_STORES.stat().st_size < 150_000
    assert "Copyright (c) 2025 Sierra Research" in json.loads(DEMO_STORES.read_text())["meta"]["licence_of_derived"]
    assert "ISC License" in DEMO_STORES.with_name("admin_2026-10.graphql").read_text()[:100]


def test_the_sandbox_imports_nothing_of_ours() -> None:
    allowed = {*sys.stdlib_module_names, "graphql"}
    for path in Path(sandbox.__file__).parent.glob("*.py"):
        for text in path.read_text().splitlines():
            words = text.split()
            if words[:1] in (["import"], ["from"]) and not words[1].startswith("integrations.shopify.sandbox"):
                assert words[1].split(".")[0] in allowed, f"{path.name}: {text}"
