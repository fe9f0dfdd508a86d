"""The tokens' way: exchange, renewal, question, the answers a server may give, an error forced at each place that holds one."""

import json
import secrets
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import RequestFactory

from integrations import http
from integrations.shopify import client, connecting, oauth, parsing, stores, tokens
from integrations.shopify.models import Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.crypto import keyring, rotation, sealing
from tenants.crypto.secret import Secret
from tenants.rls.context import expected_tenant, tenant_context
from tests.acceptance.handling import carry
from tests.acceptance.walk import Walk, forced
from tests.factories import SHOP
from tests.integrations.hostile_server import HostileServer, answer, hostile_server
from tests.walking import signed_in, start


def answers(walk: Walk) -> Iterator[list[bytes]]:
    """What Shopify may say, with the secrets echoed where a careless server would."""
    echo = json.dumps({"error": walk.known["access token"], "errors": walk.known["client secret"]}).encode()
    grant = walk.grant()
    for status in ("400 Bad Request", "401 Unauthorized", "402 Payment Required", "403 Forbidden", "404 Not Found",
                   "423 Locked", "429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable"):  # fmt: skip
        yield [answer(echo, status=status)]
    yield [answer(grant[:-20])]
    yield [answer(grant, content_type="text/html")]
    yield [answer(grant.replace(b'"refresh_token": "', b'"refresh_token": ["').replace(b'", "scope', b'"], "scope'))]
    yield [answer(grant.replace(b"3600", b'"soon"'))]
    yield [answer(grant.replace(b"read_customers", b""))]
    yield [answer(json.dumps({"data": {"customer": walk.known["access token"]}}).encode())]
    yield [
        answer(json.dumps({"errors": [{"message": walk.known["access token"], "extensions": {"code": "X"}}]}).encode())
    ]
    yield [answer(b"", status="302 Found", headers=f"Location: https://evil.example/{walk.known['access token']}\r\n")]
    yield [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + grant]
    yield [b"\x00\xff" + grant]
    yield []


SITES: dict[str, tuple[object, str]] = {
    "the request is built": (
        requests_module := __import__("integrations.http", fromlist=["requests"]).requests.Request,
        "prepare",
    ),
    "the request is sent": (http.requests.Session, "send"),
    "the answer is read": (http, "_read"),
    "the status is judged": (oauth, "raise_for_status"),
    "the status is judged by the client": (client, "raise_for_status"),
    "the grant is parsed": (parsing, "normalise_scopes"),
    "the tokens are taken": (stores, "end"),
    "the token is sealed": (sealing, "AESGCM"),
    "the token is sealed, at the ring": (keyring, "keys"),
    "the store is saved": (Store, "save_base"),
    "the audit is written": (stores.audit, "record"),
    "the event is published": (stores, "publish"),
    "the code is taken": (connecting, "_take"),
    "the store is connected": (connecting, "_connect"),
    "the signature is checked": (oauth, "signature_message"),
}


def drive(walk: Walk, shopify: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile_server() as server:
        walk.settings.SHOPIFY_SANDBOX_URL = server.url
        for pieces in answers(walk):
            server.pieces = pieces
            for ask in (walk.exchange, walk.refresh):
                walk.step(ask)
            # Asked for orders, no server has tokens to tell: what it says stands in the client's frames, as data does.
            tokens = (walk.known["access token"], walk.known["refresh token"], walk.known["client secret"])
            server.pieces = [_without(piece, tokens) for piece in pieces]
            walk.step(walk.ask)
        server.pieces = [answer(walk.grant())]
        connected(walk)
        for name in SITES:
            with monkeypatch.context() as patched:
                patched.setattr(*SITES[name], forced)
                for job in (walk.exchange, walk.refresh, walk.ask, lambda: connected(walk), lambda: callback(walk)):
                    walk.step(job)
        walk.settings.SHOPIFY_SANDBOX_URL = "http://127.0.0.1:1"
        for ask in (walk.exchange, walk.refresh, walk.ask):
            walk.step(ask)
        requests_seen(walk, server)
    walk.settings.SHOPIFY_SANDBOX_URL = shopify.url
    keys(walk)


def _without(piece: bytes, tokens: tuple[str, ...]) -> bytes:
    for token in tokens:
        piece = piece.replace(token.encode(), b"x" * len(token))
    return piece


def connected(walk: Walk) -> None:
    """The tokens are in the database, sealed; a farewell too."""
    grant = walk.exchange()
    with tenant_context(walk.cast.acme.pk):
        store = stores.connect(shop_domain=SHOP, grant=grant, by=walk.cast.olivia)
        stores.disconnect(store=store, by=walk.cast.olivia)
        stores.connect(shop_domain=SHOP, grant=grant, by=walk.cast.olivia)
    carry(walk, grant)


def callback(walk: Walk) -> None:
    """Shopify's answer, as the browser brings it, with the canary as its code; errors pass through Django's handlers."""
    browser = signed_in(walk.cast.olivia)
    consent = start(browser)
    state = dict(part.split("=") for part in consent.partition("?")[2].split("&"))["state"]
    walk.learn("state", state)
    query = signed(walk, state)
    browser.raise_request_exception = True
    try:
        walk.sinks.response(browser.get(f"/shopify/callback/?{query}"), "signed in")
    except Exception as error:
        walk.sinks.error(error, RequestFactory().get(f"/shopify/callback/?{query}"), "signed in")
    browser.raise_request_exception = False
    walk.sinks.response(browser.get(f"/shopify/callback/?{query}"), "signed in")


def signed(walk: Walk, state: str) -> str:
    values = {"code": walk.known["OAuth code"], "shop": SHOP, "state": state, "timestamp": str(int(time.time()))}
    message = "&".join(f"{k}={v}" for k, v in sorted(values.items())).encode()
    values["hmac"] = Secret(walk.known["client secret"]).sign(message).hex()
    return "&".join(f"{name}={value}" for name, value in values.items())


def keys(walk: Walk) -> None:
    """Rotation, a wrong key, a missing one, a damaged row."""
    first, second = walk.known["sealing key"], walk.known["second sealing key"]
    for ring, primary in (
        ({1: first, 2: second}, 2),
        ({2: second}, 2),
        ({1: secrets.token_bytes(32)}, 1),
        ({1: first}, 1),
    ):
        walk.settings.SEALING_KEYS, walk.settings.SEALING_PRIMARY_KEY = ring, primary
        quiet = {
            "progress": lambda done, total: None,
            "on_broken": lambda broken: walk.sinks.put("rotation's words", repr(broken)),
        }
        walk.step(lambda quiet=quiet: rotation.reseal_all(**quiet))
        walk.step(lambda: token(walk))
        walk.step(lambda: plan(walk))
    with tenant_context(walk.cast.acme.pk), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shopify_store SET access_token = set_byte(access_token, 40, 255 - get_byte(access_token, 40))"
        )
    walk.step(lambda: token(walk))
    walk.step(lambda: plan(walk))


def token(walk: Walk) -> None:
    with tenant_context(walk.cast.acme.pk):
        _ = Store.objects.get().access_token


def plan(walk: Walk) -> None:
    with expected_tenant(walk.cast.acme.pk):
        with tenant_context(walk.cast.acme.pk):
            store_id = Store.objects.get().pk
        tokens.connection(store_id)


def requests_seen(walk: Walk, server: HostileServer) -> None:
    """Addresses and headers' names: what a proxy on the way would log. Bodies and the token's header are the one place for it."""
    for seen in server.requests:
        head = seen.partition(b"\r\n\r\n")[0].split(b"\r\n")
        walk.sinks.put("outgoing: addresses", head[0])
        walk.sinks.put(
            "outgoing: other headers",
            b"\n".join(h for h in head[1:] if not h.lower().startswith(b"x-shopify-access-token")),
        )
