"""One question to a store, and every answer that Shopify is known to give."""

import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from integrations import errors
from integrations.shopify import client
from integrations.shopify.client import Connection
from integrations.shopify.domains import ShopDomainError
from integrations.shopify.types import Denied
from tenants.addresses import AddressError
from tenants.crypto.secret import Secret
from tests.integrations.hostile_server import HostileServer, answer, hostile_server
from tests.integrations.shopify.answers import EMAIL, PROBE, customer, data, guests, order

SHOP = "harbor-goods.myshopify.com"
TOKEN = "shpat_canary_0123456789"
CONNECTION = Connection(shop=SHOP, access_token=Secret(TOKEN))


@pytest.fixture
def server(settings: Settings) -> Iterator[HostileServer]:
    with hostile_server() as running:
        settings.SHOPIFY_SANDBOX_URL = running.url
        yield running


def says(body: object, status: str = "200 OK", headers: str = "") -> bytes:
    return answer(json.dumps(body).encode(), status=status, headers=headers)


def problem(code: str | None, message: str = "m", path: list[Any] | None = None) -> dict[str, Any]:
    return {"message": message, "path": path, **({"extensions": {"code": code}} if code else {})}


def sent(server: HostileServer, index: int = -1) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(server.requests[index].partition(b"\r\n\r\n")[2])
    return body


def ask() -> client.CustomerOrders:
    return client.customer_orders(CONNECTION, email=EMAIL)


def test_the_question_carries_the_address_as_a_variable_and_the_token_in_its_header(server: HostileServer) -> None:
    server.pieces = [says({"data": data()})]
    assert ask().found
    head = server.requests[0].partition(b"\r\n\r\n")[0].decode()
    assert head.startswith("POST /admin/api/2026-10/graphql.json HTTP/1.1")
    assert f"X-Shopify-Access-Token: {TOKEN}" in head
    assert f"Host: {SHOP}" in head
    body = sent(server)
    assert body["operationName"] == "CustomerOrders"
    assert EMAIL not in body["query"]
    assert body["variables"] == {
        "email": EMAIL, "search": f'email:"{EMAIL}"', "guests": True, "destinations": True, "orders": 50, "lines": 25, "guestOrders": 10,
    }  # fmt: skip


def test_an_address_that_cannot_be_searched_safely_is_looked_up_without_guest_orders(server: HostileServer) -> None:
    server.pieces = [says({"data": {"customer": None}})]
    client.customer_orders(CONNECTION, email="o'brien@example.com")
    assert (sent(server)["variables"]["guests"], sent(server)["variables"]["search"]) == (False, "")


def test_what_is_no_address_is_not_asked_for(server: HostileServer) -> None:
    with pytest.raises(AddressError):
        client.customer_orders(CONNECTION, email="nobody")
    assert not server.requests


STATUSES = [
    ("401 Unauthorized", errors.TokenRefused),
    ("402 Payment Required", errors.AccountFrozen),
    ("403 Forbidden", errors.AccessForbidden),
    ("404 Not Found", errors.AccountNotFound),
    ("423 Locked", errors.AccountLocked),
    ("429 Too Many Requests", errors.RateLimited),
    ("430 Security Rejection", errors.SecurityRejected),
    ("400 Bad Request", errors.UnexpectedStatus),
    ("500 Internal Server Error", errors.VendorFailed),
    ("502 Bad Gateway", errors.VendorFailed),
    ("503 Service Unavailable", errors.VendorFailed),
    ("504 Gateway Timeout", errors.VendorFailed),
    ("520 Unknown", errors.VendorFailed),
    ("530 Frozen", errors.VendorFailed),
    ("540 Disabled", errors.VendorFailed),
    ("201 Created", errors.UnexpectedStatus),
]


@pytest.mark.parametrize(("status", "error"), STATUSES)
def test_every_status_has_its_meaning(server: HostileServer, status: str, error: type[errors.IntegrationError]) -> None:
    server.pieces = [says({"errors": f"[API] Invalid API key or access token {TOKEN} {EMAIL}"}, status)]
    with pytest.raises(errors.IntegrationError) as raised:
        ask()
    assert type(raised.value) is error
    assert raised.value.status == int(status[:3])
    assert len(server.requests) == 1, "nothing is tried again in here"


def test_the_wait_that_shopify_asks_for_is_passed_on(server: HostileServer) -> None:
    server.pieces = [says({"errors": "Exceeded"}, "429 Too Many Requests", "Retry-After: 2.0\r\n")]
    with pytest.raises(errors.RateLimited) as raised:
        ask()
    assert raised.value.retry_after == 2.0


def throttled(available: object, rate: object = 100.0, requested: object = 286) -> dict[str, Any]:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": rate}
    return {
        "errors": [problem("THROTTLED", "Throttled")],
        "extensions": {"cost": {"requestedQueryCost": requested, "actualQueryCost": None, "throttleStatus": status}},
    }


@pytest.mark.parametrize(
    ("body", "wait"),
    [
        (throttled(36), 2.5),
        (throttled(285.5), 0.1),
        (throttled(400), 0.1),
        (throttled(0, rate=0.001), 60.0),
        (throttled(0, rate=0), 2.0),
        (throttled(None), 2.0),
        (throttled("x"), 2.0),
        (throttled(10**400), 2.0),
        ({"errors": [problem("THROTTLED")]}, 2.0),
        ({"errors": [problem("THROTTLED")], "extensions": {"cost": []}}, 2.0),
        ({"errors": [problem("undefinedField"), problem("THROTTLED")]}, 2.0),
    ],
)
def test_a_throttled_query_says_how_long_to_wait(server: HostileServer, body: object, wait: float) -> None:
    server.pieces = [says(body)]
    with pytest.raises(errors.RateLimited) as raised:
        ask()
    assert raised.value.retry_after == pytest.approx(wait)


def test_denied_fields_are_listed_once_beside_the_rest(server: HostileServer) -> None:
    approval = "This app is not approved to use the email field. See https://shopify.dev/docs/apps/launch/protected-customer-data for more details."
    scope = "Access denied for note field. Required access: `read_customers` access scope."
    rows = [
        problem("ACCESS_DENIED", approval, ["customer", "orders", "nodes", n, "shippingAddress"]) for n in range(50)
    ]
    server.pieces = [says({"data": data(), "errors": [*rows, problem("ACCESS_DENIED", scope, ["customer", "note"])]})]
    got = ask()
    assert got.found
    assert got.denied == (Denied("customer.orders.shippingAddress", "protected_data"), Denied("customer.note", "scope"))


@pytest.mark.parametrize("body_data", [None, {"customer": None, "guests": None}])
def test_a_wholly_denied_answer_is_not_the_same_as_nobody(server: HostileServer, body_data: object) -> None:
    server.pieces = [
        says(
            {
                "data": body_data,
                "errors": [problem("ACCESS_DENIED", "Access denied for customerByIdentifier field.", ["customer"])],
            }
        )
    ]
    got = ask()
    assert not got.found
    assert got.denied == (Denied("customer", "scope"),)


@pytest.mark.parametrize("path", [None, 7, "customer", [{}], ["a" * 100, "<b>", "x y"]])
def test_an_odd_path_of_a_denial_is_no_harm(server: HostileServer, path: Any) -> None:
    server.pieces = [says({"data": data(), "errors": [problem("ACCESS_DENIED", "m", path)]})]
    assert ask().denied == (Denied("", "scope"),)


def test_a_search_that_was_ignored_gives_no_guest_orders(server: HostileServer) -> None:
    warning = {
        "path": ["guests"],
        "query": "q",
        "warnings": [{"field": "email", "code": "invalid_field", "message": "Invalid search field"}],
    }
    body = {"data": {"customer": None, "guests": guests(order(1, email=EMAIL))}}
    for search, found in (
        ([warning], False),
        ([{"path": ["guests"], "parsed": {}}], True),
        ([], True),
        ("odd", False),
        ([7], False),
    ):
        server.pieces = [says({**body, "extensions": {"search": search}})]
        assert ask().found is found


def by_turn(server: HostileServer, first: object, second: object) -> None:
    """The server sends its pieces anew for each request, so the second answer is put in while the first is being read."""

    class Turns(list[bytes]):
        def __iter__(self) -> Iterator[bytes]:
            return iter([says(first if len(server.requests) == 1 else second)])

    server.pieces = Turns()


def test_a_query_that_became_too_dear_is_asked_once_more_and_smaller(server: HostileServer) -> None:
    by_turn(server, {"errors": [problem("MAX_COST_EXCEEDED")]}, {"data": data()})
    assert ask().found
    assert [sent(server, n)["variables"]["orders"] for n in (0, 1)] == [50, 25]
    assert [sent(server, n)["variables"]["lines"] for n in (0, 1)] == [25, 10]


def test_a_query_that_stays_too_dear_is_an_error(server: HostileServer) -> None:
    server.pieces = [says({"errors": [problem("MAX_COST_EXCEEDED")]})]
    with pytest.raises(errors.CostExceeded):
        ask()
    assert len(server.requests) == 2


def test_an_answer_drowned_in_denials_is_asked_once_more_without_the_personal_fields(server: HostileServer) -> None:
    approval = problem(
        "ACCESS_DENIED", "This app is not approved to use the address field.", ["guests", "nodes", 0, "shippingAddress"]
    )
    drowned = {
        "data": None,
        "errors": [approval, problem(None, "Too many execution errors, max error limit reached. Results truncated")],
    }
    by_turn(server, drowned, {"data": {"customer": customer()}})
    got = ask()
    assert got.found
    assert got.denied == (Denied("guests.shippingAddress", "protected_data"),)
    assert (sent(server)["variables"]["destinations"], sent(server)["variables"]["guests"]) == (False, False)


@pytest.mark.parametrize(
    ("body", "error", "detail"),
    [
        ({"errors": [problem("undefinedField")]}, errors.QueryRefused, "undefinedField"),
        ({"errors": [problem("INVALID_VARIABLE")]}, errors.QueryRefused, "INVALID_VARIABLE"),
        ({"errors": [problem(f"x {TOKEN} {EMAIL}", EMAIL)]}, errors.QueryRefused, ""),
        ({"errors": [problem(None, EMAIL)]}, errors.QueryRefused, ""),
        ({"errors": EMAIL}, errors.QueryRefused, ""),
        ({"errors": [EMAIL]}, errors.MalformedAnswer, "errors"),
        ({"errors": [problem("INTERNAL_SERVER_ERROR")]}, errors.VendorFailed, ""),
        ({}, errors.MalformedAnswer, "data"),
        ({"data": None}, errors.MalformedAnswer, "data"),
        ({"data": []}, errors.MalformedAnswer, "data"),
        ([], errors.MalformedAnswer, "answer"),
        (EMAIL, errors.MalformedAnswer, "answer"),
        (
            {"data": {"customer": {"id": EMAIL, "defaultEmailAddress": {"emailAddress": EMAIL}}}},
            errors.MalformedAnswer,
            "data.customer.legacyResourceId",
        ),
    ],
)
def test_errors_in_the_answer_are_typed_and_quote_nothing(
    server: HostileServer,
    body: object,
    error: type[errors.IntegrationError],
    detail: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.pieces = [says(body)]
    with pytest.raises(errors.IntegrationError) as raised:
        ask()
    assert (type(raised.value), raised.value.detail) == (error, detail)
    shown = "".join(traceback.format_exception(raised.value)) + caplog.text
    assert not [word for word in (TOKEN, EMAIL) if word in shown]


def test_a_shop_must_be_the_one_that_was_asked(server: HostileServer) -> None:
    server.pieces = [says({"data": PROBE})]
    assert client.shop_profile(CONNECTION).name == "Harbor Goods"
    server.pieces = [says({"data": {**PROBE, "shop": {**PROBE["shop"], "myshopifyDomain": "other.myshopify.com"}}})]
    with pytest.raises(errors.MalformedAnswer):
        client.shop_profile(CONNECTION)


def test_more_lines_are_asked_for_after_a_cursor(server: HostileServer) -> None:
    server.pieces = [says({"data": {"order": {"id": "gid://shopify/Order/1", "lineItems": order(1)["lineItems"]}}})]
    assert len(client.order_lines(CONNECTION, order_id="gid://shopify/Order/1", after="abc").lines) == 1
    assert sent(server)["variables"] == {"id": "gid://shopify/Order/1", "after": "abc"}


def test_uninstalling_says_whether_it_worked(server: HostileServer) -> None:
    server.pieces = [says({"data": {"appUninstall": {"app": {"id": "1"}, "userErrors": []}}})]
    assert client.uninstall(CONNECTION)
    server.pieces = [
        says({"data": {"appUninstall": {"app": None, "userErrors": [{"code": "APP_NOT_INSTALLED", "message": "m"}]}}})
    ]
    assert not client.uninstall(CONNECTION)


def test_a_connection_names_a_shop_and_a_version_and_hides_its_token() -> None:
    assert TOKEN not in repr(CONNECTION)
    with pytest.raises(ShopDomainError):
        Connection(shop="evil.example", access_token=Secret(TOKEN))
    for wrong in ({"shop": SHOP.upper()}, {"shop": SHOP, "api_version": "../unstable"}):
        with pytest.raises(errors.DestinationRefused):
            Connection(**{"access_token": Secret(TOKEN), **wrong})  # type: ignore[arg-type]
