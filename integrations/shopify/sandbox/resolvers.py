"""Answers to the fields of the Admin API, from a store's rows, within what the token may see."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLEnumType, GraphQLError, GraphQLResolveInfo, get_named_type, is_list_type, is_non_null_type

from integrations.shopify.sandbox.access import needed_scopes, protected_refusal, refusal
from integrations.shopify.sandbox.asking import Asking
from integrations.shopify.sandbox.paging import connection
from integrations.shopify.sandbox.search_fields import CUSTOMER_FIELDS, ORDER_FIELDS
from integrations.shopify.sandbox.stores import Row, Store
from integrations.shopify.sandbox.subscription_fields import SUBSCRIPTION_FIELDS

Arguments = dict[str, Any]


def resolve_field(source: Row | None, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    """The one field resolver of the sandbox: rights first, then a special answer or the row's own value."""
    plan = _plan(info)
    if plan.needed and plan.needed.isdisjoint(info.context.scopes):
        raise refusal(info.field_name, plan.wording)
    if info.context.approved != "all":
        hidden = protected_refusal(info.parent_type.name, info.field_name, plan.kind, info.context.approved)
        if hidden is not None:
            raise hidden
    if plan.special is not None:
        return plan.special(source or {}, info, arguments)
    if source is None:
        raise GraphQLError(f"The sandbox does not play {info.field_name}.")
    value = source.get(info.field_name)
    return plan.fallback if value is None else value


@dataclass(frozen=True)
class _Plan:
    needed: frozenset[str]
    wording: tuple[str, ...]
    kind: str
    special: Callable[[Row, GraphQLResolveInfo, Arguments], Any] | None
    fallback: Any


def _plan(info: GraphQLResolveInfo) -> _Plan:
    return _plan_for(info.parent_type.name, info.field_name, info.return_type)


@functools.cache
def _plan_for(parent: str, name: str, return_type: Any) -> _Plan:
    kind = get_named_type(return_type).name
    wording = needed_scopes(kind)
    return _Plan(frozenset(wording), wording, kind, _SPECIAL.get((parent, name)), _fallback(return_type))


def _fallback(return_type: Any) -> Any:
    """A harmless value for fields that Shopify never leaves empty and the store file does not have."""
    if not is_non_null_type(return_type):
        return None
    if is_list_type(return_type.of_type):
        return []
    named = get_named_type(return_type)
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    values = {
        "Boolean": False,
        "Int": 0,
        "Float": 0.0,
        "UnsignedInt64": "0",
        "Money": "0.00",
        "URL": "https://example.com/",
        "DateTime": "2024-01-01T00:00:00Z",
    }
    return values.get(named.name, "")


def _sorted(orders: list[Row], arguments: Arguments) -> list[Row]:
    key = {"UPDATED_AT": "updatedAt", "PROCESSED_AT": "processedAt", "ORDER_NUMBER": "number"}.get(
        arguments.get("sortKey") or "", ""
    )
    if key:
        orders = sorted(orders, key=lambda row: row[key])
    elif arguments.get("sortKey") == "ID":
        orders = sorted(orders, key=lambda row: int(row["legacyResourceId"]))
    return orders[::-1] if arguments.get("reverse") else orders


def _order_page(orders: Sequence[Row], info: GraphQLResolveInfo, arguments: Arguments) -> Row:
    asking: Asking = info.context
    found = asking.found(asking.visible(orders), arguments.get("query"), ORDER_FIELDS, info)
    return connection(_sorted(found, arguments), arguments)


def _customers(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row:
    asking: Asking = info.context
    found = asking.found(list(asking.store.customers.values()), arguments.get("query"), CUSTOMER_FIELDS, info)
    return connection(_sorted_customers(found, arguments), arguments)


def _sorted_customers(rows: Sequence[Row], arguments: Arguments) -> list[Row]:
    keys: dict[str, Callable[[Row], Any]] = {
        "CREATED_AT": lambda row: (row["createdAt"], int(row["legacyResourceId"])),
        "UPDATED_AT": lambda row: (row["updatedAt"], int(row["legacyResourceId"])),
        "NAME": lambda row: (row["displayName"].casefold(), int(row["legacyResourceId"])),
        "ID": lambda row: int(row["legacyResourceId"]),
    }
    key = keys.get(arguments.get("sortKey") or "")
    ordered = list(rows) if key is None else sorted(rows, key=key)
    return ordered[::-1] if arguments.get("reverse") else ordered


def _customer_by_identifier(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row | None:
    asking: Asking = info.context
    return asking.answered(_identified(asking.store, arguments["identifier"]))


def _identified(store: Store, identifier: Arguments) -> Row | None:
    if identifier.get("emailAddress") is not None:
        return store.customer_by_email(identifier["emailAddress"])
    if identifier.get("phoneNumber") is not None:
        return store.customer_by_phone(identifier["phoneNumber"])
    return store.customers.get(identifier.get("id") or "")


def _customer(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row | None:
    asking: Asking = info.context
    return asking.answered(asking.store.customers.get(arguments["id"]))


def _order(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row | None:
    asking: Asking = info.context
    return asking.answered_order(asking.store.order(arguments["id"]))


def _installation(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row:
    asking: Asking = info.context
    scopes = [{"handle": scope, "description": scope.replace("_", " ")} for scope in sorted(asking.scopes)]
    return {
        "id": "gid://shopify/AppInstallation/1",
        "launchUrl": f"https://{asking.store.domain}/admin/apps",
        "accessScopes": scopes,
    }


def _uninstall(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row:
    info.context.uninstall()
    return {"app": info.context.app, "userErrors": []}


def _page_of(name: str) -> Callable[[Row, GraphQLResolveInfo, Arguments], Row]:
    def page(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> Row:
        rows = source[name]
        return connection(rows[::-1] if arguments.get("reverse") else rows, arguments)

    return page


def _list_of(name: str) -> Callable[[Row, GraphQLResolveInfo, Arguments], list[Row]]:
    def some(source: Row, info: GraphQLResolveInfo, arguments: Arguments) -> list[Row]:
        rows: list[Row] = source[name]
        return rows if arguments.get("first") is None else rows[: max(0, arguments["first"])]

    return some


_SPECIAL: dict[tuple[str, str], Callable[[Row, GraphQLResolveInfo, Arguments], Any]] = {
    ("QueryRoot", "shop"): lambda source, info, arguments: info.context.store.row,
    ("QueryRoot", "currentAppInstallation"): _installation,
    ("QueryRoot", "customer"): _customer,
    ("QueryRoot", "customerByIdentifier"): _customer_by_identifier,
    ("QueryRoot", "customers"): _customers,
    ("QueryRoot", "order"): _order,
    ("QueryRoot", "orders"): lambda source, info, arguments: _order_page(info.context.store.orders, info, arguments),
    ("Customer", "orders"): lambda source, info, arguments: _order_page(
        info.context.store.orders_of(source["id"]), info, arguments
    ),
    ("Order", "customer"): lambda source, info, arguments: info.context.store.customers.get(source["_customer"]),
    ("Order", "lineItems"): _page_of("lineItems"),
    ("Order", "fulfillments"): _list_of("fulfillments"),
    ("Fulfillment", "fulfillmentLineItems"): _page_of("fulfillmentLineItems"),
    ("Fulfillment", "trackingInfo"): _list_of("trackingInfo"),
    ("Mutation", "appUninstall"): _uninstall,
    **SUBSCRIPTION_FIELDS,
}
