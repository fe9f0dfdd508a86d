"""Example settings: General, the Shopify panel for owner and agent, and the pages behind it."""

from dataclasses import replace

from django.utils import timezone

from integrations.shopify import answers
from integrations.shopify.checking import Probe
from integrations.shopify.forms import AppForm, SecretForm
from integrations.shopify.models import Store
from integrations.shopify.pages.cards import (
    AppChoice,
    CheckPart,
    DisconnectPage,
    FailurePage,
    HealthLine,
    Panel,
    PermissionRow,
    PermissionsPage,
    StoreCard,
)
from integrations.shopify.pages.installing import ClaimPage, WorkspaceChoice, explanation_page
from integrations.shopify.pages.own_apps import AppLine, AppPage, AppsPage, addresses, steps
from integrations.shopify.pages.probes import probe_lines, summary
from integrations.shopify.scopes import NEVER, TABLE
from integrations.shopify.vocabulary import Badge
from tenants.forms.general import GeneralForm
from tenants.pages.general import ChoosePage, GeneralPage
from tenants.pages.nav import NavLink, SettingsNav
from versana.gallery.stores import ATTENTION, CONNECTED, ago


def nav(selected: str) -> SettingsNav:
    """As an owner sees it."""
    names = {
        "General": "general",
        "Members": "members",
        "Mail": "mail-identity",
        "Mail in": "mail-in",
        "Saved replies": "saved-replies",
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


def lines(*, broken: bool = False, app: str = "This installation’s") -> tuple[HealthLine, ...]:
    if broken:
        return (
            HealthLine("Permissions", "wait", "clock", "Unknown until reconnected"),
            HealthLine("Last successful read", "stop", "triangle", "", ago(days=2)),
            HealthLine("Orders shared", "idle", "clock", "The last 60 days"),
            HealthLine("Access renewed", "stop", "triangle", "Not until reconnected"),
            HealthLine("Webhooks", "idle", "clock", "Not checked until reconnected"),
            HealthLine("App", "idle", "box", app),
        )
    return (
        HealthLine("Permissions", "done", "check", "Customers and orders, read only"),
        HealthLine("Last successful read", "done", "check", "", ago(seconds=12)),
        HealthLine("Orders shared", "done", "check", "The last 60 days"),
        HealthLine("Access renewed", "done", "check", "Within 41 min, when needed"),
        HealthLine("Webhooks", "done", "check", "Registered"),
        HealthLine("App", "idle", "box", app),
    )


def check(
    number: int, state: str = "none", rows: list[dict[str, str]] | None = None, *, owner: bool = True
) -> CheckPart:
    probes = probe_lines(rows or [])
    return CheckPart(
        number=number,
        domain="harbor-goods.myshopify.com",
        state=state,
        asked_at=ago(minutes=3),
        probes=probes,
        summary=summary(probes),
        start_url="/_gallery/panel/" if owner and state != "running" else "",
        poll_url="/_gallery/never/" if state == "running" else "",
        poll_delay_ms=60_000,
        again_url="/_gallery/general/",
        fresh=True,
    )


def found(**failed: str) -> list[dict[str, str]]:
    """Every probe in order, but for those named with a code."""
    return [
        {"probe": probe.value, "found": _found(failed.get(probe.value, "")), "code": failed.get(probe.value, "")}
        for probe in Probe
    ]


def _found(code: str) -> str:
    return "unknown" if code in ("not_tried", "not_checked") else "failed" if code else "ok"


def healthy(number: int, domain: str, name: str, *, owner: bool = True) -> StoreCard:
    return StoreCard(
        number=number,
        domain=domain,
        name=name,
        state="connected",
        badge=CONNECTED,
        connected_by="Henrik Dahl",
        connected_at=ago(days=263),
        problem_title="",
        problem_text="",
        lines=lines(),
        disconnect_url="/_gallery/disconnect/" if owner else "",
        reconnect_url="",
        check=check(number, owner=owner),
    )


def broken(*, owner: bool = True) -> StoreCard:
    card = healthy(1, "north-pier.myshopify.com", "North Pier", owner=owner)
    return replace(
        card,
        badge=ATTENTION,
        state="needs_attention",
        problem_title="Shopify no longer accepts our access (since Nov 20, 08:34).",
        problem_text=str(answers.of_problem(Store.Problem.ACCESS_REVOKED).fix),
        lines=lines(broken=True),
        reconnect_url="/_gallery/general/" if owner else "",
    )


def every_card() -> Panel:
    """A card for each state, and each end of a check."""
    checked = healthy(2, "harbor-goods.myshopify.com", "Harbor Goods")
    meaning = answers.of("unreachable")
    gone = replace(
        broken(),
        number=8,
        domain="quiet-bay.myshopify.com",
        name="Quiet Bay",
        state="uninstalled",
        badge=Badge("Uninstalled in Shopify", "idle", "slashed"),
        problem_title="The app was uninstalled in Shopify (since Nov 20, 08:34).",
        problem_text="Our access ended with it, and stored orders were deleted. Conversations are untouched. Connect the store again, or remove it from this page.",
        lines=(),
        disconnect_url="",
        remove_url="/_gallery/disconnect/",
        check=None,
    )
    hidden = str(answers.of("protected_data").fix)
    return panel(
        replace(broken(), check=check(1, "done", found(access="token_refused", store="not_tried", permissions="not_tried", customers="not_tried", orders="not_tried", webhooks="not_checked", clock="not_tried"))),
        *(
            replace(broken(), number=10 + n, problem_title=f"{problem.label} (since Nov 20, 08:34).", problem_text=str(answers.of_problem(problem).fix), check=None)
            for n, problem in enumerate(Store.Problem)
        ),
        replace(checked, check=check(2, "done", found())),
        replace(checked, number=3, domain="pine-outlet.myshopify.com", check=check(3, "running"), lines=lines(app="Pine’s own app")),
        replace(checked, number=4, domain="cove-wholesale.myshopify.com", check=check(4, "lost")),
        replace(checked, number=5, domain="slow-harbor.myshopify.com", notes=(f"{meaning.title} (since Nov 20, 08:34). {meaning.fix}",)),
        replace(checked, number=6, domain="new-quay.myshopify.com", notes=(f"Customer data is not approved. {hidden}",), check=check(6, "done", found(customers="protected_data", permissions="read_customers", clock="skewed"))),
        gone,
        apps=(AppChoice("installation", "This installation’s app"), AppChoice("1", "Pine’s own app")),
        apps_url="/_gallery/apps/",
    )  # fmt: skip


def agents_cards() -> Panel:
    """What an agent reads: sentences."""
    card = replace(healthy(2, "harbor-goods.myshopify.com", "Harbor Goods", owner=False), lines=(), check=None)
    down = replace(broken(owner=False), lines=(), check=None, problem_title="", problem_text="")
    word = "Its orders cannot be read at the moment; what was last known is shown. An owner of this workspace can reconnect it."
    return panel(
        replace(down, sentence=word),
        replace(card, sentence="Its orders appear beside conversations."),
        may_connect=False,
        sentence_for_others="Only an owner of this workspace can connect or disconnect a store.",
    )


def listing_panel() -> Panel:
    return panel(listing_url="https://apps.shopify.com/versanacx", domain_entry=False, suggestions=())


def apps(data: dict[str, str] | None = None) -> AppsPage:
    listed = (
        AppLine("North Pier", "0123456789abcdef0123456789abcdef", "/_gallery/app/", 2, rotating=False),
        AppLine("Pine’s own app", "fedcba9876543210fedcba9876543210", "/_gallery/app/", 1, rotating=True),
    )
    return AppsPage(listed, AppForm(data), "/_gallery/general/", nav("General"))


def app(*, stores: tuple[str, ...] = ("north-pier.myshopify.com",), readable: bool = True) -> AppPage:
    return AppPage(
        name="North Pier",
        client_id="0123456789abcdef0123456789abcdef",
        entered_by="Henrik Dahl",
        entered_at=ago(days=90),
        secret_changed_at=ago(hours=2),
        rotating=bool(stores),
        readable=readable,
        stores=stores,
        addresses=addresses("harbor-pine", 1),
        steps=steps(),
        form=SecretForm(None if readable else {"client_secret": "short"}),
        error="",
        end_rotation_url="/_gallery/app/" if stores else "",
        remove_url="" if stores else "/_gallery/apps/",
        back_url="/_gallery/apps/",
        settings_nav=nav("General"),
    )


def claim(*choices: WorkspaceChoice) -> ClaimPage:
    return ClaimPage("harbor-goods.myshopify.com", choices, "/_gallery/claim/")


def claim_choices() -> ClaimPage:
    return claim(
        WorkspaceChoice("Harbor & Pine", "harbor-pine", ""),
        WorkspaceChoice("Cove Wholesale", "cove", "/_gallery/second-factor/"),
    )


def not_signed() -> FailurePage:
    return explanation_page("bad_hmac", "/_gallery/choose/")


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
