"""Stored answers: how long they are fresh, who refreshes them, what failures leave, and the tokens behind it all."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.shopify import order_context, stored, tasks, tokens
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.types import CustomerOrders, Denied
from tenants.crypto.secret import Secret
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, GUEST, MAYA, SHOP, THIRD_SHOP
from tests.integrations.hostile_server import answer, hostile_server
from tests.integrations.shopify import looking
from tests.walking import assert_unseen, everything_stored, pending, secrets_of, signed_in, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox) -> Store:
    """Connected; nothing asked yet."""
    with tenant_context(cast.acme.pk):
        store = factories.connected_store(shopify, by=cast.olivia)
    work()
    shopify.clear_calls()
    return store


def look(cast: Cast, email: str = MAYA, *, force: bool = False) -> looking.Look:
    """A look at the only store, as a request does it."""
    with tenant_context(cast.acme.pk):
        (found,) = looking.look(stores=list(Store.objects.all()), email_norm=email, force=force)
    return found


def row(cast: Cast, email: str = MAYA) -> OrderContext:
    with tenant_context(cast.acme.pk):
        return OrderContext.objects.get(key=email)


def current(cast: Cast) -> Store:
    with tenant_context(cast.acme.pk):
        return Store.objects.get()


def later(cast: Cast, seconds: float) -> None:
    """Let the rows and the store's access grow older."""
    length = timedelta(seconds=seconds)
    moments = ("fetched_at", "failed_at", "failing_since", "leased_until", "looked_at")
    with tenant_context(cast.acme.pk):
        for kept in OrderContext.objects.all():
            changed = {name: getattr(kept, name) - length for name in moments if getattr(kept, name)}
            OrderContext.objects.filter(pk=kept.pk).update(**changed)
        for store in Store.objects.all():
            names = ("access_expires_at", "refresh_leased_until")
            Store.objects.filter(pk=store.pk).update(
                **{name: getattr(store, name) - length for name in names if getattr(store, name)}
            )


def operations(shopify: RunningSandbox) -> list[str]:
    return [call["operation"] or call["kind"] for call in shopify.calls]


# --- Freshness ------------------------------------------------------------------------------------------------------
def test_the_first_look_asks_and_does_not_wait(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    found = look(cast)
    assert found.refreshing
    assert found.row.fetched_at is None
    assert shopify.calls == []
    work()
    kept = row(cast)
    assert kept.found
    assert [order["name"] for order in kept.head["orders"]] == ["#1042", "#1041"]
    assert kept.head["customer"]["display_name"] == "Maya Lindqvist"
    assert current(cast).last_read_at >= kept.fetched_at


def test_a_row_is_fresh_for_a_minute(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    look(cast)
    work()
    later(cast, 45)
    assert not look(cast).refreshing
    later(cast, 16)
    assert look(cast).refreshing
    work()
    assert operations(shopify) == ["CustomerOrders", "CustomerOrders"]


def test_nobody_is_an_answer_that_is_fresh_for_a_minute_too(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    look(cast, "nobody@example.com")
    work()
    kept = row(cast, "nobody@example.com")
    assert (kept.found, kept.head["orders"], kept.fetched_at is None) == (False, [], False)
    assert not look(cast, "nobody@example.com").refreshing
    work()
    assert len(shopify.calls) == 1


def test_a_guest_is_found_by_the_orders_own_address(cast: Cast, store: Store) -> None:
    look(cast, GUEST)
    work()
    head = row(cast, GUEST).head
    assert (head["customer"], [order["name"] for order in head["orders"]]) == (None, ["#2001"])


def test_many_looks_at_a_stale_row_ask_once(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    assert [look(cast).refreshing for _ in range(5)] == [True] * 5
    work()
    assert len(shopify.calls) == 1


def test_an_event_delivered_twice_asks_once(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    look(cast)
    work()
    with tenant_context(cast.acme.pk):
        context_id = OrderContext.objects.get().pk
    from_outbox = tasks.OrderContextWanted(context_id=context_id)
    with expected_tenant(cast.acme.pk):
        tasks.refresh_order_context(from_outbox)
    assert len(shopify.calls) == 1


def test_a_lease_whose_worker_died_runs_out(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    look(cast)
    assert pending("OrderContextWanted") == 1
    later(cast, order_context.LEASE.total_seconds() + 1)
    assert look(cast).refreshing
    assert pending("OrderContextWanted") == 2


def test_pressing_refresh_asks_at_most_every_three_seconds(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    look(cast)
    work()
    for _ in range(5):
        look(cast, force=True)
    work()
    assert len(shopify.calls) == 1
    later(cast, 4)
    for _ in range(5):
        look(cast, force=True)
    work()
    assert len(shopify.calls) == 2


def test_pressing_refresh_while_shopify_fails_asks_at_most_every_three_seconds(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    shopify.close()
    look(cast)
    work()
    assert not look(cast, force=True).refreshing
    later(cast, 4)
    assert look(cast, force=True).refreshing


def test_each_store_has_a_row_of_its_own(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        for shop in (ALL_ORDERS_SHOP, THIRD_SHOP):
            factories.connected_store(shopify, shop, by=cast.olivia)
        looking.look(stores=list(Store.objects.order_by("-pk")), email_norm=MAYA)
    work()
    with tenant_context(cast.acme.pk):
        found = dict(OrderContext.objects.values_list("store__shop_domain", "found"))
    assert found == {SHOP: True, ALL_ORDERS_SHOP: True, THIRD_SHOP: False}


def test_looks_come_back_in_the_order_of_the_stores_given(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, ALL_ORDERS_SHOP, by=cast.olivia)
        given = list(Store.objects.order_by("-pk"))
        assert [item.store for item in looking.look(stores=given, email_norm=MAYA)] == given


def test_rows_nobody_looked_at_for_thirty_days_are_forgotten(cast: Cast, store: Store) -> None:
    look(cast)
    look(cast, GUEST)
    work()
    later(cast, 31 * 86_400)
    look(cast, GUEST)
    tasks.forget_everywhere()
    with tenant_context(cast.acme.pk):
        assert [kept.key for kept in OrderContext.objects.all()] == [GUEST]


def test_what_the_neighbours_know_is_not_ours(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    look(cast)
    work()
    with tenant_context(cast.next_door.pk):
        assert not OrderContext.objects.exists()
        assert looking.look(stores=list(Store.objects.all()), email_norm=MAYA) == []


# --- Failures -------------------------------------------------------------------------------------------------------
def test_a_failure_keeps_what_we_knew_and_backs_off(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    look(cast)
    work()
    before = row(cast)
    later(cast, 61)
    shopify.close()
    look(cast)
    work()
    after = row(cast)
    assert (after.head, after.found, after.failure) == (before.head, True, "unreachable")
    assert after.failing_since is not None
    assert after.leased_until is None
    assert not look(cast).refreshing
    later(cast, order_context.PAUSE_AFTER_FAILURE.total_seconds() + 1)
    assert look(cast).refreshing
    work()
    assert row(cast).failing_since < row(cast).failed_at, "since the first failure, not the last"
    assert current(cast).state == "connected"


def test_recovery_clears_the_failure(cast: Cast, store: Store, shopify: RunningSandbox, settings: object) -> None:
    played, settings.SHOPIFY_SANDBOX_URL = settings.SHOPIFY_SANDBOX_URL, "http://127.0.0.1:9"  # type: ignore[attr-defined]
    look(cast)
    work()
    assert row(cast).failing_since is not None
    settings.SHOPIFY_SANDBOX_URL = played  # type: ignore[attr-defined]
    later(cast, 16)
    look(cast)
    work()
    kept = row(cast)
    assert (kept.found, kept.failing_since, kept.failed_at, kept.failure) == (True, None, None, "")


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        ("402 Payment Required", "store_frozen"),
        ("423 Locked", "store_locked"),
        ("404 Not Found", "store_gone"),
        ("403 Forbidden", "forbidden"),
    ],
)
def test_what_only_a_person_can_mend_needs_attention(
    cast: Cast, store: Store, settings: object, status: str, problem: str
) -> None:
    with hostile_server() as server:
        server.pieces = [answer(b'{"errors": "no"}', status=status)]
        settings.SHOPIFY_SANDBOX_URL = server.url  # type: ignore[attr-defined]
        look(cast)
        work()
    after = current(cast)
    assert (after.state, after.problem) == ("needs_attention", problem)
    assert after.problem_since is not None
    assert after.access_token is not None
    later(cast, 120)
    assert not look(cast).refreshing


@pytest.mark.parametrize("status", ["430 Rejected", "500 Oops", "520 Edge"])
def test_what_passes_by_itself_leaves_the_store_connected(
    cast: Cast, store: Store, settings: object, status: str
) -> None:
    with hostile_server() as server:
        server.pieces = [answer(b"{}", status=status)]
        settings.SHOPIFY_SANDBOX_URL = server.url  # type: ignore[attr-defined]
        look(cast)
        work()
    assert current(cast).state == "connected"
    assert row(cast).failing_since is not None


@pytest.mark.parametrize(("wait", "asked"), [("0.1", 3), ("60", 1)])
def test_a_short_wait_that_shopify_asks_for_is_waited_for_twice(
    cast: Cast, store: Store, settings: object, wait: str, asked: int
) -> None:
    with hostile_server() as server:
        server.pieces = [answer(b"{}", status="429 Too Many Requests", headers=f"Retry-After: {wait}\r\n")]
        settings.SHOPIFY_SANDBOX_URL = server.url  # type: ignore[attr-defined]
        look(cast)
        work()
        assert len(server.requests) == asked
    assert (row(cast).failure, current(cast).state) == ("rate_limited", "connected")


LIAR = b"""{"data": {"customer": {"id": "gid://shopify/Customer/1", "legacyResourceId": "1", "displayName": "Somebody Else",
"createdAt": "2026-01-01T00:00:00Z", "numberOfOrders": "1", "tags": [], "defaultEmailAddress": {"emailAddress": "else@example.com"},
"orders": {"nodes": [%s], "pageInfo": {"hasNextPage": false}}}, "guests": {"nodes": [%s], "pageInfo": {"hasNextPage": false}}}}"""
THEIRS = b"""{"id": "gid://shopify/Order/1", "legacyResourceId": "1", "name": "#SECRET", "createdAt": "2026-01-01T00:00:00Z",
"test": false, "email": "else@example.com", "lineItems": {"nodes": [], "pageInfo": {"hasNextPage": false}}, "fulfillments": []}"""


def test_somebody_elses_data_is_never_stored(cast: Cast, store: Store, settings: object) -> None:
    with hostile_server() as server:
        server.pieces = [answer(LIAR % (THEIRS, THEIRS))]
        settings.SHOPIFY_SANDBOX_URL = server.url  # type: ignore[attr-defined]
        look(cast)
        work()
    kept = row(cast)
    assert (kept.found, kept.head["customer"], kept.head["orders"]) == (False, None, [])
    assert_unseen(["Somebody Else", "#SECRET", "else@example.com"], everything_stored(cast.acme))


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"null", b'{"data": 1}', b'{"data": {"customer": []}}', b"{" * 5000, b"\xff"]
)
def test_an_answer_of_another_form_is_a_failure_and_not_a_crash(
    cast: Cast, store: Store, settings: object, body: bytes
) -> None:
    with hostile_server() as server:
        server.pieces = [answer(body)]
        settings.SHOPIFY_SANDBOX_URL = server.url  # type: ignore[attr-defined]
        look(cast)
        work()
    assert row(cast).failure
    assert pending("OrderContextWanted") == 0


# --- Withheld -------------------------------------------------------------------------------------------------------
SCOPE = "Access denied for %s field. Required access: `read_customers` access scope."
APPROVAL = "This app is not approved to access the %s object. See https://shopify.dev/docs/apps/launch/protected-customer-data for more details."


def denial(message: str, *names: str) -> bytes:
    """Nobody in the data, and these parts of the question denied."""
    errors = [{"message": message % name, "path": [name], "extensions": {"code": "ACCESS_DENIED"}} for name in names]
    return answer(json.dumps({"data": dict.fromkeys(("customer", "guests")), "errors": errors}).encode())


@pytest.mark.parametrize(("message", "reason"), [(SCOPE, "scope"), (APPROVAL, "protected_data")])
@pytest.mark.parametrize("names", [("customer", "guests"), ("customer",), ("guests",)])
def test_what_shopify_withholds_leaves_what_was_known(
    cast: Cast, store: Store, settings: object, message: str, reason: str, names: tuple[str, ...]
) -> None:
    look(cast)
    work()
    later(cast, 61)
    before = row(cast)
    with hostile_server() as server:
        server.pieces = [denial(message, *names)]
        settings.SHOPIFY_SANDBOX_URL = server.url  # type: ignore[attr-defined]
        look(cast)
        work()
        after = row(cast)
        assert (after.found, after.fetched_at, after.rest) == (True, before.fetched_at, before.rest)
        assert {name: after.head[name] for name in before.head} == before.head
        assert (after.customer_id, after.failure, after.leased_until) == (before.customer_id, reason, None)
        assert [item["field"] for item in after.head["withheld"]] == list(names)
        assert (current(cast).state, current(cast).hidden, current(cast).failure) == ("connected", [reason], "")
        later(cast, 50)
        assert not look(cast).refreshing, "an answer, for a minute"
        later(cast, 11)
        look(cast)
        work()
        assert len(server.requests) == 2
    assert row(cast).failing_since == after.failing_since - timedelta(seconds=61), "since the first of them"


@pytest.mark.parametrize("level", ["none", "level1"])
def test_what_was_withheld_is_read_anew_once_shopify_allows_it(
    cast: Cast, store: Store, shopify: RunningSandbox, level: str
) -> None:
    shopify.fault("access_denied_protected", level=level)
    for email in (MAYA, "nobody@example.com"):
        look(cast, email)
    work()
    kept = row(cast)
    assert (kept.found, kept.fetched_at, kept.failure) == (False, None, "protected_data"), "nothing is known of her"
    shopify.clear_faults()
    later(cast, 61)
    look(cast)
    work()
    kept = row(cast)
    assert (kept.found, kept.failure, kept.failing_since, "withheld" in kept.head) == (True, "", None, False)


def test_a_row_that_was_forgotten_while_shopify_withheld_it_stays_forgotten(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    shopify.fault("access_denied_protected", level="none")
    look(cast)
    with tenant_context(cast.acme.pk):
        context_id = OrderContext.objects.get().pk
        OrderContext.objects.all().delete()
        nobody = CustomerOrders(None, denied=(Denied("customer", "protected_data"),))
        order_context._keep(context_id, store, nobody, began=timezone.now())
        assert not OrderContext.objects.exists()


# --- Long histories -------------------------------------------------------------------------------------------------
def test_long_orders_beyond_the_newest_three_are_kept_aside(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    lines = [factories.line(id=f"gid://shopify/LineItem/{number}") for number in range(901, 927)]
    orders = [factories.order(f"#{n}", days=n, lineItems=lines) for n in range(1, 8)]
    factories.put_orders(shopify, *orders)
    look(cast)
    work()
    kept = row(cast)
    assert [order["full"] for order in kept.head["orders"]] == [True] * 3 + [False] * 4
    assert sorted(kept.rest) == sorted(stored.rest_key(order["id"].rpartition("/")[2]) for order in orders[3:])


# --- Tokens ---------------------------------------------------------------------------------------------------------
def test_a_token_is_renewed_five_minutes_before_its_end(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    before = current(cast)
    later(cast, 3600 - 5 * 60 - 30)
    look(cast)
    work()
    assert operations(shopify) == ["CustomerOrders"]
    later(cast, 61)
    look(cast)
    work()
    assert operations(shopify) == ["CustomerOrders", "refresh", "CustomerOrders"]
    after = current(cast)
    assert before.access_token != after.access_token
    assert before.refresh_token != after.refresh_token
    assert after.access_expires_at > timezone.now() + timedelta(minutes=59)
    assert (after.refresh_leased_until, after.generation) == (None, before.generation)
    alive = [Secret(issued["token"]) for issued in shopify.sandbox.tokens.rows() if issued["alive"]]
    assert after.access_token in alive
    assert after.refresh_token in alive
    assert_unseen(secrets_of(shopify), everything_stored(cast.acme))


def test_a_token_that_never_expires_is_never_renewed(cast: Cast, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia, expiring=False)
    look(cast)
    work()
    assert "refresh" not in operations(shopify)
    assert row(cast).found


def test_a_refused_token_is_renewed_once(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        stale = Store.objects.get()
        stale.access_token = Secret("shpat_revoked_before_its_time")
        stale.save()
    look(cast)
    work()
    assert [(call["kind"], call["status"]) for call in shopify.calls] == [
        ("graphql", 401),
        ("refresh", 200),
        ("graphql", 200),
    ]
    assert row(cast).found
    assert current(cast).state == "connected"


def test_a_token_that_somebody_else_renewed_is_taken_instead_of_renewed_again(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    refused = Secret("shpat_revoked_before_its_time")
    with expected_tenant(cast.acme.pk):
        connection = tokens.connection(store.pk, refused=refused)
    assert connection.access_token == current(cast).access_token
    assert shopify.calls == []


def test_an_uninstalled_app_needs_attention(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    look(cast)
    work()
    shopify.revoke(SHOP)
    later(cast, 61)
    shopify.clear_calls()
    look(cast)
    work()
    assert [(call["kind"], call["status"]) for call in shopify.calls] == [("graphql", 401), ("refresh", 400)]
    after = current(cast)
    assert (after.state, after.problem) == ("needs_attention", "access_revoked")
    assert row(cast).found, "what we knew stays"
    later(cast, 600)
    look(cast)
    work()
    assert len(shopify.calls) == 2, "nobody asks until it is connected again"


def test_a_renewal_that_finds_nobody_leaves_the_way_free(
    cast: Cast, store: Store, shopify: RunningSandbox, settings: object
) -> None:
    later(cast, 3600)
    played, settings.SHOPIFY_SANDBOX_URL = settings.SHOPIFY_SANDBOX_URL, "http://127.0.0.1:9"  # type: ignore[attr-defined]
    before = current(cast)
    look(cast)
    work()
    after = current(cast)
    assert (after.state, after.refresh_leased_until) == ("connected", None)
    assert after.refresh_token == before.refresh_token
    settings.SHOPIFY_SANDBOX_URL = played  # type: ignore[attr-defined]
    look(cast, GUEST)
    work()
    assert row(cast, GUEST).found


def test_connecting_again_mends_what_needed_attention(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    look(cast)
    work()
    shopify.revoke(SHOP)
    later(cast, 61)
    look(cast)
    work()
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
    later(cast, 61)
    look(cast)
    work()
    after = current(cast)
    assert (after.state, after.problem, after.problem_since) == ("connected", "", None)
    assert row(cast).failing_since is None


def test_a_permission_taken_back_needs_attention(cast: Cast, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia, scopes=("read_orders",))
    work()
    after = current(cast)
    assert (after.state, after.problem) == ("needs_attention", "scopes_missing")


# --- A key that does not open ---------------------------------------------------------------------------------------
def test_without_its_key_a_store_needs_attention_and_every_page_answers(
    cast: Cast, store: Store, shopify: RunningSandbox, settings: object
) -> None:
    with tenant_context(cast.acme.pk):
        factories.conversation()
    look(cast)
    work()
    later(cast, 61)
    settings.SEALING_KEYS = {1: b"another key that opens nothing  "}  # type: ignore[attr-defined]
    look(cast)
    work()
    after = current(cast)
    assert (after.state, after.problem) == ("needs_attention", "key_missing")
    for path in ("/acme/inbox/1/", "/acme/inbox/1/stores/1/", "/acme/settings/shopify/", "/acme/settings/general/"):
        assert signed_in(cast.olivia).get(path).status_code == 200, path
    assert "#1042" in signed_in(cast.ava).get("/acme/inbox/1/").content.decode()


def test_connecting_again_mends_a_lost_key(cast: Cast, store: Store, shopify: RunningSandbox, settings: object) -> None:
    settings.SEALING_KEYS = {1: b"another key that opens nothing  "}  # type: ignore[attr-defined]
    look(cast)
    work()
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
    later(cast, 61)
    look(cast)
    work()
    assert (current(cast).state, row(cast).found) == ("connected", True)
