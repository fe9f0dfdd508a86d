"""The control page: what it shows, what its forms do without a script, and who may post them."""

import re
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import pytest

from integrations.shopify.sandbox import RunningSandbox, serve
from tests.integrations.shopify.sandbox.asking import Reply, graphql, request
from tests.integrations.shopify.sandbox.queries import PROBE
from tests.integrations.shopify.sandbox.small_store import ADA, OPEN_SHOP, SHOP, small_store


def look(running: RunningSandbox, query: str = "") -> str:
    page = request(running, "GET", f"/_sandbox/{query}")
    assert page.status == 200
    return page.text


def press(running: RunningSandbox, action: str, headers: dict[str, str] | None = None, **fields: str) -> Reply:
    found = re.search(r'name="token" value="([^"]+)"', look(running))
    assert found is not None
    body = urlencode({"token": found[1], "action": action, **fields})
    return request(running, "POST", "/_sandbox/do", body=body, headers=headers or {})


def said(reply: Reply) -> str:
    return unquote_plus(urlsplit(reply.headers["location"]).query)


def test_the_page_shows_clock_stores_faults_webhooks_and_calls(running: RunningSandbox) -> None:
    token = running.grant(SHOP)["access_token"]
    graphql(running, SHOP, token, PROBE)
    running.fault("423", shop=SHOP, times=2)
    running.merchant.freeze(OPEN_SHOP)
    running.merchant.approve(SHOP, "level1")
    page = look(running)
    for words in (
        "2026-11-22 12:0",
        SHOP,
        "Installed",
        "Not installed",
        "Frozen",
        "Protected data: level1",
        "<b>423</b>",
    ):
        assert words in page
    for words in ("ConnectProbe", "Nothing was sent yet", "no address in the app&#x27;s configuration", "lost_answer"):
        assert words in page
    assert "<script" not in page
    assert token not in page


def test_the_clock_is_moved_by_a_button(running: RunningSandbox) -> None:
    before = running.clock.now()
    reply = press(running, "clock/advance", **{"number:days": "90"})
    assert reply.status == 303
    assert reply.headers["location"].startswith("/_sandbox/?done=clock%2Fadvance#clock")
    assert (running.clock.now() - before).days == 90
    press(running, "settings", **{"number:latency_ms": "3", "number:search_lag_seconds": "1.5"})
    assert running.sandbox.latency_ms == 3
    assert running.sandbox.search_lag.total_seconds() == 1.5


def test_faults_are_added_and_cleared(running: RunningSandbox) -> None:
    press(running, "faults", fault="429", shop="", kind="graphql", **{"number:times": "3"})
    press(running, "faults", fault="500", shop=SHOP, kind="all", **{"number:times": ""})
    assert [(row["name"], row["shop"], row["left"]) for row in running.sandbox.faults.rows()] == [
        ("429", None, 3),
        ("500", SHOP, None),
    ]
    press(running, "faults/clear", **{"number:number": "1"})
    assert [row["name"] for row in running.sandbox.faults.rows()] == ["500"]
    press(running, "faults/clear")
    assert running.sandbox.faults.rows() == []


def test_everything_in_a_store_can_be_pressed(running: RunningSandbox) -> None:
    running.grant(SHOP)
    press(
        running, "stores/scopes", shop=SHOP, client_id="the-client", **{"list:scopes": "read_orders, read_all_orders"}
    )
    assert running.sandbox.tokens.scopes(SHOP, "the-client") == ["read_orders", "read_all_orders"]
    press(running, "stores/approve", shop=SHOP, level="none")
    assert running.sandbox.conditions.of(SHOP).approved == "none"
    press(running, "stores/freeze", shop=SHOP)
    assert running.sandbox.conditions.of(SHOP).frozen
    assert "done=orders/fulfil" in said(press(running, "orders/fulfil", shop=SHOP, order="#1002"))
    assert "done=orders/track" in said(press(running, "orders/track", shop=SHOP, order="#1002"))
    assert "done=compliance" in said(press(running, "compliance/data_request", shop=SHOP, customer=ADA))
    press(running, "stores/uninstall", shop=SHOP)
    assert running.sandbox.tokens.scopes(SHOP, "the-client") is None


def test_webhooks_are_held_and_disordered(running: RunningSandbox) -> None:
    press(running, "webhooks/hold")
    press(running, "webhooks", **{"number:duplicate": "0.5", "number:lose": "0", "flag:shuffle": "yes"})
    assert running.webhooks.status() == {"waiting": 0, "held": True, "duplicate": 0.5, "lose": 0, "shuffle": True}
    press(running, "webhooks", **{"number:duplicate": "0", "number:lose": "0", "flag:shuffle": ""})
    press(running, "webhooks/release")
    assert running.webhooks.status()["shuffle"] is False


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("orders/fulfil", {"shop": SHOP, "order": "#9"}),
        ("clock/advance", {"number:days": "many"}),
        ("clock/advance", {"number:days": "1e400"}),
        ("clock/advance", {"number:days": "nan"}),
        ("clock/advance", {"number:days": "999999999999"}),
        ("settings", {"number:latency_ms": "-1"}),
        ("nonsense", {}),
        ("stores/freeze", {}),
    ],
)
def test_what_cannot_be_done_says_why_on_the_page(running: RunningSandbox, action: str, fields: dict[str, Any]) -> None:
    reply = press(running, action, **fields)
    assert reply.status == 303
    target = urlsplit(reply.headers["location"])
    words = parse_qs(target.query)["wrong"][0]
    assert words
    assert 'class="notice wrong"' in look(running, f"?{target.query}")


def test_a_form_of_another_site_does_nothing(running: RunningSandbox) -> None:
    before = running.clock.now()
    forged = urlencode({"token": "x", "action": "clock/advance", "number:days": "90"})
    assert request(running, "POST", "/_sandbox/do", body=forged).status == 403
    assert request(running, "POST", "/_sandbox/do", body=b"\xff").status == 403
    cross = press(running, "clock/advance", {"Sec-Fetch-Site": "cross-site"}, **{"number:days": "90"})
    assert cross.status == 403
    assert (running.clock.now() - before).days == 0
    assert request(running, "GET", "/_sandbox/", host="rebound.example").status == 404


def test_what_is_shown_is_escaped(running: RunningSandbox) -> None:
    page = look(running, "?wrong=%3Cimg%20src=x%3E&q=%22%3E%3Cimg")
    assert "<img" not in page


def test_three_hundred_stores_start_are_found_and_answer() -> None:
    stores = small_store()
    stores["shops"] += [{"domain": f"shop-{n}.myshopify.com", "name": f"Shop {n}"} for n in range(300)]
    stores["customers"][0]["shops"] += [f"shop-{n}.myshopify.com" for n in range(300)]
    with serve(stores) as running:
        last = "shop-299.myshopify.com"
        token = running.grant(last)["access_token"]
        assert graphql(running, last, token, PROBE).json["data"]["shop"]["name"] == "Shop 299"
        page = look(running)
        assert "290 more" in page
        assert page.index(last) < page.index("shop-0.myshopify.com"), "installed stores stand first"
        assert page.count('<div class="shop-head">') == 12
        assert "shop-123.myshopify.com" in look(running, "?q=shop-123")
        assert len(request(running, "GET", "/_sandbox/stores").json) == 302
