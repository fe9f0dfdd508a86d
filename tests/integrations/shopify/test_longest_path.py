"""The longest that one question can take: every wait to its end and every answer as late as it may come, on a clock that is moved.

The network and Redis are played by an adversary; what decides how long to wait and what to try again is the real thing.
"""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from integrations import deadline, errors, http, shared
from integrations.shopify import asking, client, tokens
from integrations.shopify.asking import Priority
from integrations.shopify.models import Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA

pytestmark = pytest.mark.django_db
TOO_DEAR = {"errors": [{"message": "m", "extensions": {"code": "MAX_COST_EXCEEDED"}}]}
SAYS: Mapping[str, tuple[int, object]] = {
    "401": (401, {}),
    "502": (502, {}),
    "429": (429, {}),
    "too dear": (200, TOO_DEAR),
}


class Adversary:
    """Time, Redis and Shopify: each keeps us waiting for as long as we let it."""

    def __init__(self, answers: list[str], *, busy: bool) -> None:
        self.now, self.answers, self.busy, self.renewals = 1000.0, answers, busy, 0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """A nap of the budget, between two tries, or of who waits for another's renewal."""
        self.now += seconds

    def redis(self, source: str, *, keys: list[str], arguments: list[object]) -> list[int] | None:
        """A turn in the budget comes just before it would be given up; no breaker opens."""
        if "take" not in arguments:
            return None
        self.now += max(0.0, min(self.turn, deadline.left() - http.API.total) - 0.01)
        return [0]

    turn = 20.0

    def exchange(self, url: str, headers: object, body: Mapping[str, Any], timeouts: http.Timeouts) -> Any:
        """An answer in the last moment."""
        self.now += timeouts.total
        if "oauth" in url:
            return self._renewal(), None
        word = self.answers.pop(0) if self.answers else "502"
        if word == "late":
            return None, errors.TimedOut()
        status, said = SAYS[word]
        return http.Answer(status, 5.0 if word == "429" else None, "", said), None

    def _renewal(self) -> http.Answer:
        """The first of two secrets is refused each time."""
        self.renewals += 1
        if self.renewals % 2:
            return http.Answer(400, None, "", {"error": "invalid_client"})
        pair = {"access_token": f"shpat_{self.renewals}", "refresh_token": f"shprt_{self.renewals}", "expires_in": 3600}
        return http.Answer(200, None, "", {**pair, "scope": "read_customers,read_orders"})


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox, settings: Settings) -> Iterator[Store]:
    settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = "the-one-before"
    with tenant_context(cast.acme.pk):
        found = factories.connected_store(shopify, by=cast.olivia)
    with expected_tenant(cast.acme.pk):
        yield found


def played(adversary: Adversary, store: Store, priority: Priority, monkeypatch: pytest.MonkeyPatch) -> float:
    """How long the question takes until it is given up."""
    with tenant_context(store.tenant_id):
        Store.objects.filter(pk=store.pk).update(access_expires_at=Now(), refresh_leased_until=None)
    adversary.turn = asking.budget.PATIENCE[priority]
    begun, real = adversary.now, tokens._plan

    def leased(store_id: int, **given: Any) -> Any:
        """Somebody else renews until just before we would give up."""
        if adversary.busy and deadline.left() > tokens.REFRESH_LEASE.total_seconds() + http.API.total:
            adversary.now += tokens.REFRESH_LEASE.total_seconds() - 0.5
        return real(store_id, **given)

    with monkeypatch.context() as patched:
        patched.setattr(time, "monotonic", adversary.monotonic)
        patched.setattr(time, "sleep", adversary.sleep)
        patched.setattr(shared, "run", adversary.redis)
        patched.setattr(http, "_exchange", adversary.exchange)
        patched.setattr(tokens, "_plan", leased)
        with pytest.raises(errors.IntegrationError):
            asking.ask(store.pk, partial(client.customer_orders, email=MAYA), priority=priority)
    return adversary.now - begun


def scripts() -> list[list[str]]:
    """What Shopify says by turn."""
    chance = random.Random(7)
    words = [*SAYS, "late"]
    drawn = [[chance.choice(words) for _ in range(6)] for _ in range(12)]
    return [
        ["too dear", "401", "too dear", "502"],
        ["401", "too dear", "late"],
        ["429", "401", "too dear"],
        ["late"],
        *drawn,
    ]


@pytest.mark.parametrize("priority", Priority)
@pytest.mark.parametrize("busy", [True, False], ids=["another renews", "nobody else"])
def test_no_path_is_longer_than_a_task_may_take(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, priority: Priority, busy: bool
) -> None:
    lasted = [played(Adversary(script, busy=busy), store, priority, monkeypatch) for script in scripts()]
    assert max(lasted) <= asking.LONGEST
    assert asking.LONGEST + http.API.total < settings.CELERY_TASK_SOFT_TIME_LIMIT


def test_without_the_end_the_adversary_finds_a_path_that_a_task_may_not_take(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "within", lambda seconds: nullcontext())
    lasted = [played(Adversary(script, busy=True), store, Priority.BACKGROUND, monkeypatch) for script in scripts()]
    assert max(lasted) > settings.CELERY_TASK_SOFT_TIME_LIMIT


def test_who_waits_for_anothers_renewal_leaves_time_for_the_question(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    adversary = Adversary([], busy=False)
    with tenant_context(store.tenant_id):
        Store.objects.update(access_expires_at=Now(), refresh_leased_until=Now() + timedelta(hours=1))
    monkeypatch.setattr(time, "monotonic", adversary.monotonic)
    monkeypatch.setattr(time, "sleep", adversary.sleep)
    with deadline.within(14.0), pytest.raises(tokens.AccessBusy):
        tokens.connection(store.pk)
    assert 1002.0 <= adversary.now <= 1002.5


def test_nothing_is_sent_that_could_outlast_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(http, "_exchange", lambda url, *rest: (sent.append(url), (http.Answer(200, None, ""), None))[1])
    ask = partial(http.post, host=factories.SHOP, path="/x", headers={}, body={})
    with deadline.within(http.API.total + 5):
        ask()
        with deadline.within(http.API.total - 1), pytest.raises(errors.OutOfTime):
            ask()
        with deadline.within(1000):  # an inner block has no more than the outer one
            assert deadline.left() < http.API.total + 6
        ask()
    assert deadline.left() == float("inf")
    assert len(sent) == 2


def test_a_question_that_was_not_sent_costs_no_points_and_opens_no_breaker(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[Any] = []
    monkeypatch.setattr(asking.budget, "settle", lambda grant, **given: settled.append(given["used"]))
    monkeypatch.setattr(asking.budget, "take", lambda *a, **given: asking.budget.Grant(store.pk, "t", 1))
    monkeypatch.setattr(http, "left", lambda: 0.0)
    with pytest.raises(errors.OutOfTime):
        asking.ask(store.pk, client.shop_profile, priority=Priority.INTERACTIVE)
    assert settled == [0.0]
    assert not asking.breaker.is_broken(errors.OutOfTime())
