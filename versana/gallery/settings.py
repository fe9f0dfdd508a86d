"""Example settings: General, the Shopify panel for owner and agent, and the pages behind it."""

from dataclasses import replace

from django.utils import timezone

from integrations.shopify.pages.cards import (
    DisconnectPage,
    FailurePage,
    HealthLine,
    Panel,
    PermissionRow,
    PermissionsPage,
    StoreCard,
)
from integrations.shopify.scopes import NEVER, TABLE
from tenants.forms.general import GeneralForm
from tenants.pages.general import ChoosePage, GeneralPage
from tenants.pages.nav import NavLink, SettingsNav
from versana.gallery.stores import ATTENTION, CONNECTED, ago


def nav(selected: str) -> SettingsNav:
    """As an owner sees it."""
    names = {
        "General": "general",
        "Members": "members",
        "Shopify permissions": "permissions",
        "Privacy": "privacy",
        "Data": "data",
        "Audit log": "audit",
    }
    return (
        ("Workspace", tuple(NavLink(word, f"/_gallery/{name}/", word == selected) for word, name in names.items())),
    )


def general(*, may_edit: bool, panel_url: str, data: dict[str, str] | None = None) -> GeneralPage:
    values = {"name": "Harbor & Pine", "time_zone": "America/New_York", "support_addresses": "help@harborpine.example"}
    return GeneralPage(
        form=GeneralForm(data, initial=values),
        may_edit=may_edit,
        saved=data is None,
        address="support.example.com/harbor-pine",
        panel_url=panel_url,
        changed_by="Henrik Dahl",
        changed_at=ago(days=10),
        settings_nav=nav("General"),
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
    return PermissionsPage(table, NEVER, revoke, "/_gallery/general/", nav("Shopify permissions"))


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
