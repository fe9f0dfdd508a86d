"""What we ask Shopify to tell us: one table from which subscriptions, the app's configuration and the door are made.

Fields are as few as the effect needs (shopify.dev, "Modify your payloads", read 2026-11-26: nested fields by a period). Each
list holds `updated_at` where the resource has one: without it Shopify drops a second change as a duplicate of the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from integrations.shopify.scopes import READ_CUSTOMERS, READ_ORDERS, Scope


class Effect(StrEnum):
    """What a delivery does."""

    DROP = "dropped"  # what we knew of this person counts no more
    FORGET = "forgotten"  # what we knew of this customer is deleted
    LOOK_FOR_ORDER = "looking"  # the same for whoever has this order, which a task looks for
    DESCRIBE = "describing"  # a task asks the store what it says of itself
    CONFIRM_UNINSTALL = "confirming"  # a task asks whether it is true
    COMPLY = "complying"


@dataclass(frozen=True, slots=True)
class Topic:
    """`has` and `lacks`: what tells this body from another topic's. The topic stands in a header, which nobody signs."""

    name: str
    effect: Effect
    scope: Scope | None = None
    fields: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()

    @property
    def compliance(self) -> bool:
        return self.effect == Effect.COMPLY

    @property
    def constant(self) -> str:
        """The topic's name in the Admin API."""
        return self.name.upper().replace("/", "_")

    def fits(self, body: Mapping[str, object]) -> bool:
        return all(name in body for name in self.has) and not any(name in body for name in self.lacks)


_ORDER = ("id", "updated_at", "email", "customer.id")

# orders/updated is told of cancellations, payments and parcels as well; their own topics would only tell it twice.
SUBSCRIBED = (
    Topic("orders/create", Effect.DROP, READ_ORDERS, _ORDER),
    Topic("orders/updated", Effect.DROP, READ_ORDERS, _ORDER),
    Topic("orders/delete", Effect.LOOK_FOR_ORDER, READ_ORDERS, ("id",)),
    Topic("customers/update", Effect.DROP, READ_CUSTOMERS, ("id", "updated_at", "email")),
    Topic("customers/delete", Effect.FORGET, READ_CUSTOMERS, ("id",)),
    Topic("app/uninstalled", Effect.CONFIRM_UNINSTALL, None, ("id", "myshopify_domain", "updated_at")),
    Topic("app/scopes_update", Effect.DESCRIBE),
    Topic("shop/update", Effect.DESCRIBE, None, ("id", "myshopify_domain", "updated_at")),
)
# Not among the Admin API's topics: these are declared in the app's configuration alone.
COMPLIANCE = (
    Topic("customers/data_request", Effect.COMPLY, has=("shop_domain", "customer", "data_request")),
    Topic("customers/redact", Effect.COMPLY, has=("shop_domain", "customer"), lacks=("data_request", "orders_requested")),
    Topic("shop/redact", Effect.COMPLY, has=("shop_domain",), lacks=("customer", "data_request")),
)  # fmt: skip
# Shopify may know the app's configuration of an older version of ours, or a person's own.
_ALSO_TAKEN = (
    Topic("orders/cancelled", Effect.DROP, READ_ORDERS, _ORDER),
    Topic("orders/fulfilled", Effect.DROP, READ_ORDERS, _ORDER),
)
_BY_NAME = {topic.name: topic for topic in (*SUBSCRIBED, *COMPLIANCE, *_ALSO_TAKEN)}


def named(name: str) -> Topic | None:
    """The topic of a delivery; None for one that we did not ask for."""
    return _BY_NAME.get(name)
