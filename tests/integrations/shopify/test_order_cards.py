"""Orders as cards: what is shown of the ordinary ones, and of the odd ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from integrations.shopify import order_cards, stored
from integrations.shopify.sections import OrderCard
from integrations.shopify.types import CustomerOrders, LineItem, Money, Order, Parcel, ParcelItem, Tracking

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
THROW = LineItem("l1", "Wool throw", "Moss", "WT", 3, 3, 1)
MUG = LineItem("l2", "Enamel mug", None, None, 2, 1, 0)
SENT = Parcel(
    "p1", "SUCCESS", "IN_TRANSIT", NOW, NOW + timedelta(days=2), NOW, None, 2, (Tracking("UPS", "1Z9", "https://ups.example/1Z9"),),
    (ParcelItem("l1", 2),),
)  # fmt: skip
ARRIVED = replace(SENT, id="p2", display_status="DELIVERED", delivered_at=NOW, items=(ParcelItem("l2", 2),))
GONE = replace(SENT, id="p3", status="CANCELLED", display_status="CANCELED", items=())
ORDER = Order(
    id="gid://shopify/Order/5400000001009", legacy_id="5400000001009", name="#1042", created_at=NOW, processed_at=NOW, updated_at=NOW,
    cancelled_at=None, cancel_reason=None, closed_at=None, test=False, fulfillment_status="PARTIALLY_FULFILLED", financial_status="PAID",
    return_status="NO_RETURN", total=Money(Decimal("1482.20"), "USD"), shop_total=Money(Decimal("1482.20"), "USD"), ship_to="Malmö, SE",
    lines=(THROW, MUG), parcels=(SENT, ARRIVED),
)  # fmt: skip


def cards(*orders: Order) -> tuple[OrderCard, ...]:
    head, _ = stored.split(CustomerOrders(None, orders))
    return order_cards.cards(
        head["orders"],
        shop_domain="harbor.myshopify.com",
        zone=ZoneInfo("America/New_York"),
        detail_url="/orders/{}/".format,
    )


def words(card: OrderCard) -> list[str]:
    return [badge.word for badge in card.badges]


def test_the_first_is_open_two_are_brief_and_the_rest_are_lines() -> None:
    assert [card.layout for card in cards(*[ORDER] * 6)] == ["full", "brief", "brief", "line", "line", "line"]


def test_a_partial_order_says_what_is_where() -> None:
    (card,) = cards(ORDER)
    assert words(card) == ["Partially fulfilled", "Paid"]
    assert card.total == "$1,482.20"
    assert card.admin_url == "https://admin.shopify.com/store/harbor/orders/5400000001009"
    first, second = card.detail.parcels
    assert (first.position, second.position) == ("Parcel 1 of 2", "Parcel 2 of 2")
    assert [(item.quantity, item.title, item.variant) for item in first.items] == [(2, "Wool throw", "Moss")]
    assert (first.when_word, second.when_word) == ("Expected", "Delivered")
    assert first.tracking[0].url == "https://ups.example/1Z9"
    assert [(row.quantity, row.title) for row in card.detail.not_shipped] == [(1, "Wool throw")]
    assert [(row.quantity, row.title) for row in card.detail.removed] == [(1, "Enamel mug")]
    assert card.detail.ship_to == "Malmö, SE"


def test_a_cancelled_order_is_cancelled_before_anything_else() -> None:
    cancelled = replace(ORDER, cancelled_at=NOW, cancel_reason="CUSTOMER", financial_status="REFUNDED", parcels=())
    opened, brief, _, line = cards(*[cancelled] * 4)
    assert words(opened) == ["Cancelled", "Refunded"]
    assert opened.detail.not_shipped == ()
    assert brief.sentence == "5 items, cancelled by the customer Sun, Nov 22"
    assert words(line) == ["Cancelled"]


def test_a_cancelled_order_without_a_reason_reads_well() -> None:
    _, brief = cards(*[replace(ORDER, cancelled_at=NOW)] * 2)
    assert brief.sentence == "5 items, cancelled Sun, Nov 22"


def test_a_refunded_order_says_so_as_a_line() -> None:
    *_, line = cards(*[replace(ORDER, financial_status="REFUNDED")] * 4)
    assert words(line) == ["Refunded"]


def test_test_archived_and_returning_orders_are_marked() -> None:
    odd = replace(ORDER, test=True, closed_at=NOW, return_status="RETURN_REQUESTED")
    for card in cards(*[odd] * 4):
        assert [mark.word for mark in card.detail.marks] == ["Return requested", "Archived", "Test order"]


def test_a_value_that_shopify_adds_tomorrow_is_shown_humanised() -> None:
    odd = replace(
        ORDER,
        fulfillment_status="BEAMED_UP",
        financial_status="PAID_IN_KIND",
        return_status="ON_THE_WAY_BACK",
        parcels=(replace(SENT, display_status="IN_ORBIT"),),
    )
    (card,) = cards(odd)
    assert words(card) == ["Beamed up", "Paid in kind"]
    assert card.detail.marks[0].word == "On the way back"
    assert card.detail.parcels[0].badge.word == "In orbit"


def test_no_status_at_all_is_unknown() -> None:
    (card,) = cards(replace(ORDER, fulfillment_status=None, financial_status=None, return_status=None))
    assert words(card) == ["Unknown"]


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1482.20", "USD", "$1,482.20"),
        ("0.00", "EUR", "€0.00"),
        ("1500", "JPY", "¥1,500"),
        ("12.5", "SEK", "12.50 SEK"),
        ("-3.10", "GBP", "£-3.10"),
        ("99999999999.99", "XTS", "99,999,999,999.99 XTS"),
    ],
)
def test_money_in_its_own_currency(amount: str, currency: str, shown: str) -> None:
    assert order_cards.money(Money(Decimal(amount), currency)) == shown


def test_the_shops_currency_is_shown_when_the_customers_differs() -> None:
    (card,) = cards(replace(ORDER, total=Money(Decimal("150.00"), "SEK")))
    assert (card.total, card.detail.shop_total) == ("150.00 SEK", "$1,482.20")


def test_an_order_without_any_total_or_line() -> None:
    empty = replace(ORDER, total=None, shop_total=None, lines=(), parcels=())
    opened, brief = cards(empty, empty)
    assert (opened.total, opened.detail.parcels, opened.detail.not_shipped) == ("", (), ())
    assert brief.sentence == "0 items, not shipped yet"


def test_two_hundred_and_fifty_lines_are_all_there() -> None:
    rows = tuple(replace(THROW, id=f"x{n}", title=f"Thing {n}", unfulfilled_quantity=1) for n in range(250))
    (card,) = cards(replace(ORDER, lines=rows, more_lines=True, parcels=()))
    assert len(card.detail.not_shipped) == 250
    assert card.detail.more_lines


def test_an_item_beyond_the_lines_we_asked_for_is_not_given_a_wrong_name() -> None:
    (card,) = cards(replace(ORDER, parcels=(replace(SENT, items=(ParcelItem("elsewhere", 1),)),)))
    assert card.detail.parcels[0].items[0].title == "An item further down this order"


def test_items_beyond_the_lines_we_asked_for_are_one_row() -> None:
    mixed = replace(SENT, items=(ParcelItem("e1", 2), ParcelItem("l1", 2), ParcelItem("e2", 3)))
    (card,) = cards(replace(ORDER, parcels=(mixed,)))
    rows = [(item.quantity, item.title) for item in card.detail.parcels[0].items]
    assert rows == [(2, "Wool throw"), (5, "Items further down this order")]


def test_a_parcel_with_more_pieces_than_listed_says_so() -> None:
    (card,) = cards(replace(ORDER, parcels=(replace(SENT, total_quantity=30),)))
    assert card.detail.parcels[0].more_items
    assert card.detail.parcels[0].position == ""


def test_a_cancelled_parcel_comes_last_and_is_not_counted() -> None:
    (card,) = cards(replace(ORDER, parcels=(GONE, SENT, ARRIVED)))
    assert [(parcel.position, parcel.badge.word) for parcel in card.detail.parcels] == [
        ("Parcel 1 of 2", "In transit"),
        ("Parcel 2 of 2", "Delivered"),
        ("", "Cancelled"),
    ]


@pytest.mark.parametrize(
    ("parcels", "sentence"),
    [
        ((), "5 items, not shipped yet"),
        ((GONE,), "5 items, not shipped yet"),
        ((SENT,), "5 items, 1 parcel"),
        ((SENT, ARRIVED), "5 items, 2 parcels"),
        ((ARRIVED,), "5 items, 1 parcel delivered Sun, Nov 22"),
        ((ARRIVED, GONE), "5 items, 1 parcel delivered Sun, Nov 22"),
    ],
)
def test_one_sentence_says_where_an_order_is(parcels: tuple[Parcel, ...], sentence: str) -> None:
    _, brief = cards(ORDER, replace(ORDER, parcels=parcels))
    assert brief.sentence == sentence


def test_days_are_the_stores() -> None:
    late = replace(ARRIVED, delivered_at=datetime(2026, 11, 22, 3, tzinfo=UTC))  # the 21st in New York
    _, brief = cards(ORDER, replace(ORDER, parcels=(late,)))
    assert brief.sentence.endswith("Sat, Nov 21")


def test_an_id_that_is_not_digits_gets_no_link() -> None:
    (card,) = cards(replace(ORDER, legacy_id="../../evil"))
    assert card.admin_url == ""


def test_an_opened_order_says_why_and_when_it_was_cancelled() -> None:
    when = replace(ORDER, cancelled_at=NOW, cancel_reason="INVENTORY")
    assert order_cards.detail(when, time_zone="Asia/Tokyo").cancelled == "Cancelled items unavailable, Sun, Nov 22"
    assert order_cards.detail(replace(when, cancel_reason=None), time_zone="UTC").cancelled == "Cancelled Sun, Nov 22"
    assert order_cards.detail(ORDER, time_zone="UTC").cancelled == ""


def test_a_delivered_parcel_says_for_when_it_had_been_expected() -> None:
    sent, arrived = order_cards.detail(ORDER, time_zone="UTC").parcels
    assert sent.promised is None
    assert (arrived.when, arrived.promised) == (NOW, NOW + timedelta(days=2))


def test_with_all_lines_at_hand_what_no_parcel_lists_is_told() -> None:
    more = replace(ORDER, lines=(THROW, MUG, LineItem("l3", "Tea towel", None, None, 4, 4, 1)))
    told = order_cards.detail(more, time_zone="UTC", whole=True).elsewhere
    assert [(row.quantity, row.title) for row in told] == [(3, "Tea towel")]
    assert order_cards.detail(more, time_zone="UTC").elsewhere == ()


def test_a_zone_that_nobody_knows_is_utc() -> None:
    assert order_cards.zone_named("Mars/Olympus").key == order_cards.zone_named("../etc/passwd").key == "UTC"


@pytest.mark.parametrize(("currency", "shown"), [("KWD", "1.250 KWD"), ("TND", "1.250 TND"), ("VND", "1 VND")])
def test_money_has_as_many_places_as_its_currency(currency: str, shown: str) -> None:
    assert order_cards.money(Money(Decimal("1.25"), currency)) == shown
