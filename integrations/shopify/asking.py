"""The one way in which tasks ask Shopify: not while it is down, in their turn, again where that helps, never without end.

    ask(store_id, question)       question: a function of the client, given a connection
      -> an access that Shopify accepts now (tokens.py), renewed once when it is refused
      -> before each request: is the breaker closed (breaker.py), are there points (budget.py)
      -> once more after what passes by itself, as late as Shopify wishes and within what the task can wait

All of it within `LONGEST`: no wait is longer than what is left of that, and no exchange begins that could outlast it. Without
this end the longest path were four minutes: a try that begins after 25 s, 20 s for somebody else's renewal, 24 s for one by
two secrets, two turns in the budget of 20 s and two exchanges of 12 s, and all of that but the first again after a 401.

Only in tasks, and with no transaction open: an answer may take half a minute.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Generic, TypeVar

from django.db import connection, transaction
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from integrations import deadline, errors
from integrations.shopify import breaker, budget, costs, tokens
from integrations.shopify.budget import Priority
from integrations.shopify.client import Connection, Result
from tenants.crypto.secret import Secret
from tenants.rls.context import task_tenant_id

__all__ = ["Priority", "ask", "ask_with"]

T = TypeVar("T")
Question = Callable[[Connection], T]

TRIES: Final = 3
# Celery's soft limit is 75 s (settings); the rest is for what is stored before and after.
LONGEST: Final = 60.0
# A try begins within so many seconds of the first; a person at a screen has gone by then.
PATIENCE: Final = {Priority.INTERACTIVE: 10.0, Priority.BACKGROUND: 25.0}
# What may be over a moment later. What is not named here passes too, or is mended by somebody, but takes longer.
_PASSING: Final = (
    errors.Unreachable,
    errors.UnreadableAnswer,
    errors.VendorFailed,
    errors.RateLimited,
    errors.BreakerOpen,
)
_BACK_OFF: Final = wait_random_exponential(multiplier=0.5, max=4, min=0.1)


def ask(store_id: int, question: Question[T], *, priority: Priority, tries: int = TRIES) -> T:
    """What a store answers. Raises IntegrationError: the last one, when trying again did not help or would not.

    A question may be put several times; give `tries=1` with one that must not be, such as a creation.
    """
    task_tenant_id()  # raises outside of a task: a request has no work to be bound to
    _refuse_transaction()
    with deadline.within(LONGEST):
        return _Asking(store_id, question, priority).answer(tries)


def ask_with(access: Connection, question: Question[T], *, store_id: int | None, priority: Priority) -> T:
    """The same by an access that is at hand, for a store that is no longer connected: once, and nothing is renewed."""
    task_tenant_id()
    _refuse_transaction()
    with deadline.within(LONGEST):
        return question(_through(access, store_id, priority))


@dataclass
class _Asking(Generic[T]):
    store_id: int
    question: Question[T]
    priority: Priority
    refused: Secret | None = None

    def answer(self, tries: int) -> T:
        again = Retrying(
            stop=stop_after_attempt(tries) | stop_before_delay(PATIENCE[self.priority]),
            wait=_wait,
            retry=retry_if_exception_type(_PASSING),
            reraise=True,
        )
        return again(self._once)

    def _once(self) -> T:
        """One try. An access that ended before its time is renewed once, and that is not yet another try."""
        access = tokens.connection(self.store_id, refused=self.refused)
        try:
            return self.question(_through(access, self.store_id, self.priority, ours=True))
        except errors.TokenRefused:
            if self.refused is not None:
                raise
            self.refused = access.access_token
        return self._once()


def _through(access: Connection, store_id: int | None, priority: Priority, *, ours: bool = False) -> Connection:
    """`ours`: the access of a connected store, which may be disconnected while we wait for our turn."""
    return replace(access, turnstile=partial(_pass, store_id, priority, ours))


def _pass(
    store_id: int | None, priority: Priority, ours: bool, shape: costs.Shape, send: Callable[[], Result]
) -> Result:
    """One request, when the breaker is closed and the store's budget has the points for it."""
    with breaker.guarded(store_id):
        if store_id is None:
            return send()
        spare = deadline.left() - deadline.EXCHANGE
        if spare < 0:
            raise errors.OutOfTime
        patience = min(budget.PATIENCE[priority], spare)
        grant = budget.take(store_id, cost=costs.expected(shape), priority=priority, patience=patience)
        if ours and not tokens.still_connected(store_id):
            budget.settle(grant, used=0.0)
            raise tokens.AccessLost
        try:
            result = send()
        except errors.IntegrationError as error:
            _settle_failure(grant, shape, error)
            raise
        except BaseException:
            budget.settle(grant, used=None)
            raise
        costs.learn(shape, result.cost)
        budget.settle(grant, used=_points(result.cost.actual), cost=result.cost)
        return result


def _settle_failure(grant: budget.Grant, shape: costs.Shape, error: errors.IntegrationError) -> None:
    """Without an answer nobody knows what was used. A query that was refused used nothing."""
    cost = error.cost if isinstance(error.cost, costs.Cost) else None
    if cost is not None:
        costs.learn(shape, cost)
    used = _points(cost.actual) if cost else None
    unused = errors.RateLimited | errors.CostExceeded | errors.TokenRefused | errors.OutOfTime
    if used is None and isinstance(error, unused):
        used = 0.0
    # A bucket that is told says itself when to come back; where only a time is told, nobody comes before it.
    told = cost is not None and cost.tells_bucket
    pause = error.retry_after if isinstance(error, errors.RateLimited) and not told else None
    budget.settle(grant, used=used, cost=cost, pause=pause)


def _points(actual: float | None) -> float | None:
    return None if actual is None else max(0.0, actual)


# --- Trying again ---------------------------------------------------------------------------------------------------
def _wait(state: RetryCallState) -> float:
    """Seconds: apart from others who failed at the same moment, and not before Shopify wishes."""
    error = state.outcome.exception() if state.outcome else None
    wish = (error.retry_after if isinstance(error, errors.IntegrationError) else None) or 0.0
    return wish + _BACK_OFF(state)


def _refuse_transaction() -> None:
    """Django's own rule for durable blocks, which knows what tests wrap around: RuntimeError inside of a transaction."""
    if connection.in_atomic_block:
        with transaction.atomic(durable=True):
            pass
