"""Faults on demand: each answer as Shopify gives it, for as many calls, shops and kinds as were named."""

import http.client
import json
import time
from typing import Any

import pytest

from integrations.shopify.sandbox import FAULTS, FaultError, RunningSandbox
from tests.integrations.shopify.sandbox.asking import Reply, approved_code, graphql, request, token_request
from tests.integrations.shopify.sandbox.queries import PROBE, by_email
from tests.integrations.shopify.sandbox.small_store import ADA, OPEN_SHOP, SHOP

SEARCH = '{ orders(first: 5, query: "email:\\"guest@example.com\\"") { nodes { name } } }'


@pytest.fixture
def token(running: RunningSandbox) -> str:
    return str(running.grant(SHOP)["access_token"])


def ask(running: RunningSandbox, token: str, query: str = PROBE, **variables: Any) -> Reply:
    return graphql(running, SHOP, token, query, variables)


def raw_answer(running: RunningSandbox, token: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", int(running.url.rpartition(":")[2]), timeout=10)
    headers = {"Host": SHOP, "X-Shopify-Access-Token": token, "Content-Type": "application/json"}
    try:
        connection.request("POST", "/admin/api/2026-10/graphql.json", json.dumps({"query": PROBE}), headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 423, 429, 430, 500, 502, 503, 504, 520, 530, 540])
def test_every_status_can_be_had_of_graphql_and_of_the_token_endpoint(
    running: RunningSandbox, token: str, status: int
) -> None:
    running.fault(str(status), times=2)
    assert ask(running, token).status == status
    assert token_request(running, SHOP, code="x").status == status
    assert ask(running, token).status == 200
    assert [(call["status"], call["fault"]) for call in running.calls] == [
        (status, str(status)),
        (status, str(status)),
        (200, None),
    ]


def test_a_429_carries_a_wait_that_is_no_whole_number_and_a_401_an_error_that_is_a_text(
    running: RunningSandbox, token: str
) -> None:
    running.fault("429", times=1)
    assert ask(running, token).headers["retry-after"] == "2.0"
    running.fault("503", times=1, retry_after="0.5")
    assert ask(running, token).headers["retry-after"] == "0.5"
    running.fault("401", times=1)
    assert isinstance(ask(running, token).json["errors"], str)


def test_throttled_comes_with_the_bucket_and_without_data(running: RunningSandbox, token: str) -> None:
    running.fault("throttled", times=1, available=3)
    reply = ask(running, token)
    assert reply.status == 200
    assert reply.json["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert reply.json["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 3
    assert "data" not in reply.json


@pytest.mark.parametrize(
    ("fault", "code"), [("internal_error", "INTERNAL_SERVER_ERROR"), ("max_cost", "MAX_COST_EXCEEDED")]
)
def test_errors_of_graphql_have_their_code(running: RunningSandbox, token: str, fault: str, code: str) -> None:
    running.fault(fault, times=1)
    assert ask(running, token).json["errors"][0]["extensions"]["code"] == code


def test_a_missing_scope_hides_its_fields_and_leaves_the_rest(running: RunningSandbox, token: str) -> None:
    running.fault("access_denied_scope", times=1, scope="read_orders")
    body = ask(running, token, by_email(), email=ADA).json
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert "requiredAccess" in body["errors"][0]["extensions"]
    assert running.calls[-1]["error"] == "ACCESS_DENIED"
    assert ask(running, token, by_email(), email=ADA).json["data"]["customer"]["orders"]["nodes"]


def test_unapproved_personal_data_is_told_apart_by_its_words(running: RunningSandbox, token: str) -> None:
    running.fault("access_denied_protected", times=1)
    query = (
        "query A($email: String!) { customerByIdentifier(identifier: {emailAddress: $email}) { id firstName note } }"
    )
    body = ask(running, token, query, email=ADA).json
    assert body["data"]["customerByIdentifier"] == {
        "id": "gid://shopify/Customer/11",
        "firstName": None,
        "note": None,
    }
    assert "not approved to use the firstName field" in body["errors"][0]["message"]
    running.fault("access_denied_protected", times=1, level="none")
    body = ask(running, token, query, email=ADA).json
    assert body["data"] == {"customerByIdentifier": None}
    assert "not approved to access the Customer object" in body["errors"][0]["message"]


def test_a_search_warning_brings_everybody(running: RunningSandbox, token: str) -> None:
    assert len(ask(running, token, SEARCH).json["data"]["orders"]["nodes"]) == 1
    running.fault("search_warning", times=1)
    body = ask(running, token, SEARCH).json
    assert len(body["data"]["orders"]["nodes"]) > 1
    assert body["extensions"]["search"][0]["warnings"][0]["code"] == "invalid_field"


def test_answers_can_lie(running: RunningSandbox, token: str) -> None:
    running.fault("unknown_enums", times=1)
    body = ask(running, token, by_email(), email=ADA).json
    assert {order["displayFinancialStatus"] for order in body["data"]["customer"]["orders"]["nodes"]} >= {"NEW_PAID"}
    running.fault("wrong_email", times=1)
    body = ask(running, token, by_email(), email=ADA).json
    assert body["data"]["customer"]["defaultEmailAddress"]["emailAddress"] == "someone.else@example.net"
    running.fault("nulls", times=1, path="data.customer.orders.nodes.0.name")
    body = ask(running, token, by_email(), email=ADA).json
    assert body["data"]["customer"]["orders"]["nodes"][0]["name"] is None


def test_nulls_are_the_same_for_the_same_seed(running: RunningSandbox, token: str) -> None:
    running.fault("nulls", times=2, seed=7, share=0.2)
    first, second = (ask(running, token, by_email(), email=ADA).json["data"] for _ in range(2))
    assert first == second
    assert "null" in json.dumps(first)
    running.fault("nulls", times=1, seed=8, share=0.2)
    assert ask(running, token, by_email(), email=ADA).json["data"] != first


def test_too_many_errors_truncates(running: RunningSandbox, token: str) -> None:
    running.fault("too_many_errors", times=1)
    body = ask(running, token).json
    assert "max error limit reached" in body["errors"][-1]["message"]
    assert body["data"] is None


def test_a_dropped_connection_did_nothing_and_a_lost_answer_did(running: RunningSandbox, token: str) -> None:
    pair = running.grant(SHOP)
    running.fault("drop", kind="refresh", times=1)
    with pytest.raises(http.client.RemoteDisconnected):
        token_request(running, SHOP, grant_type="refresh_token", refresh_token=pair["refresh_token"])
    assert ask(running, pair["access_token"]).status == 200
    running.fault("lost_answer", kind="refresh", times=1)
    with pytest.raises(http.client.RemoteDisconnected):
        token_request(running, SHOP, grant_type="refresh_token", refresh_token=pair["refresh_token"])
    assert ask(running, pair["access_token"]).status == 401, "the pair was not rotated"
    again = token_request(running, SHOP, grant_type="refresh_token", refresh_token=pair["refresh_token"])
    assert again.status == 200
    assert [call["status"] for call in running.calls if call["kind"] == "refresh"] == [0, 0, 200]


def test_a_timeout_ends_without_an_answer_and_slow_with_the_right_one(running: RunningSandbox, token: str) -> None:
    running.fault("timeout", times=1, seconds=0.3)
    started = time.monotonic()
    with pytest.raises(http.client.RemoteDisconnected):
        ask(running, token)
    assert time.monotonic() - started >= 0.3
    running.fault("slow", times=1, seconds=0.3)
    started = time.monotonic()
    assert ask(running, token).json["data"]["shop"]["name"] == "Shop One"
    assert time.monotonic() - started >= 0.3


def test_broken_bodies(running: RunningSandbox, token: str) -> None:
    running.fault("redirect", times=1, location="https://elsewhere.example/")
    assert ask(running, token).headers["location"] == "https://elsewhere.example/"
    running.fault("wrong_content_type", times=1)
    reply = ask(running, token)
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.json["data"]["shop"]
    for name in ("not_json", "empty"):
        running.fault(name, times=1)
        with pytest.raises(ValueError):
            ask(running, token).json  # noqa: B018 - it is read for its error.
    running.fault("huge", times=1, bytes=2_000_000)
    assert len(raw_answer(running, token)[1]) > 2_000_000
    running.fault("not_utf8", times=1)
    with pytest.raises(UnicodeDecodeError):
        raw_answer(running, token)[1].decode()
    running.fault("truncated", times=1)
    with pytest.raises(http.client.IncompleteRead):
        raw_answer(running, token)


def test_the_token_endpoint_has_faults_of_its_own(running: RunningSandbox) -> None:
    running.fault("fewer_scopes", times=1)
    body = token_request(running, SHOP, code=approved_code(running, SHOP), expiring="1").json
    assert body["scope"] == "read_orders"
    given = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    running.fault("invalid_grant", times=1)
    assert token_request(running, SHOP, **given).json["error"] == "invalid_grant"
    running.fault("inactive_refresh_token", times=1)
    reply = token_request(running, SHOP, **given)
    assert (reply.status, reply.json["error"]) == (401, "invalid_request")
    assert token_request(running, SHOP, **given).status == 200


def test_a_fault_keeps_to_its_shop_its_kind_and_its_operation(running: RunningSandbox, token: str) -> None:
    other = running.grant(OPEN_SHOP)["access_token"]
    running.fault("500", shop=SHOP, kind="graphql", operation="ConnectProbe")
    assert ask(running, token).status == 500
    assert ask(running, token).status == 500
    assert ask(running, token, by_email(), email=ADA).status == 200
    assert graphql(running, OPEN_SHOP, other, PROBE).status == 200
    assert token_request(running, SHOP, code="x").status == 400
    running.clear_faults()
    assert ask(running, token).status == 200


def test_code_and_refresh_are_hit_apart_and_token_means_both(running: RunningSandbox) -> None:
    running.fault("503", kind="code")
    refresh = {"grant_type": "refresh_token", "refresh_token": "x"}
    assert token_request(running, SHOP, code="x").status == 503
    assert token_request(running, SHOP, **refresh).status == 400
    running.clear_faults()
    running.fault("503", kind="token")
    assert token_request(running, SHOP, code="x").status == 503
    assert token_request(running, SHOP, **refresh).status == 503


def test_the_oldest_fault_that_fits_goes_first(running: RunningSandbox, token: str) -> None:
    running.fault("500", times=1)
    running.fault("502", times=1)
    assert [ask(running, token).status for _ in range(3)] == [500, 502, 200]


def test_faults_are_set_listed_and_cleared_over_http(running: RunningSandbox, token: str) -> None:
    made = request(running, "POST", "/_sandbox/faults", body={"fault": "429", "shop": SHOP, "times": 2}).json
    request(running, "POST", "/_sandbox/faults", body={"fault": "500"})
    listed = request(running, "GET", "/_sandbox/faults").json
    assert [fault["name"] for fault in listed["faults"]] == ["429", "500"]
    assert listed["known"] == FAULTS
    assert ask(running, token).status == 429
    request(running, "DELETE", f"/_sandbox/faults/{made['number']}")
    assert ask(running, token).status == 500
    assert request(running, "DELETE", "/_sandbox/faults").json == []
    assert ask(running, token).status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"fault": "tea"},
        {"fault": "500", "kind": "tea"},
        {"fault": "500", "times": 0},
        {"fault": "500", "times": "many"},
        {"fault": "500", "tea": 1},
        {"fault": "slow", "seconds": 1000},
        {"fault": "slow", "seconds": "long"},
        {"fault": "500", "shop": 5},
        {"times": 1},
        [],
    ],
)
def test_a_fault_that_cannot_be_played_is_refused(running: RunningSandbox, token: str, wrong: Any) -> None:
    assert request(running, "POST", "/_sandbox/faults", body=wrong).status == 400
    assert ask(running, token).status == 200


def test_an_unknown_fault_names_the_known_ones(running: RunningSandbox) -> None:
    with pytest.raises(FaultError, match="lost_answer"):
        running.fault("tea")
