"""What our client relies on, asked of whoever plays Shopify: always the sandbox; a real development store as well when
SHOPIFY_CONTRACT_SHOP and SHOPIFY_CONTRACT_TOKEN are in the environment.

Nothing here changes a store, but for one webhook subscription that is made and deleted again. SHOPIFY_CONTRACT_EMAIL may name a customer of the real store who has ordered.
"""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pytest_django import Settings

from integrations import errors
from integrations.shopify import client, scopes
from integrations.shopify.client import Connection
from integrations.shopify.sandbox import DEMO_STORES, RunningSandbox, serve
from tenants.addresses import normalise
from tenants.crypto.secret import Secret

REAL = [os.environ.get(name, "") for name in ("SHOPIFY_CONTRACT_SHOP", "SHOPIFY_CONTRACT_TOKEN")]
REAL_STORE = pytest.param("a real store", marks=[pytest.mark.real_store, pytest.mark.enable_socket])
TARGETS = ["the sandbox", *([REAL_STORE] if all(REAL) else [])]


@dataclass(frozen=True)
class Target:
    connection: Connection
    known_email: str


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with serve(DEMO_STORES) as running:
        yield running


@pytest.fixture(params=TARGETS)
def target(request: pytest.FixtureRequest, sandbox: RunningSandbox, settings: Settings) -> Target:
    if request.param == "the sandbox":
        settings.SHOPIFY_SANDBOX_URL = sandbox.url
        shop = "harbor-goods.myshopify.com"
        token = sandbox.grant(shop)["access_token"]
        return Target(Connection(shop=shop, access_token=Secret(token)), "maya@lindqvist.example")
    settings.SHOPIFY_SANDBOX_URL = None
    shop, token = REAL
    return Target(Connection(shop=shop, access_token=Secret(token)), os.environ.get("SHOPIFY_CONTRACT_EMAIL", ""))


def test_a_store_describes_itself_and_lists_our_permissions(target: Target) -> None:
    profile = client.shop_profile(target.connection)
    assert profile.domain == target.connection.shop
    assert profile.id.startswith("gid://shopify/Shop/")
    assert len(profile.currency) == 3
    assert "/" in profile.time_zone or profile.time_zone == "UTC"
    assert scopes.missing(profile.scopes) == ()


def test_an_address_that_nobody_has_gives_nobody(target: Target) -> None:
    answer = client.customer_orders(target.connection, email=f"nobody-{secrets.token_hex(8)}@example.com")
    assert (answer.customer, answer.orders, answer.denied) == (None, (), ())


@pytest.mark.parametrize(
    "email", ["'or'1'='1@example.com", "*@example.com", "a(b@example.com", "a+b%c@example.com", "ada@bücher.example"]
)
def test_an_odd_address_gives_nobody_and_no_error(target: Target, email: str) -> None:
    assert not client.customer_orders(target.connection, email=email).found


def test_a_known_customer_comes_with_orders_lines_and_nobody_elses_data(target: Target) -> None:
    if not target.known_email:
        return
    answer = client.customer_orders(target.connection, email=target.known_email.upper())
    assert answer.customer is not None
    assert normalise(answer.customer.email or "") == normalise(target.known_email)
    assert answer.orders
    assert [order.created_at for order in answer.orders] == sorted(
        (order.created_at for order in answer.orders), reverse=True
    )
    first = answer.orders[0]
    assert first.lines
    assert first.total is not None
    assert client.order_lines(target.connection, order_id=first.id).lines[: len(first.lines)] == first.lines


def test_an_order_that_does_not_exist_has_no_lines(target: Target) -> None:
    assert client.order_lines(target.connection, order_id="gid://shopify/Order/1").lines == ()


def test_a_wrong_token_is_refused_as_such(target: Target) -> None:
    wrong = replace(target.connection, access_token=Secret("shpat_" + secrets.token_hex(16)))
    with pytest.raises(errors.TokenRefused):
        client.shop_profile(wrong)


def test_a_query_we_got_wrong_is_our_fault(target: Target) -> None:
    with pytest.raises(errors.QueryRefused) as refused:
        client.execute(target.connection, "query Wrong { shop { nonsense } }", "Wrong", {})
    assert refused.value.detail == "undefinedField"


def test_a_query_over_the_limit_is_too_dear(target: Target) -> None:
    query = (
        "query Dear { "
        + " ".join(
            f"c{n}: customers(first: 250) {{ nodes {{ orders(first: 250) {{ nodes {{ id }} }} }} }}" for n in range(9)
        )
        + " }"
    )
    with pytest.raises(errors.CostExceeded):
        client.execute(target.connection, query, "Dear", {})


HOOKS = "https://hooks.example.com/shopify/contract"
SUBSCRIBE = """mutation Subscribe($topic: WebhookSubscriptionTopic!, $with: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $with) {
    webhookSubscription { id topic uri includeFields } userErrors { field message } } }"""
CHANGE = """mutation Change($id: ID!, $with: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $with) {
    webhookSubscription { id uri includeFields } userErrors { field message } } }"""
UNSUBSCRIBE = """mutation Unsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } } }"""
SUBSCRIPTIONS = """query Subscriptions($topics: [WebhookSubscriptionTopic!]) {
  webhookSubscriptions(first: 50, topics: $topics) { nodes { id topic uri } pageInfo { hasNextPage } } }"""


def ask(target: Target, query: str, **variables: object) -> Any:
    operation = query.split()[1].partition("(")[0]
    return next(iter(client.execute(target.connection, query, operation, variables).data.values()))


def listed(target: Target) -> list[str]:
    return [row["id"] for row in ask(target, SUBSCRIPTIONS, topics=["SHOP_UPDATE"])["nodes"]]


def test_a_subscription_is_made_once_changed_and_deleted(target: Target) -> None:
    made = ask(target, SUBSCRIBE, topic="SHOP_UPDATE", **{"with": {"uri": HOOKS, "includeFields": ["id"]}})
    assert made["userErrors"] == []
    gid = made["webhookSubscription"]["id"]
    try:
        assert made["webhookSubscription"]["uri"] == HOOKS
        assert made["webhookSubscription"]["includeFields"] == ["id"]
        assert gid in listed(target)
        again = ask(target, SUBSCRIBE, topic="SHOP_UPDATE", **{"with": {"uri": HOOKS, "includeFields": ["id"]}})
        assert "already been taken" in again["userErrors"][0]["message"]
        changed = ask(target, CHANGE, id=gid, **{"with": {"uri": HOOKS + "/2"}})
        assert (changed["userErrors"], changed["webhookSubscription"]["uri"]) == ([], HOOKS + "/2")
    finally:
        gone = ask(target, UNSUBSCRIBE, id=gid)
    assert gone["deletedWebhookSubscriptionId"] == gid
    assert gid not in listed(target)
    assert ask(target, UNSUBSCRIBE, id=gid)["userErrors"]


def test_a_subscription_needs_an_address(target: Target) -> None:
    refused = ask(target, SUBSCRIBE, topic="SHOP_UPDATE", **{"with": {}})
    assert refused["webhookSubscription"] is None
    assert refused["userErrors"]


def test_a_search_field_that_does_not_exist_is_noticed(target: Target) -> None:
    query = 'query Odd { orders(first: 1, query: "phone:123") { nodes { id } } }'
    assert client.execute(target.connection, query, "Odd", {}).search_ignored


def test_what_changed_since_can_be_asked_for(target: Target) -> None:
    query = """query Changed($search: String!) {
      orders(first: 5, sortKey: UPDATED_AT, query: $search) { nodes { updatedAt } }
      customers(first: 5, sortKey: UPDATED_AT, query: $search) { nodes { updatedAt } } }"""
    answer = client.execute(target.connection, query, "Changed", {"search": "updated_at:>='2100-01-01T00:00:00Z'"})
    assert not answer.search_ignored
    assert answer.data == {"orders": {"nodes": []}, "customers": {"nodes": []}}
