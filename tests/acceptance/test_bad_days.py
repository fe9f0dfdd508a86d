"""Shopify away, Redis away, a worker killed in the middle of its work: pages are served, and nothing is lost."""

import time

import pytest

from tests.acceptance.conftest import HARBOR, MAYA, PINE, PRIYA, Acme
from tests.acceptance.painted import Browser, settled, text
from tests.telling import Tell

pytestmark = pytest.mark.nightly

# Far above what a page takes, and below any waiting for the outside (connect 3 s, read 8 s).
FAST_SECONDS = 2.9


def timed(browser: Browser, path: str) -> float:
    begun = time.monotonic()
    browser.open(path)
    return time.monotonic() - begun


def await_kinds(acme: Acme, browser: Browser, path: str, wanted: dict[str, str], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while (seen := acme.look(browser, path)) != wanted:
        assert time.monotonic() < deadline, seen
        time.sleep(0.3)


def test_without_shopify_pages_are_fast_and_show_what_was_known(acme: Acme) -> None:
    browser, path = acme.stack.browser(), acme.cold(MAYA)
    known = {HARBOR: "customer", PINE: "guest"}
    assert acme.look(browser, path) == known
    acme.stack.settle()
    acme.stack.stop("sandbox")
    try:
        acme.later(MAYA, 120)
        assert max(timed(browser, path) for _ in range(10)) < FAST_SECONDS
        sections = [settled(browser, section) for section in browser.page(path).select("section.section")]
        assert {text(s.select_one("h3")): s["data-kind"] for s in sections} == known
        for section in sections:
            assert "Shopify has not answered since" in text(section.select_one(".banner"))
            assert "showing what we knew at" in text(section.select_one(".banner"))
        assert "#1042" in text(sections[0])
        assert timed(browser, "/acme/inbox/") < FAST_SECONDS
    finally:
        acme.stack.start_sandbox()
    acme.stack.trusted()
    acme.later(MAYA, 120)
    sections = [settled(browser, section) for section in browser.page(path).select("section.section")]
    assert [text(section.select_one(".banner")) for section in sections] == ["", ""]


def test_without_redis_pages_are_served_and_the_events_wait(acme: Acme) -> None:
    browser, path = acme.stack.browser(), acme.cold(PRIYA)
    acme.stack.stop("redis")
    try:
        assert max(timed(browser, each) for each in ("/acme/inbox/", path, "/acme/settings/general/")) < FAST_SECONDS
        loading = browser.page(path).select("section.section")
        assert [section["data-kind"] for section in loading] == ["loading", "loading"]
        with acme.stack.database() as database:
            waiting = database.execute("SELECT kind, attempts FROM outbox_event WHERE done_at IS NULL").fetchall()
        # Who she is, and the two orders that she names, in each of two stores.
        assert waiting == [("integrations.shopify.events.OrderContextWanted", 0)] * 6
        assert acme.stack.browser().open("/acme/inbox/")  # Signing in does not need Redis either.
    finally:
        acme.stack.start_redis()
    await_kinds(acme, browser, path, {HARBOR: "customer", PINE: "customer"})
    acme.stack.settle()
    assert acme.asked() == [HARBOR, PINE]


def kill_while_asking(acme: Acme, path: str, browser: Browser) -> None:
    """Both workers end without a goodbye while Shopify has not answered; then there are two new ones."""
    acme.stack.sandbox("settings", {"latency_ms": 6000})
    browser.open(path)
    with acme.stack.database() as database:
        deadline = time.monotonic() + 20
        while database.execute("SELECT 1 FROM outbox_event WHERE done_at IS NULL AND attempts > 0").fetchone() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    time.sleep(0.5)  # It has been taken; now the question is on its way.
    acme.stack.kill(*[name for name in acme.stack.parts if name.startswith("worker")])
    acme.stack.sandbox("settings", {"latency_ms": 0})
    acme.stack.start_workers(2)
    # The sandbox notes a question when it answers, also one whose asker is dead: not in the next test's log.
    deadline = time.monotonic() + 20
    while len(acme.asked()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.nightly
def test_a_worker_killed_while_it_asks_leaves_nothing_stuck(acme: Acme) -> None:
    browser, path = acme.stack.browser(), acme.cold(PRIYA)
    kill_while_asking(acme, path, browser)
    assert {s["data-kind"] for s in browser.page(path).select("section.section")} <= {"loading", "customer"}
    acme.later(PRIYA, 31)  # The lease of the dead one runs out: 30 seconds.
    await_kinds(acme, browser, path, {HARBOR: "customer", PINE: "customer"})
    with acme.stack.database() as database:  # What it held is held 120 seconds; then it is found done already.
        database.execute("UPDATE outbox_event SET held_until = now(), next_run_at = now() WHERE done_at IS NULL")
    acme.stack.settle()


@pytest.mark.nightly
def test_a_killed_worker_in_real_time(acme: Acme, tell: Tell) -> None:
    browser, path = acme.stack.browser(), acme.cold(PRIYA)
    known = {HARBOR: "customer", PINE: "customer"}
    kill_while_asking(acme, path, browser)
    begun = time.monotonic()
    await_kinds(acme, browser, path, known, seconds=60)
    tell(f"a worker killed while it asks: the page is whole again after {time.monotonic() - begun:.1f} s")
    assert acme.look(browser, path) == known
    acme.stack.settle(150)
