"""Secrets of known value driven through every call that holds one, with an error forced at each; then looked for in all
that a process writes, reports, copies and stores. The same with a decoy, which must be found in every place."""

import secrets
import time
import warnings
from typing import Any

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.cache import cache
from django.test import RequestFactory
from pytest_django import Settings

from integrations.shopify.sandbox import RunningSandbox
from tests.acceptance import leaks
from tests.acceptance.decoys import plant
from tests.acceptance.sinks import Sinks
from tests.acceptance.stored import stored
from tests.acceptance.walk import Walk, new
from tests.acceptance.walk_people import people
from tests.acceptance.walk_shopify import drive
from tests.conftest import Cast
from tests.telling import Tell
from tests.walking import cast, shopify

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
        people(walk)
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
