"""Deliveries that another app signed, or that share what tells deliveries apart: nobody's request is lost by them."""

import psycopg
import pytest
from django.db import connection

from integrations.shopify import stores
from integrations.shopify.models import ComplianceRequest, OrderContext, PendingInstallation, ShopifyApp, Store
from integrations.shopify.types import TokenGrant
from tenants.crypto.secret import Secret
from tenants.models import Tenant
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.factories import MAYA, SHOP
from tests.integrations.shopify.posting import order, post
from tests.walking import CLIENT_ID, CLIENT_SECRET, work

pytestmark = pytest.mark.django_db
MALLORYS = "mallorys-secret"


@pytest.fixture
def store(cast: Cast, settings: object) -> Store:
    """Connected by Acme; Mallory next door had the same shop once, and her own app still signs for her place of it."""
    settings.SHOPIFY_CLIENT_ID, settings.SHOPIFY_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET  # type: ignore[attr-defined]
    grant = TokenGrant(access_token=Secret("shpat_x"), scopes=frozenset({"read_orders", "read_customers"}))
    with tenant_context(cast.next_door.pk):
        hers = ShopifyApp.objects.create(
            number=1, name="Hers", client_id="hers", client_secret=Secret(MALLORYS), entered_by=cast.mallory
        )
        once = stores.connect(shop_domain=SHOP, grant=grant, by=cast.mallory, app_id=hers.pk)
        stores.disconnect(store=once, by=cast.mallory)
    with tenant_context(cast.acme.pk):
        return stores.connect(shop_domain=SHOP, grant=grant, by=cast.olivia)


def redact(customer: int = 7) -> dict[str, object]:
    return {"shop_id": 1, "shop_domain": SHOP, "customer": {"id": customer}, "orders_to_redact": []}


def requests_of(tenant: Tenant) -> list[str]:
    with tenant_context(tenant.pk):
        return list(ComplianceRequest.objects.order_by("number").values_list("customer_id", flat=True))


def test_a_former_holders_app_cannot_use_up_a_request_about_data(cast: Cast, store: Store) -> None:
    """The merchant's one action is told to both apps; who hears of it first must not silence it for the other."""
    post("customers/redact", redact(), secret=MALLORYS, Event_Id="one-action")
    assert post("customers/redact", redact(), Event_Id="one-action").content == b"complying\n"
    assert requests_of(cast.acme) == ["7"]


def test_one_action_about_several_customers_is_several_requests(cast: Cast, store: Store) -> None:
    for customer in (7, 8, 9):
        post("customers/redact", redact(customer), Event_Id="one-action")
    assert requests_of(cast.acme) == ["7", "8", "9"]


def test_a_former_holders_request_ends_nobodys_installation(cast: Cast, store: Store) -> None:
    PendingInstallation.objects.create(
        token_hash="0" * 64, reference="VX-2222-2222", shop_domain=SHOP, access=Secret("{}")
    )
    post("shop/redact", {"shop_id": 1, "shop_domain": SHOP}, secret=MALLORYS)
    work()
    assert PendingInstallation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_for_too_long_is_no_fault_of_the_door(
    transactional_db: None, cast: Cast, store: Store, superuser_url: str
) -> None:
    with tenant_context(cast.acme.pk):
        row = OrderContext.objects.create(store=store, key=MAYA, found=True)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    try:
        with psycopg.connect(superuser_url) as holder:
            holder.execute("SELECT 1 FROM shopify_ordercontext WHERE id = %s FOR UPDATE", [row.pk])
            answer = post("orders/updated", order(email=MAYA), Webhook_Id="again")
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
        assert post("orders/updated", order(email=MAYA), Webhook_Id="again").content == b"dropped\n"
    finally:
        connection.close()
