"""Disconnecting a store: who may, what is asked first, what is gone at once, and the farewell at Shopify."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.models import Conversation, Message
from integrations.shopify import order_context, stores, tasks, tokens
from integrations.shopify.asking import Priority
from integrations.shopify.models import Farewell, OrderContext, Store
from integrations.shopify.questions import Question
from integrations.shopify.sandbox import RunningSandbox
from tenants import doors
from tenants.models import AuditEvent
from tenants.outbox.models import Event
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA, SHOP
from tests.integrations.shopify import looking
from tests.tenants.outbox.conftest import later
from tests.walking import (
    assert_unseen,
    connect,
    everything_stored,
    pending,
    secrets_of,
    signed_in,
    soup_of,
    text_of,
    work,
)

pytestmark = pytest.mark.django_db
DISCONNECT = "/acme/settings/shopify/1/disconnect/"


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox) -> Store:
    """Connected, described, with Maya's orders known."""
    with tenant_context(cast.acme.pk):
        store = factories.connected_store(shopify, by=cast.olivia)
        looking.look(stores=[store], email_norm=MAYA)
    work()
    with tenant_context(cast.acme.pk):
        return Store.objects.get()


def current(cast: Cast) -> Store:
    with tenant_context(cast.acme.pk):
        return Store.objects.get()


def test_the_page_asks_for_the_stores_name(cast: Cast, store: Store) -> None:
    page = signed_in(cast.olivia).get(DISCONNECT)
    assert page.status_code == 200
    assert f"Type {SHOP} to confirm" in text_of(page)
    assert current(cast).state == "connected"


def test_a_wrong_name_changes_nothing(cast: Cast, store: Store) -> None:
    client = signed_in(cast.olivia)
    for typed in ("", "harbo", "pine.myshopify.com", "yes", "harbor.myshopify.com.evil", "a\x00b", "x" * 400):
        response = client.post(DISCONNECT, {"domain": typed})
        assert response.status_code == 422, typed
        assert soup_of(response).select_one("[role=alert]").get_text()
    assert current(cast).state == "connected"
    assert pending("StoreDisconnected") == 0


def test_an_empty_form_changes_nothing(cast: Cast, store: Store) -> None:
    assert signed_in(cast.olivia).post(DISCONNECT).status_code == 422
    assert current(cast).state == "connected"


@pytest.mark.parametrize("typed", [SHOP, "harbor", "  Harbor.MyShopify.com "])
def test_naming_the_store_disconnects_it(cast: Cast, store: Store, typed: str) -> None:
    client = signed_in(cast.olivia)
    response = client.post(DISCONNECT, {"domain": typed})
    assert response["Location"] == "/acme/settings/general/"
    after = current(cast)
    assert (after.state, after.access_token, after.refresh_token) == ("disconnected", None, None)
    assert after.generation == store.generation + 1
    assert after.disconnected_at is not None
    assert SHOP not in client.get("/acme/settings/shopify/").content.decode()


@pytest.mark.parametrize(("who", "status"), [("adam", 403), ("ava", 403), ("mallory", 404)])
def test_nobody_but_an_owner_can_disconnect(cast: Cast, store: Store, who: str, status: int) -> None:
    client = signed_in(getattr(cast, who))
    assert client.get(DISCONNECT).status_code == status
    assert client.post(DISCONNECT, {"domain": SHOP}).status_code == status
    assert current(cast).state == "connected"


def test_a_store_that_is_not_there_cannot_be_disconnected(cast: Cast, store: Store) -> None:
    client = signed_in(cast.olivia)
    for number in ("2", "0", "9" * 25):
        assert client.get(f"/acme/settings/shopify/{number}/disconnect/").status_code == 404, number


def test_mallory_cannot_disconnect_it_by_its_number_next_door(cast: Cast, store: Store) -> None:
    response = signed_in(cast.mallory).post("/nextdoor/settings/shopify/1/disconnect/", {"domain": SHOP})
    assert response.status_code == 404
    assert current(cast).state == "connected"


def test_what_we_knew_and_the_tokens_are_gone_at_once(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        assert OrderContext.objects.get().found
    assert "Lindqvist" in everything_stored(cast.acme)
    signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP})
    work()
    kept = everything_stored(cast.acme, cast.next_door)
    assert "Lindqvist" not in kept
    assert_unseen(secrets_of(shopify), kept)
    with tenant_context(cast.acme.pk):
        assert not OrderContext.objects.exists()


def test_conversations_are_not_touched(cast: Cast, store: Store) -> None:
    with tenant_context(cast.acme.pk):
        factories.conversation(texts=["one", "two"])
        before = list(Conversation.objects.values()), list(Message.objects.values())
    signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP})
    work()
    with tenant_context(cast.acme.pk):
        assert (list(Conversation.objects.values()), list(Message.objects.values())) == before
    page = signed_in(cast.ava).get("/acme/inbox/1/")
    assert page.status_code == 200
    assert SHOP not in page.content.decode()


def test_it_is_on_record(cast: Cast, store: Store) -> None:
    signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP})
    with tenant_context(cast.acme.pk):
        row = AuditEvent.objects.get(action="store.disconnected")
    assert (row.actor_name, row.actor_role, row.target) == ("Olivia", "owner", SHOP)


def test_disconnecting_again_is_harmless(cast: Cast, store: Store) -> None:
    client = signed_in(cast.olivia)
    client.post(DISCONNECT, {"domain": SHOP})
    assert client.post(DISCONNECT, {"domain": SHOP}).status_code == 404
    with tenant_context(cast.acme.pk):
        stores.disconnect(store=store, by=cast.olivia)
        assert Store.objects.get().generation == store.generation + 1
        assert AuditEvent.objects.filter(action="store.disconnected").count() == 1
        assert Farewell.objects.count() == 1


# --- Work under way -------------------------------------------------------------------------------------------------
def test_an_answer_on_its_way_is_thrown_away(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        (look,) = looking.look(stores=[store], email_norm="guest@example.com")
    answer = _asked(cast, store, "guest@example.com")
    assert answer.found
    with tenant_context(cast.acme.pk):
        stores.disconnect(store=store, by=cast.olivia)
        order_context._keep(look.row.pk, store, answer, began=timezone.now())
        assert not OrderContext.objects.exists()


def test_an_answer_asked_for_before_a_new_connection_is_thrown_away(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    with tenant_context(cast.acme.pk):
        (look,) = looking.look(stores=[store], email_norm="guest@example.com")
    answer = _asked(cast, store, "guest@example.com")
    connect(signed_in(cast.olivia), shopify)
    with tenant_context(cast.acme.pk):
        order_context._keep(look.row.pk, store, answer, began=timezone.now())
        row = OrderContext.objects.get(pk=look.row.pk)
        assert (row.fetched_at, row.head) == (None, None)
        (again,) = looking.look(stores=[Store.objects.get()], email_norm="guest@example.com")
    assert again.refreshing
    assert pending("OrderContextWanted") == 2, "the next look asks at once instead of waiting for the lease to end"


def _asked(cast: Cast, store: Store, email: str) -> object:
    with expected_tenant(cast.acme.pk):
        return order_context._ask(store, Question("email", email), Priority.INTERACTIVE)


def test_renewed_tokens_of_a_disconnected_store_are_not_kept(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        plan = tokens._plan(store.pk, refused=store.access_token)
        grant = tokens._renewed(plan)
        stores.disconnect(store=store, by=cast.olivia)
        with pytest.raises(tokens.AccessLost):
            tokens._keep_grant(store, grant)
        assert Store.objects.get().access_token is None


def test_no_refresh_is_begun_for_a_disconnected_store(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        looking.look(stores=[store], email_norm="guest@example.com")
        stores.disconnect(store=store, by=cast.olivia)
    shopify.clear_calls()
    work()
    assert [call["operation"] for call in shopify.calls] == ["AppUninstall"]


# --- The farewell ---------------------------------------------------------------------------------------------------
def test_the_app_is_uninstalled_at_shopify(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    assert any(row["alive"] for row in shopify.sandbox.tokens.rows())
    signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP})
    assert any(row["alive"] for row in shopify.sandbox.tokens.rows()), "the request itself talked to Shopify"
    work()
    assert not any(row["alive"] for row in shopify.sandbox.tokens.rows())
    with tenant_context(cast.acme.pk):
        assert not Farewell.objects.exists()
    assert pending("StoreDisconnected") == 0


def test_the_app_of_a_store_that_was_quiet_for_hours_is_uninstalled_too(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    shopify.advance(hours=2)  # the access token is dead by then, the refresh token is not
    signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP})
    shopify.fault("503", kind="refresh", times=1)
    work()
    assert pending("StoreDisconnected") == 1
    assert_unseen(secrets_of(shopify), everything_stored(cast.acme))
    later()
    work()
    assert not any(row["alive"] for row in shopify.sandbox.tokens.rows())
    with tenant_context(cast.acme.pk):
        assert not Farewell.objects.exists()
        assert Store.objects.get().refresh_token is None


def test_a_farewell_to_a_store_that_uninstalled_us_first_is_done(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    shopify.revoke(SHOP)
    signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP})
    work()
    assert pending("StoreDisconnected") == 0
    with tenant_context(cast.acme.pk):
        assert not Farewell.objects.exists()


def test_a_farewell_is_tried_again_while_shopify_is_away(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    shopify.close()
    response = signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP})
    assert response.status_code == 302
    work()
    assert pending("StoreDisconnected") == 1
    with tenant_context(cast.acme.pk):
        assert Farewell.objects.count() == 1
        assert Store.objects.get().state == "disconnected"


def test_a_farewell_lives_a_day_at_most(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    shopify.close()
    signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP})
    work()
    Event.objects.update(dead_at=timezone.now())  # given up long ago
    tasks.forget_everywhere()
    with tenant_context(cast.acme.pk):
        assert Farewell.objects.count() == 1
        Farewell.objects.update(created_at=timezone.now() - timedelta(hours=25))
    tasks.forget_everywhere()
    with tenant_context(cast.acme.pk):
        assert not Farewell.objects.exists()


def test_a_farewell_that_does_not_open_is_forgotten(
    cast: Cast, store: Store, shopify: RunningSandbox, settings: object
) -> None:
    signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP})
    settings.SEALING_KEYS = {1: b"another key that opens nothing  "}  # type: ignore[attr-defined]
    work()
    assert pending("StoreDisconnected") == 0
    with tenant_context(cast.acme.pk):
        assert not Farewell.objects.exists()


def test_a_store_connected_again_meanwhile_stays_installed(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    client.post(DISCONNECT, {"domain": SHOP})
    connect(client, shopify)
    with tenant_context(cast.acme.pk):
        Store.objects.update(state=Store.State.NEEDS_ATTENTION, problem=Store.Problem.STORE_LOCKED)
    shopify.clear_calls()
    work()
    assert "AppUninstall" not in [call["operation"] for call in shopify.calls]
    with tenant_context(cast.acme.pk):
        assert not Farewell.objects.exists()


def test_a_store_that_another_workspace_connected_meanwhile_stays_installed(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP})
    with tenant_context(cast.next_door.pk):
        factories.connected_store(shopify, by=cast.mallory)
    work()
    assert "AppUninstall" not in [call["operation"] for call in shopify.calls]
    with tenant_context(cast.next_door.pk):
        assert Store.objects.get().state == "connected"
        assert Store.objects.get().shop_name == "Harbor Goods"
    with tenant_context(cast.acme.pk):
        assert not Farewell.objects.exists()


def test_a_disconnected_store_can_be_connected_again(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    client.post(DISCONNECT, {"domain": SHOP})
    work()
    connect(client, shopify)
    work()
    after = current(cast)
    assert (after.number, after.state, after.disconnected_at) == (1, "connected", None)
    assert after.generation == store.generation + 2


def test_a_store_whose_seal_does_not_open_can_still_be_disconnected(
    cast: Cast, store: Store, shopify: RunningSandbox, settings: object
) -> None:
    settings.SEALING_KEYS = {1: b"another key that opens nothing  "}  # type: ignore[attr-defined]
    assert signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP}).status_code == 302
    after = current(cast)
    assert (after.state, after.access_token, after.problem) == ("disconnected", None, "")


def test_what_was_found_out_about_the_store_is_gone_and_its_number_stays(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    found = {"checked_at": timezone.now(), "check_asked_at": timezone.now(), "check_results": [{"probe": "access"}]}
    with tenant_context(cast.acme.pk):
        Store.objects.update(
            **found, webhooks_checked_at=timezone.now(), webhooks_problem="x", reconciled_at=timezone.now()
        )
    signed_in(cast.olivia).post(DISCONNECT, {"domain": SHOP})
    after = current(cast)
    assert (after.check_results, after.checked_at, after.check_asked_at) == ([], None, None)
    assert (after.webhooks_problem, after.webhooks_checked_at, after.reconciled_at) == ("", None, None)
    with tenant_context(cast.acme.pk):
        again = factories.connected_store(shopify, by=cast.olivia)
        assert (again.pk, again.number) == (store.pk, store.number)


def test_who_has_a_shop_now_is_named_before_those_who_had_it(cast: Cast) -> None:
    for tenant, member, left in ((cast.acme, cast.olivia, timezone.now()), (cast.next_door, cast.mallory, None)):
        with tenant_context(tenant.pk):
            state = Store.State.DISCONNECTED if left else Store.State.CONNECTED
            Store.objects.create(number=1, shop_domain=SHOP, state=state, connected_by=member, disconnected_at=left)
    assert cast.acme.pk < cast.next_door.pk
    assert doors.tenants_of_shop(SHOP) == [cast.next_door.pk, cast.acme.pk]
