"""Pages of a workspace's own Shopify apps, and what has to be entered at Shopify for each."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.shopify.app_entry import WITH_STORES
from integrations.shopify.credentials import AppUnreadable, opened
from integrations.shopify.forms import AppForm, SecretForm
from integrations.shopify.models import ShopifyApp
from integrations.shopify.scopes import requested
from tenants.access import Visit
from tenants.pages.nav import SettingsNav, settings_nav


@dataclass(frozen=True, slots=True)
class AppLine:
    name: str
    client_id: str
    url: str
    stores: int  # connected with it now
    rotating: bool


@dataclass(frozen=True, slots=True)
class AppsPage:
    apps: tuple[AppLine, ...]
    form: AppForm
    back_url: str
    settings_nav: SettingsNav


@dataclass(frozen=True, slots=True)
class AppPage:
    name: str
    client_id: str
    entered_by: str
    entered_at: datetime
    secret_changed_at: datetime
    rotating: bool
    readable: bool  # False: the sealing key of its secret is missing
    stores: tuple[str, ...]
    addresses: tuple[tuple[str, str, str], ...]  # id, label, value to copy
    steps: tuple[str, ...]
    form: SecretForm
    error: str
    end_rotation_url: str
    remove_url: str  # empty while stores are connected with it
    back_url: str
    settings_nav: SettingsNav


def why(code: str) -> str:
    """Why an app was refused, in words."""
    reasons = {
        "installations_own": _(
            "This is this installation’s own app. It needs no entering: choose it when you connect."
        ),
        "known": _("An app with this client ID is here already."),
        "too_many": _("This workspace has as many apps as it can have. Remove one that is not used."),
        "same_secret": _("This is the secret that the app has already."),
        "in_use": _("Stores are connected with this app. Disconnect them first."),
        "gone": _("The app was removed meanwhile."),
    }
    return reasons[code]


def apps_page(visit: Visit, form: AppForm) -> AppsPage:
    slug = visit.workspace.slug
    rows = ShopifyApp.objects.annotate(connected=Count("stores", filter=WITH_STORES)).order_by("number")
    lines = (AppLine(row.name, row.client_id, _url("app", slug, row), row.connected, _rotating(row)) for row in rows)
    return AppsPage(tuple(lines), form, _general(slug), settings_nav(visit, selected="tenants:general"))


def app_page(visit: Visit, row: ShopifyApp, form: SecretForm, *, error: str = "") -> AppPage:
    slug = visit.workspace.slug
    live = tuple(
        row.stores.filter(state__in=["connected", "needs_attention"])
        .order_by("shop_domain")
        .values_list("shop_domain", flat=True)
    )
    return AppPage(
        name=row.name,
        client_id=row.client_id,
        entered_by=row.entered_by.user.display_name,
        entered_at=row.created_at,
        secret_changed_at=row.secret_changed_at,
        rotating=_rotating(row),
        readable=_readable(row),
        stores=live,
        addresses=addresses(slug, row.number),
        steps=steps(),
        form=form,
        error=error,
        end_rotation_url=_url("app_end_rotation", slug, row) if _rotating(row) else "",
        remove_url="" if live else _url("app_remove", slug, row),
        back_url=reverse("shopify:apps", kwargs={"workspace": slug}),
        settings_nav=settings_nav(visit, selected="tenants:general"),
    )


def addresses(slug: str, number: int) -> tuple[tuple[str, str, str], ...]:
    """What Shopify must know of us, letter for letter."""
    base = settings.PUBLIC_URL
    return (
        ("app-url", _("App URL"), base + reverse("shopify:install_own", kwargs={"slug": slug, "number": number})),
        ("redirect-url", _("Allowed redirection URL"), base + reverse("shopify:callback")),
        ("webhook-url", _("Webhook URL"), base + "/shopify/webhooks/"),
        ("scopes", _("Scopes"), ",".join(requested(all_orders=settings.SHOPIFY_REQUEST_ALL_ORDERS))),
    )


def steps() -> tuple[str, ...]:
    """At Shopify (Dev Dashboard, custom distribution, read 2026-11-22)."""
    return (
        _("In Shopify’s Dev Dashboard open the app, or create one, and make a new version of it."),
        _("Enter the App URL, the redirection URL and the scopes from above. Turn “Embed app in Shopify admin” off."),
        _("Enter the webhook URL for the compliance webhooks: customer data request, customer and shop redaction."),
        _("Release the version. Under Distribution choose custom distribution, and name the merchant’s store."),
        _(
            "Come back to Settings, General, and connect the store with this app. Or open the install link that Shopify made."
        ),
    )


def _rotating(row: ShopifyApp) -> bool:
    return row.__dict__.get("previous_secret") is not None


def _readable(row: ShopifyApp) -> bool:
    try:
        opened(row)
    except AppUnreadable:
        return False
    return True


def _url(name: str, slug: str, row: ShopifyApp) -> str:
    return reverse(f"shopify:{name}", kwargs={"workspace": slug, "number": row.number})


def _general(slug: str) -> str:
    return reverse("tenants:general", kwargs={"workspace": slug})
