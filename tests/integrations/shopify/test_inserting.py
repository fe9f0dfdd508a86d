"""What of an order goes into a reply: true, complete, and with a reason where there is nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from integrations.shopify import inserting
from integrations.shopify.sections import Insert
from integrations.shopify.types import Order, Tracking
from tests.integrations.shopify.test_order_cards import ARRIVED, GONE, NOW, ORDER, SENT

NEW_YORK = ZoneInfo("America/New_York")
SPLIT = replace(ORDER, lines=tuple(replace(line, unfulfilled_quantity=0) for line in ORDER.lines))


def entries(order: Order) -> tuple[Insert, ...]:
    return inserting.inserts(order, zone=NEW_YORK)


def entry(order: Order, label: str) -> Insert:
    return next(each for each in entries(order) if each.label.startswith(label))


def status(order: Order) -> str:
    return entry(order, "Status").text


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (replace(SPLIT, parcels=(SENT,)), "Order #1042: in transit, expected Tue, Nov 24 with UPS."),
        (replace(SPLIT, parcels=(ARRIVED, GONE)), "Order #1042: delivered Sun, Nov 22 with UPS."),
        (
            ORDER,
            "Order #1042: parcel 1 of 2 in transit, expected Tue, Nov 24 with UPS; "
            "parcel 2 of 2 delivered Sun, Nov 22 with UPS; 1 item not shipped yet.",
        ),
        (replace(ORDER, parcels=(), fulfillment_status="UNFULFILLED"), "Order #1042 has not shipped yet."),
        (replace(ORDER, parcels=(GONE,), fulfillment_status="ON_HOLD"), "Order #1042 has not shipped yet."),
        (replace(ORDER, parcels=(), fulfillment_status="RESTOCKED"), "Order #1042: restocked."),
        (replace(ORDER, cancelled_at=NOW, cancel_reason="FRAUD"), "Order #1042 was cancelled on Sun, Nov 22."),
    ],
)
def test_the_status_is_one_sentence_for_a_customer(order: Order, said: str) -> None:
    assert status(order) == said


def test_days_are_the_store_s() -> None:
    late = replace(ORDER, cancelled_at=datetime(2026, 11, 22, 3, tzinfo=UTC))
    assert status(late) == "Order #1042 was cancelled on Sat, Nov 21."
    assert entry(replace(ORDER, created_at=datetime(2026, 11, 22, 3, tzinfo=UTC)), "Order and").text.endswith(
        "Nov. 21, 2026"
    )


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, parcels=(), fulfillment_status=None),
        replace(ORDER, parcels=(replace(SENT, status=None, display_status=None),)),
    ],
)
def test_an_unknown_status_is_not_put_into_words(order: Order) -> None:
    found = entry(order, "Status")
    assert (found.text, found.why_not) == ("", "Shopify does not say where this order is.")


def test_every_parcel_s_link_is_offered() -> None:
    links = [each for each in entries(ORDER) if each.label.startswith("Tracking")]
    assert [each.text for each in links] == ["https://ups.example/1Z9"] * 2
    assert links[0].label == "Tracking link: UPS 1Z9"


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (replace(ORDER, parcels=()), "Nothing has shipped yet."),
        (replace(ORDER, parcels=(GONE,)), "Nothing has shipped yet."),
        (replace(ORDER, parcels=(), cancelled_at=NOW), "The order was cancelled."),
        (replace(ORDER, parcels=(replace(SENT, tracking=()),)), "Nothing was sent with a tracking number."),
        (
            replace(ORDER, parcels=(replace(SENT, tracking=(Tracking("UPS", "1Z9", None),)),)),
            "The carrier gives no link for this number.",
        ),
        (
            replace(ORDER, parcels=(replace(SENT, tracking=(Tracking(None, None, None),)),)),
            "The carrier gives no link for this number.",
        ),
    ],
)
def test_a_link_that_is_missing_says_why(order: Order, why: str) -> None:
    found = entry(order, "Tracking link")
    assert (found.text, found.why_not) == ("", why)


def test_nothing_is_ever_inserted_as_a_blank() -> None:
    bare = replace(
        ORDER, fulfillment_status=None, financial_status=None, lines=(), total=None, shop_total=None,
        parcels=(replace(SENT, status=None, display_status=None, tracking=(Tracking("", "", ""),), created_at=None, in_transit_at=None, estimated_delivery_at=None, items=()),),
    )  # fmt: skip
    for order in (ORDER, bare, replace(bare, parcels=()), replace(bare, cancelled_at=NOW)):
        for each in entries(order):
            assert bool(each.text.strip()) != bool(each.why_not), each


def test_no_address_of_the_admin_goes_to_a_customer() -> None:
    assert "admin.shopify.com" not in "".join(each.text for each in entries(ORDER))


def test_a_delivered_parcel_keeps_the_day_it_was_expected_out_of_the_sentence() -> None:
    late = replace(ARRIVED, estimated_delivery_at=NOW - timedelta(days=3))
    assert status(replace(SPLIT, parcels=(late,))) == "Order #1042: delivered Sun, Nov 22 with UPS."
