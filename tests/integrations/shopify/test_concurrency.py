"""Many at once, with real threads and real transactions: claims, renewals, single use; and nothing open while Shopify answers."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from integrations.shopify import stores, tokens
from integrations.shopify.models import ConnectionAttempt, OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.outbox import delivery
from tenants.outbox.models import Event
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA
from tests.integrations.shopify import looking
from tests.walking import answer, pending, signed_in, start, work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.nightly]
THREADS = 20
NEEDS = 50  # of one access at once


@pytest.fixture
def cast(transactional_db: None, cast: Cast) -> Cast:
    return cast


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox) -> Store:
    with tenant_context(cast.acme.pk):
        store = factories.connected_store(shopify, by=cast.olivia)
        factories.conversation()
    work()
    shopify.clear_calls()
    return store


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs at the same time, each with its own connection to the database."""

    def run(job: Callable[[], Any]) -> Any:
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


def test_of_many_viewers_at_once_one_asks(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    clients = [signed_in(cast.ava) for _ in range(THREADS)]
    pages = together(*[lambda client=client: client.get("/acme/inbox/1/") for client in clients])
    assert [page.status_code for page in pages] == [200] * THREADS
    assert all('data-kind="loading"' in page.content.decode() for page in pages)
    assert pending("OrderContextWanted") == 1
    (event,) = Event.objects.filter(done_at=None).values_list("pk", flat=True)
    assert sorted(together(*[lambda: delivery.deliver(event)] * 4)) == [False, False, False, True]
    assert [call["operation"] for call in shopify.calls] == ["CustomerOrders"]
    pages = together(*[lambda client=client: client.get("/acme/inbox/1/") for client in clients])
    assert all("#1042" in page.content.decode() for page in pages)
    assert (pending("OrderContextWanted"), len(shopify.calls)) == (0, 1)


def test_of_many_tasks_with_an_old_token_one_renews(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.update(access_expires_at=timezone.now() + timedelta(minutes=4))
    shopify.set_latency(100)

    def usable() -> Any:
        with expected_tenant(cast.acme.pk):
            return tokens.connection(store.pk).access_token

    found = together(*[usable] * NEEDS)
    assert [call["kind"] for call in shopify.calls] == ["refresh"]
    assert len(found) == NEEDS
    with tenant_context(cast.acme.pk):
        assert all(token == Store.objects.get().access_token for token in found)


def test_of_many_tasks_with_a_refused_token_one_renews(cast: Cast, store: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        refused = Store.objects.get().access_token

    def usable() -> Any:
        with expected_tenant(cast.acme.pk):
            return tokens.connection(store.pk, refused=refused).access_token

    found = together(*[usable] * NEEDS)
    assert [call["kind"] for call in shopify.calls] == ["refresh"]
    assert all(token == found[0] != refused for token in found)


def test_one_answer_opened_many_times_at_once_connects_once(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    shopify.set_latency(150)
    responses = together(*[lambda: client.get(back)] * 5)
    places = sorted(response["Location"].split("/")[1] for response in responses)
    assert places == ["acme", "shopify", "shopify", "shopify", "shopify"]
    assert len(shopify.calls) == 1
    outcomes = sorted(ConnectionAttempt.objects.values_list("outcome", flat=True))
    assert outcomes == ["connected"] + ["state_used"] * 4
    for response in responses:
        assert client.get(response["Location"]).status_code == 200


def test_two_workspaces_that_connect_one_store_at_once(cast: Cast, shopify: RunningSandbox) -> None:
    olivia, mallory = signed_in(cast.olivia), signed_in(cast.mallory)
    ways = [
        (olivia, answer(shopify, start(olivia))),
        (mallory, answer(shopify, start(mallory, path="/nextdoor/settings/shopify/connect/"))),
    ]
    responses = together(*[lambda client=client, back=back: client.get(back) for client, back in ways])
    assert sorted(ConnectionAttempt.objects.values_list("outcome", flat=True)) == ["connected", "store_taken"]
    held = 0
    for tenant in (cast.acme, cast.next_door):
        with tenant_context(tenant.pk):
            held += Store.objects.count()
    assert held == 1
    assert [response.status_code for response in responses] == [302, 302]


def test_disconnecting_while_shopify_answers_throws_the_answer_away(
    cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    with tenant_context(cast.acme.pk):
        read_before = Store.objects.get().last_read_at
        looking.look(stores=[store], email_norm=MAYA)
    shopify.set_latency(600)

    def leave() -> None:
        time.sleep(0.2)
        with tenant_context(cast.acme.pk):
            stores.disconnect(store=store, by=cast.olivia)

    together(work, leave)
    assert "CustomerOrders" in [call["operation"] for call in shopify.calls]
    with tenant_context(cast.acme.pk):
        assert not OrderContext.objects.exists()
        after = Store.objects.get()
    assert (after.state, after.last_read_at) == ("disconnected", read_before)


@pytest.mark.parametrize("path", ["callback", "task"])
def test_no_transaction_is_open_while_shopify_is_asked(
    cast: Cast, store: Store, shopify: RunningSandbox, superuser_url: str, path: str
) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client)) if path == "callback" else ""
    with tenant_context(cast.acme.pk):
        looking.look(stores=[store], email_norm=MAYA)
    shopify.set_latency(500)
    idle: list[int] = []

    def watch() -> None:
        time.sleep(0.25)
        with psycopg.connect(superuser_url) as server:
            found = server.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'versana_app'"
                " AND xact_start IS NOT NULL"
            ).fetchone()
        idle.append(found[0] if found else -1)

    before = len(shopify.calls)
    together((lambda: client.get(back)) if back else work, watch)
    assert len(shopify.calls) > before
    assert idle == [0]
