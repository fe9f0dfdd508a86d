"""Clocks that differ: a web process or a worker is an hour ahead of the database's clock, or behind it."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from integrations.shopify import order_context, tokens
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.order_context import FRESH, LEASE, PAUSE_AFTER_FAILURE, SHORTEST
from integrations.shopify.sandbox import RunningSandbox
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.clocks import HOURS, Skew, clock
from tests.conftest import Cast
from tests.factories import MAYA
from tests.integrations.shopify import looking
from tests.walking import pending, work

__all__ = ["clock"]  # a fixture
pytestmark = pytest.mark.django_db


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox) -> Store:
    """Connected; nothing asked yet."""
    with tenant_context(cast.acme.pk):
        store = factories.connected_store(shopify, by=cast.olivia)
    work()
    shopify.clear_calls()
    return store


def look(cast: Cast, *, force: bool = False) -> bool:
    """Somebody looks. Whether an answer is on its way."""
    with tenant_context(cast.acme.pk):
        (found,) = looking.look(stores=list(Store.objects.all()), email_norm=MAYA, force=force)
    return found.refreshing


def age(cast: Cast, model: type[OrderContext | Store], column: str) -> float:
    """How many seconds ago this was, by the database's clock."""
    with tenant_context(cast.acme.pk):
        past = model.objects.annotate(past=Now() - F(column)).values_list("past", flat=True).get()
    return float(past.total_seconds())


def let_pass(cast: Cast, length: timedelta, *columns: str) -> None:
    """Let these moments of the row lie so much further back."""
    with tenant_context(cast.acme.pk):
        OrderContext.objects.update(**{column: F(column) - length for column in columns})


@HOURS
def test_an_answer_of_a_worker_with_another_clock_is_fresh_for_its_minute(
    hours: float, clock: Skew, cast: Cast, store: Store
) -> None:
    assert look(cast)
    clock(hours)
    work()
    assert 0 <= age(cast, OrderContext, "fetched_at") < 20
    assert 0 <= age(cast, Store, "last_read_at") < 20
    clock(0)
    assert not look(cast)
    let_pass(cast, FRESH, "fetched_at")
    assert look(cast)


@HOURS
def test_a_web_process_with_another_clock_takes_the_fresh_for_fresh_and_the_old_for_old(
    hours: float, clock: Skew, cast: Cast, store: Store
) -> None:
    look(cast)
    work()
    clock(hours)
    assert not look(cast)
    let_pass(cast, SHORTEST, "fetched_at")
    assert look(cast, force=True)
    work()
    assert not look(cast, force=True)
    let_pass(cast, FRESH, "fetched_at")
    assert look(cast)


@HOURS
def test_a_lease_taken_by_another_clock_is_seen_by_everybody_and_ends_in_time(
    hours: float, clock: Skew, cast: Cast, store: Store
) -> None:
    clock(hours)
    assert look(cast)
    clock(-hours)
    assert look(cast)
    assert pending("OrderContextWanted") == 1, "the second one waits for the first one's answer"
    let_pass(cast, LEASE, "leased_until")  # its worker was killed
    assert look(cast)
    assert pending("OrderContextWanted") == 2


@HOURS
def test_the_pause_after_a_failure_is_its_seconds_whatever_the_workers_clock(
    hours: float, clock: Skew, cast: Cast, store: Store, settings: object
) -> None:
    settings.SHOPIFY_SANDBOX_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    look(cast)
    clock(hours)
    work()
    assert 0 <= age(cast, OrderContext, "failed_at") < 10
    assert 0 <= age(cast, OrderContext, "failing_since") < 10
    clock(0)
    assert not look(cast)
    let_pass(cast, PAUSE_AFTER_FAILURE, "failed_at")
    assert look(cast)


@HOURS
def test_a_row_that_was_looked_at_is_kept_its_thirty_days_whoever_forgets(
    hours: float, clock: Skew, cast: Cast, store: Store
) -> None:
    look(cast)
    let_pass(cast, order_context.KEPT - timedelta(minutes=30), "looked_at")
    clock(hours)
    with tenant_context(cast.acme.pk):
        assert order_context.forget() == 0
    let_pass(cast, timedelta(minutes=31), "looked_at")
    with tenant_context(cast.acme.pk):
        assert order_context.forget() == 1


# --- Tokens ---------------------------------------------------------------------------------------------------------
def renewals(shopify: RunningSandbox) -> int:
    return sum(call["kind"] == "refresh" for call in shopify.calls)


@HOURS
def test_a_token_that_a_worker_with_another_clock_took_ends_when_it_ends(
    hours: float, clock: Skew, cast: Cast, shopify: RunningSandbox
) -> None:
    clock(hours)
    with tenant_context(cast.acme.pk):
        store = factories.connected_store(shopify, by=cast.olivia)
        assert isinstance(store.access_expires_at, type(store.connected_at))
    left = -age(cast, Store, "access_expires_at")
    assert timedelta(minutes=59).total_seconds() < left <= timedelta(hours=1).total_seconds()


@HOURS
def test_a_worker_with_another_clock_renews_no_token_too_early_and_none_too_late(
    hours: float, clock: Skew, cast: Cast, store: Store, shopify: RunningSandbox
) -> None:
    clock(hours)
    with expected_tenant(cast.acme.pk):
        tokens.connection(store.pk)
    assert renewals(shopify) == 0
    with tenant_context(cast.acme.pk):
        Store.objects.update(access_expires_at=Now() + tokens.EARLY - timedelta(seconds=1))
    with expected_tenant(cast.acme.pk):
        tokens.connection(store.pk)
    assert renewals(shopify) == 1
    left = -age(cast, Store, "access_expires_at")
    assert timedelta(minutes=59).total_seconds() < left <= timedelta(hours=1).total_seconds()


@HOURS
def test_the_renewing_of_a_token_is_left_to_who_began_it_by_whatever_clock(
    hours: float, clock: Skew, cast: Cast, store: Store
) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.update(access_expires_at=Now(), refresh_leased_until=Now() + tokens.REFRESH_LEASE)
    clock(hours)
    with tenant_context(cast.acme.pk):
        assert isinstance(tokens._plan(store.pk, refused=None), tokens.AccessBusy)
        Store.objects.update(refresh_leased_until=Now() - timedelta(seconds=1))
        assert isinstance(tokens._plan(store.pk, refused=None), tokens._Renewal)
    assert -20 <= age(cast, Store, "refresh_leased_until") <= 0
