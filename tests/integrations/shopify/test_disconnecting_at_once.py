"""Disconnecting a store while a hundred tasks are busy with it: nothing of theirs is stored, and nothing is asked any more."""

import random
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from integrations.errors import IntegrationError
from integrations.shopify import asking, budget, client, order_context, probing, stores, tokens, upkeep
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.integrations.shopify.reading import connected
from tests.telling import Tell

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
TASKS, THREADS = 100, 25
SECONDS = 3.0  # within which the tasks begin
# A call whose token was taken out just before the disconnection arrives a moment after it. Nothing can call it back.
UNDER_WAY = timedelta(seconds=1)


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_stored_and_nothing_is_asked_after_a_disconnection(
    transactional_db: None, cast: Cast, shopify: RunningSandbox, seed: int, tell: Tell
) -> None:
    dice = random.Random(seed)
    store = connected(cast, shopify)
    shopify.set_latency(60)
    with tenant_context(cast.acme.pk):
        Store.objects.update(
            refreshed_at=Now() - timedelta(days=15), failing_since=Now() - timedelta(hours=1), failure="timed_out"
        )
        rows = [
            OrderContext.objects.create(
                store=store, key=f"c{n}@example.com", leased_until=Now() + timedelta(minutes=1)
            ).pk
            for n in range(TASKS)
        ]
        factories.conversation()

    def run(job: Callable[[], None], pause: float) -> None:
        time.sleep(pause)
        try:
            with expected_tenant(cast.acme.pk):
                job()
        except IntegrationError:
            pass  # a task that is refused is tried again by the outbox, which finds nothing to do
        finally:
            connection.close()

    def jobs() -> list[Callable[[], None]]:
        def refresh(pk: int) -> Callable[[], None]:
            return lambda: order_context.refresh(context_id=pk)

        others: list[Callable[[], None]] = [
            lambda: stores.describe(store_id=store.pk),
            lambda: upkeep.renew(store_id=store.pk),
            lambda: probing.probe(store_id=store.pk),
        ]
        return [others[n % 3] if n % 10 == 0 else refresh(pk) for n, pk in enumerate(rows)]

    with ThreadPoolExecutor(THREADS) as pool:
        waits = sorted(dice.uniform(0, SECONDS) for _ in range(TASKS))
        started = time.monotonic()

        def at(moment: float, job: Callable[[], None]) -> None:
            run(job, max(0.0, started + moment - time.monotonic()))

        busy = [pool.submit(at, moment, job) for moment, job in zip(waits, jobs(), strict=True)]
        time.sleep(dice.uniform(0.3, 1.2))
        wait(busy, timeout=30, return_when=FIRST_COMPLETED)  # on a slow machine none is over by then
        with tenant_context(cast.acme.pk):
            stores.disconnect(store=store, by=cast.olivia)
        left = datetime.now(UTC)
        in_flight = sum(not task.done() for task in busy)
        for task in busy:
            task.result()
    arrived = [datetime.fromisoformat(call["at"]) for call in shopify.calls]
    under_way = sum(left < moment <= left + UNDER_WAY for moment in arrived)
    late = sum(moment > left + UNDER_WAY for moment in arrived)
    with tenant_context(cast.acme.pk):
        kept = OrderContext.objects.count()
        after = Store.objects.get()
    tell(
        f"disconnect against {TASKS} tasks, {in_flight} not done: {kept} rows stored afterwards, {late} calls started afterwards "
        f"({sum(moment <= left for moment in arrived)} before, {under_way} under way)"
    )
    assert 0 < in_flight < TASKS
    assert (kept, late) == (0, 0)
    assert under_way <= THREADS
    assert (after.state, after.access_token, after.refresh_token, after.problem, after.failure) == (
        "disconnected",
        None,
        None,
        "",
        "",
    )
    assert after.last_read_at is None or after.last_read_at <= left


def test_a_task_that_waited_for_its_turn_asks_nothing_of_a_store_that_was_disconnected(
    transactional_db: None, cast: Cast, shopify: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = connected(cast, shopify)
    take = budget.take

    def waited(store_id: int, **given: Any) -> budget.Grant:
        turn = take(store_id, **given)
        with tenant_context(cast.acme.pk):
            stores.disconnect(store=store, by=cast.olivia)
        return turn

    monkeypatch.setattr(budget, "take", waited)
    with expected_tenant(cast.acme.pk), pytest.raises(tokens.AccessLost):
        asking.ask(store.pk, client.shop_profile, priority=asking.Priority.BACKGROUND)
    assert shopify.calls == []
