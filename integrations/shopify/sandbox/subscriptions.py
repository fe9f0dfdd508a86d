"""Webhook subscriptions that apps made by the API: one per store, app, topic and address."""

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

GID = "gid://shopify/WebhookSubscription/"


@dataclass(frozen=True)
class Subscription:
    """What a store tells an app, and where."""

    number: int
    shop: str
    client_id: str
    topic: str
    uri: str
    created_at: str
    updated_at: str
    include_fields: tuple[str, ...] = ()
    metafield_namespaces: tuple[str, ...] = ()
    filter: str | None = None
    name: str | None = None

    @property
    def gid(self) -> str:
        return f"{GID}{self.number}"


class TakenError(ValueError):
    """There is a subscription of that topic to that address already."""


class SubscriptionBook:
    """All subscriptions of all stores. Safe to use from many threads."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._lock = threading.Lock()
        self._rows: dict[int, Subscription] = {}
        self._numbers = itertools.count(1_400_000_000_001)
        self._changed = changed

    def add(self, **fields: Any) -> Subscription:
        with self._lock:
            self._refuse_taken(fields, None)
            row = Subscription(number=next(self._numbers), **fields)
            self._rows[row.number] = row
        self._changed()
        return row

    def change(self, found: Subscription, **fields: Any) -> Subscription:
        with self._lock:
            row = replace(found, **fields)
            self._refuse_taken(asdict(row), row.number)
            self._rows[row.number] = row
        self._changed()
        return row

    def remove(self, found: Subscription) -> None:
        with self._lock:
            self._rows.pop(found.number, None)
        self._changed()

    def remove_all(self, shop: str, client_id: str) -> None:
        with self._lock:
            self._rows = {n: row for n, row in self._rows.items() if (row.shop, row.client_id) != (shop, client_id)}
        self._changed()

    def of(self, shop: str, client_id: str) -> list[Subscription]:
        with self._lock:
            return [row for row in self._rows.values() if (row.shop, row.client_id) == (shop, client_id)]

    def find(self, gid: str, shop: str, client_id: str) -> Subscription | None:
        return next((row for row in self.of(shop, client_id) if row.gid == gid), None)

    def is_there(self, number: int) -> bool:
        with self._lock:
            return number in self._rows

    def remove_number(self, number: int) -> None:
        with self._lock:
            self._rows.pop(number, None)
        self._changed()

    def dump(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(row) for row in self._rows.values()]

    def restore(self, rows: Iterable[Mapping[str, Any]]) -> None:
        lists = ("include_fields", "metafield_namespaces")
        found = [Subscription(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in rows]
        with self._lock:
            self._rows = {row.number: row for row in found}
            self._numbers = itertools.count(max([1_400_000_000_000, *self._rows]) + 1)

    def _refuse_taken(self, fields: Mapping[str, Any], but: int | None) -> None:
        key = tuple(fields[name] for name in ("shop", "client_id", "topic", "uri"))
        for row in self._rows.values():
            if row.number != but and (row.shop, row.client_id, row.topic, row.uri) == key:
                raise TakenError
