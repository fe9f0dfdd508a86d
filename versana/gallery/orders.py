"""Example orders in every state that Shopify knows, made of its values as the product makes cards of them; and an order of
250 lines before, while and after all of its items are asked for."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from integrations.shopify import answers, order_cards, stored
from integrations.shopify.sections import OrderCard, OrderDetail, Section
from integrations.shopify.types import CustomerOrders, LineItem, Money, Order, Parcel, ParcelItem, Tracking
from versana.gallery.stores import ZONE, ago, full_section, profile

SHOP, HERE, LINES = "harbor-goods.myshopify.com", "/_gallery/order-detail/", "/_gallery/order-lines/"
_UPS = Tracking("UPS", "1Z999AA10123456784", "https://www.ups.com/track?tracknum=1Z999AA10123456784")


def item(
    number: int, title: str, variant: str | None = None, quantity: int = 1, *, left: int = 0, **changes: Any
) -> LineItem:
    base = LineItem(f"l{number}", title, variant, None, quantity, quantity, left)
    return replace(base, **changes)


def parcel(number: int, *items: tuple[int, int], **changes: Any) -> Parcel:
    """Of pairs: which line, and how many of it."""
    base = Parcel(
        id=f"p{number}",
        status="SUCCESS",
        display_status="DELIVERED",
        created_at=ago(days=8),
        estimated_delivery_at=None,
        in_transit_at=ago(days=7),
        delivered_at=ago(days=4),
        total_quantity=sum(quantity for _line, quantity in items),
        tracking=(_UPS,),
        items=tuple(ParcelItem(f"l{line}", quantity) for line, quantity in items),
    )
    return replace(base, **changes)


def example(name: str, **changes: Any) -> Order:
    """Paid, sent and delivered, unless told otherwise."""
    digits = f"54000000{sum(map(ord, name)):05}"
    base = Order(
        id=f"gid://shopify/Order/{digits}",
        legacy_id=digits,
        name=name,
        created_at=ago(days=9),
        processed_at=None,
        updated_at=None,
        cancelled_at=None,
        cancel_reason=None,
        closed_at=None,
        test=False,
        fulfillment_status="FULFILLED",
        financial_status="PAID",
        return_status="NO_RETURN",
        total=Money(Decimal("144.00"), "USD"),
        shop_total=Money(Decimal("144.00"), "USD"),
        ship_to="Portland, ME, US",
        lines=(item(1, "Wool throw", "Moss"), item(2, "Enamel mug", "350 ml", 4)),
        parcels=(parcel(1, (1, 1), (2, 4)),),
    )
    return replace(base, **changes)


def shown(*orders: Order, open_all: bool = False) -> tuple[OrderCard, ...]:
    head, _rest = stored.split(CustomerOrders(None, orders), whole=True)
    found = order_cards.cards(
        head["orders"], shop_domain=SHOP, zone=ZoneInfo(ZONE), detail_url=lambda order: f"{HERE}{order}/"
    )
    return tuple(replace(each, layout="full") for each in found) if open_all else found


# --- States ---------------------------------------------------------------------------------------------------------
def cancelled() -> Order:
    gone = tuple(item(n, title, current_quantity=0) for n, title in ((1, "Wool throw"), (2, "Enamel mug")))
    return example(
        "#1011", cancelled_at=ago(days=8), cancel_reason="CUSTOMER", financial_status="REFUNDED", fulfillment_status="UNFULFILLED",
        lines=gone, parcels=(), total=Money(Decimal(0), "USD"), shop_total=None,
    )  # fmt: skip


def returned() -> Order:
    back = item(2, "Enamel mug", "350 ml", 4, current_quantity=3)
    return example(
        "#1027", return_status="IN_PROGRESS", financial_status="PARTIALLY_REFUNDED", lines=(item(1, "Wool throw", "Moss"), back)
    )  # fmt: skip


def two_currencies() -> Order:
    return example(
        "#1033", total=Money(Decimal("219.40"), "EUR"), shop_total=Money(Decimal("236.00"), "USD"), ship_to="Graz, 6, AT"
    )  # fmt: skip


def right_to_left() -> Order:
    lines = (item(1, "مزهرية زرقاء", "كبير", 2), item(2, "שולחן עץ", None), item(3, "Enamel mug", "أبيض / 350 ml"))
    carrier = Tracking("البريد الأردني", "JO123456789", None)
    return example(
        "#1034", lines=lines, parcels=(parcel(1, (1, 2), (2, 1), (3, 1), tracking=(carrier,)),), ship_to="عمّان, JO"
    )


def unknown() -> Order:
    """Values that Shopify may add, and nulls where it may leave some out."""
    strange = parcel(
        1, (1, 1), status="HANDED_TO_ROBOT", display_status="READY_FOR_RECIPIENT_PICKUP", delivered_at=None, in_transit_at=None,
        created_at=None, tracking=(Tracking(None, None, None),),
    )  # fmt: skip
    return example(
        "#1035", fulfillment_status="ON_THE_MOON", financial_status="PAID_IN_SHELLS", return_status="UNDER_DISCUSSION",
        cancel_reason=None, total=Money(Decimal("12.5"), "XTS"), shop_total=None, ship_to=None, parcels=(strange,),
    )  # fmt: skip


def bare() -> Order:
    return example(
        "#1036", fulfillment_status=None, financial_status=None, return_status=None, total=None, shop_total=None, ship_to=None,
        lines=(), parcels=(),
    )  # fmt: skip


def long() -> Order:
    lines = (
        item(1, "Hand-thrown stoneware serving bowl with a very long name " * 3, "Natural / Large / Gift wrapped"),
        item(2, "W" * 120),
    )
    number = Tracking("A carrier with a long name GmbH & Co. KG", "X" * 70, "https://carrier.example/" + "x" * 70)
    return example(
        "#" + "9" * 48,
        lines=lines,
        parcels=(parcel(1, (1, 1), (2, 1), tracking=(number,)),),
        ship_to="Llanfair­pwllgwyngyll­gogery­chwyrn­drobwll­llan­tysilio­gogo­goch, GB",
    )


def large(count: int = 250) -> Order:
    """In three parcels; ten lines have not shipped."""
    ends = (0, count * 2 // 5, count * 18 // 25, count - 10)
    parcels = (
        parcel(at, *((n, 1) for n in range(ends[at], ends[at + 1])), **({} if at else {"delivered_at": None, "display_status": "IN_TRANSIT"}))
        for at in range(3)
    )  # fmt: skip
    lines = (item(n, f"Seed packet {n + 1}", "Organic", left=int(n >= ends[-1])) for n in range(count))
    return example("#4000", fulfillment_status="PARTIALLY_FULFILLED", lines=tuple(lines), parcels=tuple(parcels))


def first_lines() -> Order:
    """What a section holds of it."""
    every = large()
    parcels = tuple(replace(each, items=each.items[:25]) for each in every.parcels)
    return replace(every, lines=every.lines[:25], more_lines=True, parcels=parcels)


def lines_detail(order: Order | None = None, *, whole: bool = True, **changes: Any) -> OrderDetail:
    detail = order_cards.fetched(order or large(), time_zone=ZONE, shop_domain=SHOP, lines_url=LINES, whole=whole)
    return replace(detail, **changes)


def _large(number: int, detail: OrderDetail) -> Section:
    card = replace(shown(first_lines())[0], detail=replace(detail, name="", admin_url=""))
    return _only(number, card)


def _only(number: int, *cards: OrderCard, **changes: Any) -> Section:
    return replace(full_section(store_number=number, orders=cards, completeness="", profile=None), **changes)


def states() -> tuple[tuple[str, str, tuple[Section, ...]], ...]:
    """Title, remark, sections: one cell of the gallery each."""
    old = example("#0963", closed_at=ago(days=3), created_at=ago(days=40), test=True)
    every = (cancelled(), returned(), old, two_currencies(), right_to_left(), unknown(), bare())
    who = replace(
        profile(),
        name="محمد عبد الرحمن",
        tags=("عميل مميز", "Gift club"),
        note="يفضّل البريد الإلكتروني. Never call.",
        phone="+962 7 9012 3456",
    )
    failed = answers.of("timed_out").agents
    return (
        ("Cancelled", "Why and when; what was taken off", (_only(51, *shown(cancelled())),)),
        ("Returned", "A return under way, part of the money back", (_only(52, *shown(returned())),)),
        ("Test and archived", "Said when the order is open", (_only(53, *shown(old)),)),
        ("Two currencies", "What the customer paid, and the shop’s own", (_only(54, *shown(two_currencies())),)),
        ("From right to left", "Names, items, carrier and place", (_only(55, *shown(right_to_left()), profile=who),)),
        ("Unknown values", "Shown in their own words, in neutral", (_only(56, *shown(unknown())),)),
        ("Nothing but a name", "Every value left out", (_only(57, *shown(bare())),)),
        ("Overlong", "Names, numbers, places", (_only(58, *shown(long())),)),
        ("All of them in a list", "The first open, two in brief, lines", (_only(59, *shown(*every)),)),
        ("250 lines, before", "The first 25, and the way to all", (_only(60, *shown(first_lines())),)),
        ("250 lines, asking", "The first ones stay meanwhile", (_large(61, lines_detail(first_lines(), whole=False, asking=True, poll_url="/_gallery/never/", poll_delay_ms=60_000)),)),
        ("250 lines, failed", "Why, and once more", (_large(62, lines_detail(first_lines(), whole=False, asking_failed=f"{failed}.")),)),
        ("250 lines, expanded", "Three parcels, and what has not shipped", (_large(63, lines_detail()),)),
        (
            "250 lines, failing later",
            "The last known, with its age",
            (_large(64, lines_detail(large(40), asking_failed=_("%(what)s; shown is what we knew at %(known)s.") % {"what": failed, "known": "13:58"})),),
        ),
    )  # fmt: skip
