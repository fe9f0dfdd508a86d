"""One API call while it is executed: which store, with what rights, at which time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from graphql import GraphQLResolveInfo

from integrations.shopify.sandbox.search import FieldTests, parse
from integrations.shopify.sandbox.stores import Row, Store
from integrations.shopify.sandbox.subscriptions import SubscriptionBook

# read_orders alone shows orders of the last 60 days (shopify.dev access scopes, read 2026-11-22).
ORDER_WINDOW = timedelta(days=60)


@dataclass
class Asking:
    """The context of an execution; collects search warnings on the way."""

    store: Store
    scopes: frozenset[str]
    now: datetime
    app: Row
    uninstall: Callable[[], None]
    subscriptions: SubscriptionBook
    client_id: str
    # Protected customer data that the app is approved for: all, level1 (no names and addresses) or none.
    approved: str = "all"
    search_lag: timedelta = timedelta(0)
    no_search_fields: bool = False
    no_search: bool = False
    other_customer: bool = False
    other_order: bool = False
    search: list[Row] = field(default_factory=list)

    def visible(self, orders: Sequence[Row]) -> list[Row]:
        if "read_all_orders" in self.scopes:
            return list(orders)
        oldest = self.now - ORDER_WINDOW
        return [order for order in orders if order["_created"] >= oldest]

    def found(self, rows: Sequence[Row], query: str | None, fields: FieldTests, info: GraphQLResolveInfo) -> list[Row]:
        search = parse(query, {} if self.no_search_fields else fields)
        if search.warnings:
            self.search.append(
                {
                    "path": info.path.as_list(),
                    "query": query,
                    "parsed": search.parsed,
                    "warnings": list(search.warnings),
                }
            )
        if not query or self.no_search:
            return list(rows)
        indexed = ((row, self._indexed(row)) for row in rows)
        return [row for row, known in indexed if known is not None and search.test(known)]

    def answered(self, customer: Row | None) -> Row | None:
        """The customer who was found, or another one where the sandbox is told to lie."""
        if not self.other_customer:
            return customer
        own = customer["id"] if customer else None
        return next((row for row in self.store.customers.values() if row["id"] != own), None)

    def answered_order(self, order: Row | None) -> Row | None:
        """The same for an order that was asked for by its id."""
        if not self.other_order:
            return order if order is not None and self.visible([order]) else None
        own = order["id"] if order else None
        return next((row for row in self.visible(self.store.orders) if row["id"] != own), None)

    def _indexed(self, row: Row) -> Row | None:
        """The row as the search index has it: late by the lag. None while the index does not have it at all."""
        changed = row.get("_changed")
        while changed is not None and changed + self.search_lag > self.now:
            row = row["_before"]
            if row is None:
                return None
            changed = row.get("_changed")
        return row
