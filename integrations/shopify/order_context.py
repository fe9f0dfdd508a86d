"""What we know of one address in one store: fresh for a minute, one refresh at a time, last known rather than nothing.

When Shopify tells of a change, the rows concerned are marked and no longer fresh, whatever their age.

A look never waits: it returns the stored row and, when that is stale, claims the refresh (one UPDATE that only one of many
viewers wins) and publishes an event. The refresh runs in a worker, with no transaction open while Shopify is asked.

Times are the database's, in writing and in comparing: by the clock of a worker that is an hour ahead, an answer would be
fresh for an hour, and a lease be held for as long.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Now

from integrations.errors import IntegrationError
from integrations.shopify import answers, asking, client, stored, stores
from integrations.shopify.asking import Priority
from integrations.shopify.events import OrderContextDue, OrderContextWanted
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.types import CustomerOrders
from tenants.outbox.events import publish
from tenants.rls.context import task_tenant_id, tenant_context

log = logging.getLogger("versana.shopify")

FRESH = timedelta(seconds=60)
# Longer than a refresh takes, tries and turns in the budget included. Where Shopify drags every limit out to its end a
# second refresh may start, which costs a call and harms nothing; a killed worker is made up for this soon.
LEASE = timedelta(seconds=30)
# After a failure the next look within this time does not ask again.
PAUSE_AFTER_FAILURE = timedelta(seconds=15)
# A person who presses refresh again and again asks Shopify at most this often.
SHORTEST = timedelta(seconds=3)
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Look:
    """One store's row for an address (None when it was never asked and cannot be), and whether an answer is on its way."""

    store: Store
    row: OrderContext | None
    refreshing: bool


def look(
    *,
    stores: Iterable[Store],
    email_norm: str,
    force: bool = False,
    rows_at_hand: Iterable[OrderContext] = (),
    waited_for: bool = True,
) -> list[Look]:
    """The stored rows of an address, one per store in the order given; stale ones are being refreshed when it returns.

    `force`: a person asked for it; even a fresh row is read anew, unless it is only seconds old. `rows_at_hand`: the rows
    of all these stores, where the caller has read them (`row_with_store`). `waited_for`: nobody is at the screen yet when
    it is False, and whoever is comes first.
    """
    wanted = list(stores)
    rows = _rows(wanted, email_norm, {row.store_id: row for row in rows_at_hand})
    looks = []
    # In the order of ids: two viewers claiming several rows never wait for each other crosswise.
    for store in sorted(wanted, key=lambda store: store.pk):
        row = rows.get(store.pk)
        if row is not None and readable(store) and _due(row, force=force) and _claim(row):
            publish((OrderContextWanted if waited_for else OrderContextDue)(context_id=row.pk))
        looks.append(Look(store, row, refreshing=row is not None and _leased(row)))
    position = {store.pk: index for index, store in enumerate(wanted)}
    return sorted(looks, key=lambda item: position[item.store.pk])


def row_with_store(*, store_number: int, email_norm: str) -> OrderContext | None:
    """A row and its store in one query: a section that is polled finds both there nearly always."""
    rows = _told_the_time(
        OrderContext.objects.filter(store__number=store_number, kind=OrderContext.Kind.EMAIL, key=email_norm)
    )
    # There is one at most; sorted by id, as first() would, PostgreSQL might walk all rows of a large workspace for it.
    whole = rows.exclude(store__state=Store.State.DISCONNECTED).select_related("store").order_by("store__number")
    return whole.defer("rest", "store__access_token", "store__refresh_token").first()


def readable(store: Store) -> bool:
    """Whether this store may be asked at all."""
    return store.state == Store.State.CONNECTED


def refresh(*, context_id: int, priority: Priority = Priority.INTERACTIVE) -> None:
    """Ask Shopify and store the answer. Run by the event; harmless when run twice.

    A result is thrown away when the store was disconnected or connected anew meanwhile (its generation moved on).
    """
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        row = _told_the_time(OrderContext.objects.select_related("store").filter(pk=context_id)).first()
        if row is None or row.leased_until is None or not readable(row.store):
            return
        store, email_norm, began = row.store, row.key, row.clock
    try:
        answer = _ask(store, email_norm, priority)
    except IntegrationError as error:
        log.info("store %s: %s", store.pk, error.code)
        with tenant_context(tenant_id):
            _note_failure(context_id, store, error)
        return
    with tenant_context(tenant_id):
        _keep(context_id, store, answer, began=began)


def drop(
    *, store: Store, customer_id: str = "", email_norm: str = "", order_id: str = "", where: Q | None = None
) -> int:
    """Shopify says that something about this person changed: what we knew is shown as old, and read anew at the next look.

    `order_id`: whoever has this order among the stored ones; no index helps there, so that is for tasks.
    """
    about = Q(kind=OrderContext.Kind.EMAIL, key=email_norm) if email_norm else Q(pk__in=[])
    about |= Q(customer_id=customer_id) if customer_id else Q()
    about |= Q(head__contains={"orders": [{"legacy_id": order_id}]}) if order_id else Q()
    return mark(OrderContext.objects.filter(about, where or Q(), store=store))


def mark(rows: QuerySet[OrderContext]) -> int:
    """Not fresh any more, whatever their age. Locked in one order: two deliveries about the same people must not wait for
    each other crosswise."""
    locked = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    return OrderContext.objects.filter(pk__in=locked).update(dropped_at=Now()) if locked else 0


def forget_customer(*, store: Store, customer_id: str) -> int:
    """Shopify deleted this customer: what we knew goes. A refresh under way finds no row to write to."""
    known = OrderContext.objects.filter(store=store, customer_id=customer_id)
    return int(known.delete()[0]) if customer_id else 0


def forget() -> int:
    """Delete the rows nobody looked at for 30 days. For the current workspace."""
    return int(OrderContext.objects.filter(looked_at__lt=Now() - KEPT).delete()[0])


def _rows(wanted: list[Store], email_norm: str, at_hand: dict[int, OrderContext]) -> dict[int, OrderContext]:
    """The rows without `rest`, made where missing."""

    def read() -> dict[int, OrderContext]:
        rows = _told_the_time(
            OrderContext.objects.filter(store__in=wanted, kind=OrderContext.Kind.EMAIL, key=email_norm)
        )
        return {row.store_id: row for row in rows.defer("rest")}

    rows = at_hand or read()
    missing = [store for store in wanted if store.pk not in rows and readable(store)]
    if missing:
        new = [OrderContext(store=store, key=email_norm) for store in missing]
        OrderContext.objects.bulk_create(new, ignore_conflicts=True)
        rows = read()
    _note_look(rows.values())
    return rows


def _told_the_time(rows: QuerySet[Any]) -> QuerySet[OrderContext]:
    """Each row with the database's time, in the same query: `clock`."""
    return rows.annotate(clock=Now())


def _note_look(rows: Iterable[OrderContext]) -> None:
    """Remember that somebody looked, once a day: it decides only what is forgotten after thirty."""
    if old := [row.pk for row in rows if row.looked_at < row.clock - timedelta(days=1)]:
        OrderContext.objects.filter(pk__in=old).update(looked_at=Now())


def _leased(row: OrderContext) -> bool:
    return row.leased_until is not None and row.leased_until > row.clock


def _due(row: OrderContext, *, force: bool) -> bool:
    now = row.clock
    age = now - row.fetched_at if row.fetched_at else None
    if force:
        last = max((moment for moment in (row.fetched_at, row.failed_at) if moment), default=None)
        return last is None or now - last > SHORTEST
    pause = FRESH if answers.hides(row.failure) else PAUSE_AFTER_FAILURE  # Shopify did answer
    if row.failed_at and now - row.failed_at < pause:
        return False
    return age is None or age > FRESH or row.dropped_at is not None


def _claim(row: OrderContext) -> bool:
    """Whether this viewer is the one whose event refreshes the row. Of fifty at once, one wins; the others see the lease."""
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    seen = Q(fetched_at=row.fetched_at) if row.fetched_at else Q(fetched_at=None)
    won = OrderContext.objects.filter(free & seen, pk=row.pk).update(leased_until=Now() + LEASE)
    if won:
        row.leased_until = row.clock + LEASE
    else:
        row.refresh_from_db(
            fields=[
                "leased_until",
                "fetched_at",
                "dropped_at",
                "found",
                "head",
                "failed_at",
                "failing_since",
                "failure",
            ]
        )
    return bool(won)


def _ask(store: Store, email_norm: str, priority: Priority) -> CustomerOrders:
    return asking.ask(store.pk, partial(client.customer_orders, email=email_norm), priority=priority)


def _keep(context_id: int, store: Store, answer: CustomerOrders, *, began: datetime) -> None:
    """`began`: when we set out to ask. What Shopify said of a change after that is not in this answer: it stays due."""
    locked = stores.lock(store.pk)
    if locked.generation != store.generation or not readable(locked):
        OrderContext.objects.filter(pk=context_id).update(leased_until=None)
        return
    if answer.withheld:
        _keep_beside(context_id, answer)
    else:
        _keep_instead(context_id, answer, began)
    stores.note_success(store_id=store.pk, generation=store.generation, denied=answer.denied)


def _keep_instead(context_id: int, answer: CustomerOrders, began: datetime) -> None:
    """The answer takes the place of what we knew."""
    head, rest = stored.split(answer)
    OrderContext.objects.filter(pk=context_id).update(
        fetched_at=Now(), found=answer.found, head=head, rest=rest, leased_until=None, failed_at=None, failing_since=None, failure="",
        customer_id=answer.customer.legacy_id if answer.customer else "",
        dropped_at=Case(When(dropped_at__gt=began, then=F("dropped_at")), default=None),
    )  # fmt: skip


def _keep_beside(context_id: int, answer: CustomerOrders) -> None:
    """Who it is was kept from us, so this says nothing of anybody. What we knew stays, as old as it is; what is denied, and
    since when, stands beside it."""
    row = OrderContext.objects.filter(pk=context_id).first()
    if row is None:
        return
    reason = answer.denied[0].reason
    nothing, _rest = stored.split(answer)
    head = {**(row.head or {**nothing, "denied": []}), "withheld": nothing["denied"]}
    since = Case(When(failure=reason, then=F("failing_since")), default=Now())
    OrderContext.objects.filter(pk=context_id).update(
        head=head, leased_until=None, failed_at=Now(), failing_since=since, failure=reason
    )


def _note_failure(context_id: int, store: Store, error: IntegrationError) -> None:
    """Keep what we knew; say since when it fails. A failure that only a person can mend is noted on the store as well."""
    rows = OrderContext.objects.filter(pk=context_id)
    rows.filter(failing_since=None).update(failing_since=Now())
    rows.update(leased_until=None, failed_at=Now(), failure=error.code)
    stores.note_failure(store_id=store.pk, generation=store.generation, error=error)
