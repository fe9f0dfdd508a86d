"""Reads one value out of a JSON object, or says which field is not what it should be. Pure.

Field paths in errors are made of our own words only, so an error can never quote an answer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Never, Self
from urllib.parse import urlsplit

from integrations.errors import MalformedAnswer

_COUNT = re.compile(r"[0-9]{1,20}")
_AMOUNT = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,10})?")
# PostgreSQL takes neither NUL nor lone surrogates, and both are valid in JSON.
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f\\\ufffd]")  # the last stands for what could not be stored
_YEARS = range(1970, 2201)  # Outside of these, time zone arithmetic can overflow.
_MAX_INTEGER = 2**31
_MAX_ADDRESS = 2048


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON object and where it stands in the answer."""

    values: dict[str, object]
    where: str

    @classmethod
    def of(cls, value: object, where: str) -> Self:
        if not isinstance(value, dict):
            raise MalformedAnswer(detail=where)
        return cls(value, where)

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    # Objects and lists of them

    def child(self, name: str) -> "Node | None":
        value = self.values.get(name)
        return None if value is None else Node.of(value, f"{self.where}.{name}")

    def required(self, name: str) -> "Node":
        return Node.of(self.values.get(name), f"{self.where}.{name}")

    def children(self, name: str) -> Iterator["Node"]:
        """The objects of a list; a null list is empty, null members are left out."""
        for index, value in enumerate(self._list(name)):
            if value is not None:
                yield Node.of(value, f"{self.where}.{name}[{index}]")

    def nodes(self) -> Iterator["Node"]:
        """The members of a connection."""
        return self.children("nodes")

    # Text

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self._malformed(name)
        return _UNSTORABLE.sub("\ufffd", value)

    def required_text(self, name: str) -> str:
        return self.text(name) or self._refuse(name)

    def texts(self, name: str) -> tuple[str, ...]:
        members = self._list(name)
        if not all(isinstance(member, str) for member in members):
            raise self._malformed(name)
        return tuple(_UNSTORABLE.sub("\ufffd", str(member)) for member in members)

    # Numbers. Shopify sends 64-bit integers and decimals as strings.

    def digits(self, name: str) -> str:
        """An id of digits, of which links are made."""
        value = self.values.get(name)
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not _COUNT.fullmatch(text):
            raise self._malformed(name)
        return text

    def count(self, name: str) -> int | None:
        return int(self.digits(name)) if self.has(name) else None

    def integer(self, name: str) -> int | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _MAX_INTEGER:
            raise self._malformed(name)
        return value

    def required_integer(self, name: str) -> int:
        value = self.integer(name)
        return self._refuse(name) if value is None else value

    def positive(self, name: str) -> int | None:
        value = self.integer(name)
        if value is not None and value <= 0:
            raise self._malformed(name)
        return value

    def amount(self, name: str) -> Decimal | None:
        value = self.text(name)
        if value is None:
            return None
        if not _AMOUNT.fullmatch(value):
            raise self._malformed(name)
        return Decimal(value)

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._malformed(name)
        return bool(value)

    # Time

    def moment(self, name: str) -> datetime | None:
        value = self.text(name)
        return None if value is None else self._time(name, value)

    def required_moment(self, name: str) -> datetime:
        return self._time(name, self.required_text(name))

    def _time(self, name: str, value: str) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or moment.year not in _YEARS:
            raise self._malformed(name)
        return moment

    def _list(self, name: str) -> list[object]:
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._malformed(name)
        return value

    def _malformed(self, name: str) -> MalformedAnswer:
        return MalformedAnswer(detail=f"{self.where}.{name}")

    def _refuse(self, name: str) -> Never:
        raise self._malformed(name)


def web_address(value: str | None) -> str | None:
    """A link that may be shown, or None. Merchants and carriers write these: only http and https, no credentials."""
    if not value or len(value) > _MAX_ADDRESS or _UNPRINTABLE.search(value):
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return None
    return value if usable else None
