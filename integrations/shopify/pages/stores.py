"""Pages of Settings -> General -> Shopify Integration, built for the person who looks: page objects of `pages/cards.py`."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.shopify.connecting import INSTALLATION
from integrations.shopify.credentials import has_installation_app
from integrations.shopify.models import ShopifyApp, Store
from integrations.shopify.pages import health
from integrations.shopify.pages.cards import AppChoice, DisconnectPage, Panel, PermissionRow, PermissionsPage
from integrations.shopify.scopes import NEVER, TABLE
from tenants.access import Visit
from tenants.pages.nav import settings_nav
from tenants.roles import Permission

REVOKE = (
    "Press Disconnect store here: reading stops at once, stored orders and access are deleted.",
    "Or uninstall the app in Shopify: Settings, then Apps and sales channels.",
)


def panel(
    visit: Visit, *, error: str = "", entered: str = "", entered_app: str = "", just_connected: str = ""
) -> Panel:
    """The Shopify section, without buttons for those who may not press them."""
    may = visit.may(Permission.CONNECT_STORES)
    kwargs = {"workspace": visit.workspace.slug}
    stores = list(health.listed())
    order = sorted(stores, key=lambda store: (store.state != Store.State.NEEDS_ATTENTION, store.shop_domain))
    here = {store.shop_domain for store in stores}
    apps = _choices() if may else ()
    return Panel(
        stores=tuple(health.card(store, visit) for store in order),
        may_connect=may,
        connect_url=reverse("shopify:connect", kwargs=kwargs) if may else "",
        permissions_url=reverse("shopify:permissions", kwargs=kwargs),
        domain_entry=bool(apps) or settings.SHOPIFY_DOMAIN_ENTRY,
        suggestions=tuple(domain for domain in settings.SHOPIFY_STORE_SUGGESTIONS if may and domain not in here),
        error=error,
        entered=entered,
        sentence_for_others="" if may else _("Only an owner of this workspace can connect or disconnect a store."),
        just_connected=just_connected,
        listing_url=settings.SHOPIFY_LISTING_URL if may else "",
        apps=apps,
        apps_url=reverse("shopify:apps", kwargs=kwargs) if may else "",
        entered_app=entered_app,
    )


def why_not_begun(code: str) -> str:
    """Why an owner was not sent to Shopify, in words."""
    reasons = {
        "no_domain_entry": _("Install the app from Shopify’s own pages to connect a store."),
        "paused": _("Connecting stores is paused in this installation. Try again later."),
        "store_taken": _("This store is already connected to another workspace."),
        "no_such_app": _("That app is not here any more. Choose another one."),
        "app_unreadable": _(
            "The app’s secret cannot be read, because its sealing key is missing. Enter the secret again, or choose another app."
        ),
        "no_app": _(
            "This installation has no Shopify app yet. Whoever runs it must set SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET."
        ),
    }
    return reasons[code]


def _choices() -> tuple[AppChoice, ...]:
    """The apps that a typed domain can be connected with. Nothing to choose between: the installation's alone."""
    own = tuple(AppChoice(str(app.number), app.name) for app in ShopifyApp.objects.order_by("number"))
    typed = own and settings.SHOPIFY_DOMAIN_ENTRY and has_installation_app()
    return ((AppChoice(INSTALLATION, _("This installation’s app")),) if typed else ()) + own


def disconnect_page(visit: Visit, store: Store, *, error: str = "") -> DisconnectPage:
    slug = visit.workspace.slug
    return DisconnectPage(
        domain=store.shop_domain,
        name=store.shop_name,
        disconnect_url=reverse("shopify:disconnect", kwargs={"workspace": slug, "number": store.number}),
        back_url=reverse("tenants:general", kwargs={"workspace": slug}),
        error=error,
        uninstalled=store.state == Store.State.UNINSTALLED,
    )


def permissions_page(visit: Visit) -> PermissionsPage:
    """Made from the code's own table of scopes, so that it cannot say less than we ask for."""
    rows = tuple(PermissionRow(scope.handle, scope.name, scope.reads, scope.why, scope.required) for scope in TABLE)
    general = reverse("tenants:general", kwargs={"workspace": visit.workspace.slug})
    return PermissionsPage(rows, NEVER, REVOKE, general, settings_nav(visit, selected="shopify:permissions"))
