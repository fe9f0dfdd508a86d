"""Pages of Settings -> General -> Shopify Integration, built for the person who looks: page objects of `pages/cards.py`."""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from integrations.shopify import answers
from integrations.shopify.failures import ADVICE, explain
from integrations.shopify.models import ConnectionAttempt, Store
from integrations.shopify.pages.cards import (
    DisconnectPage,
    FailurePage,
    HealthLine,
    Panel,
    PermissionRow,
    PermissionsPage,
    StoreCard,
)
from integrations.shopify.scopes import NEVER, READ_ALL_ORDERS, TABLE, covers, missing
from integrations.shopify.vocabulary import Badge
from tenants.access import Visit
from tenants.pages.nav import settings_nav
from tenants.roles import Permission

BADGES = {
    Store.State.CONNECTED: Badge("Connected", "done", "check"),
    Store.State.NEEDS_ATTENTION: Badge("Needs attention", "stop", "triangle"),
    Store.State.UNINSTALLED: Badge("Uninstalled in Shopify", "idle", "slashed"),
    Store.State.DISCONNECTED: Badge("Disconnected", "idle", "slashed"),
}
REVOKE = (
    "Press Disconnect store here: reading stops at once, stored orders and access are deleted.",
    "Or uninstall the app in Shopify: Settings, then Apps and sales channels.",
)


def panel(visit: Visit, *, error: str = "", entered: str = "", just_connected: str = "") -> Panel:
    """The Shopify section, without buttons for those who may not press them."""
    may = visit.may(Permission.CONNECT_STORES)
    slug = visit.workspace.slug
    stores = Store.objects.select_related("connected_by__user").exclude(state=Store.State.DISCONNECTED)
    order = sorted(stores, key=lambda store: (store.state != Store.State.NEEDS_ATTENTION, store.shop_domain))
    here = {store.shop_domain for store in stores}
    return Panel(
        stores=tuple(_card(store, slug, may=may) for store in order),
        may_connect=may,
        connect_url=reverse("shopify:connect", kwargs={"workspace": slug}) if may else "",
        permissions_url=reverse("shopify:permissions", kwargs={"workspace": slug}),
        domain_entry=settings.SHOPIFY_DOMAIN_ENTRY,
        suggestions=tuple(domain for domain in settings.SHOPIFY_STORE_SUGGESTIONS if may and domain not in here),
        error=error,
        entered=entered,
        sentence_for_others="" if may else _("Only an owner of this workspace can connect or disconnect a store."),
        just_connected=just_connected,
    )


def disconnect_page(visit: Visit, store: Store, *, error: str = "") -> DisconnectPage:
    slug = visit.workspace.slug
    return DisconnectPage(
        domain=store.shop_domain,
        name=store.shop_name,
        disconnect_url=reverse("shopify:disconnect", kwargs={"workspace": slug, "number": store.number}),
        back_url=reverse("tenants:general", kwargs={"workspace": slug}),
        error=error,
    )


def permissions_page(visit: Visit) -> PermissionsPage:
    """Made from the code's own table of scopes, so that it cannot say less than we ask for."""
    rows = tuple(PermissionRow(scope.handle, scope.name, scope.reads, scope.why, scope.required) for scope in TABLE)
    general = reverse("tenants:general", kwargs={"workspace": visit.workspace.slug})
    return PermissionsPage(rows, NEVER, REVOKE, general, settings_nav(visit, selected="shopify:permissions"))


def failure_page(attempt: ConnectionAttempt, *, retry_url: str) -> FailurePage:
    explanation = explain(attempt.outcome)
    return FailurePage(
        title=explanation.title,
        explanation=explanation.text,
        advice=ADVICE,
        reference=attempt.reference,
        at=attempt.finished_at or attempt.started_at,
        shop_domain=attempt.shop_domain,
        retry_url=retry_url,
    )


def _card(store: Store, slug: str, *, may: bool) -> StoreCard:
    broken = store.state == Store.State.NEEDS_ATTENTION
    kwargs = {"workspace": slug}
    return StoreCard(
        number=store.number,
        domain=store.shop_domain,
        name=store.shop_name,
        state=store.state,
        badge=BADGES[Store.State(store.state)],
        connected_by=store.connected_by.user.display_name,
        connected_at=store.connected_at,
        problem_title=_problem(store) if broken else "",
        problem_text=str(answers.of_problem(store.problem).fix) if broken and store.problem else "",
        lines=_lines(store),
        disconnect_url=reverse("shopify:disconnect", kwargs={**kwargs, "number": store.number}) if may else "",
        reconnect_url=reverse("shopify:connect", kwargs=kwargs) if may and broken else "",
    )


def _problem(store: Store) -> str:
    """What is wrong and since when: "Permissions are missing (since Nov 20, 08:34)."."""
    if store.problem_since is None:
        return f"{store.get_problem_display()}."
    since = formats.date_format(timezone.localtime(store.problem_since), "M j, H:i")
    return _("%(problem)s (since %(since)s).") % {"problem": store.get_problem_display(), "since": since}


def _lines(store: Store) -> tuple[HealthLine, ...]:
    return (_permissions(store), _last_read(store), _window(store), _next_refresh(store))


def _permissions(store: Store) -> HealthLine:
    label = _("Permissions")
    if store.state == Store.State.NEEDS_ATTENTION:
        lacking = missing(store.scopes)
        if lacking:
            return HealthLine(
                label,
                "stop",
                "triangle",
                _("Missing: %(what)s") % {"what": ", ".join(scope.handle for scope in lacking)},
            )
        return HealthLine(label, "wait", "clock", _("Unknown until reconnected"))
    return HealthLine(label, "done", "check", _("Customers and orders, read only"))


def _last_read(store: Store) -> HealthLine:
    label = _("Last successful read")
    if store.last_read_at is None:
        return HealthLine(label, "wait", "clock", _("None yet"))
    broken = store.state == Store.State.NEEDS_ATTENTION
    return HealthLine(label, "stop" if broken else "done", "triangle" if broken else "check", "", at=store.last_read_at)


def _window(store: Store) -> HealthLine:
    """A broken store shares nothing at the moment: what it shared is said without a check."""
    value = _("All orders") if covers(store.scopes, READ_ALL_ORDERS) else _("The last 60 days")
    broken = store.state == Store.State.NEEDS_ATTENTION
    return HealthLine(_("Orders shared"), "idle" if broken else "done", "clock" if broken else "check", value)


def _next_refresh(store: Store) -> HealthLine:
    label = _("Access renewed")
    if store.state == Store.State.NEEDS_ATTENTION:
        return HealthLine(label, "stop", "triangle", _("Not until reconnected"))
    if store.access_expires_at is None:
        return HealthLine(label, "done", "check", _("Does not expire"))
    left = store.access_expires_at - timezone.now()
    if left < timedelta(0):
        return HealthLine(label, "done", "check", _("At the next read"))
    return HealthLine(
        label, "done", "check", _("Within %(n)d min, when needed") % {"n": max(1, round(left.total_seconds() / 60))}
    )
