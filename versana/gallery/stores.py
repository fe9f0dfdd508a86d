"""Example sections of the sidebar: every state of a store beside a contact, with the content of the pictures.

Hostile and overlong content has its own example, because that is where layouts break.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from integrations.shopify.sections import (
    Banner,
    Insert,
    ItemRow,
    OrderCard,
    OrderDetail,
    ParcelCard,
    Profile,
    Section,
    TrackingLink,
)
from integrations.shopify.vocabulary import ARCHIVED, CANCELLED, Badge

ZONE = "America/New_York"
FULFILLED = Badge("Fulfilled", "done", "check")
DELIVERED = Badge("Delivered", "done", "check")
PAID = Badge("Paid", "done", "check")
PARTLY = Badge("Partially fulfilled", "move", "half")
MOVING = Badge("In transit", "move", "arrow")
REFUNDED = Badge("Refunded", "idle", "return")
PARTLY_REFUNDED = Badge("Partially refunded", "idle", "return")
CONNECTED = Badge("Connected", "done", "check")
ATTENTION = Badge("Needs attention", "stop", "triangle")
BADGES = (
    (FULFILLED, DELIVERED, PAID, CONNECTED),
    (PARTLY, MOVING),
    (
        Badge("Unfulfilled", "wait", "dashed"),
        Badge("Payment pending", "wait", "clock"),
        Badge("Differs", "wait", "differs"),
        Badge("Locked", "wait", "lock"),
    ),
    (ATTENTION, Badge("Delivery failed", "stop", "triangle")),
    (
        CANCELLED,
        REFUNDED,
        PARTLY_REFUNDED,
        ARCHIVED,
        Badge("Open", "idle", "open"),
        Badge("Awaiting pickup", "idle", "box"),
    ),
)


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


def first_detail() -> OrderDetail:
    """The split order of the pictures: two parcels and something that has not shipped."""
    ups = TrackingLink("UPS", "1Z999AA10123456784", "https://www.ups.com/track?tracknum=1Z999AA10123456784")
    usps = TrackingLink(
        "USPS", "9400111899562349", "https://tools.usps.com/go/TrackConfirmAction?tLabels=9400111899562349"
    )
    return OrderDetail(
        parcels=(
            ParcelCard("Parcel 1 of 2", MOVING, (ups,), "Expected", ago(days=-2), (ItemRow(1, "Wool throw", "Moss"),)),
            ParcelCard(
                "Parcel 2 of 2", DELIVERED, (usps,), "Delivered", ago(days=1), (ItemRow(4, "Enamel mug", "350 ml"),)
            ),
        ),
        not_shipped=(ItemRow(2, "Linen apron", "Natural"),),
        removed=(),
        more_lines=False,
        ship_to="Portland, Maine, United States",
        shop_total="",
        time_zone="America/New_York",
        inserts=(
            Insert("Order name", "#1042"),
            Insert(
                "Status",
                "Order #1042: parcel 1 of 2 in transit with UPS, expected Tue, Nov 24; parcel 2 of 2 delivered Sat, Nov 21 with USPS; 2 items not shipped yet.",
            ),
            Insert("Tracking link: UPS 1Z999AA10123456784", ups.url),
            Insert("Tracking link: USPS 9400111899562349", "", "The carrier gives no link for this number."),
            Insert("Order and day", "order #1042 of Nov. 18, 2026"),
        ),
    )


def order(
    name: str, days: int, total: str, badges: tuple[Badge, ...], layout: str = "line", **changes: object
) -> OrderCard:
    card = OrderCard(
        name=name,
        legacy_id=name.strip("#").replace("-", ""),
        created_at=ago(days=days),
        total=total,
        badges=badges,
        sentence="2 items, 1 parcel delivered Mon, Nov 2",
        admin_url="https://admin.shopify.com/store/harbor-goods/orders/1",
        layout=layout,
        detail=None,
        detail_url="/_gallery/order-detail/",
    )
    return replace(card, **changes)  # type: ignore[arg-type]


def recent_orders() -> tuple[OrderCard, ...]:
    return (
        order("#1042", 4, "$236.00", (PARTLY, PAID), "full", sentence="", detail=first_detail()),
        order("#1031", 24, "$48.00", (FULFILLED, PAID), "brief", detail=first_detail()),
        order(
            "#1027",
            36,
            "$122.40",
            (FULFILLED, PARTLY_REFUNDED),
            "brief",
            sentence="3 items, 1 parcel delivered Wed, Oct 21",
            detail=first_detail(),
        ),
        order("#1019", 44, "$64.00", (DELIVERED,)),
        order("#1011", 52, "$39.90", (CANCELLED,)),
        order("#1004", 58, "$210.00", (DELIVERED,)),
    )


def many_orders(count: int = 50, lines: int = 25) -> tuple[OrderCard, ...]:
    """Three open, the rest folded: the size that decisions.md measures."""
    items = tuple(ItemRow(2, f"Item {n} of a long order", "Large") for n in range(lines))
    detail = replace(first_detail(), parcels=(replace(first_detail().parcels[0], items=items),))
    opened = [
        order(
            f"#{2000 - n}",
            n,
            "$120.00",
            (FULFILLED, PAID),
            "brief" if n else "full",
            sentence="2 items" if n else "",
            detail=detail,
        )
        for n in range(3)
    ]
    return (*opened, *(order(f"#{2000 - n}", n * 3, "$64.00", (DELIVERED,)) for n in range(3, count)))


def profile() -> Profile:
    return Profile(
        name="Maya Lindqvist",
        email="maya@lindqvist.example",
        phone="",
        orders="13 orders",
        spent="$1,482.20",
        since=datetime(2024, 3, 4, tzinfo=UTC),
        tags=("Gift club",),
        note="",
        admin_url="https://admin.shopify.com/store/harbor-goods/customers/1",
    )


def section(kind: str, number: int = 1, domain: str = "harbor-goods.myshopify.com", **changes: object) -> Section:
    base = Section(
        kind=kind,
        store_number=number,
        domain=domain,
        time_zone=ZONE,
        url="/_gallery/section/",
        refresh_url="/_gallery/section/",
        fetched_at=ago(seconds=12),
        refreshing=False,
        poll_delay_ms=300,
        poll_url="/_gallery/section/",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def full_section(**changes: object) -> Section:
    whole = section(
        "customer",
        profile=profile(),
        completeness="6 of 13 orders: this store shares the last 60 days",
        orders=recent_orders(),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def guest_section(number: int = 2) -> Section:
    orders = (order("PO-311", 19, "$27.50", (DELIVERED,)), order("PO-287", 53, "$18.00", (REFUNDED,)))
    return section(
        "guest",
        number,
        "pine-outlet.myshopify.com",
        completeness="2 guest orders under this e-mail, no account",
        orders=orders,
    )


def quiet_section(number: int = 3, domain: str = "cove-wholesale.myshopify.com", kind: str = "none") -> Section:
    return section(
        kind, number, domain, reason="No customer and no guest order with maya@lindqvist.example in the last 60 days."
    )


OLD = Banner("wait", "clock", "Shopify has not answered since 14:02;", "showing what we knew at 13:58.", retry=True)
REVOKED = Banner(
    "stop",
    "key-round",
    "Orders cannot be read in this store.",
    "It has shared no orders since Nov 20. The owner, Henrik Dahl, can reconnect it.",
)
FOR_OWNER = Banner(
    "stop",
    "key-round",
    "The permission read_orders is missing.",
    "It was removed in Shopify on Nov 20, 08:30. Reconnect and approve both permissions.",
    action_label="Reconnect store",
    action_url="/_gallery/general/",
)
FROZEN = Banner(
    "stop",
    "key-round",
    "The store is frozen because a bill is unpaid since Nov 20, 14:02.",
    "Once its bill is settled in Shopify it works again by itself, within a day at the latest; reconnecting makes it work at once.",
    action_label="Open its settings",
    action_url="/_gallery/general/",
)
WITHHELD = Banner(
    "wait",
    "info",
    "Shopify has hidden this store’s customers and orders since 09:12.",
    "This store did not give all permissions. Reconnect it and approve them. Shown below is what we knew at 09:05.",
    action_label="Reconnect store",
    action_url="#",
)
WITHHELD_AND_UNKNOWN = Banner(
    "wait",
    "info",
    "Shopify has hidden this store’s customers since 09:12.",
    "Shopify has not approved this app for personal data.",
)
CAUTION = Banner("idle", "shield", "Shared with colleagues.", "Several people of this company write from one address.")


def states() -> tuple[tuple[str, str, tuple[Section, ...]], ...]:
    """Title, remark, sections: one cell of the gallery each."""
    hostile = order("#<b>1</b>", 3, "$1.00", (Badge("Unknown " * 6, "idle", "box"),), "full", detail=_hostile_detail())
    return (
        ("Loading", "A skeleton of the final size; nothing jumps", (section("loading", 11, fetched_at=None),)),
        ("Customer", "Full", (full_section(store_number=12),)),
        (
            "Failing, last known data",
            "The age is the message; old data stays readable",
            (full_section(store_number=13, fetched_at=ago(hours=3), banners=(OLD,)),),
        ),
        ("Guest orders", "Orders without a customer record", (guest_section(14),)),
        (
            "No match",
            "One quiet line each; the reason on request",
            (quiet_section(15), quiet_section(16, "north-pier.myshopify.com", "no_address")),
        ),
        *_refused(),
        *_withheld(),
        (
            "Refreshing",
            "Old data while the new is on its way",
            (full_section(store_number=19, banners=(CAUTION,), orders=recent_orders()[3:]),),
        ),
        (
            "Customer without orders",
            "Empty",
            (
                section(
                    "customer",
                    20,
                    profile=replace(profile(), orders="0 orders", spent=""),
                    completeness="No orders in the last 60 days",
                ),
            ),
        ),
        (
            "Fifty orders",
            "A filter over the list",
            (full_section(store_number=21, orders=many_orders(14, 3), completeness=""),),
        ),
        (
            "Long and hostile",
            "Names, tags, numbers",
            (full_section(store_number=22, profile=_hostile_profile(), orders=(hostile,)),),
        ),
    )


def _refused() -> tuple[tuple[str, str, tuple[Section, ...]], ...]:
    return (
        (
            "Refused: what an agent sees",
            "Who can fix it",
            (section("problem", 17, fetched_at=ago(days=2), banners=(REVOKED,)),),
        ),
        (
            "Refused: what the owner sees",
            "The button only for them",
            (section("problem", 18, fetched_at=ago(days=2), banners=(FOR_OWNER,)),),
        ),
        (
            "Frozen: what the owner sees",
            "It comes back by itself, and says so",
            (full_section(store_number=24, fetched_at=ago(days=2), banners=(FROZEN,), orders=recent_orders()[3:]),),
        ),
    )


def _withheld() -> tuple[tuple[str, str, tuple[Section, ...]], ...]:
    return (
        (
            "Withheld: what the owner sees",
            "What was known stays under what is hidden",
            (full_section(store_number=25, fetched_at=ago(hours=1), banners=(WITHHELD,), orders=recent_orders()[3:]),),
        ),
        (
            "Withheld, nothing known: what an agent sees",
            "Hidden is not nobody",
            (section("problem", 26, fetched_at=None, banners=(WITHHELD_AND_UNKNOWN,)),),
        ),
    )


def _hostile_profile() -> Profile:
    tags = ("VIP", "wholesale-customer-with-a-very-long-tag-that-goes-on-and-on", "<i>tag</i>")
    long_note = "Prefers e-mail.\nNever call before noon. " * 6
    return replace(
        profile(),
        name="Aleksandra-Konstantinopolska Featherstonehaugh-Wellesley",
        email="a" * 60 + "@" + "b" * 60 + ".example",
        phone="+44 20 7946 0958",
        tags=tags,
        note=long_note,
    )


def _hostile_detail() -> OrderDetail:
    link = TrackingLink("<script>alert(1)</script>", "X" * 90, "")
    parcel = ParcelCard(
        "",
        Badge("Label printed", "wait", "clock"),
        (link, TrackingLink("", "", "https://carrier.example/t")),
        "Shipped",
        ago(days=1),
        (ItemRow(1000, "مزهرية زرقاء", "كبير"), ItemRow(1, "W" * 80, "")),
        more_items=True,
    )
    return OrderDetail(
        (parcel,),
        (),
        (ItemRow(1, "Broken cup", "Blue"),),
        more_lines=True,
        ship_to="تل أبيب",
        shop_total="€219.40",
        time_zone="Asia/Jerusalem",
    )
