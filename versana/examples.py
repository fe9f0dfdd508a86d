"""Example page objects for the component gallery: every state that a page can be in, with the content of the pictures.

Nothing here touches the database. Hostile and overlong content has its own examples, because that is where layouts break.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from inbox.cards import AttachmentChip, ConversationRow, InboxPage, ListPane, MessageCard, Person, Thread, ViewTab
from integrations.shopify.cards import (
    DisconnectPage,
    FailurePage,
    HealthLine,
    Panel,
    PermissionRow,
    PermissionsPage,
    StoreCard,
)
from integrations.shopify.scopes import NEVER, TABLE
from integrations.shopify.sections import (
    Banner,
    ItemRow,
    OrderCard,
    OrderDetail,
    ParcelCard,
    Profile,
    Section,
    TrackingLink,
)
from integrations.shopify.vocabulary import ARCHIVED, CANCELLED, Badge
from tenants.forms import GeneralForm
from tenants.pages import ChoosePage, GeneralPage, NavLink

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


# --- Orders and sections --------------------------------------------------------------------------------------------
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
        marks=(),
        sentence="2 items, 1 parcel delivered Mon, Nov 2",
        admin_url="https://admin.shopify.com/store/harbor-goods/orders/1",
        layout=layout,
        detail=None,
        detail_url="/_gallery/order-detail/",
        search_text=f"{name} wool throw enamel mug 1z999aa10123456784".lower(),
    )
    return replace(card, **changes)  # type: ignore[arg-type]


def recent_orders() -> tuple[OrderCard, ...]:
    return (
        order("#1042", 4, "$236.00", (PARTLY, PAID), "full", detail=first_detail()),
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
        order("#1011", 52, "$39.90", (CANCELLED,), marks=(ARCHIVED,)),
        order("#1004", 58, "$210.00", (DELIVERED,)),
    )


def many_orders(count: int = 50, lines: int = 25) -> tuple[OrderCard, ...]:
    """Three open, the rest folded: the size that decisions.md measures."""
    items = tuple(ItemRow(2, f"Item {n} of a long order", "Large") for n in range(lines))
    detail = replace(first_detail(), parcels=(replace(first_detail().parcels[0], items=items),))
    opened = [
        order(f"#{2000 - n}", n, "$120.00", (FULFILLED, PAID), "full" if n == 0 else "brief", detail=detail)
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
    "It stopped sharing orders on Nov 20. The owner, Henrik Dahl, can reconnect it.",
)
FOR_OWNER = Banner(
    "stop",
    "key-round",
    "The permission read_orders is missing.",
    "It was removed in Shopify on Nov 20, 08:30. Reconnect and approve both permissions.",
    action_label="Reconnect store",
    action_url="/_gallery/general/",
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
        (parcel,), (), (ItemRow(1, "Broken cup", "Blue"),), more_lines=True, ship_to="تل أبيب", shop_total="€219.40"
    )


# --- Inbox ----------------------------------------------------------------------------------------------------------
MAYA = Person("Maya Lindqvist", "ML", 0)
OLIVIA = Person("Olivia Chen", "OC", 2, colleague=True)
_ROWS = (
    (
        MAYA,
        "Where is the rest of #1042?",
        "The mugs came yesterday, but the throw has not, and UPS says the same since Friday",
        12,
        False,
    ),
    (
        Person("Tomás Okafor", "TO", 1),
        "Wrong size, can I swap the boots?",
        "I ordered a 43 and they are clearly a 41",
        26,
        True,
    ),
    (
        Person("Priya Raman", "PR", 2),
        "Please cancel #1057",
        "I ordered twice by mistake, only keep the first one",
        41,
        True,
    ),
    (Person("Jonas Weber", "JW", 4), "Typo in my delivery address", "It should say Lindenstraße 14, not 41", 70, False),
    (
        Person("Hana Sato", "HS", 5),
        "Refund not on my card yet",
        "It has been eight days since you wrote that it was sent",
        130,
        True,
    ),
    (
        Person("Eleanor Whitcombe", "EW", 3),
        "Is the teak tray food safe?",
        "Before I put fruit on it: is the oil finish all right?",
        200,
        False,
    ),
    (
        Person("Luca Moretti", "LM", 1),
        "Tracking says returned to sender",
        "UPS tells me the parcel went back on Tuesday",
        310,
        False,
    ),
    (
        Person("Amara Diallo", "AD", 2),
        "Add a gift note to UK-1042",
        "Could you write “Happy birthday, Ines” on it?",
        430,
        False,
    ),
    (
        Person("Ben Novak", "BN", 4),
        "Invoice for #0998",
        "Our accounting needs the VAT number on the invoice",
        1700,
        False,
    ),
    (Person("Sofia Almeida", "SA", 0), "Parcel arrived crushed", "Two of the six glasses are broken", 1900, False),
    (Person("محمد عبد الرحمن", "مع", 3), "أين طلبي رقم 1042؟", "مرحبا، لم يصل طلبي بعد", 9000, False),
    (
        Person("Bartholomew Featherstonehaugh-Wellesley of Somewhere", "BF", 5),
        "Long " * 50,
        "Snippet " * 40,
        90000,
        True,
    ),
)


def rows(selected: bool = True) -> tuple[ConversationRow, ...]:
    return tuple(
        ConversationRow(
            1042 - n,
            "/_gallery/inbox/" if n == 0 else f"/_gallery/thread/{n}/",
            person,
            subject,
            snippet,
            ago(minutes=minutes),
            waits,
            selected and n == 0,
        )
        for n, (person, subject, snippet, minutes, waits) in enumerate(_ROWS)
    )


def list_pane(selected: bool = True) -> ListPane:
    tabs = (
        ViewTab("Needs reply", "/_gallery/inbox/", 6, False, True),
        ViewTab("Replied", "/_gallery/inbox/", 17, False, False),
        ViewTab("All", "/_gallery/inbox/", 999, True, False),
    )
    return ListPane(tabs, rows(selected), "", "Nothing waits for a reply", "New mail appears here by itself.")


def message(anchor: str, person: Person, text: str, at: datetime, **changes: object) -> MessageCard:
    kind, to = ("sent", "Maya") if person.colleague else ("received", "support")
    address = "" if person.colleague else "maya@lindqvist.example"
    card = MessageCard(anchor, kind, person, address, to, at, text, "", "", (), folded=False, snippet=text[:120])
    return replace(card, **changes)  # type: ignore[arg-type]


def messages() -> tuple[MessageCard, ...]:
    last = (
        "The mugs came yesterday, thank you. The throw from #1042 has not, and the UPS page has said the same since Friday. "
        "It is a present for Thursday: will it be here by then? And where are the two aprons?\n\nMaya"
    )
    return (
        message("m1", MAYA, "Good morning, when does #1042 leave?", ago(days=3, hours=5), folded=True),
        message(
            "m2", OLIVIA, "It is being packed today, I will write when it leaves", ago(days=3, hours=4), folded=True
        ),
        message(
            "m3",
            OLIVIA,
            "Hi Maya, #1042 left us in two parcels: the mugs with USPS, the throw with UPS. I will keep an eye on both.",
            ago(days=2),
        ),
        message(
            "m4",
            MAYA,
            last,
            ago(minutes=12),
            quoted="On Fri, Olivia Chen wrote:\nHi Maya, #1042 left us in two parcels.",
            html_url="/_gallery/mail/",
            attachments=(AttachmentChip("ups-page.png", "84 kB", "/_gallery/mail/"),),
        ),
    )


def thread(**changes: object) -> Thread:
    base = Thread(
        number=1042,
        url="/_gallery/inbox/",
        back_url="/_gallery/list/",
        subject="Where is the rest of #1042?",
        person=MAYA,
        address="maya@lindqvist.example",
        more_addresses=1,
        conversations=4,
        messages=messages(),
        sections=(
            full_section(),
            guest_section(),
            quiet_section(),
            section("problem", 4, "north-pier.myshopify.com", fetched_at=ago(days=2), banners=(REVOKED,)),
        ),
        no_stores_text="",
        connect_url="",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def hostile_thread() -> Thread:
    text = (
        "<script>alert(1)</script> see <https://carrier.example/track?a=1&b=2>.\n\n"
        + "W" * 400
        + "\n\nمرحبا، أين طلبي #1042؟"
    )
    letters = tuple(
        message(
            f"h{n}",
            MAYA,
            text,
            ago(days=5 - n),
            folded=n < 2,
            attachments=(AttachmentChip("a" * 120 + ".pdf", "12 MB", "#"),),
        )
        for n in range(4)
    )
    return thread(
        subject="Very long subject " * 14,
        messages=letters,
        sections=tuple(s for _, _, sections in states() for s in sections[:1])[-3:],
    )


def inbox(selected: Thread | None) -> InboxPage:
    return InboxPage(list_pane(selected is not None), selected)


def empty_inbox() -> InboxPage:
    return InboxPage(replace(list_pane(), rows=()), None)


# --- Settings and Shopify's pages -----------------------------------------------------------------------------------
def general(*, may_edit: bool, panel_url: str, data: dict[str, str] | None = None) -> GeneralPage:
    values = {"name": "Harbor & Pine", "time_zone": "America/New_York", "support_addresses": "help@harborpine.example"}
    links = (
        NavLink("General", "/_gallery/general/", selected=True),
        NavLink("Shopify permissions", "/_gallery/permissions/", selected=False),
    )
    return GeneralPage(
        form=GeneralForm(data, initial=values),
        may_edit=may_edit,
        saved=data is None,
        address="support.example.com/harbor-pine",
        panel_url=panel_url,
        changed_by="Henrik Dahl",
        changed_at=ago(days=10),
        settings_nav=(("Workspace", links),),
    )


def choose(*names: str) -> ChoosePage:
    return ChoosePage(tuple((name, "/_gallery/inbox/", "Owner") for name in names))


def healthy(number: int, domain: str, name: str, *, owner: bool = True) -> StoreCard:
    lines = (
        HealthLine("Permissions", "done", "check", "Customers and orders, read only"),
        HealthLine("Last successful read", "done", "check", "", ago(seconds=12)),
        HealthLine("Next token refresh", "done", "check", "in 41 min"),
        HealthLine("Webhooks", "idle", "box", "Not used yet"),
    )
    disconnect = "/_gallery/disconnect/" if owner else ""
    return StoreCard(
        number, domain, name, "connected", CONNECTED, "Henrik Dahl", ago(days=263), "", "", lines, disconnect, ""
    )


def broken(*, owner: bool = True) -> StoreCard:
    lines = (
        HealthLine("Permissions", "wait", "clock", "Unknown until reconnected"),
        HealthLine("Last successful read", "stop", "triangle", "", ago(days=2)),
        HealthLine("Next token refresh", "stop", "triangle", "None until reconnected"),
        HealthLine("Webhooks", "stop", "triangle", "Silent since Nov 20, 08:34"),
    )
    text = "Reconnect while signed in to the Shopify account that owns this store. Conversations are untouched; orders show what we last knew. Reference VX-7F3K-204"
    card = healthy(1, "north-pier.myshopify.com", "North Pier", owner=owner)
    reconnect = "/_gallery/general/" if owner else ""
    return replace(
        card,
        badge=ATTENTION,
        state="needs_attention",
        problem_title="Shopify revoked our access on Nov 20, 08:34.",
        problem_text=text,
        lines=lines,
        reconnect_url=reconnect,
    )


def panel(*stores: StoreCard, **changes: object) -> Panel:
    base = Panel(
        stores=stores,
        may_connect=True,
        connect_url="/_gallery/general/",
        permissions_url="/_gallery/permissions/",
        domain_entry=True,
        suggestions=("harbor-goods.myshopify.com", "pine-outlet.myshopify.com"),
        error="",
        entered="",
        sentence_for_others="",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def owners_panel() -> Panel:
    return panel(
        broken(),
        healthy(2, "harbor-goods.myshopify.com", "Harbor Goods"),
        healthy(3, "pine-outlet.myshopify.com", "Pine Outlet"),
    )


def agents_panel() -> Panel:
    stores = (broken(owner=False), healthy(2, "harbor-goods.myshopify.com", "Harbor Goods", owner=False))
    return panel(
        *stores,
        may_connect=False,
        sentence_for_others="Only owners connect and disconnect stores. Ask Henrik Dahl to reconnect north-pier.",
    )


def refused_panel() -> Panel:
    return panel(
        healthy(2, "harbor-goods.myshopify.com", "Harbor Goods"),
        error="This is not the domain of a Shopify store. It ends in .myshopify.com.",
        entered="harbor goods",
        just_connected="harbor-goods.myshopify.com",
    )


def disconnect(error: str = "") -> DisconnectPage:
    return DisconnectPage(
        "harbor-goods.myshopify.com", "Harbor Goods", "/_gallery/disconnect/", "/_gallery/general/", error
    )


def permissions() -> PermissionsPage:
    table = tuple(PermissionRow(scope.handle, scope.name, scope.reads, scope.why, scope.required) for scope in TABLE)
    revoke = (
        "In VersanaCX: Settings, General, Disconnect store.",
        "In Shopify: Settings, Apps and sales channels, VersanaCX, Uninstall.",
    )
    return PermissionsPage(table, NEVER, revoke, "/_gallery/general/")


def failure() -> FailurePage:
    advice = (
        "Check that you are signed in to the Shopify account that owns the store.",
        "Check that your account there may install apps.",
        "Then start again from Settings, General.",
    )
    explanation = "You or someone else declined on Shopify's screen. Nothing was connected and nothing was stored."
    return FailurePage(
        "Shopify was not connected",
        explanation,
        advice,
        "VX-7F3K-204",
        timezone.now(),
        "harbor-goods.myshopify.com",
        "/_gallery/general/",
    )
