"""Ids of the work in hand (request, task, tenant, person), carried into every log line."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_fields: ContextVar[dict[str, object] | None] = ContextVar("log_fields", default=None)


def current() -> dict[str, object]:
    return dict(_fields.get() or {})


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add `fields` to every log line written inside the block."""
    token = _fields.set({**current(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


def new_id() -> str:
    return secrets.token_hex(8)
