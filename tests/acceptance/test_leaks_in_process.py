"""Secrets of known value driven through every call that holds one, with an error forced at each; then looked for in all
that a process writes, reports, copies and stores. The same with a decoy, which must be found in every place."""

import copy
import dataclasses
import json
import logging
import pickle
import secrets
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from typing import Any

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.models import Session
from django.core import serializers
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.forms import modelform_factory
from django.test import Client, RequestFactory
from kombu.serialization import dumps as kombu_dumps
from pytest_django import Settings

from integrations import http
from integrations.shopify import client, connecting, oauth, parsing, stores
from integrations.shopify.forms import ConnectForm
from integrations.shopify.models import Farewell, Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.crypto import keyring, rotation, sealing
from tenants.crypto.secret import Secret
from tenants.models import AuditEvent
from tenants.outbox.models import Event, QueuedMail
from tenants.rls.context import expected_tenant, tenant_context
from tests.acceptance import leaks
from tests.acceptance.sinks import Sinks
from tests.conftest import Cast
from tests.factories import SHOP
from tests.integrations.hostile_server import HostileServer, answer, hostile_server
from tests.telling import Tell
from tests.walking import cast, shopify, signed_in, start, work

__all__ = ["cast", "shopify"]
pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:No directory at:UserWarning")]
# What stays in a place by design, with the reason. An entry that is not needed any more fails.
ALLOWED = {
    (
        "OAuth code",
        "error: tracker that packs local variables",
    ): "The callback's address, in the request that every frame "
    "of Django's holds. The product has no such tracker; one that is added must leave local variables out.",
    ("state", "error: tracker that packs local variables"): "As above; used up before anything can fail.",
    ("OAuth code", "error: text with local variables"): "As above: nothing of the product formats errors like that.",
    ("state", "error: text with local variables"): "As above.",
    (
        "OAuth code",
        "log at DEBUG, fields",
    ): "Django hands the request to its log records; no handler of ours writes it.",
    ("state", "log at DEBUG, fields"): "As above.",
    ("session key", "cookies set"): "The browser's own cookie.",
    ("session key", "log of statements"): "Sessions are found by their key; production does not log statements.",
    ("session key", "log of statements, fields"): "As above.",
}


def new(prefix: str) -> str:
    return f"{prefix}{secrets.token_hex(16)}"


@pytest.fixture
def canaries(settings: Settings, shopify: RunningSandbox) -> dict[str, str | bytes]:
    """One value of each kind, recognisable and new in every run."""
    found: dict[str, str | bytes] = {
        "access token": new("shpat_"), "refresh token": new("shprt_"), "client secret": new("shpss_"),
        "previous client secret": new("shpss_"), "OAuth code": new("c0de"), "sealing key": secrets.token_bytes(32),
        "second sealing key": secrets.token_bytes(32), "password": new("pw-"), "mistyped password": new("typo-"),
    }  # fmt: skip
    settings.SHOPIFY_CLIENT_SECRET = found["client secret"]
    settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = found["previous client secret"]
    settings.SEALING_KEYS, settings.SEALING_PRIMARY_KEY = {1: found["sealing key"]}, 1
    return found


class Walk:
    """Everything that touches a secret, one step after the other; whatever is raised goes into the sinks."""

    def __init__(self, cast: Cast, known: dict[str, Any], sinks: Sinks, settings: Settings, sandbox: str) -> None:
        self.cast, self.known, self.sinks, self.settings, self.sandbox = cast, known, sinks, settings, sandbox
        self.steps = self.raised = 0

    def step(self, job: Callable[[], Any]) -> Any:
        self.steps += 1
        try:
            with transaction.atomic():
                return job()
        except Exception as error:
            self.raised += 1
            self.sinks.error(error)
            return None

    def secret(self, kind: str) -> Secret:
        return Secret(self.known[kind])

    def grant(self) -> bytes:
        return json.dumps(
            {
                "access_token": self.known["access token"], "refresh_token": self.known["refresh token"],
                "scope": "read_customers,read_orders", "expires_in": 3600, "refresh_token_expires_in": 7_776_000,
            }
        ).encode()  # fmt: skip

    def exchange(self) -> Any:
        return oauth.exchange_code(
            shop=SHOP, client_id="id", client_secret=self.secret("client secret"), code=self.secret("OAuth code")
        )

    def refresh(self) -> Any:
        return oauth.refresh(
            shop=SHOP,
            client_id="id",
            client_secret=self.secret("client secret"),
            refresh_token=self.secret("refresh token"),
        )

    def ask(self) -> Any:
        return client.customer_orders(
            client.Connection(SHOP, self.secret("access token")), email="maya@lindqvist.example"
        )


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
    "the tokens are taken": (stores, "_end"),
    "the token is sealed": (sealing, "AESGCM"),
    "the token is sealed, at the ring": (keyring, "keys"),
    "the store is saved": (Store, "save_base"),
    "the audit is written": (stores.audit, "record"),
    "the event is published": (stores, "publish"),
    "the code is taken": (connecting, "_take"),
    "the store is connected": (connecting, "_connect"),
    "the signature is checked": (oauth, "signature_message"),
}


def forced(*args: object, **kwargs: object) -> None:
    raise RuntimeError("forced")


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
    people(walk)


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


def carry(walk: Walk, grant: Any) -> None:
    """All that may be done to an object, by somebody who does not know what it holds."""
    with tenant_context(walk.cast.acme.pk):
        store, farewell = Store.objects.get(), Farewell.objects.first()
        opened = Store.objects.get()
        opened.access_token = opened.access_token
        for thing in (
            walk.secret("access token"),
            grant,
            store,
            opened,
            farewell,
            client.Connection(SHOP, grant.access_token),
        ):
            for name, way in WAYS.items():
                try:
                    walk.sinks.put(name, way(thing))
                except Exception as error:
                    walk.sinks.put(f"{name}, refused", "".join(traceback.format_exception(error)))


WAYS: dict[str, Callable[[Any], object]] = {
    "object: repr": repr,
    "object: str": str,
    "object: format": "{0} {0!r:>80}".format,
    "object: percent": lambda thing: "%s %r".__mod__((thing, thing)),
    "object: JSON": lambda thing: json.dumps(thing, default=lambda each: getattr(each, "__dict__", None) or repr(each)),
    "object: pickle": pickle.dumps,
    "object: copies": lambda thing: repr((copy.copy(thing), copy.deepcopy(thing))),
    "object: its fields": lambda thing: repr(vars(thing)) if hasattr(thing, "__dict__") else repr([getattr(thing, s) for s in thing.__slots__]),
    "object: as a dict": lambda thing: repr(dataclasses.asdict(thing)),
    "object: task message": lambda thing: repr(kombu_dumps({"args": [thing]}, serializer="json")),
    "object: fixture": lambda thing: serializers.serialize("json", [thing]),
    "object: form": lambda thing: modelform_factory(type(thing), exclude=[])(instance=thing).as_p(),
}  # fmt: skip


def callback(walk: Walk) -> None:
    """Shopify's answer, as the browser brings it, with the canary as its code; errors pass through Django's handlers."""
    browser = signed_in(walk.cast.olivia)
    consent = start(browser)
    state = dict(part.split("=") for part in consent.partition("?")[2].split("&"))["state"]
    walk.known["state"] = state
    query = signed(walk, state)
    browser.raise_request_exception = True
    try:
        walk.sinks.response(browser.get(f"/shopify/callback/?{query}"))
    except Exception as error:
        walk.sinks.error(error, RequestFactory().get(f"/shopify/callback/?{query}"))
    browser.raise_request_exception = False
    walk.sinks.response(browser.get(f"/shopify/callback/?{query}"))


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
        stores.connection(store_id)


def people(walk: Walk) -> None:
    """A password set, typed rightly and wrongly, and every page as it then is; what the forms say to a token typed into them."""
    ava = walk.cast.ava.user
    ava.set_password(walk.known["password"])
    ava.save()
    browser = Client()
    for password in (walk.known["mistyped password"], walk.known["password"]):
        walk.sinks.response(browser.post("/account/login/", {"login": ava.email, "password": password}))
    walk.known["session key"] = browser.session.session_key
    with suppress(Exception):
        work()
    for client_ in (browser, signed_in(walk.cast.olivia), Client()):
        for path in ("/", "/acme/inbox/", "/acme/settings/general/", "/acme/settings/shopify/", "/acme/settings/shopify/permissions/",
                     "/acme/settings/shopify/1/disconnect/", "/account/login/", "/account/password/reset/", "/nowhere/"):  # fmt: skip
            walk.sinks.response(client_.get(path))


def requests_seen(walk: Walk, server: HostileServer) -> None:
    """Addresses and headers' names: what a proxy on the way would log. Bodies and the token's header are the one place for it."""
    for seen in server.requests:
        head = seen.partition(b"\r\n\r\n")[0].split(b"\r\n")
        walk.sinks.put("outgoing: addresses", head[0])
        walk.sinks.put(
            "outgoing: other headers",
            b"\n".join(h for h in head[1:] if not h.lower().startswith(b"x-shopify-access-token")),
        )


def stored(walk: Walk) -> None:
    """What is in the database afterwards, as the application sees it, and in what comes out of it."""
    with tenant_context(walk.cast.acme.pk):
        walk.sinks.put("rows: audit", list(AuditEvent.objects.values()))
        walk.sinks.put("rows: stores", list(Store.objects.values()))
        walk.sinks.put("rows: events", list(Event.objects.values()))
        walk.sinks.put("rows: queued mails", [bytes(m) for m in QueuedMail.objects.values_list("message", flat=True)])
        walk.sinks.put("rows: people", list(type(walk.cast.ava.user).objects.values()))
        for session in Session.objects.all():
            walk.sinks.put("rows: sessions, opened", json.dumps(session.get_decoded(), default=repr))
            walk.sinks.put("rows: sessions, as stored", session.session_data)
        for app in ("outbox", "tenants", "shopify"):
            dump(walk, app)
        with connection.cursor() as cursor:
            cursor.execute("SELECT cache_key, value FROM versana_cache")
            walk.sinks.put("rows: cache", repr(cursor.fetchall()))
    form = ConnectForm({"shop": "not-a-shop"})
    walk.sinks.put("form errors", f"{form.errors!r}{form.errors.as_json()}")


def dump(walk: Walk, app: str) -> None:
    out = StringIO()
    try:
        # By itself: of some tables the application's role may not read a row, and the refusal must not end the test's transaction.
        with transaction.atomic():
            call_command("dumpdata", app, stdout=out, stderr=out)
    except Exception as error:
        walk.sinks.error(error)
    walk.sinks.put("dumpdata", out.getvalue())


# --- Decoys ----------------------------------------------------------------------------------------------------------
def plant(sinks: Sinks, token: str) -> None:
    """The same value written on purpose through each reporter, log and store, and added to the other places."""

    try:
        try:
            json.loads(f'{{"{token}')  # Its frames hold the text as a local variable.
        except ValueError:
            raise ValueError(token)  # noqa: B904 - with the first as its context
    except ValueError as error:
        request = RequestFactory().get(f"/callback/?code={token}")
        sinks.error(error, request)
    with sinks.watching():
        logging.getLogger("anything").debug("token %s", token, extra={"given": token})
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", [token])
        warnings.warn(token, UserWarning, stacklevel=1)
    for name in [name for name in sinks.contents if name not in PLANTED_BY_THEMSELVES]:
        sinks.put(name, f'{{"x": "{token}"}}')


PLANTED_BY_THEMSELVES = frozenset(
    name for name in (
        "error: text", "error: text with local variables", "error: chain of causes", "error: tracker that packs local variables",
        "error: Celery's copy", "error: log, Python's format", "log at DEBUG", "log at DEBUG, fields", "log of statements",
        "log of statements, fields", "statements (connection.queries)",
    )
)  # fmt: skip


@pytest.mark.nightly
def test_no_secret_leaves_by_any_way_and_a_decoy_by_all(
    cast: Cast,
    shopify: RunningSandbox,
    canaries: dict[str, Any],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:
    sinks, begun = Sinks(), time.monotonic()
    walk = Walk(cast, canaries, sinks, settings, shopify.url)
    with warnings.catch_warnings(record=True) as warned, sinks.watching():
        warnings.simplefilter("always")
        drive(walk, shopify, monkeypatch)
        cache.set("anything", 1)
        stored(walk)
    sinks.put("warnings", [str(w.message) for w in warned])
    sinks.put("messages", repr(CookieStorage(RequestFactory().get("/"))._get()))
    found = [
        (list(walk.known)[find.number], find.sink, find.form)
        for find in leaks.search(sinks.items(), walk.known.values())
    ]
    hits = {(kind, sink) for kind, sink, _ in found}
    assert not hits - ALLOWED.keys(), "\n".join(map(str, sorted(hits - ALLOWED.keys())))
    assert sorted(ALLOWED.keys() - hits) == []
    assert walk.raised > 50
    driven = time.monotonic() - begun
    token = new("shpat_")
    decoyed = Sinks()
    decoyed.contents.update({name: [] for name in sinks.contents})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plant(decoyed, token)
    seen = {find.sink for find in leaks.search(decoyed.items(), [token])}
    assert seen == set(decoyed.contents)
    tell(
        f"canaries in one process: {len(walk.known)} kinds, {len(sinks.contents)} sinks, decoys found {len(seen)} of "
        f"{len(decoyed.contents)}, hits 0; {walk.steps} steps, {walk.raised} errors reported; driven in {driven:.0f} s, searched in {time.monotonic() - begun - driven:.0f} s ({', '.join(sorted(sinks.contents))})"
    )
