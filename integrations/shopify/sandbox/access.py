"""Which scope a field needs, and the refusal of one that the token does not have.

From the `offline_scopes` list that Shopify ships with its 2026-10 schema: customers need read_customers, orders with
their lines and parcels need read_orders; the shop, the app's own installation and its subscriptions need nothing.

Protected customer data is a second gate (shopify.dev protected customer data, read 2026-11-22): level 1 is anything
about one customer, level 2 their name, address, phone and e-mail. The wording is that of reports by developers.
"""

from collections.abc import Collection

from graphql import GraphQLError

_CUSTOMERS = ("read_customers",)
_ORDERS = ("read_orders", "read_marketplace_orders")
_NEEDED = {
    "Customer": _CUSTOMERS,
    "CustomerConnection": _CUSTOMERS,
    "CustomerEmailAddress": _CUSTOMERS,
    "CustomerPhoneNumber": _CUSTOMERS,
    "Order": _ORDERS,
    "OrderConnection": _ORDERS,
    "LineItem": _ORDERS,
    "LineItemConnection": _ORDERS,
    "Fulfillment": _ORDERS,
    "FulfillmentLineItemConnection": _ORDERS,
    "FulfillmentTrackingInfo": _ORDERS,
}


def needed_scopes(type_name: str) -> tuple[str, ...]:
    """The scopes of which any one opens a field of this type; empty if it is open to every token."""
    return _NEEDED.get(type_name, ())


def refusal(field: str, needed: Collection[str]) -> GraphQLError:
    wording = " or ".join(f"`{scope}` access scope" for scope in needed) + "."
    return GraphQLError(
        f"Access denied for {field} field. Required access: {wording}",
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": wording,
        },
    )


_PROTECTED = "https://shopify.dev/docs/apps/launch/protected-customer-data"
_LEVEL_1 = frozenset({"Customer", "CustomerConnection", "Order", "OrderConnection"})
_LEVEL_2 = {
    "Customer": frozenset(
        {"displayName", "firstName", "lastName", "email", "phone", "defaultEmailAddress", "defaultPhoneNumber"}
    ),
    "Order": frozenset({"email", "phone", "shippingAddress"}),
}


def protected_refusal(parent: str, field: str, kind: str, approved: str) -> GraphQLError | None:
    """Why the app may not see this field, as far as its approval goes; None if it may."""
    if approved == "none" and kind in _LEVEL_1:
        name = kind.removesuffix("Connection")
        return _unapproved(f"This app is not approved to access the {name} object. See {_PROTECTED} for more details.")
    if approved != "all" and field in _LEVEL_2.get(parent, frozenset()):
        return _unapproved(f"This app is not approved to use the {field} field. See {_PROTECTED} for more details.")
    return None


def _unapproved(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "ACCESS_DENIED", "documentation": _PROTECTED})
