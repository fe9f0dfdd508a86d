"""The stores as they are now: what the file says, and what was changed since.

A store is never altered in place: a change makes a new one, so a call that is under way sees one state. Changes are
given a time while the search index lags: `_changed` and `_before` of a row are what the index goes by.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from integrations.shopify.sandbox.records import complete_customer, complete_order, settle_customer
from integrations.shopify.sandbox.row_checks import StoreFileError
from integrations.shopify.sandbox.stores import Row, Store, email_key

_CUSTOMERS, _ORDERS = "customers", "orders"


class StoreBook:
    """All stores by domain, and the changed rows that a restarted sandbox has to know."""

    def __init__(self, stores: Mapping[str, Store], changed: Callable[[], None] = lambda: None) -> None:
        self._lock = threading.Lock()
        self._changed = changed
        self._stores = dict(stores)
        self._changes: dict[str, dict[str, dict[str, Row | None]]] = {}

    @property
    def stores(self) -> dict[str, Store]:
        return self._stores

    def replace_all(self, stores: Mapping[str, Store]) -> None:
        """The file was read again: it is the truth now."""
        with self._lock:
            self._stores, self._changes = dict(stores), {}
        self._changed()

    def put_order(self, domain: str, raw: Row, now: datetime | None) -> Row:
        """A new or changed order. Raises StoreFileError; then nothing is changed."""
        with self._lock:
            row = self._put_order(domain, raw, now)
        self._changed()
        return row

    def put_customer(self, domain: str, raw: Row, now: datetime | None) -> Row:
        with self._lock:
            row = self._put_customer(domain, raw, now)
        self._changed()
        return row

    def remove(self, domain: str, kind: str, identifier: str) -> None:
        """Delete an order or a customer (`kind` is orders or customers)."""
        with self._lock:
            self._remove(domain, kind, identifier)
        self._changed()

    def set_shop(self, domain: str, row: Row) -> None:
        with self._lock:
            self._stores = {**self._stores, domain: replace(self._stores[domain], row=row)}

    def dump(self) -> dict[str, Any]:
        with self._lock:
            return {
                domain: {kind: dict(rows) for kind, rows in kinds.items()} for domain, kinds in self._changes.items()
            }

    def restore(self, dumped: Mapping[str, Mapping[str, Mapping[str, Row | None]]]) -> None:
        """Make the kept changes again; those that no longer fit the file are left out."""
        with self._lock:
            for domain, kinds in dumped.items():
                for kind, put in ((_CUSTOMERS, self._put_customer), (_ORDERS, self._put_order)):
                    for identifier, raw in kinds.get(kind, {}).items():
                        try:
                            if raw is None:
                                self._remove(domain, kind, identifier)
                            else:
                                put(domain, raw, None)
                        except (StoreFileError, KeyError):
                            continue

    def _put_order(self, domain: str, raw: Row, now: datetime | None) -> Row:
        store = self._stores[domain]
        customer = None
        if raw.get("customerId") is not None:
            customer = store.customers.get(raw["customerId"])
        row = complete_order(
            raw, where=f"order {raw.get('name')}", domain=domain, currency=store.row["currencyCode"], customer=customer
        )
        row |= {"_changed": now, "_before": store.order(row["id"]) if now else None}
        orders = [order for order in store.orders if order["id"] != row["id"]]
        orders.append(row)
        orders.sort(key=lambda order: (order["_created"], int(order["legacyResourceId"])))
        self._swap(store, orders=orders)
        if customer is not None:
            self._settle(domain, customer)
        self._note(domain, _ORDERS, row["id"], raw)
        return row

    def _settle(self, domain: str, customer: Row) -> None:
        """The customer's lifetime figures follow their orders."""
        store, row = self._stores[domain], dict(customer)
        settle_customer(row, store.orders_of(row["id"]), domain, store.row["currencyCode"])
        self._swap(store, customers={**store.customers, row["id"]: row})

    def _put_customer(self, domain: str, raw: Row, now: datetime | None) -> Row:
        store = self._stores[domain]
        row = complete_customer(raw, where=f"customer {raw.get('id') or ''}".strip(), domain=domain)
        holder = store.customer_by_email(row["_email"]) if row["_email"] else None
        if holder is not None and holder["id"] != row["id"]:
            raise StoreFileError(f"{email_key(row['_email'])}: Email has already been taken")
        settle_customer(row, store.orders_of(row["id"]), domain, store.row["currencyCode"])
        row |= {"_changed": now, "_before": store.customers.get(row["id"]) if now else None}
        self._swap(store, customers={**store.customers, row["id"]: row})
        self._note(domain, _CUSTOMERS, row["id"], raw)
        return row

    def _remove(self, domain: str, kind: str, identifier: str) -> None:
        store = self._stores[domain]
        if kind == _CUSTOMERS:
            self._swap(store, customers={key: row for key, row in store.customers.items() if key != identifier})
        else:
            self._swap(store, orders=[order for order in store.orders if order["id"] != identifier])
        self._note(domain, kind, identifier, None)

    def _swap(self, store: Store, **parts: Any) -> None:
        self._stores = {**self._stores, store.domain: replace(store, **parts)}

    def _note(self, domain: str, kind: str, identifier: str, raw: Row | None) -> None:
        kept = None if raw is None else {**raw, "id": identifier}
        self._changes.setdefault(domain, {}).setdefault(kind, {})[identifier] = kept
