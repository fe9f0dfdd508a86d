"""What Shopify told us, in frozen types: the only form in which vendor data travels inward.

Parsed once, at the door (`parsing.py`), from the Admin API's JSON. Enum values stay strings: Shopify adds values
between versions, and a value we do not know is shown humanised instead of crashing a page.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tenants.crypto.secret import Secret


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency (ISO 4217 code)."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Tracking:
    """One tracking entry of a parcel. `url` is http(s) or None, whatever the carrier or merchant wrote."""

    company: str | None
    number: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class ParcelItem:
    """So many pieces of one line item, in one parcel."""

    line_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """One fulfilment of an order, with the items that are in it."""

    id: str
    status: str | None
    display_status: str | None
    created_at: datetime | None
    estimated_delivery_at: datetime | None
    in_transit_at: datetime | None
    delivered_at: datetime | None
    total_quantity: int | None
    tracking: tuple[Tracking, ...] = ()
    items: tuple[ParcelItem, ...] = ()


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of an order. `quantity` was ordered, `current_quantity` is left after removals and refunds."""

    id: str
    title: str
    variant_title: str | None
    sku: str | None
    quantity: int
    current_quantity: int
    unfulfilled_quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `total` is what the customer paid in their currency, `shop_total` the same in the shop's.

    `email` is set on orders that were found by their own address (guest orders), name or number instead of through the customer's
    record; `customer_id`, Shopify's digits, on those found by their name or number.
    """

    id: str
    legacy_id: str
    name: str
    created_at: datetime
    processed_at: datetime | None
    updated_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    closed_at: datetime | None
    test: bool
    fulfillment_status: str | None
    financial_status: str | None
    return_status: str | None
    total: Money | None
    shop_total: Money | None
    ship_to: str | None
    lines: tuple[LineItem, ...] = ()
    more_lines: bool = False
    parcels: tuple[Parcel, ...] = ()
    email: str | None = None
    customer_id: str | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer record of one store. `number_of_orders` and `spent` are lifetime figures, not the 60-day window."""

    id: str
    legacy_id: str
    display_name: str
    email: str | None
    phone: str | None
    created_at: datetime | None
    number_of_orders: int | None
    spent: Money | None
    tags: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """A field that Shopify would not show us, and whether a scope or the protected-data approval is missing."""

    field: str
    reason: str  # "scope" | "protected_data"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order as one line shows it; `parcels` are pairs of `status` and `displayStatus`."""

    name: str
    legacy_id: str
    created_at: datetime
    total: Money | None
    cancelled: bool
    financial_status: str | None
    fulfillment_status: str | None
    parcels: tuple[tuple[str | None, str | None], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody whom an agent's words may mean, and what of them fitted: "email", "phone", "order" or "name"."""

    customer: Customer
    by: str


@dataclass(frozen=True, slots=True)
class CustomerOrders:
    """The answer to a question about a person or an order: nobody, a customer, orders without a customer, people to choose from.

    Everybody in it carried exactly what was asked for, and so did every order that is not the customer's.
    Nobody who is `withheld` is not nobody: a store that hides e-mail addresses hides its customers.
    """

    customer: Customer | None
    orders: tuple[Order, ...] = ()
    more_orders: bool = False
    denied: tuple[Denied, ...] = field(default=())
    people: tuple[Found, ...] = ()  # what a search finds; nobody of them is chosen

    @property
    def found(self) -> bool:
        return self.customer is not None or bool(self.orders or self.people)

    @property
    def withheld(self) -> bool:
        """Whether Shopify kept from us who it is: nobody is in the answer, and something in it was denied."""
        return not self.found and bool(self.denied)


@dataclass(frozen=True, slots=True)
class ShopProfile:
    """What a store says of itself when it is connected."""

    id: str
    name: str
    domain: str
    currency: str
    time_zone: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class LinePage:
    """Lines of one order, up to 250; `next_cursor` asks for the ones after them, None when these are the last."""

    lines: tuple[LineItem, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """What the token endpoint gives. Lifetimes are seconds, None for a token that never expires and has no refresh token."""

    access_token: Secret
    scopes: frozenset[str]
    expires_in: int | None = None
    refresh_token: Secret | None = None
    refresh_expires_in: int | None = None
