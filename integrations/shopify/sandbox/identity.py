"""Ids of rows: the file's own, or made-up ones that are the same at every start."""

import hashlib

from integrations.shopify.sandbox.row_checks import StoreFileError, text
from integrations.shopify.sandbox.stores import Row


def stable_number(*parts: str) -> str:
    """A made-up id that is the same at every start, below 2^53 as Shopify's are."""
    digest = hashlib.sha256("\x00".join(parts).encode()).hexdigest()
    return str(10**12 + int(digest[:10], 16))


def identity(raw: Row, kind: str, where: str, *parts: str) -> Row:
    """The id of a row and its number, made up if the file gives none."""
    gid = text(raw, "id", where, f"gid://shopify/{kind}/{stable_number(kind, *parts)}")
    number = gid.removeprefix(f"gid://shopify/{kind}/")
    if number == gid or not number.isascii() or not number.isdigit():
        raise StoreFileError(f"{where}.id: {gid!r} is not like gid://shopify/{kind}/1")
    return {"id": gid, "legacyResourceId": text(raw, "legacyResourceId", where, number)}
