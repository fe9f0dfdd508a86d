"""What a store is asked to tell us: registered, mended, tidied, refused; and then really told, over HTTP."""

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations.shopify import registrations, subscriptions, tasks, tokens, topics
from integrations.shopify.models import OrderContext, Store, WebhookReceipt
from integrations.shopify.registrations import Registration
from integrations.shopify.sandbox import RunningSandbox
from tenants.models import AuditEvent
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import GUEST, MAYA, SHOP
from tests.integrations.shopify import looking
from tests.walking import pending, work

HOME = "http://127.0.0.1:9"
DOOR = f"{HOME}/shopify/webhooks/"


@pytest.fixture
def by_store(shopify: RunningSandbox, settings: object) -> RunningSandbox:
    settings.SHOPIFY_WEBHOOKS, settings.PUBLIC_URL = "store", HOME  # type: ignore[attr-defined]
    shopify.webhooks.hold()
    return shopify


def connected(cast: Cast, shopify: RunningSandbox) -> Store:
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
    work()
    return current(cast)


def current(cast: Cast) -> Store:
    with tenant_context(cast.acme.pk):
        return Store.objects.get()


def registered(cast: Cast) -> dict[str, Registration]:
    with expected_tenant(cast.acme.pk):
        found = registrations.listed(tokens.connection(current(cast).pk))
    assert len({one.topic for one in found}) == len(found), "each topic once"
    return {one.topic: one for one in found}


def register(cast: Cast, topic: str, uri: str, *fields: str) -> None:
    with expected_tenant(cast.acme.pk):
        registrations.create(tokens.connection(current(cast).pk), topic=topic, uri=uri, fields=fields)


def checked(cast: Cast) -> Store:
    with expected_tenant(cast.acme.pk):
        subscriptions.check(store_id=current(cast).pk)
    return current(cast)


def wanted() -> dict[str, tuple[str, frozenset[str]]]:
    return {topic.constant: (DOOR, frozenset(topic.fields)) for topic in topics.SUBSCRIBED}


def as_wanted(cast: Cast) -> bool:
    return {topic: (one.uri, one.fields) for topic, one in registered(cast).items()} == wanted()


@pytest.mark.django_db
def test_every_topic_is_registered_when_a_store_is_connected(cast: Cast, by_store: RunningSandbox) -> None:
    store = connected(cast, by_store)
    assert as_wanted(cast)
    assert (store.webhooks_checked_at is not None, store.webhooks_problem) == (True, "")


@pytest.mark.django_db
def test_a_check_that_finds_everything_right_changes_nothing(cast: Cast, by_store: RunningSandbox) -> None:
    connected(cast, by_store)
    by_store.clear_calls()
    checked(cast)
    assert [call["operation"] for call in by_store.calls] == ["Webhooks"]


@pytest.mark.django_db
def test_what_is_missing_wrong_or_left_over_is_mended(cast: Cast, by_store: RunningSandbox, settings: object) -> None:
    connected(cast, by_store)
    with expected_tenant(cast.acme.pk):
        connection, known = tokens.connection(current(cast).pk), registered(cast)
        registrations.delete(connection, id=known["ORDERS_CREATE"].id)
        registrations.update(connection, id=known["ORDERS_UPDATED"].id, uri=DOOR, fields=["id"])
        registrations.update(
            connection, id=known["SHOP_UPDATE"].id, uri="http://127.0.0.1:8/shopify/webhooks/", fields=[]
        )
    register(cast, "PRODUCTS_UPDATE", DOOR)
    register(cast, "CUSTOMERS_UPDATE", "http://127.0.0.1:8/shopify/webhooks", "id")
    store = checked(cast)
    assert as_wanted(cast)
    assert store.webhooks_problem == ""


@pytest.mark.django_db
def test_an_installation_that_moved_takes_its_registrations_with_it(
    cast: Cast, by_store: RunningSandbox, settings: object
) -> None:
    connected(cast, by_store)
    settings.PUBLIC_URL = "http://127.0.0.1:7"  # type: ignore[attr-defined]
    by_store.clear_calls()
    checked(cast)
    assert {one.uri for one in registered(cast).values()} == {"http://127.0.0.1:7/shopify/webhooks/"}
    assert {call["operation"] for call in by_store.calls} == {"Webhooks", "WebhookUpdate"}


@pytest.mark.django_db
def test_what_leads_elsewhere_is_nobodys_business_of_ours(cast: Cast, by_store: RunningSandbox) -> None:
    connected(cast, by_store)
    register(cast, "PRODUCTS_UPDATE", "http://127.0.0.1:8/another/product", "id")
    checked(cast)
    assert registered(cast).pop("PRODUCTS_UPDATE").uri == "http://127.0.0.1:8/another/product"


@pytest.mark.django_db
def test_where_the_apps_configuration_tells_us_nothing_of_ours_is_left_in_the_store(
    cast: Cast, by_store: RunningSandbox, settings: object
) -> None:
    connected(cast, by_store)
    settings.SHOPIFY_WEBHOOKS = "app"  # type: ignore[attr-defined]
    store = checked(cast)
    assert registered(cast) == {}
    assert (store.webhooks_checked_at is not None, store.webhooks_problem) == (True, "")


@pytest.mark.django_db
def test_a_refusal_for_some_topics_does_not_keep_the_others_back(cast: Cast, by_store: RunningSandbox) -> None:
    by_store.merchant.approve(SHOP, "none")
    store = connected(cast, by_store)
    assert set(registered(cast)) == {"APP_UNINSTALLED", "APP_SCOPES_UPDATE", "SHOP_UPDATE"}
    assert store.webhooks_problem == "protected_data"


@pytest.mark.django_db
def test_an_address_that_shopify_does_not_take_is_said_on_the_card(
    cast: Cast, by_store: RunningSandbox, settings: object
) -> None:
    settings.PUBLIC_URL = "http://support.example.com"  # type: ignore[attr-defined]
    store = connected(cast, by_store)
    assert (store.state, store.webhooks_problem) == ("connected", "subscription_refused")


@pytest.mark.django_db
def test_a_topic_without_its_permission_is_not_asked_for(cast: Cast, by_store: RunningSandbox) -> None:
    connected(cast, by_store)
    with tenant_context(cast.acme.pk):
        Store.objects.update(scopes=["read_customers"])
    store = checked(cast)
    assert not [topic for topic in registered(cast) if topic.startswith("ORDERS_")]
    assert store.webhooks_problem == ""


@pytest.mark.django_db
def test_a_failure_that_passes_is_tried_again(cast: Cast, by_store: RunningSandbox) -> None:
    connected(cast, by_store)
    with tenant_context(cast.acme.pk):
        Store.objects.update(webhooks_checked_at=None)
    by_store.fault("503", kind="graphql")
    tasks.check_webhooks_everywhere()
    work()
    assert pending("WebhooksCheckDue") == 1
    store = current(cast)
    assert store.webhooks_problem


@pytest.mark.django_db
def test_a_disconnected_store_is_not_asked(cast: Cast, by_store: RunningSandbox) -> None:
    store = connected(cast, by_store)
    with tenant_context(cast.acme.pk):
        tasks.stores.disconnect(store=store, by=cast.olivia)
    work()
    by_store.clear_calls()
    checked(cast)
    tasks.check_webhooks_everywhere()
    work()
    assert by_store.calls == []


# --- Told over HTTP ---------------------------------------------------------------------------------------------------
@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_what_happens_in_a_store_arrives(
    transactional_db: None, cast: Cast, shopify: RunningSandbox, settings: object, live_server: LiveServer
) -> None:
    """From the registration to the row: orders, customers, permissions, the end. The sandbox signs and posts by itself."""
    settings.SHOPIFY_WEBHOOKS, settings.PUBLIC_URL = "store", live_server.url  # type: ignore[attr-defined]
    connected(cast, shopify)
    with tenant_context(cast.acme.pk):
        for email in (MAYA, GUEST):
            looking.look(stores=[Store.objects.get()], email_norm=email)
    work()
    shopify.webhooks.disorder(duplicate=0.5, shuffle=True)

    shopify.merchant.edit_order(SHOP, "#1042", note="Leave it at the door")
    shopify.merchant.delete_order(SHOP, "#2001")
    shopify.drain()
    work()
    with tenant_context(cast.acme.pk):
        assert all(row.dropped_at for row in OrderContext.objects.all())
        looking.look(stores=[Store.objects.get()], email_norm=GUEST)
    work()
    with tenant_context(cast.acme.pk):
        guest = OrderContext.objects.get(key=GUEST)
        assert (guest.dropped_at, guest.found) == (None, False), "the deleted order is gone"

    shopify.merchant.set_scopes(SHOP, ["read_orders"])
    shopify.drain()
    work()
    assert (current(cast).state, current(cast).problem) == ("needs_attention", "scopes_missing")
    shopify.merchant.set_scopes(SHOP, ["read_orders", "read_customers"])
    shopify.drain()
    work()
    assert (current(cast).state, current(cast).scopes) == ("connected", ["read_customers", "read_orders"])
    with tenant_context(cast.acme.pk):
        rows = AuditEvent.objects.filter(action="store.scopes_changed").order_by("pk").values_list("before", "after")
        assert [after["scopes"] for _, after in rows] == [["read_orders"], ["read_customers", "read_orders"]]

    shopify.merchant.uninstall(SHOP)
    shopify.drain()
    work()
    assert current(cast).state == "uninstalled"
    assert {row["outcome"] for row in shopify.deliveries if row["topic"] != "shop/redact"} == {"delivered"}
    assert not WebhookReceipt.objects.filter(effect="").exists()
