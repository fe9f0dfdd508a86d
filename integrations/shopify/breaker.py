"""Who is not asked for now, because it has not been answering: one store, or Shopify as a whole.

A breaker opens when the other side is broken (no answer, 5xx, taken for an attack), so that tasks do not queue up behind
timeouts. After a while one call is let through; if it is answered, the breaker closes, else it stays open twice as long. A
refusal is an answer: 401, 402, 429 and the like close a breaker.

The state is in Redis and goes by its clock, so that all processes know it at once. Redis away: everything is allowed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Final

from integrations import errors, shared

_SCRIPT: Final = (files("integrations.shopify") / "breaker.lua").read_text()

# Failures in a row that open a store's breaker, and for how long it does not ask then: twice as long each time.
FAILURES: Final = 5
OPEN_SECONDS: Final = 30.0
LONGEST_OPEN_SECONDS: Final = 300.0
# So many stores failed within a minute, and no fewer than answered: then it is Shopify, and not some shops.
STORES: Final = 3
_WINDOW_MS: Final = 60_000
# A probe whose process died is given up after this; longer than its turn in the budget and the call itself take.
_PROBE_MS: Final = 40_000


@contextmanager
def guarded(store_id: int | None) -> Iterator[None]:
    """One call to Shopify; None where it is no known store's. Raises BreakerOpen, with how long to stay away.

    What comes out of the block tells how the other side is: nothing or a refusal, an error that says it is broken, or
    something else, of which nothing follows.
    """
    probing = _enter(store_id)
    try:
        yield
    except errors.IntegrationError as error:
        _note(store_id, error, probing=probing)
        raise
    except BaseException:
        _unknown(store_id, probing=probing)
        raise
    _answered(store_id)


def _enter(store_id: int | None) -> bool:
    """Whether this call is the probe of a half-open breaker."""
    shut, probing = _run(store_id, "enter", _PROBE_MS) or (0, 0)
    if shut:
        raise errors.BreakerOpen(retry_after=shut / 1000)
    return bool(probing)


def _note(store_id: int | None, error: errors.IntegrationError, *, probing: bool) -> None:
    if is_broken(error):
        at_once = (error.retry_after or 0) if isinstance(error, errors.SecurityRejected) else 0
        limits = (FAILURES, int(OPEN_SECONDS * 1000), int(LONGEST_OPEN_SECONDS * 1000), STORES, int(at_once * 1000))
        _run(store_id, "failed", _WINDOW_MS, *limits)
    elif error.cost is not None or (error.status and not isinstance(error, errors.BadAnswer)):
        _answered(store_id)
    else:
        _unknown(store_id, probing=probing)


def is_broken(error: errors.IntegrationError) -> bool:
    """Whether the other side does not work. A fault told inside of a good answer (status 200) is one query's."""
    if isinstance(error, errors.VendorFailed):
        return error.status is not None
    return isinstance(error, errors.Unreachable | errors.SecurityRejected)


def _answered(store_id: int | None) -> None:
    _run(store_id, "answered", _WINDOW_MS)


def _unknown(store_id: int | None, *, probing: bool) -> None:
    if probing:
        _run(store_id, "unknown")


def _run(store_id: int | None, command: str, *arguments: object) -> list[int] | None:
    store = "" if store_id is None else store_id
    keys = [shared.key("breaker", name) for name in (f"store:{store}", "all", "failing", "working")]
    return shared.run(_SCRIPT, keys=keys, arguments=[command, store, *arguments])
