"""The way to Shopify's consent screen and back: every check, each with what breaks it."""

import hashlib
import hmac
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
import shopify
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from integrations import errors
from integrations.shopify import oauth
from integrations.shopify.domains import ShopDomainError
from integrations.shopify.oauth import Callback, CallbackRefused, Reason
from tenants.crypto.secret import Secret
from tests.integrations.hostile_server import HostileServer, answer, hostile_server

SHOP = "harbor-goods.myshopify.com"
KEY = "hush-canary-client-secret"
CODE = "canary0code0"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRETS = [Secret(KEY)]


def signed(values: dict[str, str], key: str = KEY) -> str:
    """A query string as Shopify would send it, written without the code under test."""
    message = "&".join(f"{name}={quote(values[name], safe='*').replace('~', '%7E')}" for name in sorted(values))
    return urlencode({**values, "hmac": hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()})


def parameters(**changes: str) -> dict[str, str]:
    base = {"code": CODE, "host": "YWRtaW4", "shop": SHOP, "state": "a1" * 32, "timestamp": str(int(NOW.timestamp()))}
    return {**base, **changes}


def verify(query: str, now: datetime = NOW) -> Callback:
    return oauth.verify(query, secrets=SECRETS, now=now)


def refusal(query: str, now: datetime = NOW) -> CallbackRefused:
    with pytest.raises(CallbackRefused) as refused:
        verify(query, now)
    assert CODE not in str(refused.value)
    assert refused.value.__context__ is None
    return refused.value


def test_a_genuine_callback_is_taken_apart() -> None:
    callback = verify(signed(parameters()))
    assert (callback.shop, callback.state) == (SHOP, "a1" * 32)
    assert callback.code == Secret(CODE)
    assert CODE not in repr(callback)
    assert "a1a1" not in repr(callback)


def test_shop_capitals_are_signed_as_sent_and_read_in_lower_case() -> None:
    assert verify(signed(parameters(shop="Harbor-Goods.myshopify.com"))).shop == SHOP


def test_parameters_we_do_not_know_are_signed_too() -> None:
    query = signed(parameters(new="value with = + / ~ * ' and ümlaut"))
    assert verify(query).shop == SHOP
    assert refusal(query.replace("new=value", "new=valve")).reason == Reason.BAD_HMAC


def test_the_old_signature_parameter_is_not_part_of_the_message() -> None:
    assert verify(signed(parameters()) + "&signature=abc").shop == SHOP


@pytest.mark.parametrize("name", ["code", "shop", "state", "timestamp", "hmac"])
def test_missing_and_empty_parameters_are_named(name: str) -> None:
    pairs = parse_qs(signed(parameters()))
    without = urlencode({key: value[0] for key, value in pairs.items() if key != name})
    for query in (without, f"{without}&{name}="):
        error = refusal(query)
        assert (error.reason, error.parameter, error.authentic) == (Reason.MISSING, name, False)


@pytest.mark.parametrize("name", ["code", "shop", "state", "timestamp", "hmac", "host"])
def test_a_repeated_parameter_is_refused_even_with_the_same_value(name: str) -> None:
    query = signed(parameters())
    value = parse_qs(query)[name][0]
    assert refusal(f"{query}&{urlencode({name: value})}").reason == Reason.DUPLICATE


@pytest.mark.parametrize(
    "query",
    [
        signed(parameters()) + "&x=" + "a" * 5000,
        signed(parameters(code="a" * 600)),
        signed(parameters(**{"n" * 600: "1"})),
    ],
)
def test_oversized_callbacks_are_refused(query: str) -> None:
    assert refusal(query).reason == Reason.OVERSIZED


@pytest.mark.parametrize("query", ["code=%ff%fe", "code=\ud800", "code=ü", "&".join(f"a{n}=1" for n in range(80))])
def test_what_is_no_query_string_is_malformed(query: str) -> None:
    assert refusal(query).reason == Reason.MALFORMED


@pytest.mark.parametrize(
    "shop",
    [
        "evil.example",
        SHOP + "\n",
        f"{SHOP}.evil.example",
        f"x/{SHOP}",
        "harbor_goods.myshopify.com",
        "a@" + SHOP,
        f"https://{SHOP}",
    ],
)
def test_a_signed_callback_of_something_that_is_no_shop_is_refused(shop: str) -> None:
    assert refusal(signed(parameters(shop=shop))).reason == Reason.BAD_SHOP


@pytest.mark.parametrize("name", ["code", "host", "shop", "state", "timestamp"])
def test_any_changed_parameter_breaks_the_signature(name: str) -> None:
    values = parameters()
    query = signed(values)
    changed = {"shop": "pine-outlet.myshopify.com", "timestamp": str(int(NOW.timestamp()) + 1)}.get(
        name, values[name] + "x"
    )
    tampered = query.replace(urlencode({name: values[name]}), urlencode({name: changed}))
    assert tampered != query
    error = refusal(tampered)
    assert (error.reason, error.authentic, error.state) == (Reason.BAD_HMAC, False, "")


@pytest.mark.parametrize("given", ["0" * 64, "f" * 63, "g" * 64, "A" * 64, "é" * 64, "0" * 65, "null"])
def test_a_wrong_signature_is_refused_whatever_its_form(given: str) -> None:
    assert refusal(urlencode({**parameters(), "hmac": given})).reason == Reason.BAD_HMAC


def test_an_upper_case_signature_is_not_ours_to_repair() -> None:
    query = signed(parameters())
    given = parse_qs(query)["hmac"][0]
    assert refusal(query.replace(given, given.upper())).reason == Reason.BAD_HMAC


def test_while_a_secret_is_rotated_both_are_accepted_and_no_third() -> None:
    both = [Secret("new"), Secret("old")]
    for key in ("new", "old"):
        assert oauth.verify(signed(parameters(), key), secrets=both, now=NOW).shop == SHOP
    with pytest.raises(CallbackRefused):
        oauth.verify(signed(parameters(), "third"), secrets=both, now=NOW)
    with pytest.raises(CallbackRefused):
        oauth.verify(signed(parameters()), secrets=[], now=NOW)


@pytest.mark.parametrize("seconds", [-91, 91, -86400, 86400])
def test_a_callback_that_is_off_by_more_than_ninety_seconds_is_stale_but_authentic(seconds: int) -> None:
    error = refusal(signed(parameters()), NOW + timedelta(seconds=seconds))
    assert (error.reason, error.authentic, error.state) == (Reason.STALE, True, "a1" * 32)


@pytest.mark.parametrize("seconds", [-90, 0, 90])
def test_a_callback_within_ninety_seconds_is_fresh(seconds: int) -> None:
    assert verify(signed(parameters()), NOW + timedelta(seconds=seconds)).shop == SHOP


@pytest.mark.parametrize("timestamp", ["now", "1e9", "-1", "9" * 13, "١٢٣", "1.5", " 1"])
def test_a_timestamp_is_plain_digits(timestamp: str) -> None:
    assert refusal(signed(parameters(timestamp=timestamp))).reason == Reason.STALE


def test_a_denied_consent_is_told_apart_and_names_its_state() -> None:
    values = parameters(error="access_denied", error_description="The merchant declined.")
    del values["code"]
    error = refusal(signed(values))
    assert (error.reason, error.authentic, error.shop, error.state) == (Reason.DENIED, True, SHOP, "a1" * 32)


def test_a_forged_denial_is_a_bad_signature() -> None:
    values = parameters(error="access_denied")
    assert refusal(signed(values, "another key")).reason == Reason.BAD_HMAC


@settings(deadline=None)
@given(st.text(max_size=600))
def test_no_query_at_all_does_anything_but_be_refused(query: str) -> None:
    with pytest.raises(CallbackRefused):
        verify(query)


HEX = st.text("0123456789abcdef", min_size=1, max_size=64)


@settings(deadline=None)
@given(code=HEX, state=HEX, host=HEX)
def test_shopifys_python_library_agrees_on_values_of_hex_digits(code: str, state: str, host: str) -> None:
    """It escapes less than the official JavaScript form, so it is a second opinion on such values only."""
    values = parameters(code=code, state=state, host=host)
    shopify.Session.setup(secret=KEY)
    assert shopify.Session.calculate_hmac(values) == SECRETS[0].sign(oauth.signature_message(values)).hex()
    query = {name: value[0] for name, value in parse_qs(signed(values)).items()}
    assert shopify.Session.validate_hmac(query)
    assert verify(urlencode(query)).shop == SHOP


# Given by Shopify's JavaScript library 15.0.0: a blank is %20, "~" is escaped, "*" is not.
def test_the_message_is_encoded_as_urlsearchparams_does() -> None:
    assert (
        oauth.signature_message({"b": "x y~*-._", "a": "=&+/ü", "hmac": "1", "signature": "2"})
        == b"a=%3D%26%2B%2F%C3%BC&b=x%20y%7E*-._"
    )


def test_the_consent_screen_is_at_the_shop_or_in_the_sandbox(settings: Settings) -> None:
    asked = {
        "shop": SHOP,
        "client_id": "id",
        "state": "ab",
        "scopes": ("read_customers", "read_orders"),
        "redirect_uri": "https://app.example/cb?x=1",
    }
    settings.SHOPIFY_SANDBOX_URL = None
    url = urlsplit(oauth.authorize_url(**asked))  # type: ignore[arg-type]
    assert (url.scheme, url.netloc, url.path) == ("https", SHOP, "/admin/oauth/authorize")
    assert parse_qs(url.query) == {
        "client_id": ["id"],
        "scope": ["read_customers,read_orders"],
        "redirect_uri": ["https://app.example/cb?x=1"],
        "state": ["ab"],
    }
    settings.SHOPIFY_SANDBOX_URL = "http://127.0.0.1:8099"
    assert oauth.authorize_url(**asked).startswith(f"http://127.0.0.1:8099/{SHOP}/admin/oauth/authorize?")  # type: ignore[arg-type]
    with pytest.raises(ShopDomainError):
        oauth.authorize_url(**{**asked, "shop": "evil.example"})  # type: ignore[arg-type]


# --- The token endpoint -------------------------------------------------------------------------

GRANT = b'{"access_token":"shpat_canary","scope":"read_customers,write_orders","expires_in":3600,"refresh_token":"shprt_canary","refresh_token_expires_in":7776000}'


@pytest.fixture
def server(settings: Settings) -> Iterator[HostileServer]:
    with hostile_server() as running:
        settings.SHOPIFY_SANDBOX_URL = running.url
        yield running


def exchange() -> object:
    return oauth.exchange_code(shop=SHOP, client_id="id", client_secret=Secret(KEY), code=Secret(CODE))


def test_a_code_is_exchanged_for_expiring_tokens(server: HostileServer) -> None:
    server.pieces = [answer(GRANT)]
    grant = oauth.exchange_code(shop=SHOP, client_id="id", client_secret=Secret(KEY), code=Secret(CODE))
    assert (grant.access_token, grant.refresh_token) == (Secret("shpat_canary"), Secret("shprt_canary"))
    assert (grant.expires_in, grant.refresh_expires_in) == (3600, 7776000)
    assert grant.scopes == {"read_customers", "write_orders"}
    assert "canary" not in repr(grant)
    line, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert line.startswith("POST /admin/oauth/access_token HTTP/1.1")
    assert CODE not in line
    assert f'"code": "{CODE}"' in body
    assert '"expiring": "1"' in body


def test_a_refresh_sends_the_refresh_token_and_no_code(server: HostileServer) -> None:
    server.pieces = [answer(GRANT)]
    oauth.refresh(shop=SHOP, client_id="id", client_secret=Secret(KEY), refresh_token=Secret("shprt_old"))
    body = server.requests[0].decode().partition("\r\n\r\n")[2]
    assert '"grant_type": "refresh_token"' in body
    assert '"refresh_token": "shprt_old"' in body
    assert '"code"' not in body


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        ("400 Bad Request", b'{"error":"invalid_request","error_description":"canary0code0"}', errors.GrantRefused),
        ("400 Bad Request", b"<html>", errors.GrantRefused),
        ("401 Unauthorized", b'{"error":"invalid_request"}', errors.GrantRefused),
        ("402 Payment Required", b"{}", errors.AccountFrozen),
        ("404 Not Found", b"{}", errors.AccountNotFound),
        ("418 Teapot", b"{}", errors.UnexpectedStatus),
        ("429 Too Many Requests", b"{}", errors.RateLimited),
        ("503 Service Unavailable", b"", errors.VendorFailed),
        ("520 Unknown", b"", errors.VendorFailed),
        ("200 OK", b"[]", errors.MalformedAnswer),
        ("200 OK", b"{}", errors.MalformedAnswer),
        ("200 OK", b'{"access_token":""}', errors.MalformedAnswer),
        ("200 OK", b'{"access_token":7}', errors.MalformedAnswer),
        ("200 OK", b'{"access_token":"shpat_canary\\r\\nX: y"}', errors.MalformedAnswer),
        ("200 OK", b'{"access_token":"shpat canary"}', errors.MalformedAnswer),
        ("200 OK", '{"access_token":"shpat_cänary"}'.encode(), errors.MalformedAnswer),
        ("200 OK", b'{"access_token":"shpat_canary' + b"x" * 600 + b'"}', errors.MalformedAnswer),
        ("200 OK", b'{"access_token":"shpat_canary","expires_in":3600}', errors.MalformedAnswer),
        (
            "200 OK",
            b'{"access_token":"shpat_canary","expires_in":0,"refresh_token":"shprt_canary"}',
            errors.MalformedAnswer,
        ),
        ("200 OK", b'{"access_token":"shpat_canary","expires_in":"3600","refresh_token":"r"}', errors.MalformedAnswer),
        ("200 OK", b'{"access_token":"shpat_canary","scope":["read_orders"]}', errors.MalformedAnswer),
    ],
)
def test_every_other_answer_of_the_token_endpoint_is_a_typed_error_without_secrets(
    server: HostileServer, status: str, body: bytes, error: type[errors.IntegrationError]
) -> None:
    server.pieces = [answer(body, status=status)]
    with pytest.raises(error) as raised:
        exchange()
    assert type(raised.value) is error
    shown = "".join(traceback.format_exception(raised.value))
    assert not [word for word in ("canary0", "shpat_", KEY) if word in shown]


def test_a_token_that_never_expires_is_taken_as_such(server: HostileServer) -> None:
    server.pieces = [answer(b'{"access_token":"shpat_old","scope":"read_orders"}')]
    grant = oauth.exchange_code(shop=SHOP, client_id="id", client_secret=Secret(KEY), code=Secret(CODE))
    assert (grant.expires_in, grant.refresh_token, grant.refresh_expires_in) == (None, None, None)


def test_the_exchange_ends_within_ten_seconds() -> None:
    assert oauth.EXCHANGE_TIMEOUTS.total <= 10
