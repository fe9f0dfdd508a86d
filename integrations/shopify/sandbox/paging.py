"""Cursor pages over a list of rows, with the refusals that Shopify words."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

from integrations.shopify.sandbox.cost import PAGE_LIMIT
from integrations.shopify.sandbox.stores import Row


def connection(rows: Sequence[Row], arguments: dict[str, Any]) -> Row:
    """One page of `rows` as a connection: nodes, edges with cursors, and whether there is more."""
    first, last = arguments.get("first"), arguments.get("last")
    _check_size(first, last)
    start, end = 0, len(rows)
    if arguments.get("after") is not None:
        start = _position(rows, arguments["after"]) + 1
    if arguments.get("before") is not None:
        end = max(start, _position(rows, arguments["before"]))
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    page = rows[start:end]
    cursors = [_cursor(row) for row in page]
    return {
        "nodes": page,
        "edges": [{"cursor": cursor, "node": row} for cursor, row in zip(cursors, page, strict=True)],
        "pageInfo": {
            "hasNextPage": end < len(rows),
            "hasPreviousPage": start > 0,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def refuse(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_REQUEST"})


def _check_size(first: int | None, last: int | None) -> None:
    if first is None and last is None:
        raise refuse("you must provide one of first or last")
    if first is not None and last is not None:
        raise refuse("providing both first and last is not supported")
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 0 < size <= PAGE_LIMIT:
            raise refuse(f"{name} must be between 1 and {PAGE_LIMIT}")


def _cursor(row: Row) -> str:
    return base64.b64encode(row["id"].encode()).decode("ascii")


def _position(rows: Sequence[Row], cursor: str) -> int:
    try:
        identifier = base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise refuse("Invalid cursor for current pagination sort.") from error
    for index, row in enumerate(rows):
        if row["id"] == identifier:
            return index
    raise refuse("Invalid cursor for current pagination sort.")
