"""One store as the API sees it: completed rows and the look-ups that a shop's database has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = dict[str, Any]


def email_key(text: str) -> str:
    """Shopify finds customers by e-mail regardless of case and of blanks anywhere (recorded 2026-05-06)."""
    return "".join(text.split()).casefold()


def phone_key(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


@dataclass(frozen=True)
class Store:
    """A shop with its customers and orders; rows carry GraphQL field names, plus private keys that start with `_`."""

    domain: str
    name: str
    owner: str
    all_orders: bool
    row: Row
    customers: dict[str, Row]
    orders: Sequence[Row]
    _by_email: dict[str, Row] = field(init=False, default_factory=dict)
    _by_phone: dict[str, Row] = field(init=False, default_factory=dict)
    _orders_by_id: dict[str, Row] = field(init=False, default_factory=dict)
    _orders_of: dict[str, list[Row]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for customer in self.customers.values():
            if customer["_email"]:
                self._by_email[email_key(customer["_email"])] = customer
            if customer["_phone"]:
                self._by_phone[phone_key(customer["_phone"])] = customer
        for order in self.orders:
            self._orders_by_id[order["id"]] = order
            self._orders_of.setdefault(order["_customer"] or "", []).append(order)

    @property
    def handle(self) -> str:
        return self.domain.removesuffix(".myshopify.com")

    def customer_by_email(self, address: str) -> Row | None:
        return self._by_email.get(email_key(address))

    def customer_by_phone(self, number: str) -> Row | None:
        return self._by_phone.get(phone_key(number))

    def order(self, identifier: str) -> Row | None:
        return self._orders_by_id.get(identifier)

    def orders_of(self, customer_id: str) -> list[Row]:
        return self._orders_of.get(customer_id, [])


@dataclass(frozen=True)
class StoreFile:
    """What a store file says: the time it is, and the stores."""

    clock: datetime | None
    stores: dict[str, Store]
