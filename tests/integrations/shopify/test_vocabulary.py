"""Every value of the 2026-10 schema has its word, and a value nobody has seen yet is shown, not crashed on."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.shopify import vocabulary
from integrations.shopify.types import Order, OrderLine, Parcel
from integrations.shopify.vocabulary import Badge
from tests.integrations.shopify.schema import values_of

TONES = {"done", "move", "wait", "stop", "idle"}
SHAPES = {"check", "half", "arrow", "dashed", "clock", "lock", "differs", "triangle", "slashed", "return", "box"}
WHEN = datetime(2026, 11, 1, tzinfo=UTC)


def order(**changes: object) -> Order:
    empty = dict.fromkeys(
        (
            "processed_at",
            "updated_at",
            "cancelled_at",
            "cancel_reason",
            "closed_at",
            "return_status",
            "total",
            "shop_total",
            "ship_to",
        )
    )
    base = {"id": "1", "legacy_id": "1", "name": "#1", "created_at": WHEN, "test": False}
    statuses = {"fulfillment_status": "UNFULFILLED", "financial_status": "PAID"}
    return Order(**{**empty, **base, **statuses, **changes})  # type: ignore[arg-type]


def line(*parcels: str, fulfillment: str = "UNFULFILLED", payment: str = "PAID", cancelled: bool = False) -> OrderLine:
    """A folded order, with a parcel in each of these states."""
    return OrderLine("#1", "1", WHEN, None, cancelled, payment, fulfillment, tuple(("SUCCESS", p) for p in parcels))


def parcel(display_status: str | None, status: str | None = "SUCCESS") -> Parcel:
    return Parcel("1", status, display_status, None, None, None, None, None)


@pytest.mark.parametrize(
    ("enum", "table"),
    [
        ("OrderDisplayFulfillmentStatus", vocabulary._FULFILLMENT),
        ("OrderDisplayFinancialStatus", vocabulary._PAYMENT),
        ("FulfillmentDisplayStatus", vocabulary._PARCEL),
        ("FulfillmentStatus", vocabulary._PARCEL_FALLBACK),
        ("OrderReturnStatus", {**vocabulary._RETURN, "NO_RETURN": vocabulary.UNKNOWN}),
        ("OrderCancelReason", vocabulary._CANCEL_REASON),
    ],
)
def test_every_value_of_the_schema_is_in_the_table_and_no_other(enum: str, table: dict[str, object]) -> None:
    assert set(values_of(enum)) == set(table)


def test_tones_and_shapes_are_those_of_the_design() -> None:
    tables = (
        vocabulary._FULFILLMENT,
        vocabulary._PAYMENT,
        vocabulary._PARCEL,
        vocabulary._PARCEL_FALLBACK,
        vocabulary._RETURN,
    )
    badges = [badge for table in tables for badge in table.values()]
    assert {badge.tone for badge in badges} <= TONES
    assert {badge.shape for badge in badges} <= SHAPES
    assert all(badge.shape == "check" for badge in badges if badge.tone == "done")
    assert all(badge.shape == "triangle" for badge in badges if badge.tone == "stop")


@pytest.mark.parametrize(
    ("value", "badge"),
    [
        ("FULFILLED", Badge("Fulfilled", "done", "check")),
        ("PARTIALLY_FULFILLED", Badge("Partially fulfilled", "move", "half")),
        ("UNFULFILLED", Badge("Unfulfilled", "wait", "dashed")),
        ("AWAITING_PICKUP", Badge("Awaiting pickup", "idle", "box")),
        (None, Badge("Unknown", "idle", "box")),
    ],
)
def test_fulfillment_words_are_as_drawn(value: str | None, badge: Badge) -> None:
    assert vocabulary.fulfillment_badge(value) == badge


def test_payment_words_are_as_drawn() -> None:
    assert vocabulary.payment_badge("PENDING") == Badge("Payment pending", "wait", "clock")
    assert vocabulary.payment_badge("PARTIALLY_REFUNDED") == Badge("Partially refunded", "idle", "return")
    assert vocabulary.payment_badge(None) is None


def test_a_parcel_says_where_it_is_and_a_cancelled_one_that_it_is_cancelled() -> None:
    assert vocabulary.parcel_badge(parcel("IN_TRANSIT")).word == "In transit"
    assert vocabulary.parcel_badge(parcel(None)).word == "Fulfilled"
    assert vocabulary.parcel_badge(parcel("IN_TRANSIT", "CANCELLED")).word == "Cancelled"
    assert vocabulary.parcel_badge(parcel("READY_FOR_RECIPIENT_PICKUP")) == Badge(
        "Ready for recipient pickup", "idle", "box"
    )
    assert vocabulary.parcel_badge(parcel(None, None)) == vocabulary.UNKNOWN


def test_a_cancelled_order_is_cancelled_first_of_all() -> None:
    badges = vocabulary.order_badges(order(cancelled_at=WHEN, financial_status="REFUNDED"))
    assert [badge.word for badge in badges] == ["Cancelled", "Refunded"]
    assert vocabulary.line_badge(line(cancelled=True, payment="REFUNDED")).word == "Cancelled"


@pytest.mark.parametrize(
    ("folded", "word"),
    [
        (line("DELIVERED", "DELIVERED", fulfillment="FULFILLED"), "Delivered"),
        (line("DELIVERED", "IN_TRANSIT", fulfillment="FULFILLED"), "Fulfilled"),
        (line("DELIVERED", fulfillment="PARTIALLY_FULFILLED"), "Partially fulfilled"),
        (line("DELIVERED", fulfillment="FULFILLED", payment="REFUNDED"), "Refunded"),
        (line(), "Unfulfilled"),
    ],
)
def test_a_folded_order_shows_the_most_final_thing(folded: OrderLine, word: str) -> None:
    assert vocabulary.line_badge(folded).word == word


def test_marks_say_returned_archived_and_test() -> None:
    marks = vocabulary.order_marks(order(return_status="RETURN_REQUESTED", closed_at=WHEN, test=True))
    assert [mark.word for mark in marks] == ["Return requested", "Archived", "Test order"]
    assert vocabulary.order_marks(order(return_status="NO_RETURN")) == ()


def test_cancel_reasons_read_as_the_end_of_a_sentence() -> None:
    assert vocabulary.cancel_reason("INVENTORY") == "items unavailable"
    assert vocabulary.cancel_reason("SOLD_ELSEWHERE") == "sold elsewhere"
    assert vocabulary.cancel_reason(None) == ""


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_value_at_all_has_a_short_word(value: str) -> None:
    for badge in (vocabulary.fulfillment_badge(value), vocabulary.parcel_badge(parcel(value, value))):
        assert 0 < len(badge.word) <= 120
        assert badge.tone in TONES
