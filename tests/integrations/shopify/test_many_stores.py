"""Three hundred connected stores: a page asks a few of them at a time, and costs no more statements than with one."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.shopify import order_context
from integrations.shopify.models import OrderContext, Store
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.integrations.shopify.test_sections import HTMX
from tests.telling import Tell
from tests.walking import pending, signed_in, soup_of

pytestmark = pytest.mark.django_db
STORES = 300
PAGE = "/acme/inbox/1/"


@pytest.fixture
def ava(cast: Cast) -> Client:
    with tenant_context(cast.acme.pk):
        factories.many_stores(STORES, by=cast.olivia)
        factories.conversation()
    return signed_in(cast.ava)


def statements(client: Client, path: str = PAGE, **headers: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path, headers=headers).status_code in (200, 204)
    return len(queries)


def test_a_page_claims_a_few_stores_at_a_time(cast: Cast, ava: Client, tell: Tell) -> None:
    first = statements(ava)
    claimed = pending("OrderContextWanted")
    again = statements(ava)
    sections = soup_of(ava.get(PAGE)).select("#side section")
    tell(
        f"{STORES} stores: {claimed} claims and {first} SQL statements at the first look, {again} at the second; "
        f"news {statements(ava, f'{PAGE}news/')}, a polled section {statements(ava, f'{PAGE}stores/300/', **HTMX)}"
    )
    assert len(sections) == STORES
    assert claimed == order_context.AT_ONCE
    assert again <= first
    assert pending("OrderContextWanted") <= order_context.AT_ONCE + 1, "one more for the section that was polled"


def test_an_open_page_does_not_ask_hundreds_of_stores_every_minute(cast: Cast, ava: Client) -> None:
    """Nearly all of them say "nobody", and are believed for longer than one of a few is."""
    ava.get(PAGE)
    with tenant_context(cast.acme.pk):
        rows = [OrderContext(store=store, key=factories.MAYA) for store in Store.objects.all()]
        OrderContext.objects.bulk_create(rows, ignore_conflicts=True)
        answered = {"found": False, "head": {"customer": None, "orders": [], "more_orders": False, "denied": []}}
        stale = order_context.Now() - 2 * order_context.FRESH
        OrderContext.objects.update(fetched_at=stale, leased_until=None, **answered)
    assert ava.get(f"{PAGE}news/").json()["due"] == []
    with tenant_context(cast.acme.pk):
        OrderContext.objects.filter(store__number=7).update(found=True)
    assert ava.get(f"{PAGE}news/").json()["due"] == [7]
