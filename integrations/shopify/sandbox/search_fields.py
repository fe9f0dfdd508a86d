"""How a search term is compared with each field that the sandbox knows.

E-mail is a tokenised field. Unquoted it finds other people: `email:mail@test.ch` returned `claro-murten@bluewin.ch` on a
real shop (github microsoft/BCApps issue 6459, 2026-02-04), so here one shared token is enough, to catch an app that
relies on it.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from integrations.shopify.sandbox.clock import parse_time
from integrations.shopify.sandbox.stores import Row, phone_key

_TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Term:
    """One value of a search: its text without quotes, whether it was quoted, and a comparison sign or ''."""

    text: str
    quoted: bool
    compare: str

    @property
    def exists(self) -> bool:
        return self.text == "*" and not self.quoted

    @property
    def prefix(self) -> str | None:
        return self.text[:-1].casefold() if self.text.endswith("*") and not self.quoted else None


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.casefold())


def matches_anywhere(row: Row, term: Term) -> bool:
    """A term without a field: every token of it is somewhere in the row's main texts."""
    values = (row.get("name"), row.get("email"), row.get("displayName"), row.get("phone"), *row.get("tags", ()))
    have = {token for value in values if value for token in tokens(value)}
    wanted = tokens(term.text)
    if term.prefix is not None:
        return all(any(token.startswith(part) for token in have) for part in wanted)
    return all(token in have for token in wanted)


def _tokenised(name: str) -> Callable[[Row, Term], bool]:
    def test(row: Row, term: Term) -> bool:
        value = row.get(name)
        if value is None or term.exists:
            return value is not None
        have, wanted = tokens(value), tokens(term.text)
        if term.quoted:
            return any(have[start : start + len(wanted)] == wanted for start in range(len(have)))
        if term.prefix is not None:
            return any(token.startswith(part) for token in have for part in wanted)
        return bool(set(have) & set(wanted))

    return test


def _exact(read: Callable[[Row], Iterable[str | None]]) -> Callable[[Row, Term], bool]:
    def test(row: Row, term: Term) -> bool:
        values = [value.casefold() for value in read(row) if value is not None]
        if term.exists:
            return bool(values)
        if term.prefix is not None:
            return any(value.startswith(term.prefix) for value in values)
        return term.text.casefold() in values

    return test


def _time(name: str) -> Callable[[Row, Term], bool]:
    def test(row: Row, term: Term) -> bool:
        if row.get(name) is None or term.exists:
            return row.get(name) is not None
        try:
            have, wanted = parse_time(row[name]), parse_time(term.text)
        except ValueError:
            return False
        signs = {">": have > wanted, ">=": have >= wanted, "<": have < wanted, "<=": have <= wanted}
        return signs.get(term.compare, have.date() == wanted.date())

    return test


def _order_name(row: Row, term: Term) -> bool:
    """Order names are found with and without the number sign."""
    have, wanted = row["name"].casefold().lstrip("#"), term.text.casefold().lstrip("#")
    return have.startswith(wanted[:-1]) if term.prefix is not None else have == wanted


def _status(row: Row, term: Term) -> bool:
    wanted = term.text.casefold()
    now = "cancelled" if row["cancelledAt"] else "closed" if row["closedAt"] else "open"
    return wanted in {"any", now} or (wanted == "not_closed" and now != "closed")


def _number(gid: str | None) -> str | None:
    return gid.rsplit("/", 1)[1] if gid else None


ORDER_FIELDS: dict[str, Callable[[Row, Term], bool]] = {
    "email": _tokenised("email"),
    "name": _order_name,
    "id": _exact(lambda row: [row["legacyResourceId"]]),
    "customer_id": _exact(lambda row: [_number(row["_customer"])]),
    "tag": _exact(lambda row: row["tags"]),
    "status": _status,
    "financial_status": _exact(lambda row: [row["displayFinancialStatus"]]),
    "fulfillment_status": _exact(lambda row: [row["displayFulfillmentStatus"]]),
    "return_status": _exact(lambda row: [row["returnStatus"]]),
    "test": _exact(lambda row: [str(row["test"])]),
    "created_at": _time("createdAt"),
    "processed_at": _time("processedAt"),
    "updated_at": _time("updatedAt"),
}

CUSTOMER_FIELDS: dict[str, Callable[[Row, Term], bool]] = {
    "email": _tokenised("email"),
    "phone": lambda row, term: row["phone"] is not None and phone_key(term.text) in phone_key(row["phone"]),
    "first_name": _tokenised("firstName"),
    "last_name": _tokenised("lastName"),
    "id": _exact(lambda row: [row["legacyResourceId"]]),
    "tag": _exact(lambda row: row["tags"]),
    "state": _exact(lambda row: [row["state"]]),
    "customer_date": _time("createdAt"),
    "updated_at": _time("updatedAt"),
}
