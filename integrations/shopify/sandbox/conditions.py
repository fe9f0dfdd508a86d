"""What state each store is in, apart from its rows: frozen, and how far protected data is approved."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

LEVELS = ("all", "level1", "none")


@dataclass(frozen=True)
class Condition:
    """`approved` is the approval of protected customer data: all, level1 (no names and addresses) or none.

    Shopify approves an app, not a store; here it is set by store, so that one sandbox can show both.
    """

    frozen: bool = False
    approved: str = "all"


class ConditionBook:
    """The conditions of all stores; those that were never set are the usual ones."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._lock = threading.Lock()
        self._conditions: dict[str, Condition] = {}
        self._changed = changed

    def of(self, shop: str) -> Condition:
        with self._lock:
            return self._conditions.get(shop, Condition())

    def set(self, shop: str, **fields: Any) -> None:
        with self._lock:
            self._conditions[shop] = replace(self._conditions.get(shop, Condition()), **fields)
        self._changed()

    def dump(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            return {shop: asdict(condition) for shop, condition in self._conditions.items()}

    def restore(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        with self._lock:
            self._conditions = {shop: Condition(**row) for shop, row in rows.items()}
