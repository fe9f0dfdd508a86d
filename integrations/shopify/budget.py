"""Points of a store's query budget, shared by all workers: who may ask now, and who waits for how long.

Shopify gives each app a bucket of points in each store, which fills by the second; a query runs when the bucket holds what it
may cost at most, and gets back what it did not need (shopify.dev/docs/api/usage/limits, read 2026-11-22). We keep a copy of
that bucket in Redis, take from it before a query leaves, and correct it by every answer. So workers wait here, in the order
in which they came and who serves a person first, instead of being refused there.

Redis away or emptied: calls are allowed, and Shopify's own refusal is the brake. A bucket that is not known yet holds what
the first call asks for; its answer says the rest.
"""

import random
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Final

from integrations import errors, shared
from integrations.shopify.costs import Cost

_SCRIPT: Final = (files("integrations.shopify") / "budget.lua").read_text()


class Priority(StrEnum):
    INTERACTIVE = "interactive"  # somebody waits at a screen
    BACKGROUND = "background"


# How long a call waits for its turn; then it is given up, and whoever asked tries later.
PATIENCE: Final = {Priority.INTERACTIVE: 8.0, Priority.BACKGROUND: 20.0}
# The standard plan's, until a store's first answer (all 12,942 recorded answers of development stores had these).
_MAXIMUM, _RATE = 2000, 100
# What background work leaves for people: about one sidebar of a standard store's bucket.
_RESERVE = 0.15
# Kept free for what our copy cannot know: the way there takes time in which a full bucket does not fill.
_MARGIN_SECONDS = 0.25
# A waiter that does not come back within this time has died, and no longer stands before others.
_TICKET_MS = 2_000
_LONGEST_NAP_MS = 250
# A call whose worker died counts as under way for so long; longer than any call takes.
_FLIGHT_MS = 40_000
_KEPT_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Grant:
    """Points taken for one call, to be settled when it is over."""

    store_id: int
    ticket: str
    requested: int
    waited: float = 0.0


def take(store_id: int, *, cost: int, priority: Priority, patience: float | None = None) -> Grant:
    """Points for one call; waits for its turn, at most `patience` seconds. Raises RateLimited when it did not come."""
    begun = time.monotonic()
    limit = PATIENCE[priority] if patience is None else patience
    ticket = secrets.token_hex(8)
    while nap := _ask(store_id, ticket, cost=cost, priority=priority):
        # A little apart, or those who wait would come back all at once.
        seconds = nap / 1000 * random.uniform(1.0, 1.1)  # noqa: S311 - no secret
        if time.monotonic() - begun + seconds > limit:
            _run(store_id, "leave", ticket)
            raise errors.RateLimited(retry_after=limit, detail="budget")
        time.sleep(seconds)
    return Grant(store_id, ticket, cost, waited=time.monotonic() - begun)


def settle(grant: Grant, *, used: float | None, cost: Cost | None = None, pause: float | None = None) -> None:
    """The call is over: give back what it did not use (None: not known, all counts as used), and believe what Shopify says.

    `pause`: Shopify wants to hear nothing of us for so many seconds.
    """
    said = cost if cost and cost.tells_bucket else None
    _run(
        grant.store_id,
        "settle",
        grant.ticket,
        "" if used is None else used,
        *((said.maximum, said.available, said.rate) if said else ("", "", "")),
        int((pause or 0) * 1000),
    )


def _ask(store_id: int, ticket: str, *, cost: int, priority: Priority) -> int:
    """0 when the points are taken, else after how many milliseconds to ask again."""
    answer = _run(
        store_id,
        "take",
        ticket,
        priority,
        cost,
        _MAXIMUM,
        _RATE,
        _RESERVE if priority == Priority.BACKGROUND else 0,
        _MARGIN_SECONDS,
        _TICKET_MS,
        _LONGEST_NAP_MS,
        _FLIGHT_MS,
    )
    return answer[0] if answer else 0


def _run(store_id: int, *arguments: object) -> list[int] | None:
    names = ("bucket", Priority.INTERACTIVE, Priority.BACKGROUND, "tickets", "flights")
    keys = [shared.key("budget", store_id, name) for name in names]
    return shared.run(_SCRIPT, keys=keys, arguments=[_KEPT_MS, *arguments])
