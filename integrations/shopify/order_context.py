"""What we know of one person in one store: fresh for a minute, one refresh at a time, last known rather than nothing.

Each question (questions.py) has a row. When Shopify tells of a change, the rows concerned are marked and no longer fresh,
whatever their age.

A look never waits: it returns the stored rows and, where those are stale, claims the refresh (one UPDATE that only one of
many viewers wins) and publishes an event. The refresh runs in a worker, with no transaction open while Shopify is asked.

Times are the database's, in writing and in comparing: by the clock of a worker that is an hour ahead, an answer would be
fresh for an hour, and a lease be held for as long.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Now

from integrations.errors import IntegrationError
from integrations.shopify import answers, asking, order_names, questions, stored, stores
from integrations.shopify.asking import Priority
from integrations.shopify.events import OrderContextDue, OrderContextWanted
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.questions import Asked, Kind, Question
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
# What an agent typed, and whom it found; and that an order or a number is unknown, of which a busy workspace gathers many.
KEPT_SHORT = timedelta(days=1)
# Of a workspace with more stores than AT_ONCE, a look asks those that know the person, and so many others; the next ones
# have their turn when the open page comes back for them. "Nobody" is then kept for longer: most of such stores say so.
AT_ONCE = 10
FRESH_AMONG_MANY = timedelta(minutes=15)

# Columns of a store that no section shows. Each column of a statement costs; a section is polled.
_NOT_SHOWN = [
    f"store__{name}" for name in (
        "access_token", "access_expires_at", "refresh_token", "refresh_expires_at", "refresh_leased_until", "refreshed_at",
        "connected_by", "connected_at", "last_read_at", "probed_at", "told_at", "webhooks_checked_at", "webhooks_problem",
        "reconciled_at", "check_asked_at", "checked_at", "check_results",
    )
]  # fmt: skip

Rows = dict[tuple[int, Question], OrderContext]  # by the store's id


@dataclass(frozen=True, slots=True)
class Answers:
    """What one store's rows say to the questions that were asked of it. `turn`: how many rounds of stores go before it."""

    asked: Asked
    rows: Mapping[Question, OrderContext] = field(default_factory=dict)
    refreshing: bool = False
    turn: int = 0

    @property
    def store(self) -> Store:
        return self.asked.store


def look_up(
    wanted: Sequence[Asked],
    *,
    force: bool = False,
    rows_at_hand: Iterable[OrderContext] = (),
    waited_for: bool = True,
) -> list[Answers]:
    """The stored rows, one set per store in the order given; stale ones are being refreshed when it returns.

    `force`: a person asked for it; even a fresh row is read anew, unless it is only seconds old. `rows_at_hand`: rows of
    these stores, where the caller has read them (`rows_with_store`). `waited_for`: nobody is at the screen yet when it is
    False, and whoever is comes first.
    """
    rows = _keyed(wanted, rows_at_hand) or _read(wanted)
    turns = _turns(wanted, rows)
    now = [(asked, _open(asked, rows)) for asked in wanted if asked.store.pk not in turns and readable(asked.store)]
    missing = [(asked.store, q) for asked, asking_now in now for q in asking_now if (asked.store.pk, q) not in rows]
    if missing:
        new = [OrderContext(store=store, kind=q.kind, key=q.key) for store, q in missing]
        OrderContext.objects.bulk_create(new, ignore_conflicts=True)
        rows = _read(wanted)
    _note_look(rows.values())
    many = len(wanted) > AT_ONCE
    due = [rows[asked.store.pk, q] for asked, asking_now in now for q in asking_now if (asked.store.pk, q) in rows]
    rows |= _claim([row for row in due if _due(row, force=force, many=many)], rows, waited_for=waited_for)
    return [_answers(asked, rows, turns.get(asked.store.pk, 0)) for asked in wanted]


def rows_with_store(store_number: int, asked: Iterable[Iterable[Question]]) -> list[OrderContext]:
    """Rows and their store in one query: a section that is polled finds both there nearly always."""
    every = [question for several in asked for question in several]
    if not every:
        return []
    rows = _told_the_time(OrderContext.objects.filter(any_of(every), store__number=store_number))
    whole = rows.exclude(store__state=Store.State.DISCONNECTED).select_related("store")
    return list(whole.defer("rest", *_NOT_SHOWN))


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
        store, question, began = row.store, Question(row.kind, row.key), row.clock
    try:
        answer = _ask(store, question, priority)
    except IntegrationError as error:
        log.info("store %s: %s", store.pk, error.code)
        with tenant_context(tenant_id):
            _note_failure(context_id, store, error)
        return
    with tenant_context(tenant_id):
        _keep(context_id, store, answer, began=began, whole=question.kind in (Kind.ORDER, Kind.LINES))


def drop(
    *,
    store: Store,
    customer_id: str = "",
    email_norm: str = "",
    order_id: str = "",
    named_order_id: str = "",
    created: bool = False,
    where: Q | None = None,
) -> int:
    """Shopify says that something about this person changed: what we knew is shown as old, and read anew at the next look.

    `order_id`: whoever has this order among the stored ones; no index helps there, so that is for tasks. `named_order_id`:
    the same among the answers about orders alone; a new order (`created`) may be one that was looked for in vain.
    """
    about = Q(kind=Kind.EMAIL, key=email_norm) if email_norm else Q(pk__in=[])
    about |= _about_customer(customer_id) if customer_id else Q()
    about |= Q(head__contains=_order(order_id)) if order_id else Q()
    about |= Q(kind=Kind.ORDER, head__contains=_order(named_order_id)) if named_order_id else Q()
    about |= Q(kind=Kind.LINES, key__in={order_id, named_order_id})
    about |= Q(kind=Kind.ORDER, found=False) if created else Q()
    return mark(OrderContext.objects.filter(about, where or Q(), store=store))


def _about_customer(customer_id: str) -> Q:
    found = {"people": [{"customer": {"legacy_id": customer_id}}]}
    asked_for = Q(kind=Kind.CUSTOMER, key=customer_id)  # whether or not it was ever answered
    return asked_for | Q(customer_id=customer_id) | Q(kind=Kind.SEARCH, head__contains=found)


def _order(order_id: str) -> dict[str, Any]:
    return {"orders": [{"legacy_id": order_id}]}


def mark(rows: QuerySet[OrderContext]) -> int:
    """Not fresh any more, whatever their age. Locked in one order: two deliveries about the same people must not wait for
    each other crosswise."""
    locked = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    return OrderContext.objects.filter(pk__in=locked).update(dropped_at=Now()) if locked else 0


def forget_customer(*, store: Store, customer_id: str) -> int:
    """Shopify deleted this customer: what we knew goes. A refresh under way finds no row to write to."""
    known = OrderContext.objects.filter(_about_customer(customer_id), store=store)
    return int(known.delete()[0]) if customer_id else 0


def forget() -> int:
    """Delete the rows nobody looked at for 30 days, and much earlier what agents searched for and what is not there. For
    the current workspace."""
    short = Q(kind=Kind.SEARCH) | Q(kind__in=[Kind.ORDER, Kind.PHONE, Kind.LINES], found=False)
    old = Q(looked_at__lt=Now() - KEPT) | (short & Q(looked_at__lt=Now() - KEPT_SHORT))
    return int(OrderContext.objects.filter(old).delete()[0])


# --- Rows -----------------------------------------------------------------------------------------------------------
def _read(wanted: Sequence[Asked]) -> Rows:
    """The rows without `rest`."""
    every = {question for asked in wanted for question in asked}
    if not every:
        return {}
    rows = _told_the_time(OrderContext.objects.filter(any_of(every), store__in=[asked.store for asked in wanted]))
    return _keyed(wanted, rows.defer("rest"))


def _keyed(wanted: Sequence[Asked], rows: Iterable[OrderContext]) -> Rows:
    """By what they answer; a row that answers somebody else's question is none of ours."""
    ours = {(asked.store.pk, question) for asked in wanted for question in asked}
    keyed = {(row.store_id, Question(row.kind, row.key)): row for row in rows}
    return {at: row for at, row in keyed.items() if at in ours}


def any_of(every: Iterable[Question]) -> Q:
    """The rows of these questions."""
    by_kind: dict[str, list[str]] = {}
    for question in every:
        by_kind.setdefault(question.kind, []).append(question.key)
    return reduce(or_, (Q(kind=kind, key__in=keys) for kind, keys in by_kind.items()), Q(pk__in=[]))


def _answers(asked: Asked, rows: Rows, turn: int) -> Answers:
    own = {question: rows[asked.store.pk, question] for question in asked if (asked.store.pk, question) in rows}
    return Answers(asked, own, any(_leased(row) for row in own.values()), turn)


def _open(asked: Asked, rows: Rows) -> tuple[Question, ...]:
    """The questions that may be asked now: telephone numbers only after everything else was answered in vain."""
    answers = [rows.get((asked.store.pk, question)) for question in asked.who]
    in_vain = all(row is not None and row.fetched_at is not None and not row.found for row in answers)
    return (*asked.who, *asked.orders, *(asked.phones if in_vain else ()))


def _turns(wanted: Sequence[Asked], rows: Rows) -> dict[int, int]:
    """Of many stores, those that must wait, and for how many rounds: the store that was asked longest ago waits least."""
    if len(wanted) <= AT_ONCE:
        return {}
    waiting = [
        asked.store.pk for asked in sorted(wanted, key=lambda one: _last_asked(one, rows)) if _waits(asked, rows)
    ]
    return {pk: position // AT_ONCE for position, pk in enumerate(waiting) if position >= AT_ONCE}


def _waits(asked: Asked, rows: Rows) -> bool:
    """Whether a store has something to be asked and does not know the person, as far as we were told."""
    own = [rows.get((asked.store.pk, question)) for question in asked]
    linked = any(question.kind == Kind.CUSTOMER for question in asked.who)
    if linked or not readable(asked.store) or any(row is not None and row.found for row in own):
        return False
    at_first = [rows.get((asked.store.pk, question)) for question in _open(asked, rows)]
    return any(row is None or _due(row, force=False, many=True) for row in at_first)


def _last_asked(asked: Asked, rows: Rows) -> tuple[bool, float, int]:
    moments = [row.fetched_at for q in asked if (row := rows.get((asked.store.pk, q))) is not None and row.fetched_at]
    return bool(moments), max(moments).timestamp() if moments else 0.0, asked.store.pk


def _told_the_time(rows: QuerySet[Any]) -> QuerySet[OrderContext]:
    """Each row with the database's time, in the same query: `clock`."""
    return rows.annotate(clock=Now())


def _note_look(rows: Iterable[OrderContext]) -> None:
    """Remember that somebody looked, once a day: it decides only what is forgotten after thirty."""
    kept = (row for row in rows if row.kind != Kind.SEARCH)
    if old := [row.pk for row in kept if row.looked_at < row.clock - timedelta(days=1)]:
        OrderContext.objects.filter(pk__in=old).update(looked_at=Now())


def _leased(row: OrderContext) -> bool:
    return row.leased_until is not None and row.leased_until > row.clock


def _due(row: OrderContext, *, force: bool, many: bool = False) -> bool:
    now = row.clock
    age = now - row.fetched_at if row.fetched_at else None
    if force:
        last = max((moment for moment in (row.fetched_at, row.failed_at) if moment), default=None)
        return last is None or now - last > SHORTEST
    pause = FRESH if answers.hides(row.failure) else PAUSE_AFTER_FAILURE  # Shopify did answer
    if row.failed_at and now - row.failed_at < pause:
        return False
    fresh = FRESH_AMONG_MANY if many and not row.found else FRESH
    return age is None or age > fresh or row.dropped_at is not None


def _claim(due: Sequence[OrderContext], rows: Rows, *, waited_for: bool) -> Rows:
    """Make this viewer the one whose events refresh these rows, as far as nobody else is. Of fifty at once, one wins; the
    others see the lease. Gives back the rows that were not won, as they are now.

    Locked in the order of ids: two viewers claiming several rows never wait for each other crosswise.
    """
    if not due:
        return {}
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    locked = OrderContext.objects.filter(free, pk__in=[row.pk for row in due]).select_for_update().order_by("pk")
    seen = dict(locked.values_list("pk", "fetched_at"))
    won = [row for row in due if row.pk in seen and seen[row.pk] == row.fetched_at]
    if won:
        OrderContext.objects.filter(pk__in=[row.pk for row in won]).update(leased_until=Now() + LEASE)
    for row in won:
        row.leased_until = row.clock + LEASE
        publish((OrderContextWanted if waited_for else OrderContextDue)(context_id=row.pk))
    lost = {row.pk for row in due} - {row.pk for row in won}
    if not lost:
        return {}
    anew = {row.pk: row for row in _told_the_time(OrderContext.objects.filter(pk__in=lost)).defer("rest")}
    return {at: anew[row.pk] for at, row in rows.items() if row.pk in anew}


# --- Answers --------------------------------------------------------------------------------------------------------
def _ask(store: Store, question: Question, priority: Priority) -> CustomerOrders:
    return asking.ask(store.pk, questions.put(question, store), priority=priority)


def _keep(context_id: int, store: Store, answer: CustomerOrders, *, began: datetime, whole: bool = False) -> None:
    """`began`: when we set out to ask. What Shopify said of a change after that is not in this answer: it stays due."""
    locked = stores.lock(store.pk)
    if locked.generation != store.generation or not readable(locked):
        OrderContext.objects.filter(pk=context_id).update(leased_until=None)
        return
    if answer.withheld:
        _keep_beside(context_id, answer)
    else:
        _keep_instead(context_id, answer, began, whole=whole)
        _learn_names(locked, answer)
    stores.note_success(store_id=store.pk, generation=store.generation, denied=answer.denied)


def _keep_instead(context_id: int, answer: CustomerOrders, began: datetime, *, whole: bool) -> None:
    """The answer takes the place of what we knew."""
    head, rest = stored.split(answer, whole=whole)
    OrderContext.objects.filter(pk=context_id).update(
        fetched_at=Now(), found=answer.found, head=head, rest=rest, leased_until=None, failed_at=None, failing_since=None, failure="",
        customer_id=_whose(answer),
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


def _whose(answer: CustomerOrders) -> str:
    """The one customer whom all of it is about, or nothing."""
    if answer.customer:
        return answer.customer.legacy_id
    owners = {order.customer_id or "" for order in answer.orders}
    return owners.pop() if len(owners) == 1 else ""


def _learn_names(locked: Store, answer: CustomerOrders) -> None:
    """How this store names its orders. The store's row is locked: of two answers one comes after the other.

    What was learnt is replaced and never taken back, since older orders show what was before.
    """
    around = order_names.learnt([order.name for order in answer.orders])
    if around and (around.prefix, around.suffix) != (locked.order_prefix, locked.order_suffix):
        Store.objects.filter(pk=locked.pk).update(order_prefix=around.prefix, order_suffix=around.suffix)


def _note_failure(context_id: int, store: Store, error: IntegrationError) -> None:
    """Keep what we knew; say since when it fails. A failure that only a person can mend is noted on the store as well."""
    rows = OrderContext.objects.filter(pk=context_id)
    rows.filter(failing_since=None).update(failing_since=Now())
    rows.update(leased_until=None, failed_at=Now(), failure=error.code)
    stores.note_failure(store_id=store.pk, generation=store.generation, error=error)
