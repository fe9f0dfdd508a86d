"""What queries cost, and what happens when the budget is gone."""

from typing import Any

import pytest

from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.sandbox.throttle import Bucket
from tests.integrations.shopify.sandbox.asking import graphql
from tests.integrations.shopify.sandbox.queries import ORDER_LINES, PROBE, by_email, by_search, combined, order_card
from tests.integrations.shopify.sandbox.small_store import ADA, OPEN_SHOP, SHOP

NOBODY = {"email": "nobody@example.com", "q": 'email:"nobody@example.com"'}
CUSTOMERS = (
    "query C($orders: Int! = 50, $lines: Int! = 25) { customers(first: 5) { nodes { id amountSpent { amount } defaultEmailAddress { emailAddress } "
    "defaultPhoneNumber { phoneNumber } orders(first: $orders) { nodes { ...OrderCard } } } } }"
    + order_card(parcels=False)
)


def cost(running: RunningSandbox, query: str, shop: str = SHOP, **variables: Any) -> Any:
    reply = graphql(running, shop, running.grant(shop)["access_token"], query, variables)
    return reply.json["extensions"]["cost"]


@pytest.mark.parametrize(
    ("query", "variables", "points"),
    [
        (by_email(parcels=False), {"lines": 10}, 68),
        (by_email(parcels=False), {"lines": 25}, 82),
        (by_email(parcels=False), {"lines": 50}, 89),
        (by_email(parcels=False), {"lines": 100}, 103),
        (by_email(parcels=False), {"lines": 250}, 117),
        (by_email(), {"lines": 25}, 180),
        (by_email(), {"lines": 250}, 215),
        (by_search(parcels=False), {}, 86),
        (combined(parcels=False), {"guests": 50}, 168),
        (combined(parcels=False), {"guests": 50, "lines": 250}, 238),
        (combined(), {}, 286),
        (CUSTOMERS, {}, 248),
        (ORDER_LINES, {"id": "gid://shopify/Order/1"}, 14),
        (PROBE, {}, 5),
    ],
)
def test_the_requested_cost_is_that_of_the_published_table(
    running: RunningSandbox, query: str, variables: dict[str, Any], points: int
) -> None:
    assert cost(running, query, **{**NOBODY, **variables})["requestedQueryCost"] == points


def test_the_actual_cost_is_what_came_back_and_the_rest_is_refunded(running: RunningSandbox) -> None:
    nobody = cost(running, combined(), **NOBODY)
    assert nobody["actualQueryCost"] == 2
    status = nobody["throttleStatus"]
    assert (status["maximumAvailable"], status["restoreRate"]) == (2000.0, 100.0)
    assert 1998 <= status["currentlyAvailable"] <= 2000  # what was spent comes back with every moment that passes
    ada = cost(running, combined(), email=ADA, q='email:"ada"')
    assert nobody["actualQueryCost"] < ada["actualQueryCost"] < ada["requestedQueryCost"]


def test_an_empty_bucket_answers_throttled_in_a_200(running: RunningSandbox) -> None:
    token = running.grant(SHOP)["access_token"]
    running.sandbox.bucket(SHOP).take(1900)
    reply = graphql(running, SHOP, token, combined(), NOBODY)
    assert reply.status == 200
    assert "data" not in reply.json
    assert reply.json["errors"][0]["message"] == "Throttled"
    assert reply.json["errors"][0]["extensions"]["code"] == "THROTTLED"
    spent = reply.json["extensions"]["cost"]
    assert (spent["requestedQueryCost"], spent["actualQueryCost"]) == (286, None)
    assert spent["throttleStatus"]["currentlyAvailable"] < 286
    assert running.calls[-1]["error"] == "THROTTLED"


def test_each_store_has_its_own_budget(running: RunningSandbox) -> None:
    running.sandbox.bucket(SHOP).take(2000)
    assert cost(running, combined(), OPEN_SHOP, **NOBODY)["throttleStatus"]["currentlyAvailable"] > 1900


def test_a_query_over_the_limit_is_refused_whole(running: RunningSandbox) -> None:
    token = running.grant(SHOP)["access_token"]
    body = graphql(running, SHOP, token, CUSTOMERS.replace("first: 5", "first: 250"), {"lines": 250}).json
    error = body["errors"][0]
    assert "data" not in body
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["maxCost"] == 1000
    assert error["message"].startswith(
        f"Query cost is {error['extensions']['cost']}, which exceeds the single query max cost limit (1000)."
    )
    assert cost(running, PROBE)["throttleStatus"]["currentlyAvailable"] >= 1990


def test_the_bucket_fills_by_the_second_up_to_its_brim() -> None:
    now = [0.0]
    bucket = Bucket(lambda: now[0])
    assert bucket.take(2000)
    assert not bucket.take(1)
    now[0] = 3.0
    assert bucket.status()["currentlyAvailable"] == 300
    bucket.refund(100)
    assert bucket.take(400)
    now[0] = 1000.0
    assert bucket.status()["currentlyAvailable"] == 2000
