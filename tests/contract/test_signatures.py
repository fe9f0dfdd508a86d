"""What the sandbox signs, judged by Shopify's own Python libraries as they are installed, and by our doors.

`shopifyapi` escapes less than the official JavaScript form, so it is asked about values that both write alike.
"""

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import shopify
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings
from shopify_app import ShopifyApp

from integrations.shopify import oauth, topics
from integrations.shopify.oauth import CallbackRefused
from integrations.shopify.sandbox import DEMO_STORES, RunningSandbox, serve
from integrations.shopify.sandbox.signing import signed_query
from tenants.crypto.secret import Secret
from tests.integrations.shopify.sandbox.receiving import Inbox

HARBOR = "harbor-goods.myshopify.com"
ID, KEY = "signing-client", "signing-secret"
ALIKE = st.text("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._", min_size=1, max_size=60)
ANYTHING = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=60)
PAYLOADS = st.dictionaries(st.text(max_size=20), st.text(max_size=40) | st.integers() | st.none(), max_size=6)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with serve(DEMO_STORES, client_id=ID, client_secret=KEY, app_url="https://app.example.com/install") as running:
        yield running


def parameters(**values: str) -> dict[str, str]:
    return {"shop": HARBOR, "timestamp": str(int(time.time())), **values}


def shopifyapi_accepts(query: str) -> bool:
    shopify.Session.setup(secret=KEY)
    return bool(shopify.Session.validate_hmac({name: values[0] for name, values in parse_qs(query).items()}))


def shopifyapp_accepts(body: bytes, headers: dict[str, str], secret: str = KEY, old: str | None = None) -> bool:
    request = {"method": "POST", "url": "https://a.example/hooks", "headers": headers, "body": body.decode()}
    return bool(ShopifyApp(client_id=ID, client_secret=secret, old_client_secret=old).verify_webhook_req(request).ok)


@given(code=ALIKE, state=ALIKE, host=ALIKE)
def test_shopifyapi_accepts_the_callbacks_of_the_sandbox(code: str, state: str, host: str) -> None:
    query = signed_query(parameters(code=code, state=state, host=host), KEY)
    assert shopifyapi_accepts(query)
    assert not shopifyapi_accepts(query.replace("state=", "state=x"))


@given(code=ANYTHING, state=ANYTHING, host=ANYTHING)
def test_our_door_accepts_the_callbacks_of_the_sandbox_whatever_is_in_them(code: str, state: str, host: str) -> None:
    query = signed_query(parameters(code=code, state=state, host=host), KEY)
    callback = oauth.verify(query, secrets=[Secret(KEY)], now=datetime.now(UTC))
    assert (callback.state, callback.shop) == (state, HARBOR)
    with pytest.raises(CallbackRefused):
        oauth.verify(query, secrets=[Secret("another")], now=datetime.now(UTC))


def test_shopifyapi_accepts_an_installation_from_shopifys_side(sandbox: RunningSandbox) -> None:
    query = urlsplit(sandbox.install_url(HARBOR)).query
    assert shopifyapi_accepts(query)
    host = dict(parse_qsl(query))["host"]
    assert base64.b64decode(host + "=" * (-len(host) % 4)) == b"admin.shopify.com/store/harbor-goods"


@given(payload=PAYLOADS)
def test_shopifyapp_accepts_the_webhooks_of_the_sandbox(sandbox: RunningSandbox, payload: dict[str, object]) -> None:
    body, headers = sandbox.webhook("orders/updated", HARBOR, payload)
    assert shopifyapp_accepts(body, headers)
    assert not shopifyapp_accepts(body + b" ", headers)
    assert not shopifyapp_accepts(body, headers, secret="another")
    assert shopifyapp_accepts(body, headers, secret="the-next", old=KEY)


@pytest.mark.django_db
def test_our_door_accepts_every_webhook_that_we_ask_for(settings: Settings) -> None:
    """Each made by its event in the sandbox, sent over HTTP, and put through the door as it arrived."""
    settings.SHOPIFY_CLIENT_ID, settings.SHOPIFY_CLIENT_SECRET = ID, KEY
    asked_for = (*topics.SUBSCRIBED, *topics.COMPLIANCE)
    wanted = [topic.name for topic in asked_for]
    with (
        Inbox() as inbox,
        serve(DEMO_STORES, client_id=ID, client_secret=KEY, webhook_uri=inbox.url, topics=wanted) as running,
    ):
        running.configure(include_fields={topic.name: topic.fields for topic in asked_for if topic.fields})
        running.grant(HARBOR)
        happen_all(running)
        running.advance(hours=49)
        running.drain()
    assert set(inbox.topics) == set(wanted)
    for received in inbox.got:
        answer = Client().post(
            "/shopify/webhooks/", data=received.body, content_type="application/json", headers=received.headers
        )
        assert answer.status_code == 200, (received.topic, answer.content, json.loads(received.body))
        assert shopifyapp_accepts(received.body, received.headers)


def happen_all(running: RunningSandbox) -> None:
    merchant = running.merchant
    merchant.create_order(HARBOR, {"name": "#9001", "lineItems": [{"title": "Mug", "quantity": 1}]})
    merchant.edit_order(HARBOR, "#9001", note="Ring twice")
    merchant.delete_order(HARBOR, "#9001")
    person = merchant.create_customer(HARBOR, {"email": "nia@example.com"})["id"]
    merchant.edit_customer(HARBOR, person, note="New")
    merchant.request_data(HARBOR, person)
    merchant.redact_customer(HARBOR, person)
    merchant.delete_customer(HARBOR, person)
    merchant.set_scopes(HARBOR, ["read_orders", "read_customers", "read_all_orders"])
    merchant.freeze(HARBOR)
    merchant.unfreeze(HARBOR)
    merchant.uninstall(HARBOR)
