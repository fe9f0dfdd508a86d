"""What a query costs: what Shopify measured (`extensions.cost`), and what to expect before it has. Pure.

Shopify keeps the formula closed, and names the requested cost with each answer. The same query in the same sizes costs the
same, so what was named once is what the next one asks for.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_MAX_WAIT: Final = 60.0
_LARGEST: Final = 1_000_000.0
# One query may cost no more on any plan (shopify.dev/docs/api/usage/limits, read 2026-11-22).
MOST: Final = 1000

# What each operation asks for at the sizes of queries.py, by the formula that fits Shopify's answers; of one that is not
# named here, and was not yet asked, it is _UNNAMED. The first answer of each process corrects them.
START: Final[Mapping[str, int]] = {
    "CustomerOrders": 282, "CustomerById": 180, "OrdersNamed": 106, "CustomerByPhone": 3, "People": 38,
    "OrderWhole": 41, "OrderLines": 14, "ConnectProbe": 3, "AppUninstall": 12,
}  # fmt: skip
_UNNAMED: Final = 100

# An operation and those of its variables that decide what it costs.
Shape = tuple[str, tuple[tuple[str, int], ...]]


@dataclass(frozen=True, slots=True)
class Cost:
    """As Shopify measured it. Each is None where it was not said, or was no sensible number."""

    requested: float | None = None
    actual: float | None = None
    maximum: float | None = None
    available: float | None = None
    rate: float | None = None

    @property
    def tells_bucket(self) -> bool:
        return self.available is not None and (self.maximum or 0) > 0 and (self.rate or 0) > 0

    def wait(self) -> float | None:
        """Seconds until the bucket holds what the query asks for."""
        if self.requested is None or self.available is None or (self.rate or 0) <= 0:
            return None
        return min(max((self.requested - self.available) / (self.rate or 1.0), 0.1), _MAX_WAIT)


UNKNOWN: Final = Cost()


def measured(body: object) -> Cost:
    """What an answer says of its cost, whatever else is in it."""
    cost = _part(_part(body, "extensions"), "cost")
    status = _part(cost, "throttleStatus")
    return Cost(
        requested=_number(cost.get("requestedQueryCost")),
        actual=_number(cost.get("actualQueryCost")),
        maximum=_number(status.get("maximumAvailable")),
        available=_number(status.get("currentlyAvailable")),
        rate=_number(status.get("restoreRate")),
    )


def shape(operation: str, variables: Mapping[str, object]) -> Shape:
    """Sizes and switches are numbers; what a query is about is text, and changes nothing."""
    sizes = ((name, int(value)) for name, value in variables.items() if isinstance(value, int))
    return operation, tuple(sorted(sizes))


def expected(shape: Shape) -> int:
    """The points that a query of this shape will ask for."""
    return _learnt.get(shape) or START.get(shape[0], _UNNAMED)


def learn(shape: Shape, cost: Cost) -> None:
    if cost.requested is not None and 0 < cost.requested <= MOST:
        _learnt[shape] = math.ceil(cost.requested)


_learnt: dict[Shape, int] = {}


def _part(body: object, name: str) -> Mapping[str, object]:
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and abs(number) <= _LARGEST else None
