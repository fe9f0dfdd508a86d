"""The Admin API: customers, orders, parcels, the 60-day window, scopes and refusals."""

from datetime import timedelta
from typing import Any

import pytest

from integrations.shopify.sandbox import RunningSandbox, serve
from tests.integrations.shopify.sandbox.asking import graphql, request
from tests.integrations.shopify.sandbox.queries import ORDER_LINES, PROBE, by_email, by_search, combined
from tests.integrations.shopify.sandbox.small_store import ADA, OPEN_SHOP, SHOP, small_store


def ask(
    running: RunningSandbox, query: str, shop: str = SHOP, scopes: str = "read_customers read_orders", **variables: Any
) -> Any:
    token = running.grant(shop, scopes.split())["access_token"]
    reply = graphql(running, shop, token, query, variables)
    assert reply.status == 200
    return reply.json


@pytest.mark.parametrize("address", [ADA, ADA.lower(), "  ada.lovelace @example.com "])
def test_a_customer_is_found_regardless_of_case_and_blanks(running: RunningSandbox, address: str) -> None:
    customer = ask(running, by_email(), email=address)["data"]["customer"]
    assert customer["displayName"] == "Ada Lovelace"
    assert customer["defaultEmailAddress"]["emailAddress"] == ADA
    assert customer["tags"] == ["VIP"]


@pytest.mark.parametrize("address", ["", "nobody@example.com", "ada.lovelace@example.co", "*"])
def test_an_unknown_address_is_nobody(running: RunningSandbox, address: str) -> None:
    assert ask(running, by_email(), email=address)["data"] == {"customer": None}


def test_lifetime_figures_count_what_the_window_hides(running: RunningSandbox) -> None:
    customer = ask(running, by_email(), email=ADA)["data"]["customer"]
    assert customer["numberOfOrders"] == "3"
    assert customer["amountSpent"] == {"amount": "80.00", "currencyCode": "USD"}
    assert [order["name"] for order in customer["orders"]["nodes"]] == ["#1002", "#1001"]


def test_the_window_moves_with_the_sandbox_clock(running: RunningSandbox) -> None:
    running.set_clock(running.clock.now() - timedelta(days=60))
    names = [order["name"] for order in ask(running, by_email(), email=ADA)["data"]["customer"]["orders"]["nodes"]]
    assert "#1000" in names


def test_read_all_orders_opens_the_whole_history(running: RunningSandbox) -> None:
    assert ask(running, by_email(), OPEN_SHOP, email=ADA)["data"]["customer"]["orders"]["nodes"] == []
    scopes = "read_customers read_orders read_all_orders"
    nodes = ask(running, by_email(), OPEN_SHOP, scopes, email=ADA)["data"]["customer"]["orders"]["nodes"]
    assert [order["name"] for order in nodes] == ["T-1"]


def test_a_store_opened_at_start_shows_each_order_once() -> None:
    with serve(small_store(), all_orders=[SHOP]) as opened:
        nodes = ask(opened, by_email(), scopes="read_customers read_orders read_all_orders", email=ADA)["data"][
            "customer"
        ]["orders"]["nodes"]
    assert [order["name"] for order in nodes] == ["#1002", "#1001", "#1000"]


def test_parcels_carry_their_own_items_and_lines_know_what_is_open(running: RunningSandbox) -> None:
    order = ask(running, by_email(), email=ADA)["data"]["customer"]["orders"]["nodes"][0]
    assert order["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"
    assert [(item["title"], item["quantity"], item["unfulfilledQuantity"]) for item in order["lineItems"]["nodes"]] == [
        ("Mug", 4, 1),
        ("Apron", 2, 0),
        ("Throw", 1, 1),
    ]
    first, second, cancelled = order["fulfillments"]
    assert first["trackingInfo"] == [{"company": "UPS", "number": "1Z", "url": "https://ups.example/1Z"}]
    assert first["fulfillmentLineItems"]["nodes"] == [{"quantity": 3, "lineItem": {"id": "gid://shopify/LineItem/3"}}]
    assert (first["totalQuantity"], first["estimatedDeliveryAt"]) == (3, "2026-11-24T00:00:00Z")
    assert (second["displayStatus"], second["trackingInfo"]) == ("DELIVERED", [])
    assert cancelled["status"] == "CANCELLED"


def test_a_cancelled_and_refunded_order_has_nothing_left_to_ship(running: RunningSandbox) -> None:
    order = ask(running, by_email(), email=ADA)["data"]["customer"]["orders"]["nodes"][1]
    assert (order["cancelReason"], order["cancelledAt"]) == ("OTHER", "2026-11-02T00:00:00Z")
    assert (
        order["lineItems"]["nodes"][0] | {"quantity": 1, "currentQuantity": 0, "unfulfilledQuantity": 0}
        == order["lineItems"]["nodes"][0]
    )


def test_guest_orders_are_found_by_search_and_have_no_customer(running: RunningSandbox) -> None:
    body = ask(running, combined(), email="guest@example.com", q='email:"guest@example.com"')
    assert body["data"]["customer"] is None
    assert [(order["name"], order["email"], order["customer"]) for order in body["data"]["orders"]["nodes"]] == [
        ("G-1", "guest@example.com", None)
    ]


@pytest.mark.parametrize("query", ['name:"#1002"', "name:1002", "name:#1002", "name:100*"])
def test_orders_are_found_by_name_with_and_without_the_sign(running: RunningSandbox, query: str) -> None:
    assert "#1002" in [order["name"] for order in ask(running, by_search(), q=query)["data"]["orders"]["nodes"]]


def test_an_unquoted_address_finds_strangers(running: RunningSandbox) -> None:
    names = {
        order["email"] for order in ask(running, by_search(), q="email:guest@example.com")["data"]["orders"]["nodes"]
    }
    assert names == {"guest@example.com", ADA}


def test_an_unknown_filter_is_dropped_with_a_warning(running: RunningSandbox) -> None:
    body = ask(running, by_search(), q="phone:+43660123")
    assert len(body["data"]["orders"]["nodes"]) == 3
    assert body["extensions"]["search"] == [
        {
            "path": ["orders"],
            "query": "phone:+43660123",
            "parsed": {"field": "phone", "match_all": "+43660123"},
            "warnings": [
                {"field": "phone", "message": "Invalid search field for this query.", "code": "invalid_field"}
            ],
        }
    ]


def test_pages_follow_each_other_by_cursor(running: RunningSandbox) -> None:
    order, seen, after = "gid://shopify/Order/1002", [], None
    for _ in range(3):
        page = ask(running, ORDER_LINES, id=order, first=1, after=after)["data"]["order"]["lineItems"]
        seen.append(page["nodes"][0]["title"])
        after = page["pageInfo"]["endCursor"]
    assert seen == ["Mug", "Apron", "Throw"]
    assert page["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "you must provide one of first or last"),
        ("(first: 1, last: 1)", "providing both first and last is not supported"),
        ("(first: 251)", "first must be between 1 and 250"),
        ("(first: -1)", "first must be between 1 and 250"),
        ('(first: 1, after: "%%%")', "Invalid cursor for current pagination sort."),
        ('(first: 1, after: "Z2lk")', "Invalid cursor for current pagination sort."),
    ],
)
def test_a_page_that_cannot_be_is_refused(running: RunningSandbox, arguments: str, words: str) -> None:
    body = ask(running, f"{{ orders{arguments} {{ nodes {{ id }} }} }}")
    assert body["data"] is None
    assert body["errors"][0]["message"] == words
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert body["errors"][0]["path"] == ["orders"]


def test_orders_can_be_asked_by_page_through_edges(running: RunningSandbox) -> None:
    body = ask(
        running,
        "{ orders(first: 2, sortKey: CREATED_AT, reverse: true) { edges { cursor } nodes { name } pageInfo { hasNextPage } } }",
    )
    assert [order["name"] for order in body["data"]["orders"]["nodes"]] == ["G-1", "#1002"]
    assert len({edge["cursor"] for edge in body["data"]["orders"]["edges"]}) == 2


def test_a_missing_scope_denies_the_field_and_shows_the_rest(running: RunningSandbox) -> None:
    query = "query($e: String!) { shop { name } customerByIdentifier(identifier: {emailAddress: $e}) { id } orders(first: 1) { nodes { name customer { id } } } }"
    body = ask(running, query, scopes="read_orders", e=ADA)
    assert body["data"]["shop"] == {"name": "Shop One"}
    assert body["data"]["customerByIdentifier"] is None
    assert body["data"]["orders"]["nodes"][0]["customer"] is None
    denied = {tuple(error["path"]): error for error in body["errors"]}
    assert set(denied) == {("customerByIdentifier",), ("orders", "nodes", 0, "customer")}
    error = denied["customerByIdentifier",]
    assert (
        error["message"]
        == "Access denied for customerByIdentifier field. Required access: `read_customers` access scope."
    )
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["extensions"]["requiredAccess"] == "`read_customers` access scope."


def test_the_probe_tells_shop_and_granted_scopes(running: RunningSandbox) -> None:
    data = ask(running, PROBE)["data"]
    assert (data["shop"]["name"], data["shop"]["myshopifyDomain"], data["shop"]["currencyCode"]) == (
        "Shop One",
        SHOP,
        "USD",
    )
    assert [scope["handle"] for scope in data["currentAppInstallation"]["accessScopes"]] == [
        "read_customers",
        "read_orders",
    ]


def test_a_phone_number_and_an_id_identify_too(running: RunningSandbox) -> None:
    query = "query($by: CustomerIdentifierInput!) { customerByIdentifier(identifier: $by) { displayName } }"
    for by in ({"phoneNumber": "+43660123"}, {"id": "gid://shopify/Customer/11"}):
        assert ask(running, query, by=by)["data"]["customerByIdentifier"] == {"displayName": "Ada Lovelace"}
    empty = ask(running, query, by={})
    assert empty["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("{ shop { nmae } }", "undefinedField", "Field 'nmae' doesn't exist on type 'Shop'"),
        (
            "{ orders(first: 1, phone: 1) { nodes { id } } }",
            "argumentNotAccepted",
            "Field 'orders' doesn't accept argument 'phone'",
        ),
        ("{ order { id } }", "missingRequiredArguments", "Field 'order' is missing required arguments: id"),
        (
            "{ shop }",
            "selectionMismatch",
            "Field must have selections (field 'shop' returns Shop but has no selections. Did you mean 'shop { ... }'?)",
        ),
    ],
)
def test_a_wrong_query_is_refused_in_shopifys_words(
    running: RunningSandbox, query: str, code: str, message: str
) -> None:
    error = ask(running, query)["errors"][0]
    assert (error["extensions"]["code"], error["message"]) == (code, message)


def test_a_missing_variable_is_refused(running: RunningSandbox) -> None:
    body = ask(running, by_email())
    assert "data" not in body
    assert body["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "}",
        "{",
        "query A { shop { id } } query B { shop { id } }",
        "{" * 30_000,
        "fragment F on Shop { ...F }",
        "\x00",
    ],
)
def test_nonsense_gets_errors_and_never_a_fault(running: RunningSandbox, query: str) -> None:
    assert ask(running, query)["errors"]


def test_endless_nesting_is_refused(running: RunningSandbox) -> None:
    query = "customer { orders(first: 1) { nodes { " * 150 + "id" + " } } }" * 150
    assert ask(running, '{ order(id: "gid://shopify/Order/1002") { ' + query + " } }")["errors"]


@pytest.mark.parametrize(
    "search",
    [
        "(" * 5_000,
        ")",
        '"',
        "email:",
        "-",
        "NOT",
        "OR",
        "AND OR NOT",
        "created_at:>x",
        "\\",
        "email:\\",
        "a" * 50_000,
        ":",
        "'",
    ],
)
def test_a_broken_search_never_breaks_the_sandbox(running: RunningSandbox, search: str) -> None:
    assert "orders" in ask(running, by_search(), q=search)["data"]


def test_every_field_of_every_type_has_an_answer(running: RunningSandbox) -> None:
    """A field that Shopify never leaves empty must not be empty here, whatever the store file leaves out."""
    for kind, path in (
        ("Shop", "shop"),
        ("Order", 'order(id: "gid://shopify/Order/1002")'),
        ("Customer", 'customerByIdentifier(identifier: {id: "gid://shopify/Customer/12"})'),
    ):
        names = ask(
            running,
            "query($n: String!) { __type(name: $n) { fields(includeDeprecated: true) { name type { kind ofType { kind } } } } }",
            n=kind,
        )
        leaves = [
            f["name"]
            for f in names["data"]["__type"]["fields"]
            if f["type"]["kind"] in {"SCALAR", "ENUM"} or (f["type"]["ofType"] or {}).get("kind") in {"SCALAR", "ENUM"}
        ]
        body = ask(running, f"{{ {path} {{ {' '.join(leaves)} }} }}")
        assert "errors" not in body
        assert len(leaves) > 10


def test_the_api_is_found_by_host_and_version_only(running: RunningSandbox) -> None:
    token = running.grant(SHOP)["access_token"]
    headers = {"X-Shopify-Access-Token": token}
    body = {"query": "{ shop { id } }"}
    path = "/admin/api/2026-10/graphql.json"
    assert request(running, "POST", path, host=SHOP.upper() + ":443", body=body, headers=headers).status == 200
    assert request(running, "POST", path, host="nobody.myshopify.com", body=body, headers=headers).status == 404
    assert request(running, "POST", path, host="evil.example", body=body, headers=headers).status == 404
    assert request(running, "POST", path, body=body, headers=headers).status == 404
    assert (
        request(running, "POST", "/admin/api/2025-01/graphql.json", host=SHOP, body=body, headers=headers).status == 404
    )
    assert request(running, "GET", path, host=SHOP, headers=headers).status == 404


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '{"query": 1}',
        "{}",
        '{"query": "{ shop { id } }", "variables": []}'.replace("[]", "[1]"),
        '{"query": "x", "operationName": 1}',
        "[" * 100_000,
    ],
)
def test_an_unreadable_call_is_a_bad_request(running: RunningSandbox, body: str) -> None:
    headers = {"X-Shopify-Access-Token": running.grant(SHOP)["access_token"], "Content-Type": "application/json"}
    reply = request(running, "POST", "/admin/api/2026-10/graphql.json", host=SHOP, body=body, headers=headers)
    assert reply.status == 400
    assert reply.json == {"errors": {"query": "Required parameter missing or invalid"}}
