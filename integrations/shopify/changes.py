"""Questions about what changed in a store since a moment: ids and times alone, oldest first, a page at a time."""

from dataclasses import dataclass
from datetime import UTC, datetime

from integrations.errors import QueryRefused
from integrations.shopify import queries
from integrations.shopify.client import Connection, execute
from integrations.shopify.reading import Node


@dataclass(frozen=True, slots=True)
class Change:
    """An order or a customer that was changed. Of an order its customer, where it has one."""

    id: str
    customer_id: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    changes: tuple[Change, ...]
    next_cursor: str | None


def orders(connection: Connection, *, since: datetime, after: str | None) -> Page:
    page = _page(connection, queries.ORDERS_UPDATED, "OrdersUpdated", since, after, "orders")
    return Page(tuple(_order(node) for node in page.nodes()), _next(page))


def customers(connection: Connection, *, since: datetime, after: str | None) -> Page:
    page = _page(connection, queries.CUSTOMERS_UPDATED, "CustomersUpdated", since, after, "customers")
    return Page(tuple(_customer(node) for node in page.nodes()), _next(page))


def _page(connection: Connection, query: str, operation: str, since: datetime, after: str | None, field: str) -> Node:
    """A search that Shopify ignored would list everybody: it is no answer."""
    search = queries.updated_since(since.astimezone(UTC))
    result = execute(connection, query, operation, {"search": search, "after": after})
    if result.search_ignored:
        raise QueryRefused(detail="search")
    return Node.of(result.data, "data").required(field)


def _order(node: Node) -> Change:
    customer = node.child("customer")
    customer_id = customer.digits("legacyResourceId") if customer else ""
    return Change(node.digits("legacyResourceId"), customer_id, node.required_moment("updatedAt"))


def _customer(node: Node) -> Change:
    digits = node.digits("legacyResourceId")
    return Change(digits, digits, node.required_moment("updatedAt"))


def _next(page: Node) -> str | None:
    info = page.child("pageInfo")
    return info.required_text("endCursor") if info and info.flag("hasNextPage") else None
