"""Webhook subscriptions by the API: made, listed, changed, deleted, and refused as Shopify refuses them."""

from typing import Any

import pytest

from integrations.shopify.sandbox import RunningSandbox
from tests.integrations.shopify.sandbox.asking import graphql
from tests.integrations.shopify.sandbox.small_store import OPEN_SHOP, SHOP

HOOKS = "https://app.example.com/hooks"
CREATE = """mutation C($topic: WebhookSubscriptionTopic!, $with: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $with) {
    webhookSubscription { id topic uri includeFields name format } userErrors { field message } } }"""
UPDATE = """mutation U($id: ID!, $with: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $with) {
    webhookSubscription { id uri includeFields } userErrors { field message } } }"""
DELETE = """mutation D($id: ID!) { webhookSubscriptionDelete(id: $id) {
  deletedWebhookSubscriptionId userErrors { field message } } }"""
LIST = """query L($topics: [WebhookSubscriptionTopic!], $after: String) {
  webhookSubscriptions(first: 2, topics: $topics, after: $after) {
    nodes { id topic uri } edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }"""


def run(running: RunningSandbox, query: str, token: str | None = None, shop: str = SHOP, **variables: Any) -> Any:
    token = token or running.grant(shop)["access_token"]
    body = graphql(running, shop, token, query, variables).json
    assert "errors" not in body, body
    return next(iter(body["data"].values()))


def create(running: RunningSandbox, topic: str = "ORDERS_UPDATED", uri: str | None = HOOKS, **more: Any) -> Any:
    where = {"uri": uri} if uri else {}
    return run(running, CREATE, topic=topic, **{"with": {**where, **more}})


def messages(answer: Any) -> list[str]:
    return [error["message"] for error in answer["userErrors"]]


def test_a_subscription_is_made_listed_changed_and_deleted(running: RunningSandbox) -> None:
    made = create(running, includeFields=["id", "updated_at"], name="orders")["webhookSubscription"]
    assert made["id"].startswith("gid://shopify/WebhookSubscription/")
    assert (made["topic"], made["uri"], made["includeFields"]) == ("ORDERS_UPDATED", HOOKS, ["id", "updated_at"])
    changed = run(running, UPDATE, id=made["id"], **{"with": {"uri": HOOKS + "/2"}})["webhookSubscription"]
    assert changed == {"id": made["id"], "uri": HOOKS + "/2", "includeFields": ["id", "updated_at"]}
    assert [row["uri"] for row in run(running, LIST)["nodes"]] == [HOOKS + "/2"]
    assert run(running, DELETE, id=made["id"]) == {"deletedWebhookSubscriptionId": made["id"], "userErrors": []}
    assert run(running, LIST)["nodes"] == []
    assert messages(run(running, DELETE, id=made["id"])) == ["Webhook subscription does not exist"]
    assert messages(run(running, UPDATE, id=made["id"], **{"with": {"uri": HOOKS}})) == [
        "Webhook subscription does not exist"
    ]


def test_the_list_has_pages_and_can_be_narrowed(running: RunningSandbox) -> None:
    for topic in ("ORDERS_UPDATED", "ORDERS_DELETE", "APP_UNINSTALLED"):
        create(running, topic)
    first = run(running, LIST)
    assert first["pageInfo"]["hasNextPage"] is True
    second = run(running, LIST, after=first["pageInfo"]["endCursor"])
    assert [row["topic"] for row in second["nodes"]] == ["APP_UNINSTALLED"]
    assert [row["topic"] for row in run(running, LIST, topics=["ORDERS_DELETE"])["nodes"]] == ["ORDERS_DELETE"]


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (None, "Address can't be blank"),
        ("http://app.example.com/hooks", "Address protocol http:// is not supported"),
        ("ftp://app.example.com", "Address is invalid"),
        ("https://[", "Address is invalid"),
        ("nonsense", "Address is invalid"),
    ],
)
def test_a_wrong_address_is_a_user_error(running: RunningSandbox, uri: str | None, message: str) -> None:
    answer = create(running, uri=uri)
    assert (answer["webhookSubscription"], messages(answer)) == (None, [message])


def test_the_same_topic_to_the_same_address_is_taken(running: RunningSandbox) -> None:
    create(running)
    assert messages(create(running)) == ["Address for this topic has already been taken"]
    other = create(running, uri=HOOKS + "/2")["webhookSubscription"]
    assert messages(run(running, UPDATE, id=other["id"], **{"with": {"uri": HOOKS}})) == [
        "Address for this topic has already been taken"
    ]


def test_a_topic_without_its_scope_or_approval_is_refused(running: RunningSandbox) -> None:
    assert messages(create(running, "FULFILLMENTS_UPDATE")) == [
        "You cannot create a webhook subscription with the specified topic"
    ]
    running.merchant.approve(SHOP, "none")
    assert "not approved to subscribe" in messages(create(running))[0]
    assert messages(create(running, "SHOP_UPDATE")) == []


def test_subscriptions_belong_to_their_store_and_app(running: RunningSandbox) -> None:
    create(running)
    running.register("own-app", "own-secret")
    own = running.grant(SHOP, client_id="own-app")["access_token"]
    assert run(running, LIST, token=own)["nodes"] == []
    assert run(running, LIST, shop=OPEN_SHOP)["nodes"] == []
    assert len(run(running, LIST)["nodes"]) == 1


def test_compliance_topics_cannot_be_subscribed_to(running: RunningSandbox) -> None:
    token = running.grant(SHOP)["access_token"]
    body = graphql(running, SHOP, token, CREATE, {"topic": "CUSTOMERS_REDACT", "with": {"uri": HOOKS}}).json
    assert body["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"
