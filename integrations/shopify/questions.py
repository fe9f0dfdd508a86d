"""What can be asked about a person in a store: of which kind, by which key, and what the client is asked for it.

A key is in the form in which answers are compared, so that two spellings are one question. What cannot be one (no address,
no number of Shopify's) is None: nothing is asked, and nothing is stored.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from integrations.shopify import client, lookups, order_names, phones, queries
from integrations.shopify.client import Connection
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.order_names import Affixes
from integrations.shopify.person import Person
from integrations.shopify.types import CustomerOrders
from tenants.addresses import AddressError, normalise

Kind = OrderContext.Kind

# More than these are named in a sentence instead: a contact of a hundred addresses is not one person.
MOST_EMAILS: Final = 5
MOST_ORDERS: Final = 5
MOST_PHONES: Final = 2
_MOST_WORDS: Final = 100
_DIGITS: Final = re.compile(r"[1-9][0-9]{0,19}")
_UNSTORABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Question:
    """One stored answer of a store is to one of these."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a section asks one store: who the person is (`who`), which orders they name, and, only where nobody was found,
    whose telephone numbers those are."""

    store: Store
    who: tuple[Question, ...]
    orders: tuple[Question, ...] = ()
    phones: tuple[Question, ...] = ()

    def __iter__(self) -> Iterator[Question]:
        return iter((*self.who, *self.orders, *self.phones))


def about(
    person: Person, *, store_number: int
) -> tuple[tuple[Question, ...], tuple[Question, ...], tuple[Question, ...]]:
    """Who they are, which orders they name, whose numbers those are: as `Asked` has them. A customer whom a member linked is
    the only one who is asked for."""
    link = person.links.get(store_number)
    if link is not None:
        who = _some((by_customer(link.customer_id),))
    else:
        who = _some(by_email(email) for email in person.emails[:MOST_EMAILS])
    orders = _some(by_order(name) for name in person.orders[:MOST_ORDERS])
    return who, orders, () if link else _some(by_phone(phone) for phone in person.phones[:MOST_PHONES])


def asked(person: Person, store: Store) -> Asked:
    return Asked(store, *about(person, store_number=store.number))


def by_email(email: str) -> Question | None:
    try:
        return Question(Kind.EMAIL, normalise(email))
    except AddressError:
        return None


def by_customer(digits: str) -> Question | None:
    return Question(Kind.CUSTOMER, digits) if _DIGITS.fullmatch(digits) else None


def by_order(name: str) -> Question | None:
    written = order_names.bare(name).casefold()
    return Question(Kind.ORDER, written) if queries.is_order_name(written) else None


def by_lines(order_id: str) -> Question | None:
    """All items of the order with these digits."""
    return Question(Kind.LINES, order_id) if _DIGITS.fullmatch(order_id) else None


def by_phone(number: str) -> Question | None:
    written = phones.e164(number)
    return Question(Kind.PHONE, written) if written else None


def by_words(words: str) -> Question | None:
    """What an agent typed, on one line and in one case."""
    text = " ".join(_UNSTORABLE.sub(" ", unicodedata.normalize("NFC", words)).split()).lower()[:_MOST_WORDS]
    return Question(Kind.SEARCH, text) if sum(map(str.isalnum, text)) > 1 else None


def put(question: Question, store: Store) -> Callable[[Connection], CustomerOrders]:
    """The question as the client puts it. `store`: in it a number may stand between letters of the store's own."""
    key, around = question.key, Affixes(store.order_prefix, store.order_suffix)
    match question.kind:
        case Kind.CUSTOMER:
            return partial(lookups.customer_by_id, customer_id=key)
        case Kind.ORDER:
            return partial(lookups.orders_named, names=order_names.variants(key, around))
        case Kind.PHONE:
            return partial(lookups.customer_by_phone, phone=key)
        case Kind.SEARCH:
            return partial(lookups.people, words=key, names=order_names.variants(key, around))
        case Kind.LINES:
            return partial(lookups.order_whole, order_id=key)
    return partial(client.customer_orders, email=key)


def _some(questions: Iterator[Question | None] | tuple[Question | None, ...]) -> tuple[Question, ...]:
    """Each once, without those that cannot be asked."""
    return tuple(dict.fromkeys(question for question in questions if question is not None))
