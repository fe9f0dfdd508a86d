"""Publish an event: a frozen dataclass of ids, owned by the package it is about."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from typing import Any, ClassVar, Protocol

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from tenants.outbox.models import Event
from tenants.rls.context import TenantError, current_tenant_id

log = logging.getLogger("versana.outbox")

# A poke makes delivery immediate. The sweep takes over what no poke reached in this time.
POKE_GRACE = timedelta(seconds=3)
# After a poke failed (Redis away), requests do not try again for so long: each try could cost a socket timeout.
POKE_PAUSE_SECONDS = 5.0
# By name: the task's module imports this one.
DELIVER = "tenants.outbox.tasks.deliver"
_pause_until = 0.0
_quiet: ContextVar[bool] = ContextVar("without_pokes", default=False)


class Told(Exception):
    """A handler's error whose words are ours alone: names of classes and codes. They are noted with the event."""


class Publishable(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]
    queue: ClassVar[str]


def publish(event: Publishable, *, at: datetime | None = None) -> None:
    """Write `event` into the current transaction; poke the worker once it is committed. `at`: not before then.

    The event's workspace is the one of the current context, if any. Raises LookupError for an event without handlers.
    """
    kind = f"{type(event).__module__}.{type(event).__qualname__}"
    if kind not in settings.EVENT_HANDLERS:
        raise LookupError(f"no handler is listed for {kind}")
    row = Event.objects.create(
        tenant_id=_tenant_or_none(),
        kind=kind,
        payload=asdict(event),
        queue=event.queue,
        next_run_at=at or (Now() if _quiet.get() else Now() + POKE_GRACE),  # by the clock that the sweep goes by
        held_until=at,
    )
    if at is None and not _quiet.get():
        transaction.on_commit(partial(poke, row.pk, event.queue))


@contextmanager
def without_pokes() -> Iterator[None]:
    """What is published in here waits for the next sweep, seconds later: for whoever must not wait for a broker at all."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def poke(event_id: int, queue: str) -> bool:
    """Ask a worker to deliver now. False when the broker is away: the row stays, and the sweep will find it."""
    global _pause_until
    if time.monotonic() < _pause_until:
        return False
    try:
        current_app.send_task(DELIVER, kwargs={"event_id": event_id}, queue=queue, retry=False)
    except (OperationalError, OSError):
        _pause_until = time.monotonic() + POKE_PAUSE_SECONDS
        log.warning("broker away: event %s waits for the sweep", event_id)
        return False
    return True


def rebuild(row: Event) -> Any:
    """The event object of a row."""
    module, _, name = row.kind.rpartition(".")
    return getattr(import_module(module), name)(**row.payload)


def _tenant_or_none() -> int | None:
    try:
        return current_tenant_id()
    except TenantError:
        return None
