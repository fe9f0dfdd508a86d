"""Which scope a field needs, and the refusal of one that the token does not have.

From the `offline_scopes` list that Shopify ships with its 2026-10 schema: customers need read_customers, orders with
their lines and parcels need read_orders; the shop and the app's own installation need nothing.
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
