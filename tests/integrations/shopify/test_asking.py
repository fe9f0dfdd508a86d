"""How a task asks: renewed, in turn, again where that helps, and never in a request or a transaction."""

import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings

from integrations import errors
from integrations.shopify import asking, budget, client, costs, lookups, queries, tokens
from integrations.shopify.asking import Priority, ask, ask_with
from integrations.shopify.client import Connection
from integrations.shopify.models import Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.rls.context import TenantError, expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA
from tests.integrations.hostile_server import HostileServer, hostile_server
from tests.integrations.redis_server import OwnRedis, own_redis
from tests.integrations.shopify.answers import says

MAYAS = partial(client.customer_orders, email=MAYA)


@pytest.fixture
def redis(settings: Settings) -> Iterator[OwnRedis]:
    with own_redis(settings) as server:
        yield server


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox) -> Store:
    with tenant_context(cast.acme.pk):
        return factories.connected_store(shopify, by=cast.olivia)


@pytest.fixture
def bound(cast: Cast) -> Iterator[None]:
    with expected_tenant(cast.acme.pk):
        yield


@pytest.fixture
def hostile(settings: Settings, store: Store) -> Iterator[HostileServer]:
    with hostile_server() as server:
        settings.SHOPIFY_SANDBOX_URL = server.url
        yield server


EVERYBODY = {
    "email": MAYA, "phone": "+46701234567", "named": 'name:"1042"', "called": '"Maya"', "people": queries.PEOPLE_FOUND,
    "byEmail": True, "byPhone": True, "byOrder": True, "byName": True,
}  # fmt: skip
PROBE = {
    "data": {
        "shop": {"id": "gid://shopify/Shop/1", "name": "Harbor", "myshopifyDomain": factories.SHOP, "currencyCode": "USD", "ianaTimezone": "UTC"},
        "currentAppInstallation": {"id": "gid://shopify/AppInstallation/1", "accessScopes": []},
    }
}  # fmt: skip
GOOD = ("200 OK", PROBE)
BROKEN = ("502 Bad Gateway", {})


def probe(store: Store, **given: Any) -> object:
    return ask(store.pk, client.shop_profile, priority=given.pop("priority", Priority.INTERACTIVE), **given)


def test_an_answer_comes_through_and_its_points_are_settled(
    redis: OwnRedis, store: Store, bound: None, shopify: RunningSandbox
) -> None:
    assert ask(store.pk, MAYAS, priority=Priority.INTERACTIVE).found
    there = shopify.sandbox.bucket(store.shop_domain).status()["currentlyAvailable"]
    assert float(redis.held()["available"]) == pytest.approx(there, abs=30)
    assert redis.client.keys("*:flights") == []


@pytest.mark.parametrize("operation", sorted(costs.START))
def test_what_an_operation_is_expected_to_cost_is_what_it_asks_for(
    redis: OwnRedis, store: Store, bound: None, shopify: RunningSandbox, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "_learnt", {})
    questions = {
        "CustomerOrders": MAYAS,
        "CustomerById": partial(lookups.customer_by_id, customer_id="1"),
        "OrdersNamed": partial(lookups.orders_named, names=["1042"]),
        "CustomerByPhone": partial(lookups.customer_by_phone, phone="+46701234567"),
        "People": lambda c: client.execute(c, queries.PEOPLE, "People", EVERYBODY),
        "OrderWhole": partial(lookups.order_whole, order_id="1"),
        "OrderLines": lambda c: client.execute(c, queries.ORDER_LINES, "OrderLines", {"id": "gid://shopify/Order/1", "after": None}),
        "ConnectProbe": client.shop_profile,
        "AppUninstall": client.uninstall,
    }  # fmt: skip
    shopify.clear_calls()
    ask(store.pk, questions[operation], priority=Priority.INTERACTIVE)
    (call,) = shopify.calls
    assert (call["operation"], call["requested_cost"]) == (operation, costs.START[operation])


def test_what_a_query_asked_for_is_learnt_by_its_sizes(
    store: Store, bound: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "_learnt", {})
    large, small = (costs.shape("New", {"first": n, "query": "text"}) for n in (50, 5))
    assert costs.expected(large) == costs.expected(small)
    costs.learn(large, costs.Cost(requested=412.3))
    assert (costs.expected(large), costs.expected(small)) == (413, 100)
    for nonsense in (None, 0, -4, 1e6):
        costs.learn(large, costs.Cost(requested=nonsense))
    assert costs.expected(large) == 413


# --- Again ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("failures", [1, 2])
def test_what_passes_by_itself_is_tried_three_times(
    store: Store, bound: None, hostile: HostileServer, failures: int
) -> None:
    hostile.pieces = says(*[BROKEN] * failures, GOOD)(hostile)
    assert probe(store).name == "Harbor"
    assert len(hostile.requests) == failures + 1


def test_after_three_tries_the_last_error_is_raised(store: Store, bound: None, hostile: HostileServer) -> None:
    hostile.pieces = says(BROKEN)(hostile)
    with pytest.raises(errors.VendorFailed):
        probe(store)
    assert len(hostile.requests) == asking.TRIES == 3


def test_a_question_that_must_not_be_repeated_is_not(store: Store, bound: None, hostile: HostileServer) -> None:
    hostile.pieces = says(BROKEN)(hostile)
    with pytest.raises(errors.VendorFailed):
        probe(store, tries=1)
    assert len(hostile.requests) == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        ("402 Payment Required", {}, errors.AccountFrozen),
        ("403 Forbidden", {}, errors.AccessForbidden),
        ("404 Not Found", {}, errors.AccountNotFound),
        ("423 Locked", {}, errors.AccountLocked),
        ("430 Security", {}, errors.SecurityRejected),
        ("200 OK", {"data": {"shop": 7}}, errors.MalformedAnswer),
        ("200 OK", {"errors": [{"message": "m", "extensions": {"code": "undefinedField"}}]}, errors.QueryRefused),
    ],
)
def test_what_somebody_must_mend_is_asked_once(
    store: Store, bound: None, hostile: HostileServer, status: str, body: object, error: type[Exception]
) -> None:
    hostile.pieces = says((status, body))(hostile)
    with pytest.raises(error):
        probe(store)
    assert len(hostile.requests) == 1


def test_a_wait_that_is_too_long_is_left_to_another_task(store: Store, bound: None, hostile: HostileServer) -> None:
    hostile.pieces = says(("429 Too Many Requests", {}), headers="Retry-After: 11.5\r\n")(hostile)
    with pytest.raises(errors.RateLimited) as raised:
        probe(store)
    assert raised.value.retry_after == 11.5
    assert len(hostile.requests) == 1


def test_a_wait_that_shopify_names_is_kept_by_all_processes(
    redis: OwnRedis, store: Store, bound: None, hostile: HostileServer
) -> None:
    hostile.pieces = says(("429 Too Many Requests", {}), headers="Retry-After: 30\r\n")(hostile)
    with pytest.raises(errors.RateLimited):
        probe(store)
    with pytest.raises(errors.RateLimited) as raised:
        budget.take(store.pk, cost=1, priority=Priority.INTERACTIVE, patience=0.0)
    assert raised.value.detail == "budget"


def test_a_throttled_query_waits_for_its_points_and_comes_back(
    redis: OwnRedis, store: Store, bound: None, shopify: RunningSandbox
) -> None:
    bucket = shopify.sandbox.bucket(store.shop_domain)
    assert bucket.take(1790)  # somebody else with the same app, of whom we know nothing
    assert ask(store.pk, MAYAS, priority=Priority.INTERACTIVE).found
    assert [call["error"] for call in shopify.calls if call["operation"] == "CustomerOrders"] == ["THROTTLED", None]


# --- An access that ended -------------------------------------------------------------------------------------------
def test_a_refused_token_is_renewed_once(store: Store, bound: None, shopify: RunningSandbox, cast: Cast) -> None:
    asked: list[Connection] = []

    def question(connection: Connection) -> str:
        asked.append(connection)
        if len(asked) == 1:
            raise errors.TokenRefused(status=401)
        return client.shop_profile(connection).name

    assert ask(store.pk, question, priority=Priority.INTERACTIVE) == "Harbor Goods"
    assert asked[0].access_token != asked[1].access_token
    assert [call["kind"] for call in shopify.calls] == ["refresh", "graphql"]


def test_a_token_that_stays_refused_is_not_renewed_for_ever(store: Store, bound: None, shopify: RunningSandbox) -> None:
    asked: list[Connection] = []

    def question(connection: Connection) -> None:
        asked.append(connection)
        raise errors.TokenRefused(status=401)

    with pytest.raises(errors.TokenRefused):
        ask(store.pk, question, priority=Priority.BACKGROUND)
    assert len(asked) == 2


def test_a_dead_refresh_token_ends_it(store: Store, bound: None, shopify: RunningSandbox) -> None:
    shopify.revoke(store.shop_domain)
    with pytest.raises(errors.GrantRefused):
        probe(store)


# --- The breaker ----------------------------------------------------------------------------------------------------
def test_a_store_that_does_not_answer_is_left_alone(
    redis: OwnRedis, store: Store, bound: None, hostile: HostileServer
) -> None:
    hostile.pieces = says(BROKEN)(hostile)
    codes = []
    for _ in range(4):
        with pytest.raises(errors.IntegrationError) as raised:
            probe(store)
        codes.append(raised.value.code)
    assert len(hostile.requests) == 5
    assert codes == ["vendor_failed", "breaker_open", "breaker_open", "breaker_open"]


def test_the_token_endpoint_is_behind_the_breaker_too(
    redis: OwnRedis, store: Store, bound: None, hostile: HostileServer, cast: Cast
) -> None:
    with tenant_context(cast.acme.pk):
        refused = Store.objects.get().access_token
    hostile.pieces = says(BROKEN)(hostile)
    for _ in range(5):
        with pytest.raises(errors.VendorFailed):
            tokens.connection(store.pk, refused=refused)
    with pytest.raises(errors.BreakerOpen):
        tokens.connection(store.pk, refused=refused)
    assert len(hostile.requests) == 5


# --- Where it must not be -------------------------------------------------------------------------------------------
def test_it_is_refused_inside_of_a_transaction(store: Store, bound: None, cast: Cast, shopify: RunningSandbox) -> None:
    shopify.clear_calls()
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        probe(store)
    with tenant_context(cast.acme.pk), pytest.raises(RuntimeError, match="durable"):
        ask_with(Connection(shop=store.shop_domain, access_token=store.access_token), client.shop_profile, store_id=None, priority=Priority.BACKGROUND)  # fmt: skip
    assert shopify.calls == []


def test_it_is_refused_outside_of_a_task(store: Store, shopify: RunningSandbox) -> None:
    shopify.clear_calls()
    with pytest.raises(TenantError):
        probe(store)
    assert shopify.calls == []


def test_by_an_access_at_hand_it_is_asked_once_and_nothing_is_renewed(
    store: Store, bound: None, hostile: HostileServer
) -> None:
    hostile.pieces = says(("401 Unauthorized", {"errors": "m"}))(hostile)
    at_hand = Connection(shop=store.shop_domain, access_token=store.access_token)
    with pytest.raises(errors.TokenRefused):
        ask_with(at_hand, client.uninstall, store_id=None, priority=Priority.BACKGROUND)
    assert len(hostile.requests) == 1


def test_waits_differ_between_those_who_failed_together() -> None:
    class State:
        attempt_number = 2
        outcome = None

    random.seed(7)
    waits = {round(asking._wait(State()), 6) for _ in range(50)}  # type: ignore[arg-type]
    assert len(waits) == 50
    assert all(0.1 <= wait <= 1.0 for wait in waits)
