"""Webhook topics: their two spellings, the scope each needs, and which carry protected customer data."""

# Resources of more than one word; all others end at the first underscore.
_LONG = (
    "FULFILLMENT_EVENTS",
    "FULFILLMENT_ORDERS",
    "FULFILLMENT_HOLDS",
    "CUSTOMER_TAGS",
    "CUSTOMER_GROUPS",
    "CUSTOMER_PAYMENT_METHODS",
    "CUSTOMER_ACCOUNT_SETTINGS",
    "DRAFT_ORDERS",
    "ORDER_TRANSACTIONS",
    "INVENTORY_ITEMS",
    "INVENTORY_LEVELS",
)
_SCOPES = {
    "orders": ("read_orders", "read_marketplace_orders"),
    "refunds": ("read_orders",),
    "returns": ("read_returns",),
    "customers": ("read_customers",),
    "fulfillments": ("read_fulfillments",),
    "fulfillment_events": ("read_fulfillments",),
}
_PROTECTED = frozenset({"orders", "refunds", "returns", "customers", "fulfillments", "fulfillment_events"})


def header_form(enum: str) -> str:
    """`ORDERS_UPDATED` as it stands in X-Shopify-Topic: `orders/updated`."""
    for resource in _LONG:
        if enum.startswith(resource + "_"):
            return f"{resource}/{enum[len(resource) + 1 :]}".lower()
    resource, _, event = enum.partition("_")
    return f"{resource}/{event}".lower()


def enum_form(topic: str) -> str:
    """`orders/updated` as GraphQL writes it; compliance topics have no such form."""
    return topic.replace("/", "_").upper()


def needed_scopes(topic: str) -> tuple[str, ...]:
    """The scopes of which any one opens the topic (2026-10 schema); empty if it is open to every app."""
    if topic == "customers/merge":
        return ("read_customer_merge",)
    return _SCOPES.get(topic.partition("/")[0], ())


def is_protected(topic: str) -> bool:
    return topic.partition("/")[0] in _PROTECTED
