"""Secrets of known value driven through every call that holds one, with an error forced at each; then looked for in all
that a process writes, reports, copies and stores. The same with a decoy, which must be found in every place."""

import secrets
import time
import warnings
from typing import Any

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory
from pytest_django import Settings

from integrations.shopify.sandbox import RunningSandbox
from tests.acceptance import leaks
from tests.acceptance.allowed import ALLOWED
from tests.acceptance.decoys import plant
from tests.acceptance.outside import looked_at
from tests.acceptance.sinks import Sinks
from tests.acceptance.stored import stored
from tests.acceptance.walk import Walk, new
from tests.acceptance.walk_mail import mailed
from tests.acceptance.walk_people import looked_around, opened, people, sent
from tests.acceptance.walk_shopify import drive
from tests.conftest import make_cast
from tests.telling import Tell
from tests.versana.platform_process import make_staff
from tests.walking import shopify, without_static

__all__ = ["shopify", "without_static"]
pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
    pytest.mark.filterwarnings("ignore:No directory at:UserWarning"),
    # By itself: a process that ran other tests before no longer writes the lines at DEBUG that are searched here.
    pytest.mark.nightly,
]


def key() -> bytes:
    """Of one line, as the sinks are searched (sinks.py)."""
    return secrets.token_bytes(128).replace(b"\n", b"")[:32]


@pytest.fixture
def canaries(settings: Settings, shopify: RunningSandbox, without_static: None) -> dict[str, str | bytes]:
    """One value of each kind, recognisable and new in every run."""
    found: dict[str, str | bytes] = {
        "access token": new("shpat_"), "refresh token": new("shprt_"), "client secret": new("shpss_"),
        "previous client secret": new("shpss_"), "OAuth code": new("c0de"), "sealing key": key(),
        "second sealing key": key(), "password": new("pw-"), "mistyped password": new("typo-"),
        "mailbox password": new("box-"), "mailbox password as it is typed": new("typed-"),
        "mail door's secret": new("door-"), "provider's secret": new("esp-"),
        "mail server's password": new("smtp-"),
    }  # fmt: skip
    settings.SHOPIFY_CLIENT_SECRET = found["client secret"]
    settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = found["previous client secret"]
    settings.EMAIL_BACKEND = "tenants.outbox.mail.OutboxBackend"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    settings.SEALING_KEYS, settings.SEALING_PRIMARY_KEY = {1: found["sealing key"]}, 1
    return found


@pytest.fixture
def walk(
    canaries: dict[str, Any], settings: Settings, shopify: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> Walk:
    """The whole way, from an installation without people to the last page."""
    walk = Walk(canaries, Sinks(), settings)
    with warnings.catch_warnings(record=True) as warned, walk.sinks.watching():
        warnings.simplefilter("always")
        opened(walk, monkeypatch)
        walk.cast = make_cast()
        people(walk, monkeypatch)
        drive(walk, shopify, monkeypatch)
        mailed(walk, monkeypatch)
        sent(walk)
        looked_around(walk)
        stored(walk)
    walk.sinks.put("warnings", [str(w.message) for w in warned])
    walk.sinks.put("messages", repr(CookieStorage(RequestFactory().get("/"))._get()))
    return walk


def test_no_secret_leaves_by_any_way_and_a_decoy_by_all(walk: Walk, test_database_name: str, tell: Tell) -> None:
    begun, sinks, stella = time.process_time(), walk.sinks, make_staff()
    looked_at(sinks, database=test_database_name, stella=stella, code=stella.recovery_codes[0])
    walk.learn("TOTP secret", stella.secret)
    finds = leaks.search(sinks.items(), [value for _, value in walk.values])
    hits = {(walk.values[find.number][0], find.sink) for find in finds}
    assert not hits - ALLOWED.keys(), "\n".join(map(str, sorted(hits - ALLOWED.keys())))
    assert sorted(ALLOWED.keys() - hits) == []
    assert walk.raised > 50
    token, decoyed = (
        new("decoy"),
        Sinks(),
    )  # Of a shape that no filter knows: the log's would remove a token of Shopify's.
    decoyed.contents.update({name: [] for name in sinks.contents})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plant(decoyed, token, database=test_database_name, stella=stella)
    seen = {find.sink for find in leaks.search(decoyed.items(), [token])}
    assert seen == set(decoyed.contents)
    tell(
        f"canaries in one process: {len(walk.known)} kinds, {len(walk.values)} values, {len(sinks.contents)} sinks, decoys found "
        f"{len(seen)} of {len(decoyed.contents)}, hits 0; {walk.steps} steps, {walk.raised} errors reported, {len(ALLOWED)} places "
        f"allowed with a reason; {begun:.0f} + {time.process_time() - begun:.0f} s of the processor "
        f"({', '.join(sorted(walk.known))}; {', '.join(sorted(sinks.contents))})"
    )
