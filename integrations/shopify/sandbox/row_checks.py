"""Checks on the values of a store file: each reads one field or names the entry that is wrong."""

import functools
from decimal import Decimal, InvalidOperation
from typing import Any

from graphql import GraphQLEnumType

from integrations.shopify.sandbox.clock import format_time, parse_time
from integrations.shopify.sandbox.schema import admin_schema
from integrations.shopify.sandbox.stores import Row


class StoreFileError(ValueError):
    """A store file that cannot be played; the message names the entry."""


def text(raw: Row, key: str, where: str, default: str | None = None) -> str:
    """Read a text; without a default it must be there and not be empty."""
    value = raw.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not value.strip():
        raise StoreFileError(f"{where}.{key}: must be a text that is not empty")
    return value


def optional_text(raw: Row, key: str, where: str) -> str | None:
    return None if raw.get(key) is None else text(raw, key, where)


def moment(raw: Row, key: str, where: str, default: str | None = None) -> str:
    """Read a time, in Shopify's own form."""
    value = text(raw, key, where, default)
    try:
        return format_time(parse_time(value))
    except ValueError as error:
        raise StoreFileError(f"{where}.{key}: {value!r} is not an ISO time") from error


def optional_moment(raw: Row, key: str, where: str) -> str | None:
    return None if raw.get(key) is None else moment(raw, key, where)


def choice(raw: Row, key: str, enum: str, where: str, default: str | None = None) -> str:
    """Read a value that must be one of the schema's enum."""
    value = text(raw, key, where, default)
    if value not in _enum_values(enum):
        raise StoreFileError(f"{where}.{key}: {value!r} is none of Shopify's {enum}")
    return value


def count(raw: Row, key: str, where: str, default: int | None = None) -> int:
    value = raw.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise StoreFileError(f"{where}.{key}: must be a whole number, 0 or more")
    return value


def flag(raw: Row, key: str, where: str, default: bool) -> bool:
    value = raw.get(key, default)
    if not isinstance(value, bool):
        raise StoreFileError(f"{where}.{key}: must be true or false")
    return value


def texts(raw: Row, key: str, where: str) -> list[str]:
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise StoreFileError(f"{where}.{key}: must be a list of texts")
    return list(value)


def rows(raw: Row, key: str, where: str) -> list[Row]:
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise StoreFileError(f"{where}.{key}: must be a list of objects")
    return list(value)


def amount(value: Any, where: str) -> Decimal:
    """Read a decimal amount written as a text or a number."""
    try:
        result = Decimal(str(value))
    except InvalidOperation as error:
        raise StoreFileError(f"{where}: {value!r} is not an amount") from error
    if not result.is_finite():
        raise StoreFileError(f"{where}: {value!r} is not an amount")
    return result


@functools.cache
def _enum_values(name: str) -> frozenset[str]:
    enum = admin_schema().get_type(name)
    if not isinstance(enum, GraphQLEnumType):
        raise LookupError(name)
    return frozenset(enum.values)
