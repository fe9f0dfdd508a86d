"""Who a person is in a store, from the stored answers: one customer, guest orders, several to choose from, or nobody.

Nobody is chosen by being first: as long as an address has not been looked up, nothing is said, and two customers under the
addresses of one contact are both shown to whoever must choose. Pure: rows in, no queries.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from integrations.shopify.models import OrderContext, Store
from integrations.shopify.order_context import Answers
from integrations.shopify.person import Person
from integrations.shopify.questions import Kind, Question, by_email

Json = dict[str, Any]
_NOBODY: Final[Json] = {"customer": None, "orders": [], "more_orders": False, "denied": []}


class How(StrEnum):
    """By what a person was found."""

    LINKED = "linked"  # a member said so
    EMAIL = "email"
    GUEST = "guest"  # orders under an address, and no customer
    CANDIDATES = "candidates"
    NONE = "none"
    GONE = "gone"  # the customer whom a member linked is no longer there
    UNASKED = "unasked"  # there is nothing to look for


class Proof(StrEnum):
    """Why an order that a message names is taken for the person's."""

    ADDRESS = "address"  # it, or its customer, has an address of theirs
    LINK = "link"  # it is of the customer whom a member linked
    CONFIRMED = "confirmed"  # a member made sure of this one order
    NONE = "none"

    @property
    def for_automation(self) -> bool:
        """What a member said by hand is for members: nothing is answered by itself on the strength of it."""
        return self is Proof.ADDRESS


@dataclass(frozen=True, slots=True)
class Matched:
    """`head` as it is stored, of all that was found together. `candidates`: heads of customers, and by which question."""

    how: How
    head: Json
    emails: tuple[str, ...] = ()  # under which something was found
    candidates: tuple[tuple[Json, Question], ...] = ()
    guests: tuple[str, ...] = ()  # beside a customer: under which nothing but orders was found
    ruled_out: tuple[str, ...] = ()  # customers who were found, and are not the person: a member said so


@dataclass(frozen=True, slots=True)
class Named:
    """An order that a message names, and why it is taken for the person's."""

    order: Json
    proof: Proof


def known(answers: Answers) -> bool:
    """Whether it can be said who the person is: everything that was to be asked was answered, or failed for now."""
    rows = [answers.rows.get(question) for question in answers.asked.who]
    some = any(row is not None and row.fetched_at for row in rows)
    waiting = answers.refreshing and any(row is None or _unanswered(row) for row in rows)
    return some and not waiting


def match(answers: Answers, person: Person) -> Matched:
    """Who the person is, as far as it is known."""
    asked = answers.asked
    if asked.who and asked.who[0].kind == Kind.CUSTOMER:
        found = [row for _question, row in _answered(answers, asked.who) if row.found]
        return Matched(How.LINKED, found[0].head or _NOBODY) if found else Matched(How.GONE, _denied(answers))
    out = {q: row for q, row in answers.rows.items() if _is_out(answers.store, row.customer_id, person)}
    if not out:
        return _match(answers)
    matched = _match(replace(answers, rows={q: row for q, row in answers.rows.items() if q not in out}))
    return replace(matched, ruled_out=tuple(sorted({row.customer_id for row in out.values()})))


def _match(answers: Answers) -> Matched:
    if not answers.asked.who:
        return _by_phone(answers) or Matched(How.UNASKED, _NOBODY)
    found = [(question, row) for question, row in _answered(answers, answers.asked.who) if row.found]
    customers = {row.customer_id: (row.head or _NOBODY, question) for question, row in found if _customer(row)}
    emails = tuple(question.key for question, _row in found)
    if len(customers) > 1:
        return Matched(How.CANDIDATES, _denied(answers), emails, tuple(customers.values()))
    if found:
        heads = [row.head or _NOBODY for _question, row in found]
        if not customers:
            return Matched(How.GUEST, _together(heads), emails)
        guests = tuple(question.key for question, row in found if not _customer(row))
        return Matched(How.EMAIL, _together(heads), tuple(e for e in emails if e not in guests), guests=guests)
    return _by_phone(answers) or Matched(How.NONE, _denied(answers))


def named(answers: Answers, person: Person) -> Iterator[Named]:
    """The orders of this store that messages name, the newest mention first, and each once."""
    addresses = {question.key for email in person.emails if (question := by_email(email))}
    proven = {
        row.customer_id
        for question, row in _answered(answers, answers.asked.who)
        if _proves(question, row, addresses) and not _is_out(answers.store, row.customer_id, person)
    }
    link = person.links.get(answers.store.number)
    seen = set()
    for _question, row in _answered(answers, answers.asked.orders):
        for order in (row.head or _NOBODY)["orders"]:
            if order["legacy_id"] in seen:
                continue
            seen.add(order["legacy_id"])
            theirs = order["email"] in addresses and not _is_out(answers.store, order["customer_id"], person)
            if theirs or order["customer_id"] in proven:
                proof = Proof.ADDRESS
            elif link and order["customer_id"] == link.customer_id:
                proof = Proof.LINK
            elif (answers.store.number, order["legacy_id"]) in person.confirmed:
                proof = Proof.CONFIRMED
            else:
                proof = Proof.NONE
            yield Named(order, proof)


def _is_out(store: Store, customer_id: str | None, person: Person) -> bool:
    """Whether a member said that the person is not this customer."""
    return bool(person.not_customers) and (store.number, customer_id) in person.not_customers


def _proves(question: Question, row: OrderContext, addresses: set[str]) -> bool:
    """Whether the customer of a row is the person by an address: asked for by it, or found to have it."""
    customer = _customer(row)
    if not row.customer_id or customer is None:
        return False
    own = by_email(customer["email"] or "")
    return question.kind == Kind.EMAIL or (own is not None and own.key in addresses)


def _by_phone(answers: Answers) -> Matched | None:
    """Whose numbers were written, where nothing else is known. Numbers are shared: not even a single one is chosen."""
    found = [(question, row) for question, row in _answered(answers, answers.asked.phones) if _customer(row)]
    people = {row.customer_id: (row.head or _NOBODY, question) for question, row in found}
    return Matched(How.CANDIDATES, _NOBODY, (), tuple(people.values())) if people else None


def _answered(answers: Answers, questions: Sequence[Question]) -> Iterator[tuple[Question, OrderContext]]:
    for question in questions:
        row = answers.rows.get(question)
        if row is not None and row.fetched_at is not None:
            yield question, row


def _unanswered(row: OrderContext) -> bool:
    return row.fetched_at is None and row.failing_since is None


def _customer(row: OrderContext) -> Json | None:
    customer: Json | None = (row.head or _NOBODY)["customer"]
    return customer


def _denied(answers: Answers) -> Json:
    """Nobody, and what was hidden from us meanwhile."""
    return _together([row.head for _question, row in _answered(answers, answers.asked.who) if row.head], orders=False)


def _together(heads: Sequence[Json], *, orders: bool = True) -> Json:
    """Answers under several addresses as one: the customer, and every order once, newest first. Those that are shown in full
    are the newest without a gap, as in each answer."""
    if len(heads) == 1 and orders:
        return heads[0]
    by_id: dict[str, Json] = {}
    for order in (order for head in heads for order in head["orders"] if orders):
        known = by_id.get(order["legacy_id"])
        kept = order if known is None or order["full"] else known
        # What one of them has among the customer's own orders is not a guest's, though another found it by its address.
        own = known is not None and not (known.get("email") and order.get("email"))
        by_id[order["legacy_id"]] = kept | {"email": None} if own else kept
    newest = sorted(by_id.values(), key=lambda order: datetime.fromisoformat(order["created_at"]), reverse=True)
    whole = next((at for at, order in enumerate(newest) if not order["full"]), len(newest))
    customers = (head["customer"] for head in heads if head["customer"] and orders)
    return {
        "customer": next(customers, None),
        "orders": newest[:whole] + [order | {"full": False} for order in newest[whole:]],
        "more_orders": any(head["more_orders"] for head in heads),
        "denied": list({tuple(item.values()): item for head in heads for item in head["denied"]}.values()),
    }
