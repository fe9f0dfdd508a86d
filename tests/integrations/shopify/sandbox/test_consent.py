"""The consent screen: what it shows, what it refuses, and the signed way back."""

import hashlib
import hmac
import time
from urllib.parse import urlencode

import pytest

from integrations.shopify.sandbox import RunningSandbox
from tests.integrations.shopify.sandbox.asking import (
    CLIENT_SECRET,
    RETURN_TO,
    authorize_path,
    callback_of,
    decide,
    request,
    ticket_of,
)
from tests.integrations.shopify.sandbox.small_store import OPEN_SHOP, SHOP


def signature(parameters: dict[str, str]) -> str:
    """The rule of the official JavaScript library, written down a second time."""
    rest = sorted((key, value) for key, value in parameters.items() if key != "hmac")
    message = urlencode(rest).replace("+", "%20").replace("~", "%7E")
    return hmac.new(CLIENT_SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()


def test_the_owner_sees_who_asks_for_what_and_where_the_answer_goes(running: RunningSandbox) -> None:
    page = request(running, "GET", authorize_path(SHOP))
    assert page.status == 200
    for words in (
        "Connect VersanaCX to one",
        "Olga Owner",
        "read_customers",
        "read_orders",
        "last 60 days",
        "support.example.com",
    ):
        assert words in page.text
    assert "read_all_orders" not in page.text


def test_the_page_runs_no_script_and_may_redirect_only_to_the_app(running: RunningSandbox) -> None:
    policy = request(running, "GET", authorize_path(SHOP)).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' https://support.example.com;" in policy
    assert "frame-ancestors 'none'" in policy


def test_older_orders_are_listed_only_where_the_store_opened_them(running: RunningSandbox) -> None:
    scope = "read_customers,read_orders,read_all_orders"
    assert "<code>read_all_orders</code>" in request(running, "GET", authorize_path(OPEN_SHOP, scope=scope)).text
    held_back = request(running, "GET", authorize_path(SHOP, scope=scope)).text
    assert "<code>read_all_orders</code>" not in held_back
    assert "approval leaves them out" in held_back


def test_approval_leads_back_with_a_signed_code_and_the_real_time(running: RunningSandbox) -> None:
    page = request(running, "GET", authorize_path(SHOP, state="a b~c=d&e"))
    reply = decide(running, SHOP, ticket_of(page), "approve")
    assert reply.status == 302
    assert reply.headers["location"].startswith(RETURN_TO + "?")
    given = callback_of(reply)
    assert set(given) == {"code", "hmac", "host", "shop", "state", "timestamp"}
    assert (given["shop"], given["state"]) == (SHOP, "a b~c=d&e")
    assert given["hmac"] == signature(given)
    assert abs(int(given["timestamp"]) - time.time()) < 30


def test_denial_leads_back_signed_and_without_a_code(running: RunningSandbox) -> None:
    page = request(running, "GET", authorize_path(SHOP, redirect_uri=RETURN_TO + "?a=b"))
    reply = decide(running, SHOP, ticket_of(page), "deny")
    given = callback_of(reply)
    assert reply.headers["location"].startswith(RETURN_TO + "?a=b&")
    assert given["error"] == "access_denied"
    assert "code" not in given
    del given["a"]
    assert given["hmac"] == signature(given)


def test_a_request_is_decided_once_and_for_its_own_store(running: RunningSandbox) -> None:
    ticket = ticket_of(request(running, "GET", authorize_path(SHOP)))
    assert decide(running, OPEN_SHOP, ticket, "approve").status == 400
    assert decide(running, SHOP, ticket, "approve").status == 302
    replayed = decide(running, SHOP, ticket, "approve")
    assert replayed.status == 400
    assert "no longer open" in replayed.text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"client_id": "another"}, "not known here"),
        ({"client_id": None}, "has no client_id"),
        ({"scope": None}, "has no scope"),
        ({"state": ""}, "has no state"),
        ({"redirect_uri": None}, "has no redirect_uri"),
        ({"scope": "read_customers,write_<b>everything"}, "write_&lt;b&gt;everything"),
        ({"redirect_uri": "javascript:alert(1)"}, "must be an http or https address"),
        ({"redirect_uri": "https://"}, "must be an http or https address"),
        ({"redirect_uri": "https://a;script-src *"}, "must be an http or https address"),
        ({"redirect_uri": "https://user@evil.example/x"}, "must be an http or https address"),
        ({"redirect_uri": "https://a.example/\r\nSet-Cookie: x=1"}, "must be an http or https address"),
        ({"redirect_uri": "https://a.example:99999/"}, "must be an http or https address"),
        ({"grant_options[]": "per-user"}, "offline tokens only"),
    ],
)
def test_a_wrong_link_gives_a_plain_page_and_no_way_back(
    running: RunningSandbox, changed: dict[str, str | None], words: str
) -> None:
    page = request(running, "GET", authorize_path(SHOP, **changed))
    assert page.status == 400
    assert words in page.text
    assert "location" not in page.headers
    assert "<form" not in page.text


def test_a_repeated_parameter_is_refused(running: RunningSandbox) -> None:
    page = request(running, "GET", authorize_path(SHOP) + "&state=other")
    assert page.status == 400
    assert "there twice" in page.text


def test_an_unknown_store_and_an_unknown_page_are_not_found(running: RunningSandbox) -> None:
    assert request(running, "GET", authorize_path("nobody.myshopify.com")).status == 404
    assert request(running, "GET", "/%3Cscript%3E/admin/oauth/authorize").status == 404
    assert request(running, "GET", "/anything").status == 404
    assert request(running, "POST", authorize_path(SHOP), body="").status == 405


def test_a_decision_that_is_neither_yes_nor_no_is_refused(running: RunningSandbox) -> None:
    ticket = ticket_of(request(running, "GET", authorize_path(SHOP)))
    assert decide(running, SHOP, ticket, "perhaps").status == 400
    assert request(running, "POST", f"/{SHOP}/admin/oauth/decision", body=b"\xff\xfe").status == 400


def test_names_from_the_store_file_are_escaped(running: RunningSandbox) -> None:
    running.sandbox.settings.stores["shops"][0]["owner"] = "<img src=x>"  # type: ignore[index]
    running.sandbox.reload()
    text = request(running, "GET", authorize_path(SHOP)).text
    assert "&lt;img src=x&gt;" in text
    assert "<img" not in text


def test_the_first_page_lists_the_stores(running: RunningSandbox) -> None:
    page = request(running, "GET", "/")
    assert SHOP in page.text
    assert OPEN_SHOP in page.text
