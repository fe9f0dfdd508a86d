"""Deliveries that never came: found by asking what changed, page by page, and never skipped."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.shopify import reconciliation, tasks
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import GUEST, MAYA, MAYA_ID, SHOP
from tests.integrations.shopify import looking
from tests.integrations.shopify.posting import post
from tests.walking import pending, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox) -> Store:
    """Connected an hour ago, with Maya's and the guest's orders read half an hour ago."""
    with tenant_context(cast.acme.pk):
        store = factories.connected_store(shopify, by=cast.olivia)
        for email in (MAYA, GUEST):
            looking.look(stores=[store], email_norm=email)
    work()
    with tenant_context(cast.acme.pk):
        Store.objects.update(connected_at=timezone.now() - timedelta(hours=1))
        OrderContext.objects.update(fetched_at=timezone.now() - timedelta(minutes=30))
    shopify.clear_calls()
    return current(cast)


def current(cast: Cast) -> Store:
    with tenant_context(cast.acme.pk):
        return Store.objects.get()


def reconcile(cast: Cast) -> set[str]:
    with expected_tenant(cast.acme.pk):
        reconciliation.reconcile(store_id=current(cast).pk)
    with tenant_context(cast.acme.pk):
        return set(OrderContext.objects.exclude(dropped_at=None).values_list("key", flat=True))


def test_where_nothing_changed_nothing_is_marked(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    assert reconcile(cast) == set()
    assert current(cast).reconciled_at is not None
    assert [call["operation"] for call in shopify.calls] == ["OrdersUpdated", "CustomersUpdated", "ConnectProbe"]


@pytest.mark.parametrize(("order", "concerned"), [("#1042", MAYA), ("#2001", GUEST)])
def test_an_order_that_no_webhook_told_of_is_found(
    cast: Cast, store: Store, shopify: RunningSandbox, order: str, concerned: str
) -> None:
    shopify.merchant.edit_order(SHOP, order, note="changed")
    assert reconcile(cast) == {concerned}


def test_a_customer_that_no_webhook_told_of_is_found(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    shopify.merchant.edit_customer(SHOP, MAYA_ID, note="changed")
    assert reconcile(cast) == {MAYA}


def test_what_a_webhook_told_of_is_not_marked_again(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    changed = shopify.merchant.edit_order(SHOP, "#1042", note="changed")
    told = (timezone.now() + timedelta(seconds=2)).isoformat()
    post("orders/updated", {"id": int(changed["legacyResourceId"])}, Triggered_At=told)
    assert reconcile(cast) == set(), "that delivery named nobody, and yet it counts as told"


def test_an_earlier_delivery_does_not_count(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    told = (timezone.now() - timedelta(minutes=1)).isoformat()
    changed = shopify.merchant.edit_order(SHOP, "#1042", note="changed")
    post("orders/updated", {"id": int(changed["legacyResourceId"])}, Triggered_At=told)
    assert reconcile(cast) == {MAYA}


def test_what_was_read_since_is_not_marked(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    shopify.merchant.edit_order(SHOP, "#1042", note="changed")
    with tenant_context(cast.acme.pk):
        OrderContext.objects.update(fetched_at=timezone.now() + reconciliation.OVERLAP * 2)
    assert reconcile(cast) == set()


def test_a_store_without_stored_rows_is_not_asked(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        OrderContext.objects.all().delete()
    reconcile(cast)
    assert shopify.calls == []
    assert current(cast).reconciled_at is not None


def test_rounds_that_come_too_soon_do_nothing(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    reconcile(cast)
    shopify.clear_calls()
    reconcile(cast)
    assert shopify.calls == []


def test_a_round_that_failed_begins_again_where_it_did(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    shopify.merchant.edit_order(SHOP, "#1042", note="changed")
    shopify.fault("503", kind="graphql", operation="CustomersUpdated")
    reconcile(cast)
    assert current(cast).reconciled_at is None
    shopify.clear_faults()
    assert reconcile(cast) == {MAYA}
    assert current(cast).reconciled_at is not None


def test_every_page_is_seen(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    orders = [factories.order(f"#N{number}", days=0, customer=None, email="n@example.com") for number in range(260)]
    factories.put_orders(shopify, *orders, *factories.usual_orders())
    shopify.merchant.edit_order(SHOP, "#1042", note="changed")
    assert reconcile(cast) == {MAYA}
    assert [call["operation"] for call in shopify.calls].count("OrdersUpdated") == 2


def test_a_round_that_was_cut_short_goes_on_where_it_stopped(
    cast: Cast, store: Store, shopify: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliation, "MOST_PAGES", 1)
    orders = [
        factories.order(f"#N{number}", days=0.011 - number / 100_000, customer=None, email="n@example.com")
        for number in range(260)
    ]
    factories.put_orders(shopify, *orders, *factories.usual_orders())
    shopify.merchant.edit_order(SHOP, "#1042", note="changed")
    assert reconcile(cast) == set(), "Maya's is the newest, and on the second page"
    assert current(cast).reconciled_at < timezone.now() - timedelta(minutes=5)
    assert reconcile(cast) == {MAYA}
    assert current(cast).reconciled_at > timezone.now() - timedelta(minutes=1)


def test_a_search_that_shopify_ignored_is_no_answer(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    shopify.fault("search_warning", kind="graphql")
    assert reconcile(cast) == set()
    assert current(cast).reconciled_at is None


def test_every_connected_store_has_its_round(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    shopify.merchant.edit_order(SHOP, "#1042", note="changed")
    tasks.reconcile_everywhere()
    assert pending("ReconciliationDue") == 1
    work()
    with tenant_context(cast.acme.pk):
        assert OrderContext.objects.get(key=MAYA).dropped_at is not None


def test_permissions_are_looked_at_on_the_way(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    shopify.webhooks.hold()
    shopify.merchant.set_scopes(SHOP, ["read_customers", "read_orders", "read_all_orders"])
    reconcile(cast)
    assert current(cast).scopes == ["read_all_orders", "read_customers", "read_orders"]
