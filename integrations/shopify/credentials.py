"""Whose app it is: the installation's own, from the environment, or one that an owner entered for their stores.

One custom app serves one merchant (docs/decisions.md), so stores of different merchants need an app each.
"""

from dataclasses import dataclass
from typing import Protocol, cast

from django.conf import settings

from integrations.errors import IntegrationError
from integrations.shopify.models import ShopifyApp
from tenants.crypto.sealing import SealError
from tenants.crypto.secret import Secret


@dataclass(frozen=True, slots=True)
class App:
    """`secrets` are those that signatures are checked with: the current one and, while it is being rotated, the previous."""

    client_id: str
    client_secret: Secret
    secrets: tuple[Secret, ...]


class Owned(Protocol):
    """A store or an attempt: what belongs to an app. None: to the installation's."""

    @property
    def app_id(self) -> int | None: ...


class NoApp(IntegrationError):
    """SHOPIFY_CLIENT_ID or SHOPIFY_CLIENT_SECRET is not set, or the workspace's own app was removed."""

    code = "no_app"
    text = "This installation has no Shopify app."
    permanent = True


class AppUnreadable(IntegrationError):
    """The secret of a workspace's own app does not open: its sealing key is missing or wrong."""

    code = "app_unreadable"
    text = "The sealed secret of the Shopify app does not open."
    permanent = True


def app_of(owned: Owned) -> App:
    """The app that a store or an attempt belongs to. In the context of its workspace, when it is one of its own.

    Raises NoApp when there is none (any more), AppUnreadable when its secret does not open.
    """
    return installation_app() if owned.app_id is None else own_app(owned.app_id)


def installation_app() -> App:
    """Raises NoApp when the installation has none yet."""
    if not (settings.SHOPIFY_CLIENT_ID and settings.SHOPIFY_CLIENT_SECRET):
        raise NoApp
    current = Secret(settings.SHOPIFY_CLIENT_SECRET)
    previous = settings.SHOPIFY_PREVIOUS_CLIENT_SECRET
    return App(settings.SHOPIFY_CLIENT_ID, current, (current, Secret(previous)) if previous else (current,))


def has_installation_app() -> bool:
    return bool(settings.SHOPIFY_CLIENT_ID and settings.SHOPIFY_CLIENT_SECRET)


def own_app(app_id: int) -> App:
    """An app of the current workspace, opened."""
    row = ShopifyApp.objects.filter(pk=app_id).first()
    if row is None:
        raise NoApp
    return opened(row)


def opened(row: ShopifyApp) -> App:
    """Raises outside of the except block: a frame of the unsealing holds what it tried to open."""
    try:
        current = cast("Secret", row.client_secret)
        previous = cast("Secret | None", row.previous_secret)
        return App(row.client_id, current, (current, previous) if previous is not None else (current,))
    except SealError:
        pass
    raise AppUnreadable
