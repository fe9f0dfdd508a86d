"""Installation from Shopify's side, and a merchant who gives less than was asked."""

import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.sandbox.clients import ClientError
from tests.integrations.shopify.sandbox.asking import authorize_path, callback_of, request, ticket_of, token_request
from tests.integrations.shopify.sandbox.small_store import SHOP
from tests.integrations.shopify.sandbox.test_consent import signature

APP = "https://support.example.com/shopify/install/"


def test_shopify_sends_the_browser_to_the_apps_address_signed_and_timed(running: RunningSandbox) -> None:
    running.configure(app_url=APP)
    reply = request(running, "GET", f"/{SHOP}/admin/apps/install")
    assert reply.status == 302
    address = urlsplit(reply.headers["location"])
    given = dict(parse_qsl(address.query))
    assert f"{address.scheme}://{address.netloc}{address.path}" == APP
    assert set(given) == {"shop", "host", "timestamp", "hmac"}
    assert given["shop"] == SHOP
    assert given["hmac"] == signature(given)
    assert abs(int(given["timestamp"]) - time.time()) < 30


def test_an_own_app_has_an_address_and_a_secret_of_its_own(running: RunningSandbox) -> None:
    running.register("own-app", "own-secret")
    running.configure("own-app", app_url=APP + "?own=1")
    url = running.install_url(SHOP, "own-app")
    assert url.startswith(APP + "?own=1&")
    given = dict(parse_qsl(urlsplit(url).query))
    del given["own"]
    assert given["hmac"] != signature(given)
    body = {"shop": SHOP, "client_id": "own-app"}
    assert request(running, "POST", "/_sandbox/stores/install", body=body).json["url"].startswith(APP)


def test_without_an_address_the_page_says_so(running: RunningSandbox) -> None:
    page = request(running, "GET", f"/{SHOP}/admin/apps/install")
    assert page.status == 400
    assert "has no app_url" in page.text
    assert request(running, "GET", "/nobody.myshopify.com/admin/apps/install").status == 404
    assert request(running, "GET", f"/{SHOP}/admin/apps/install?client_id=%3Cb%3E").status == 400
    with pytest.raises(ClientError):
        running.install_url(SHOP)


def test_a_scope_that_was_left_out_is_not_granted(running: RunningSandbox) -> None:
    page = request(running, "GET", authorize_path(SHOP))
    assert 'name="without" value="read_orders"' in page.text
    form = urlencode({"ticket": ticket_of(page), "decision": "approve", "without": "read_orders"})
    reply = request(running, "POST", f"/{SHOP}/admin/oauth/decision", body=form)
    assert token_request(running, SHOP, code=callback_of(reply)["code"]).json["scope"] == "read_customers"


def test_an_own_app_connects_with_its_own_credentials_alone(running: RunningSandbox) -> None:
    running.register("own-app", "own-secret", name="Harbor's <own> app")
    page = request(running, "GET", authorize_path(SHOP, client_id="own-app"))
    assert "Connect Harbor&#x27;s &lt;own&gt; app" in page.text
    form = urlencode({"ticket": ticket_of(page), "decision": "approve"})
    code = callback_of(request(running, "POST", f"/{SHOP}/admin/oauth/decision", body=form))["code"]
    assert token_request(running, SHOP, code=code).status == 400, "another app redeemed the code"
    page = request(running, "GET", authorize_path(SHOP, client_id="own-app"))
    form = urlencode({"ticket": ticket_of(page), "decision": "approve"})
    code = callback_of(request(running, "POST", f"/{SHOP}/admin/oauth/decision", body=form))["code"]
    own = {"client_id": "own-app", "client_secret": "own-secret"}
    pair = token_request(running, SHOP, code=code, expiring="1", **own).json
    refresh = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    assert token_request(running, SHOP, **refresh).status == 400, "another app refreshed the token"
    assert token_request(running, SHOP, **refresh, **own).status == 200
