"""Whom the sections beside a conversation are about, as whoever asks for them knows that person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

# The column's and Shopify's: digits, of which an unsigned number of 64 bits has twenty at most.
_ID = re.compile(r"[1-9][0-9]{0,19}")


def is_id(value: str) -> bool:
    """Whether this may be the number of a customer or an order at Shopify."""
    return _ID.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Link:
    """That the person is this customer of a store, because a member said so."""

    customer_id: str  # Shopify's digits
    by: str  # the member's name
    at: datetime


@dataclass(frozen=True, slots=True)
class Confirmation:
    """That an order under another address is the person's, because a member made sure, and how."""

    by: str  # the member's name
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """That a customer or an order is not the person's, because a member said so."""

    by: str  # the member's name
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A contact. Stores are named by their numbers in the workspace.

    `phones` and `orders` are read from messages, so anybody can have written them: they suggest, and prove nothing.
    """

    emails: tuple[str, ...] = ()  # every address, in normal form, the main one first
    phones: tuple[str, ...] = ()  # E.164
    orders: tuple[str, ...] = ()  # names of orders without "#", the newest mention first
    links: Mapping[int, Link] = field(default_factory=dict)
    confirmed: Mapping[tuple[int, str], Confirmation] = field(default_factory=dict)  # by store number and order digits
    not_customers: Mapping[tuple[int, str], Ruling] = field(default_factory=dict)  # by store number and customer digits
    not_orders: Mapping[tuple[int, str], Ruling] = field(default_factory=dict)
