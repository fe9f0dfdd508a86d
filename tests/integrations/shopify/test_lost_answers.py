"""Between Shopify's answer and our commit: workers are killed there, answers are lost, and no access is lost with them."""

import os
import signal
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from django.conf import settings as configured
from django.db.models.functions import Now

from integrations.shopify import tokens
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.outbox import events
from tenants.outbox.delivery import sweep
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA, SHOP
from tests.integrations.shopify import looking
from tests.integrations.shopify.reading import change, connected, current, kinds, read
from tests.telling import Tell
from tests.tenants.outbox.conftest import later, waited
from tests.walking import CLIENT_ID, CLIENT_SECRET, work
from tests.workers import worker


# --- A worker is killed ---------------------------------------------------------------------------------------------
def playing(database: str, shopify: RunningSandbox) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """With one process that works, and this sandbox as its Shopify."""
    app = {"SHOPIFY_CLIENT_ID": CLIENT_ID, "SHOPIFY_CLIENT_SECRET": CLIENT_SECRET}
    return worker(database, processes=1, SHOPIFY_SANDBOX_URL=shopify.url, **app)


pytestmark = pytest.mark.nightly


def hands(of: subprocess.Popen[bytes]) -> list[int]:
    """The processes of a worker that do its work."""
    return [int(pid) for pid in Path(f"/proc/{of.pid}/task/{of.pid}/children").read_text().split()]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "times", [pytest.param(1, marks=pytest.mark.long), pytest.param(20, marks=pytest.mark.nightly)]
)
def test_a_worker_killed_between_shopifys_answer_and_our_commit_costs_no_access(
    transactional_db: None, cast: Cast, shopify: RunningSandbox, test_database_name: str, superuser_url: str,
    times: int, tell: Tell, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(events, "_pause_until", 0.0)
    redis.Redis.from_url(configured.REDIS_URL).flushall()
    store = connected(cast, shopify)
    shopify.set_latency(400)
    recovered = 0
    with playing(test_database_name, shopify) as process:
        assert waited(lambda: bool(hands(process)), seconds=30)
        for _ in range(times):
            shopify.clear_calls()
            before = expired(cast)
            look(cast)
            killed_before_its_commit(cast, store, shopify, process, superuser_url)
            held = current(cast)
            assert held.refresh_token == before.refresh_token, "the new pair was never written"
            assert held.access_token == before.access_token
            assert kinds(shopify) == ["refresh"]
            change(
                cast, refresh_leased_until=Now()
            )  # the killed one's lease ends by itself; twenty seconds are not waited for
            later()
            sweep()
            assert waited(lambda: fetched(cast), seconds=20)
            after = current(cast)
            assert (after.state, after.failure) == ("connected", "")
            assert after.refresh_token != before.refresh_token
            assert kinds(shopify) == ["refresh", "refresh", "CustomerOrders"]
            recovered += 1
    tell(
        f"kill -9 between Shopify's answer and our commit: {times} times, {recovered} recoveries, {times - recovered} stores lost"
    )
    assert recovered == times


def expired(cast: Cast) -> Store:
    """Nothing is known, and the access has ended."""
    change(cast, access_expires_at=Now())
    with tenant_context(cast.acme.pk):
        OrderContext.objects.all().delete()
    return current(cast)


def look(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        looking.look(stores=list(Store.objects.all()), email_norm=MAYA)


def fetched(cast: Cast) -> bool:
    with tenant_context(cast.acme.pk):
        return OrderContext.objects.exclude(fetched_at=None).exists()


def killed_before_its_commit(
    cast: Cast, store: Store, shopify: RunningSandbox, process: subprocess.Popen[bytes], superuser_url: str
) -> None:
    """While Shopify answers, somebody else holds the row: the worker has the new pair in its hands, and waits to write it."""
    assert waited(lambda: current(cast).refresh_leased_until is not None, seconds=30)
    with psycopg.connect(superuser_url) as holder, psycopg.connect(superuser_url, autocommit=True) as watcher:
        holder.execute("SELECT 1 FROM shopify_store WHERE id = %s FOR UPDATE", [store.pk])

        def waits() -> bool:
            found = watcher.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
            return bool(found and found[0]) and kinds(shopify) == ["refresh"]

        assert waited(waits, seconds=20)
        doomed = hands(process)
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        assert waited(lambda: not set(doomed) & set(hands(process)), seconds=10)


# --- Answers are lost -----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_two_lost_answers_in_a_row_cost_no_access(cast: Cast, shopify: RunningSandbox) -> None:
    before = connected(cast, shopify)
    change(cast, access_expires_at=Now())
    shopify.fault("lost_answer", kind="refresh", times=2)
    states = []
    for _ in range(4):
        read(cast)
        states.append(current(cast).failure)
    assert states[-1] == ""
    assert kinds(shopify).count("refresh") == 3
    after = current(cast)
    assert (after.state, after.refresh_token != before.refresh_token) == ("connected", True)


@pytest.mark.django_db
def test_an_answer_that_was_lost_for_too_long_needs_the_owner_and_is_not_asked_for_again(
    cast: Cast, shopify: RunningSandbox
) -> None:
    connected(cast, shopify)
    change(cast, access_expires_at=Now())
    shopify.fault("lost_answer", kind="refresh", times=3)
    read(cast)
    shopify.clear_faults()
    shopify.advance(days=91)  # the old refresh token is good for no more than its own ninety days
    for _ in range(5):
        read(cast)
        work()
    assert current(cast).problem == "access_revoked"
    asked = len(shopify.calls)
    for _ in range(5):
        read(cast)
        work()
    assert len(shopify.calls) == asked <= 4


@pytest.mark.django_db
def test_two_lost_answers_to_an_exchange_cost_no_access(cast: Cast, shopify: RunningSandbox) -> None:
    shopify.fault("lost_answer", kind="exchange", times=2)
    connected(cast, shopify, expiring=False)
    states: list[Any] = []
    for _ in range(4):
        read(cast)
        work()
        states.append((current(cast).state, current(cast).failure))
    assert states[-1] == ("connected", "")
    assert current(cast).refresh_token is not None
    assert kinds(shopify).count("exchange") <= 3


@pytest.mark.django_db
def test_an_access_that_never_expires_is_exchanged_by_the_sandbox_too(cast: Cast, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        before = factories.connected_store(shopify, SHOP, by=cast.olivia, expiring=False)
    work()
    assert kinds(shopify)[0] == "exchange"
    after = current(cast)
    assert after.refresh_token is not None
    assert after.access_token != before.access_token
    with expected_tenant(cast.acme.pk):
        assert tokens.connection(after.pk).access_token == after.access_token


@pytest.mark.django_db
def test_who_comes_back_after_the_lease_does_not_write_over_the_pair_that_another_got(
    cast: Cast, shopify: RunningSandbox
) -> None:
    """A process that slept past its lease, or tried two secrets, each to the end of its time."""
    store = connected(cast, shopify)
    change(cast, access_expires_at=Now())
    with tenant_context(cast.acme.pk):
        slow = tokens._plan(store.pk, refused=None)
    assert isinstance(slow, tokens._Renewal)
    late = tokens._renewed(slow)
    change(cast, refresh_leased_until=Now())
    with expected_tenant(cast.acme.pk):
        quick = tokens.connection(store.pk)
    with tenant_context(cast.acme.pk):
        assert tokens._keep_grant(slow.store, late) == quick
    assert current(cast).access_token == quick.access_token
    read(cast)
    assert (current(cast).state, current(cast).failure) == ("connected", "")
    assert kinds(shopify) == ["refresh", "refresh", "CustomerOrders"]
