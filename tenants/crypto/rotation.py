"""Re-seal with the primary key what other keys sealed, while web and workers run; say what each key still seals.

What is done stands in the envelopes themselves (the key's id), so a rotation may be killed at any moment and run again, and
several may run at once. Each batch is one short transaction, of one workspace where the table has workspaces.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.db import transaction

from tenants import doors
from tenants.crypto.holders import Batch, Broken, Holder, holders
from tenants.rls.context import tenant_context

BATCH = 200
# Rows that somebody holds are tried again after a pause, for as long as anything moves within this time.
PAUSE_SECONDS = 0.5
PATIENCE_SECONDS = 90.0

Progress = Callable[[int, int], None]


@dataclass
class Outcome:
    """What a rotation came to. `left`: values that the primary key does not seal, the broken ones among them."""

    resealed: int = 0
    left: int = 0
    broken: set[Broken] = field(default_factory=set)


def tallies() -> dict[str, Counter[int | None]]:
    """Table -> how many values each key sealed there. None: values that are no envelope."""
    out: dict[str, Counter[int | None]] = {}
    for holder in holders():
        total = out.setdefault(holder.table, Counter())
        for inside in _transactions(holder):
            with inside():
                total.update(holder.tally())
    return out


def reseal_all(*, batch: int = BATCH, progress: Progress, on_broken: Callable[[Broken], None]) -> Outcome:
    """Until nothing is left but what does not open, or nothing has moved for a while. `progress` hears done and total."""
    outcome = Outcome(left=_stale())
    total, moved_at = outcome.left, time.monotonic()
    while outcome.left:
        before, unopened = (outcome.resealed, outcome.left), 0
        for step in _steps(batch):
            unopened += len(step.broken)
            for each in step.broken:
                if each not in outcome.broken:
                    outcome.broken.add(each)
                    on_broken(each)
            if step.resealed:
                outcome.resealed += step.resealed
                progress(outcome.resealed, total)
        outcome.left = _stale()
        if (outcome.resealed, outcome.left) != before:
            moved_at = time.monotonic()
        if outcome.left <= unopened or time.monotonic() - moved_at > PATIENCE_SECONDS:
            break
        time.sleep(PAUSE_SECONDS)
    return outcome


def _steps(batch: int) -> Iterator[Batch]:
    """One pass over everything, batch by batch, each in a transaction of its own."""
    for holder in holders():
        for inside in _transactions(holder):
            after: int | None = 0
            while after is not None:
                with inside():
                    step = holder.reseal(after=after, most=batch)
                yield step
                after = step.last


def _transactions(holder: Holder) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """How to open a transaction for this table: one way for each workspace, or one in all."""
    if not holder.owned:
        yield transaction.atomic
        return
    for tenant_id in doors.tenant_ids():
        yield partial(tenant_context, tenant_id)


def _stale() -> int:
    return sum(n for count in tallies().values() for key, n in count.items() if key != settings.SEALING_PRIMARY_KEY)
