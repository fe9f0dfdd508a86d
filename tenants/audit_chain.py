"""The chain of a workspace's audit events: sealed in order by a task, read again by whoever verifies it.

Requests only add events; a lock on the chain would make them wait for each other. A minute later the task seals what it
finds, in the order of ids. An event whose transaction ended late is sealed when it is seen: the chain's order is that of
sealing, and `at` says when something happened.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from tenants.audit_links import GENESIS, Finding, Link, digest, examine, moment
from tenants.models import AuditEvent, AuditSeal, Tenant
from tenants.rls.context import current_tenant_id

BATCH = 500
# No transaction lives this long, whatever the servers' clocks say: older events than this before the last sealed one are
# sealed, and looking at all of them each minute would cost more every year. A daily pass looks at all nevertheless.
LOOKBACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Head:
    """How long a chain is, and the hash it ends with (64 zeros: nothing is sealed)."""

    length: int
    hash: str


def seal(*, everything: bool = False) -> int:
    """Seal the next events of the current workspace, at most BATCH. How many: 0 also when somebody else is sealing it now.

    One transaction: killed in the middle, it has done nothing.
    """
    # Not FOR UPDATE: that would make every insert in the workspace wait, whose foreign key shares this row.
    if not Tenant.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=current_tenant_id()).exists():
        return 0
    last = AuditSeal.objects.order_by("-position").first()
    events = unsealed(since=None if everything else recent()).order_by("pk")[:BATCH]
    links, position, previous = [], last.position if last else 0, last.hash if last else GENESIS
    for event in events:
        position, now = position + 1, timezone.now()
        hashed = digest(position=position, previous=previous, sealed_at=moment(now), event=values(event))
        links.append(AuditSeal(position=position, event=event, previous=previous, hash=hashed, sealed_at=now))
        previous = hashed
    AuditSeal.objects.bulk_create(links)
    return len(links)


def unsealed(*, since: datetime | None = None) -> QuerySet[AuditEvent]:
    """Events without a seal; `since` spares looking at those that were sealed long ago."""
    events = AuditEvent.objects.filter(~Exists(AuditSeal.objects.filter(event=OuterRef("pk"))))
    return events.filter(at__gte=since) if since else events


def recent() -> datetime | None:
    """Since when events may still be without a seal; None where nothing says so."""
    last = AuditSeal.objects.order_by("-position").values_list("event_id", flat=True)[:1]
    sealed = AuditEvent.objects.filter(pk=Subquery(last)).values_list("at", flat=True).first()
    return sealed - LOOKBACK if sealed else None


def head() -> Head:
    """Where the current workspace's chain ends. Noted elsewhere, it shows later that nothing before it was changed."""
    last = AuditSeal.objects.order_by("-position").values_list("position", "hash").first()
    return Head(*last) if last else Head(0, GENESIS)


def verify(*, expected_head: str = "") -> Finding:
    """Compute the current workspace's whole chain anew from its events."""
    return examine(links(), expected_head=expected_head)


def links(*, upto: int | None = None) -> Iterator[Link]:
    """The chain in order, read in batches: a server-side cursor would not survive PgBouncer."""
    after: tuple[int, int] | None = None
    while batch := link_batch(after=after, upto=upto):
        yield from (link for _, link in batch)
        after = batch[-1][0]


def link_batch(*, after: tuple[int, int] | None, upto: int | None) -> list[tuple[tuple[int, int], Link]]:
    """The links that follow the seal (position, id) `after`, each with its own."""
    seals = AuditSeal.objects.order_by("position", "pk")
    if after is not None:
        position, pk = after
        seals = seals.filter(Q(position__gt=position) | Q(position=position, pk__gt=pk))
    if upto is not None:
        seals = seals.filter(position__lte=upto)
    rows = list(seals[:BATCH])
    # Not by a join: the seal of an event that is gone must be seen.
    events = AuditEvent.objects.in_bulk([row.event_id for row in rows])
    return [((row.position, row.pk), _link(row, events.get(row.event_id))) for row in rows]


def _link(row: AuditSeal, event: AuditEvent | None) -> Link:
    return Link(
        position=row.position,
        previous=row.previous,
        hash=row.hash,
        sealed_at=moment(row.sealed_at),
        event_id=row.event_id,
        event=values(event) if event else None,
    )


def values(event: AuditEvent) -> dict[str, object]:
    """Every column of an event, as it is hashed and exported. A test holds this against the model's columns."""
    return {
        "id": event.pk,
        "tenant_id": event.tenant_id,
        "at": moment(event.at),
        "actor_id": event.actor_id,
        "actor_name": event.actor_name,
        "actor_role": event.actor_role,
        "action": event.action,
        "target": event.target,
        "detail": event.detail,
        "before": event.before,
        "after": event.after,
        "client": event.client,
    }
