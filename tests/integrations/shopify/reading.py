"""Steps of the tests about a store that is read, or cannot be: with the cast and the sandbox of `tests.walking`."""

from datetime import timedelta
from typing import Any

from django.db.models import F

from integrations.shopify.models import OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA, SHOP
from tests.integrations.shopify import looking
from tests.walking import work


def connected(cast: Cast, shopify: RunningSandbox, shop: str = SHOP, **asked: Any) -> Store:
    """A connected store, its events delivered; the sandbox's log is empty."""
    with tenant_context(cast.acme.pk):
        store = factories.connected_store(shopify, shop, by=cast.olivia, **asked)
    work()
    shopify.clear_calls()
    return store


def known(cast: Cast, shopify: RunningSandbox) -> Store:
    """A connected store, described, with Maya's orders read; the sandbox's log is empty."""
    with tenant_context(cast.acme.pk):
        store = factories.connected_store(shopify, by=cast.olivia)
        looking.look(stores=[store], email_norm=MAYA)
    work()
    shopify.clear_calls()
    return current(cast)


def current(cast: Cast) -> Store:
    with tenant_context(cast.acme.pk):
        return Store.objects.get()


def change(cast: Cast, **fields: Any) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.update(**fields)


def back(cast: Cast, *columns: str, **length: float) -> None:
    """Let these moments of the store lie so much further back."""
    with tenant_context(cast.acme.pk):
        Store.objects.update(**{column: F(column) - timedelta(**length) for column in columns})


def read(cast: Cast, email: str = MAYA) -> None:
    """Somebody looks, and presses refresh; a worker does what that asks for."""
    with tenant_context(cast.acme.pk):
        for column in ("fetched_at", "failed_at"):
            OrderContext.objects.update(**{column: F(column) - timedelta(seconds=10)})
        looking.look(stores=list(Store.objects.all()), email_norm=email, force=True)
    work()


def kinds(shopify: RunningSandbox) -> list[str]:
    return [call["kind"] if call["kind"] != "graphql" else call["operation"] for call in shopify.calls]
