"""From the consent screen to a customer's orders and on to the uninstallation, against the sandbox over HTTP."""

import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests
from pytest_django import Settings

from integrations import errors
from integrations.shopify import client, oauth
from integrations.shopify.client import Connection
from integrations.shopify.oauth import CallbackRefused, Reason
from integrations.shopify.sandbox import DEMO_STORES, RunningSandbox, serve
from integrations.shopify.types import Denied, TokenGrant
from tenants.crypto.secret import Secret
from tests.integrations.shopify.sandbox.receiving import Inbox

HARBOR, PINE = "harbor-goods.myshopify.com", "pine-outlet.myshopify.com"
MAYA = "maya@lindqvist.example"
APP = {"client_id": "walk-client", "client_secret": Secret("walk-secret")}


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[RunningSandbox]:
    with serve(DEMO_STORES, client_id="walk-client", client_secret="walk-secret") as running:
        settings.SHOPIFY_SANDBOX_URL = running.url
        yield running


def decide(shop: str, state: str, *, approve: bool) -> str:
    """The owner at the consent screen; the query string with which their browser comes back."""
    url = oauth.authorize_url(
        shop=shop,
        client_id="walk-client",
        state=state,
        scopes=("read_customers", "read_orders"),
        redirect_uri="http://localhost:8000/shopify/callback",
    )
    page = requests.get(url, timeout=5)
    assert page.status_code == 200
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    choices = re.findall(r'name="(\w+)" value="(approve|deny)"', page.text)
    name = choices[0][0]
    action = url.partition("/authorize")[0] + "/decision"
    answer = requests.post(
        action, data={**fields, name: "approve" if approve else "deny"}, allow_redirects=False, timeout=5
    )
    assert answer.status_code == 302
    return urlsplit(answer.headers["Location"]).query


def connect(shop: str) -> TokenGrant:
    state = secrets.token_hex(32)
    callback = oauth.verify(decide(shop, state, approve=True), secrets=[APP["client_secret"]], now=datetime.now(UTC))  # type: ignore[list-item]
    assert (callback.shop, callback.state) == (shop, state)
    return oauth.exchange_code(shop=shop, code=callback.code, **APP)  # type: ignore[arg-type]


def connection(shop: str, grant: TokenGrant) -> Connection:
    return Connection(shop=shop, access_token=grant.access_token)


def test_an_approval_leads_to_the_customers_orders(sandbox: RunningSandbox) -> None:
    grant = connect(HARBOR)
    assert (grant.expires_in, grant.scopes) == (3600, {"read_customers", "read_orders"})
    store = connection(HARBOR, grant)
    assert client.shop_profile(store).name == "Harbor Goods"
    answer = client.customer_orders(store, email=MAYA)
    assert answer.customer is not None
    assert answer.customer.display_name == "Maya Lindqvist"
    newest = answer.orders[0]
    assert newest.name == "#1042"
    assert {tracking.company for parcel in newest.parcels for tracking in parcel.tracking} == {"UPS", "USPS"}
    assert sum(item.quantity for parcel in newest.parcels for item in parcel.items) == 5
    assert [line.title for line in newest.lines if line.unfulfilled_quantity] == ["Linen apron"]


def test_guest_orders_are_found_where_there_is_no_customer(sandbox: RunningSandbox) -> None:
    answer = client.customer_orders(connection(PINE, connect(PINE)), email=MAYA)
    assert answer.customer is None
    assert {"PO-311", "PO-287"} == {order.name for order in answer.orders}
    assert {order.email for order in answer.orders} == {MAYA}


def test_a_refusal_is_signed_and_told_apart(sandbox: RunningSandbox) -> None:
    state = secrets.token_hex(32)
    query = decide(HARBOR, state, approve=False)
    with pytest.raises(CallbackRefused) as refused:
        oauth.verify(query, secrets=[APP["client_secret"]], now=datetime.now(UTC))  # type: ignore[list-item]
    assert (refused.value.reason, refused.value.authentic, refused.value.state) == (Reason.DENIED, True, state)


def test_a_code_works_once(sandbox: RunningSandbox) -> None:
    callback = oauth.verify(decide(HARBOR, "ab", approve=True), secrets=[APP["client_secret"]], now=datetime.now(UTC))  # type: ignore[list-item]
    oauth.exchange_code(shop=HARBOR, code=callback.code, **APP)  # type: ignore[arg-type]
    with pytest.raises(errors.GrantRefused):
        oauth.exchange_code(shop=HARBOR, code=callback.code, **APP)  # type: ignore[arg-type]


def test_a_code_of_one_shop_does_not_work_at_another(sandbox: RunningSandbox) -> None:
    callback = oauth.verify(decide(HARBOR, "ab", approve=True), secrets=[APP["client_secret"]], now=datetime.now(UTC))  # type: ignore[list-item]
    with pytest.raises(errors.GrantRefused):
        oauth.exchange_code(shop=PINE, code=callback.code, **APP)  # type: ignore[arg-type]


def test_an_expired_token_is_refused_and_a_refresh_brings_a_new_pair(sandbox: RunningSandbox) -> None:
    grant = connect(HARBOR)
    sandbox.set_clock(sandbox.clock.now() + timedelta(hours=2))
    with pytest.raises(errors.TokenRefused):
        client.shop_profile(connection(HARBOR, grant))
    assert grant.refresh_token is not None
    renewed = oauth.refresh(shop=HARBOR, refresh_token=grant.refresh_token, **APP)  # type: ignore[arg-type]
    assert renewed.access_token != grant.access_token
    assert renewed.refresh_token != grant.refresh_token
    assert client.shop_profile(connection(HARBOR, renewed)).name == "Harbor Goods"


def test_a_refresh_whose_answer_was_lost_can_be_repeated_until_its_successor_is_used(sandbox: RunningSandbox) -> None:
    old = connect(HARBOR).refresh_token
    assert old is not None
    oauth.refresh(shop=HARBOR, refresh_token=old, **APP)  # type: ignore[arg-type]
    second = oauth.refresh(shop=HARBOR, refresh_token=old, **APP)  # type: ignore[arg-type]
    assert second.refresh_token is not None
    third = oauth.refresh(shop=HARBOR, refresh_token=second.refresh_token, **APP)  # type: ignore[arg-type]
    assert client.shop_profile(connection(HARBOR, third)).name == "Harbor Goods"
    with pytest.raises(errors.GrantRefused):
        oauth.refresh(shop=HARBOR, refresh_token=old, **APP)  # type: ignore[arg-type]


def test_a_refresh_whose_answer_was_lost_on_the_way_is_recovered(sandbox: RunningSandbox) -> None:
    old = connect(HARBOR).refresh_token
    assert old is not None
    for lost in ("lost_answer", "lost_answer", "drop", "500", "503"):
        sandbox.fault(lost, kind="refresh", times=1)
        with pytest.raises(errors.IntegrationError) as failed:
            oauth.refresh(shop=HARBOR, refresh_token=old, **APP)  # type: ignore[arg-type]
        assert not isinstance(failed.value, errors.GrantRefused)
    renewed = oauth.refresh(shop=HARBOR, refresh_token=old, **APP)  # type: ignore[arg-type]
    assert client.shop_profile(connection(HARBOR, renewed)).name == "Harbor Goods"


@pytest.mark.parametrize("answer", ["invalid_grant", "inactive_refresh_token"])
def test_a_dead_refresh_token_is_told_from_a_passing_failure(sandbox: RunningSandbox, answer: str) -> None:
    old = connect(HARBOR).refresh_token
    assert old is not None
    sandbox.fault(answer, kind="refresh")
    with pytest.raises(errors.GrantRefused):
        oauth.refresh(shop=HARBOR, refresh_token=old, **APP)  # type: ignore[arg-type]


def test_a_lasting_token_is_migrated_and_a_lost_answer_gives_the_same_pair(sandbox: RunningSandbox) -> None:
    lasting = Secret(sandbox.grant(HARBOR, expiring=False)["access_token"])
    sandbox.fault("lost_answer", kind="exchange", times=1)
    with pytest.raises(errors.IntegrationError):
        oauth.exchange_token(shop=HARBOR, access_token=lasting, **APP)  # type: ignore[arg-type]
    pair = oauth.exchange_token(shop=HARBOR, access_token=lasting, **APP)  # type: ignore[arg-type]
    assert (pair.expires_in, pair.scopes) == (3600, {"read_customers", "read_orders"})
    again = oauth.exchange_token(shop=HARBOR, access_token=lasting, **APP)  # type: ignore[arg-type]
    assert again.access_token == pair.access_token
    assert client.shop_profile(connection(HARBOR, pair)).name == "Harbor Goods"
    with pytest.raises(errors.TokenRefused):
        client.shop_profile(Connection(shop=HARBOR, access_token=lasting))


def test_a_secret_is_rotated_without_losing_a_store(sandbox: RunningSandbox) -> None:
    grant = connect(HARBOR)
    assert grant.refresh_token is not None
    sandbox.rotate_secret("walk-secret-2")
    new = {"client_id": "walk-client", "client_secret": Secret("walk-secret-2")}
    renewed = oauth.refresh(shop=HARBOR, refresh_token=grant.refresh_token, **new)  # type: ignore[arg-type]
    query = decide(HARBOR, "ab", approve=True)
    oauth.verify(query, secrets=[Secret("walk-secret-2"), Secret("walk-secret")], now=datetime.now(UTC))
    sandbox.revoke_old_secret()
    assert client.shop_profile(connection(HARBOR, renewed)).name == "Harbor Goods"


def test_an_uninstalled_app_is_told_and_told_to_forget_two_days_later(sandbox: RunningSandbox) -> None:
    store = connection(HARBOR, connect(HARBOR))
    with Inbox() as inbox:
        sandbox.configure(webhook_uri=inbox.url, topics=["app/uninstalled", "shop/redact"])
        sandbox.merchant.uninstall(HARBOR)
        sandbox.drain()
        assert inbox.topics == ["app/uninstalled"]
        with pytest.raises(errors.TokenRefused):
            client.shop_profile(store)
        sandbox.advance(hours=49)
        sandbox.drain()
        assert inbox.topics == ["app/uninstalled", "shop/redact"]


def test_a_wrong_client_secret_gives_no_token(sandbox: RunningSandbox) -> None:
    with pytest.raises(errors.AppRefused):
        oauth.exchange_code(shop=HARBOR, client_id="walk-client", client_secret=Secret("wrong"), code=Secret("x"))


def test_a_store_that_is_not_there_is_not_found(sandbox: RunningSandbox) -> None:
    with pytest.raises(errors.AccountNotFound):
        client.shop_profile(Connection(shop="no-such-store.myshopify.com", access_token=Secret("x")))


def test_the_combined_query_costs_what_was_computed(sandbox: RunningSandbox) -> None:
    client.customer_orders(connection(HARBOR, connect(HARBOR)), email=MAYA)
    call = sandbox.calls[-1]
    assert (call["operation"], call["requested_cost"]) == ("CustomerOrders", 282)


def test_a_missing_permission_hides_its_part_and_says_so(sandbox: RunningSandbox) -> None:
    token = sandbox.grant(HARBOR, ("read_customers",))["access_token"]
    answer = client.customer_orders(Connection(shop=HARBOR, access_token=Secret(token)), email=MAYA)
    assert {denied.reason for denied in answer.denied} == {"scope"}
    assert not answer.orders
    orders_only = sandbox.grant(HARBOR, ("read_orders",))["access_token"]
    hidden = client.customer_orders(Connection(shop=HARBOR, access_token=Secret(orders_only)), email=MAYA)
    assert hidden.customer is None
    assert Denied("customer", "scope") in hidden.denied


def test_too_many_questions_are_throttled_with_a_wait(sandbox: RunningSandbox) -> None:
    store = connection(HARBOR, connect(HARBOR))
    lines = " ".join(
        f"o{n}: orders(first: 250) {{ nodes {{ id lineItems(first: 250) {{ nodes {{ id }} }} }} }}" for n in range(6)
    )

    def insist() -> None:
        for _ in range(100):
            client.execute(store, f"query Much {{ {lines} }}", "Much", {})

    with pytest.raises(errors.RateLimited) as limited:
        insist()
    assert 0 < (limited.value.retry_after or 0) <= 60


def test_an_uninstalled_app_loses_its_token(sandbox: RunningSandbox) -> None:
    store = connection(HARBOR, connect(HARBOR))
    assert client.uninstall(store)
    with pytest.raises(errors.TokenRefused):
        client.shop_profile(store)
    with pytest.raises(errors.TokenRefused):
        client.uninstall(store)


def test_a_slow_store_is_given_up_in_time(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    grant = connect(HARBOR)
    sandbox.set_latency(3000)
    with pytest.raises(errors.TimedOut):
        client.http.post(
            host=HARBOR, path="/admin/api/2026-10/graphql.json", headers={"X-Shopify-Access-Token": grant.access_token},
            body={"query": "{ shop { id } }"}, timeouts=client.http.Timeouts(connect=1, read=0.3, total=0.6),
        )  # fmt: skip
    sandbox.set_latency(0)
