"""An uninstallation that a webhook tells of: believed when Shopify no longer lets us in, and what it leaves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.models import Conversation, Message
from integrations.shopify import client, order_context, tokens
from integrations.shopify.models import Farewell, OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.types import CustomerOrders
from tenants.crypto.secret import Secret
from tenants.models import AuditEvent
from tenants.outbox.models import Event
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import SHOP
from tests.integrations.hostile_server import answer, hostile_server
from tests.integrations.shopify import looking
from tests.integrations.shopify.posting import post
from tests.integrations.shopify.reading import current, known
from tests.walking import assert_unseen, connect, everything_stored, pending, secrets_of, signed_in, work

pytestmark = pytest.mark.django_db
REPORT = {"id": 1, "myshopify_domain": SHOP}


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox) -> Store:
    return known(cast, shopify)


def uninstall(cast: Cast, store: Store) -> None:
    """As the merchant does in Shopify: our access ends."""
    with expected_tenant(cast.acme.pk):
        client.uninstall(tokens.connection(store.pk))


def reported() -> None:
    assert post("app/uninstalled", REPORT).content == b"confirming\n"
    work()


def test_a_true_report_ends_the_store(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        factories.conversation(texts=["one", "two"])
        before = list(Conversation.objects.values()), list(Message.objects.values())
    uninstall(cast, store)
    reported()
    after = current(cast)
    assert (after.state, after.problem) == ("uninstalled", "")
    assert (after.access_token, after.refresh_token, after.access_expires_at) == (None, None, None)
    assert after.generation == store.generation + 1
    assert after.disconnected_at is not None
    kept = everything_stored(cast.acme)
    assert "Lindqvist" not in kept
    assert_unseen(secrets_of(shopify), kept)
    with tenant_context(cast.acme.pk):
        assert not OrderContext.objects.exists()
        assert not Farewell.objects.exists()
        assert (list(Conversation.objects.values()), list(Message.objects.values())) == before
        row = AuditEvent.objects.get(action="store.uninstalled")
    assert (row.actor_name, row.actor_role, row.target) == ("VersanaCX", "system", SHOP)
    page = signed_in(cast.ava).get("/acme/inbox/1/")
    assert page.status_code == 200


def test_a_report_that_shopify_does_not_bear_out_changes_nothing(cast: Cast, store: Store) -> None:
    before = everything_stored(cast.acme).count("shopify_ordercontext")
    reported()
    after = current(cast)
    assert (after.state, after.generation, after.access_token) == ("connected", store.generation, store.access_token)
    assert everything_stored(cast.acme).count("shopify_ordercontext") == before


def test_an_old_token_is_renewed_before_anything_is_believed(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        stale = Store.objects.get()
        stale.access_token = Secret("shpat_revoked_before_its_time")
        stale.save()
    reported()
    assert current(cast).state == "connected"
    assert [call["status"] for call in shopify.calls] == [401, 200, 200]


def test_a_report_is_believed_though_our_token_has_run_out(cast: Cast, store: Store) -> None:
    uninstall(cast, store)
    with tenant_context(cast.acme.pk):
        Store.objects.update(access_expires_at=timezone.now() - timedelta(minutes=1))
    reported()
    assert current(cast).state == "uninstalled"


@pytest.mark.parametrize(
    ("status", "state", "again"),
    [("402 Payment Required", "connected", 0), ("404 Not Found", "connected", 0), ("503 Down", "connected", 1)],
)
def test_other_answers_prove_nothing(
    cast: Cast, store: Store, settings: object, status: str, state: str, again: int
) -> None:
    with hostile_server() as server:
        server.pieces = [answer(b'{"errors": "no"}', status=status)]
        settings.SHOPIFY_SANDBOX_URL = server.url  # type: ignore[attr-defined]
        reported()
    assert current(cast).state == state
    assert pending("UninstallReported") == again, "what passes by itself is asked again later"


def test_an_access_that_does_not_open_proves_nothing(cast: Cast, store: Store, settings: object) -> None:
    settings.SEALING_KEYS, settings.SEALING_PRIMARY_KEY = {9: b"9" * 32}, 9  # type: ignore[attr-defined]
    reported()
    with tenant_context(cast.acme.pk):
        state = Store.objects.values_list("state", "problem").get()
    assert state == ("needs_attention", "key_missing")


def test_a_late_report_does_not_touch_a_store_that_was_connected_anew(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    uninstall(cast, store)
    assert post("app/uninstalled", REPORT).status_code == 200
    connect(signed_in(cast.olivia), shopify)
    work()
    after = current(cast)
    assert (after.state, after.generation) == ("connected", store.generation + 1)


def test_a_report_told_twice_ends_the_store_once(cast: Cast, store: Store) -> None:
    uninstall(cast, store)
    for _ in range(2):
        post("app/uninstalled", REPORT)
    work()
    assert current(cast).generation == store.generation + 1
    with tenant_context(cast.acme.pk):
        assert AuditEvent.objects.filter(action="store.uninstalled").count() == 1
    assert post("app/uninstalled", REPORT).content == b"nothing to do\n"


def test_an_answer_on_its_way_is_thrown_away(cast: Cast, store: Store) -> None:
    with tenant_context(cast.acme.pk):
        (look,) = looking.look(stores=[store], email_norm="guest@example.com")
    Event.objects.filter(done_at=None).delete()
    uninstall(cast, store)
    reported()
    with tenant_context(cast.acme.pk):
        order_context._keep(look.row.pk, store, CustomerOrders(customer=None), began=timezone.now())
        assert not OrderContext.objects.exists()


def test_an_uninstalled_store_can_be_connected_again(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    uninstall(cast, store)
    reported()
    connect(signed_in(cast.olivia), shopify)
    work()
    after = current(cast)
    assert (after.state, after.number, after.disconnected_at) == ("connected", store.number, None)
