"""What happens in the stores: each change is seen by the API and told to the app in REST form."""

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.shopify.sandbox import RunningSandbox, serve
from tests.integrations.shopify.sandbox.asking import graphql, request, token_request
from tests.integrations.shopify.sandbox.queries import PROBE, by_email
from tests.integrations.shopify.sandbox.receiving import Inbox
from tests.integrations.shopify.sandbox.small_store import ADA, SHOP, line, small_store
from tests.integrations.shopify.sandbox.test_subscriptions import LIST, create, run

TOPICS = (
    "app/uninstalled",
    "app/scopes_update",
    "shop/update",
    "orders/create",
    "orders/updated",
    "orders/delete",
    "orders/cancelled",
    "orders/fulfilled",
    "orders/partially_fulfilled",
    "fulfillments/create",
    "fulfillments/update",
    "customers/create",
    "customers/update",
    "customers/delete",
    "customers/data_request",
    "customers/redact",
    "shop/redact",
)
SCOPES = ("read_customers", "read_orders", "read_fulfillments")
ORDER = """query O($id: ID!) { order(id: $id) { displayFulfillmentStatus displayFinancialStatus cancelReason note updatedAt
  fulfillments(first: 9) { displayStatus deliveredAt trackingInfo(first: 9) { number }
    fulfillmentLineItems(first: 9) { nodes { quantity lineItem { id } } } }
  lineItems(first: 9) { nodes { id currentQuantity unfulfilledQuantity } } } }"""
NEWEST = "gid://shopify/Order/1002"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as opened:
        yield opened


@pytest.fixture
def running(inbox: Inbox) -> Iterator[RunningSandbox]:
    with serve(small_store(), webhook_uri=inbox.url, topics=TOPICS) as served:
        yield served


@pytest.fixture
def token(running: RunningSandbox) -> str:
    return str(running.grant(SHOP, SCOPES)["access_token"])


def order(running: RunningSandbox, token: str, gid: str = NEWEST) -> Any:
    return graphql(running, SHOP, token, ORDER, {"id": gid}).json["data"]["order"]


def told(running: RunningSandbox, inbox: Inbox) -> list[str]:
    running.drain()
    return inbox.topics


def test_a_parcel_leaves_with_what_is_left_or_with_the_lines_named(
    running: RunningSandbox, token: str, inbox: Inbox
) -> None:
    running.merchant.fulfil(SHOP, "1002", lines={"Throw": 1}, tracking={"company": "DHL", "number": "D1"})
    assert order(running, token)["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"
    running.merchant.fulfil(SHOP, "#1002")
    now = order(running, token)
    assert now["displayFulfillmentStatus"] == "FULFILLED"
    assert [part["unfulfilledQuantity"] for part in now["lineItems"]["nodes"]] == [0, 0, 0]
    assert told(running, inbox) == [
        "fulfillments/create",
        "orders/partially_fulfilled",
        "orders/updated",
        "fulfillments/create",
        "orders/fulfilled",
        "orders/updated",
    ]
    parcel = inbox.got[0].json
    assert (parcel["order_id"], parcel["tracking_company"], parcel["tracking_numbers"]) == (1002, "DHL", ["D1"])
    assert inbox.got[-1].json["fulfillment_status"] == "fulfilled"


def test_tracking_and_delivery_reach_the_newest_parcel(running: RunningSandbox, token: str, inbox: Inbox) -> None:
    running.merchant.fulfil(SHOP, "#1002")
    running.merchant.track(SHOP, "#1002", {"number": "D2", "url": "https://dhl.example/D2"})
    running.merchant.track(SHOP, "#1002", status="DELIVERED")
    parcel = order(running, token)["fulfillments"][-1]
    assert parcel["trackingInfo"] == [{"number": "D2"}]
    assert parcel["displayStatus"] == "DELIVERED"
    assert parcel["deliveredAt"] is not None
    assert told(running, inbox)[-2:] == ["fulfillments/update", "orders/updated"]


def test_a_cancelled_order_is_refunded_and_cannot_be_sent(running: RunningSandbox, token: str, inbox: Inbox) -> None:
    running.merchant.cancel(SHOP, "G-1", reason="FRAUD")
    assert told(running, inbox) == ["orders/cancelled", "orders/updated"]
    assert inbox.got[0].json["cancel_reason"] == "fraud"
    assert inbox.got[0].json["financial_status"] == "refunded"
    wrong = request(running, "POST", "/_sandbox/orders/fulfil", body={"shop": SHOP, "order": "G-1"})
    assert (wrong.status, wrong.json["error"]) == (400, "The order is cancelled.")


def test_an_edited_order_changes_its_lines_and_its_time(running: RunningSandbox, token: str, inbox: Inbox) -> None:
    before = order(running, token)["updatedAt"]
    running.merchant.edit_order(SHOP, "#1002", note="Ring twice", lines={"Apron": 5})
    now = order(running, token)
    assert now["note"] == "Ring twice"
    assert [part["currentQuantity"] for part in now["lineItems"]["nodes"]] == [4, 5, 1]
    assert now["lineItems"]["nodes"][1]["unfulfilledQuantity"] == 3
    assert now["updatedAt"] > before
    assert told(running, inbox) == ["orders/updated"]


def test_a_new_order_is_counted_and_a_deleted_one_is_gone(running: RunningSandbox, token: str, inbox: Inbox) -> None:
    given = {"name": "#1003", "customerId": "gid://shopify/Customer/11", "lineItems": [line(8)]}
    made = running.merchant.create_order(SHOP, given)
    customer = graphql(running, SHOP, token, by_email(), {"email": ADA}).json["data"]["customer"]
    assert customer["orders"]["nodes"][0]["name"] == "#1003"
    assert customer["numberOfOrders"] == "4"
    running.merchant.delete_order(SHOP, "#1003")
    assert order(running, token, made["id"]) is None
    assert told(running, inbox) == ["orders/create", "orders/delete"]
    assert inbox.got[1].json == {"id": int(made["legacyResourceId"])}


def test_customers_are_made_changed_and_deleted(running: RunningSandbox, token: str, inbox: Inbox) -> None:
    running.merchant.create_customer(SHOP, {"email": "new@example.com", "firstName": "Nia"})
    running.merchant.edit_customer(SHOP, "new@example.com", email="newer@example.com", lastName="Okoro")
    found = graphql(running, SHOP, token, by_email(), {"email": "newer@example.com"}).json["data"]["customer"]
    assert found["displayName"] == "Nia Okoro"
    assert graphql(running, SHOP, token, by_email(), {"email": "new@example.com"}).json["data"]["customer"] is None
    running.merchant.delete_customer(SHOP, "newer@example.com")
    assert told(running, inbox) == ["customers/create", "customers/update", "customers/delete"]
    assert set(inbox.got[2].json) == {"id", "tax_exemptions", "admin_graphql_api_id"}
    taken = {"shop": SHOP, "customer": "mail@other.example", "email": ADA.upper()}
    wrong = request(running, "POST", "/_sandbox/customers/edit", body=taken)
    assert wrong.status == 400
    assert "already been taken" in wrong.json["error"]


def test_an_uninstalled_app_is_told_when_its_tokens_are_dead(running: RunningSandbox, token: str, inbox: Inbox) -> None:
    create(running, uri=inbox.url + "/own")
    running.merchant.uninstall(SHOP)
    assert graphql(running, SHOP, token, PROBE).status == 401
    assert told(running, inbox) == ["app/uninstalled"]
    assert inbox.got[0].json["myshopify_domain"] == SHOP
    assert run(running, LIST)["nodes"] == []


def test_shop_redact_follows_48_hours_after_the_uninstallation(
    running: RunningSandbox, token: str, inbox: Inbox
) -> None:
    running.merchant.uninstall(SHOP)
    running.advance(hours=47)
    assert told(running, inbox) == ["app/uninstalled"]
    running.advance(hours=2)
    assert told(running, inbox) == ["app/uninstalled", "shop/redact"]
    assert set(inbox.got[1].json) == {"shop_id", "shop_domain"}


def test_a_store_that_came_back_in_time_is_not_redacted(running: RunningSandbox, token: str, inbox: Inbox) -> None:
    running.merchant.uninstall(SHOP)
    running.grant(SHOP)
    running.advance(hours=50)
    assert told(running, inbox) == ["app/uninstalled"]
    assert [row["outcome"] for row in running.deliveries] == ["delivered", "dropped"]


def test_an_app_that_uninstalls_itself_is_told_too(running: RunningSandbox, token: str, inbox: Inbox) -> None:
    graphql(running, SHOP, token, "mutation { appUninstall { userErrors { message } } }")
    assert told(running, inbox) == ["app/uninstalled"]


def test_other_scopes_hold_at_once_and_are_told(running: RunningSandbox, token: str, inbox: Inbox) -> None:
    running.merchant.set_scopes(SHOP, ["read_orders"])
    body = graphql(running, SHOP, token, by_email(), {"email": ADA}).json
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert told(running, inbox) == ["app/scopes_update"]
    assert inbox.got[0].json["previous"] == list(SCOPES)
    assert inbox.got[0].json["current"] == ["read_orders"]
    assert inbox.got[0].json["shop_id"].startswith("gid://shopify/Shop/")


def test_a_frozen_store_answers_402_until_it_pays(running: RunningSandbox, token: str, inbox: Inbox) -> None:
    running.merchant.freeze(SHOP)
    assert graphql(running, SHOP, token, PROBE).status == 402
    assert token_request(running, SHOP, code="x").status == 402
    running.merchant.unfreeze(SHOP)
    assert graphql(running, SHOP, token, PROBE).json["data"]["shop"]["name"] == "Shop One"
    assert told(running, inbox) == ["shop/update", "shop/update"]
    assert [one.json["plan_name"] for one in inbox.got] == ["frozen", "development"]


def test_compliance_topics_name_the_customer_and_their_orders(
    running: RunningSandbox, token: str, inbox: Inbox
) -> None:
    number = running.merchant.request_data(SHOP, ADA)
    running.merchant.redact_customer(SHOP, ADA)
    running.merchant.redact_shop(SHOP)
    assert told(running, inbox) == ["customers/data_request", "customers/redact", "shop/redact"]
    asked, redact, _ = (one.json for one in inbox.got)
    assert asked["customer"] == {"id": 11, "email": ADA, "phone": "+43 660 123"}
    assert (len(asked["orders_requested"]), asked["data_request"]) == (3, {"id": number})
    assert 1002 in redact["orders_to_redact"]
    assert "data_request" not in redact


def test_a_new_customer_is_found_by_address_at_once_and_by_search_after_the_lag(
    running: RunningSandbox, token: str
) -> None:
    query = (
        '{ customers(first: 5, query: "email:\\"nia@example.com\\"") { nodes { id } }'
        ' c: customerByIdentifier(identifier: {emailAddress: "nia@example.com"}) { id } }'
    )
    running.set_search_lag(60)
    running.merchant.create_customer(SHOP, {"email": "nia@example.com"})
    data = graphql(running, SHOP, token, query).json["data"]
    assert data["customers"]["nodes"] == []
    assert data["c"] is not None
    running.advance(seconds=61)
    assert len(graphql(running, SHOP, token, query).json["data"]["customers"]["nodes"]) == 1


def test_a_changed_row_is_searched_as_it_was_until_the_index_has_it(running: RunningSandbox, token: str) -> None:
    query = '{ orders(first: 5, query: "email:\\"%s\\"") { nodes { email } } }'
    running.set_search_lag(60)
    running.merchant.edit_order(SHOP, "G-1", email="guest2@example.com")
    old = graphql(running, SHOP, token, query % "guest@example.com").json["data"]["orders"]["nodes"]
    assert old == [{"email": "guest2@example.com"}], "the index is late, the row is not"
    running.advance(seconds=61)
    assert graphql(running, SHOP, token, query % "guest@example.com").json["data"]["orders"]["nodes"] == []
    assert graphql(running, SHOP, token, query % "guest2@example.com").json["data"]["orders"]["nodes"]


def test_what_changed_since_is_found_by_its_time(running: RunningSandbox, token: str) -> None:
    running.advance(minutes=40)
    running.merchant.edit_order(SHOP, "#1001", note="x")
    running.merchant.edit_customer(SHOP, ADA, note="y")
    query = """{ orders(first: 9, sortKey: UPDATED_AT, query: "updated_at:>='2026-11-22T12:30:00Z'") { nodes { name } }
      customers(first: 9, sortKey: UPDATED_AT, query: "updated_at:>='2026-11-22T12:30:00Z'") { edges { node { note } } } }"""
    data = graphql(running, SHOP, token, query).json["data"]
    assert data["orders"]["nodes"] == [{"name": "#1001"}]
    assert data["customers"]["edges"] == [{"node": {"note": "y"}}]


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        ("orders/fulfil", {"shop": SHOP, "order": "#9"}),
        ("orders/fulfil", {"shop": "nobody.myshopify.com", "order": "#1002"}),
        ("orders/fulfil", {"order": "#1002"}),
        ("orders/edit", {"shop": SHOP, "order": "#1002", "legacyResourceId": "5"}),
        ("orders/edit", {"shop": SHOP, "order": "#1002", "displayFinancialStatus": "TEA"}),
        ("orders/track", {"shop": SHOP, "order": "G-1", "tracking": {"number": "1"}}),
        ("orders/create", {"shop": SHOP, "order": {"name": "#1002"}}),
        ("orders/create", {"shop": SHOP, "order": {"name": "#1", "customerId": "gid://shopify/Customer/1"}}),
        ("customers/edit", {"shop": SHOP, "customer": "nobody@example.com"}),
        ("stores/scopes", {"shop": SHOP, "scopes": ["read_orders"]}),
        ("stores/approve", {"shop": SHOP, "level": "tea"}),
        ("stores/freeze", {"shop": SHOP, "tea": 1}),
        ("compliance/data_request", {"shop": SHOP, "customer": "nobody"}),
    ],
)
def test_a_change_that_cannot_be_made_says_why(running: RunningSandbox, action: str, wrong: dict[str, Any]) -> None:
    reply = request(running, "POST", f"/_sandbox/{action}", body=wrong)
    assert reply.status == 400
    assert reply.json["error"]
    assert running.deliveries == []


def test_an_unknown_action_names_the_known_ones(running: RunningSandbox) -> None:
    reply = request(running, "POST", "/_sandbox/orders/eat", body={"shop": SHOP})
    assert reply.status == 404
    assert "orders/fulfil" in reply.json["error"]
