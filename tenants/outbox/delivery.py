"""Hand one event to its handlers, and find the events that nobody was poked for.

Times are the database's: web, worker and beat may run on machines whose clocks differ, and would keep each other's events
waiting, or take them out of each other's hands.
"""

import logging
from contextlib import nullcontext
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from tenants.outbox.events import Told, poke, rebuild
from tenants.outbox.models import Event
from tenants.rls.context import expected_tenant
from versana.observability import context as log_context

log = logging.getLogger("versana.outbox")

# How long a delivery may take before somebody else may try again; above Celery's hard time limit.
CLAIM = timedelta(seconds=120)
MOST_ATTEMPTS = 12
LONGEST_WAIT = timedelta(minutes=30)
SWEEP_SIZE = 200
# A poke that waits in a long queue is not repeated sooner, or the sweep would feed the backlog it looks at.
POKE_AGAIN = timedelta(seconds=20)


def deliver(event_id: int) -> bool:
    """Run the handlers of an event that is due. False when it is done, dead, or in somebody else's hands.

    No transaction is open around the handlers: they may talk to the outside world.
    """
    row = _claim(event_id)
    if row is None:
        return False
    tenant = expected_tenant(row.tenant_id) if row.tenant_id else nullcontext()
    try:
        with tenant, log_context.bound(event=row.pk, tenant=row.tenant_id):
            event = rebuild(row)
            for path in settings.EVENT_HANDLERS[row.kind]:
                import_string(path)(event)
    except Exception as error:
        _failed(row, error)
        return False
    Event.objects.filter(pk=row.pk).update(done_at=Now(), last_error="")
    return True


def sweep() -> int:
    """Poke for every due event. SKIP LOCKED: several sweeps share the work instead of waiting for each other."""
    with transaction.atomic():
        due = list(
            Event.objects.select_for_update(skip_locked=True)
            .filter(done_at=None, dead_at=None, next_run_at__lte=Now())
            .order_by("next_run_at")[:SWEEP_SIZE]
        )
        Event.objects.filter(pk__in=[row.pk for row in due]).update(next_run_at=Now() + POKE_AGAIN)
    return sum(poke(row.pk, row.queue) for row in due)


def tidy() -> int:
    """Forget what was done more than a day ago. Dead letters stay until a person has looked."""
    return Event.objects.filter(done_at__lt=Now() - timedelta(days=1)).delete()[0]


def _claim(event_id: int) -> Event | None:
    """Take the event for CLAIM. Whoever comes meanwhile finds it taken."""
    with transaction.atomic():
        free = Q(held_until=None) | Q(held_until__lte=Now())
        pending = Event.objects.filter(free, pk=event_id, done_at=None, dead_at=None)
        row = pending.select_for_update(skip_locked=True).first()
        if row is None:
            return None
        Event.objects.filter(pk=event_id).update(
            attempts=F("attempts") + 1, next_run_at=Now() + CLAIM, held_until=Now() + CLAIM
        )
        row.attempts += 1
        return row


def _failed(row: Event, error: Exception) -> None:
    """Note the class of the error (and its words where they are ours: others may quote data) and wait twice as long each time."""
    log.error("event %s failed at attempt %s", row.pk, row.attempts, exc_info=error)
    wait = min(timedelta(seconds=2**row.attempts), LONGEST_WAIT)
    dead_at = Now() if row.attempts >= MOST_ATTEMPTS else None
    Event.objects.filter(pk=row.pk).update(
        next_run_at=Now() + wait, held_until=Now() + wait, last_error=_noted(error), dead_at=dead_at
    )


def _noted(error: Exception) -> str:
    name = type(error).__name__
    return (f"{name}: {error}" if isinstance(error, Told) else name)[:120]
