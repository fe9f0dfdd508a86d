"""An event is kept with its change, delivered at least once, held by one worker at a time, and given up after many failures."""

import threading
from datetime import timedelta
from unittest.mock import ANY

import pytest
from django.db import connections, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from pytest_django import Settings

from tenants.models import Counter
from tenants.outbox import delivery
from tenants.outbox.delivery import CLAIM, LONGEST_WAIT, MOST_ATTEMPTS, deliver, sweep, tidy
from tenants.outbox.events import publish
from tenants.outbox.models import Event
from tenants.rls.context import TenantError, current_tenant_id, task_tenant_id, tenant_context
from tests.isolation.rows import workspace
from tests.tenants.outbox.conftest import Rang, Ringer, later


def published(bell: int = 1) -> Event:
    with transaction.atomic():
        publish(Rang(bell=bell))
    return Event.objects.latest("pk")


@pytest.mark.usefixtures("bell")
def test_an_event_is_a_row_of_ids_for_its_queue_and_its_workspace(db: None) -> None:
    tenant = workspace("acme").pk
    with tenant_context(tenant):
        publish(Rang(bell=7))
    row = Event.objects.get(kind__endswith="Rang")
    assert (row.tenant_id, row.payload, row.queue, row.attempts, row.done_at) == (
        tenant,
        {"bell": 7},
        "background",
        0,
        None,
    )


@pytest.mark.usefixtures("bell")
def test_an_event_outside_of_a_workspace_belongs_to_none(db: None) -> None:
    assert published().tenant_id is None


@pytest.mark.usefixtures("bell")
def test_an_event_of_a_change_that_was_undone_never_was(db: None) -> None:
    with transaction.atomic():
        publish(Rang(bell=1))
        transaction.set_rollback(True)
    assert not Event.objects.exists()


def test_an_event_without_handlers_is_refused_where_it_is_published(db: None) -> None:
    with pytest.raises(LookupError, match="no handler"):
        publish(Rang(bell=1))


def test_every_listed_handler_and_event_exists(settings: Settings) -> None:

    for kind, handlers in settings.EVENT_HANDLERS.items():
        event = import_string(kind)
        assert event.queue in {"interactive", "background"}
        assert handlers
        assert all(callable(import_string(path)) for path in handlers)


def test_a_delivered_event_is_done_and_is_not_delivered_again(bell: Ringer, db: None) -> None:
    row = published(bell=3)
    assert deliver(row.pk) is True
    assert deliver(row.pk) is False
    row.refresh_from_db()
    assert (bell.seen, row.attempts, row.last_error) == ([3], 1, "")
    assert row.done_at is not None


def test_every_handler_is_called_in_order(bell: Ringer, db: None, settings: Settings) -> None:
    kind = f"{Rang.__module__}.Rang"
    settings.EVENT_HANDLERS = {kind: [f"{Rang.__module__}.first", f"{Rang.__module__}.second"]}
    assert deliver(published(bell=3).pk)
    assert bell.seen == [3, 1003]


def test_an_event_of_nobody_is_not_delivered(db: None) -> None:
    assert deliver(9_000_000_000) is False


# --- The workspace ---------------------------------------------------------------------------------------------------
def test_a_handler_is_bound_to_the_workspace_of_its_event(bell: Ringer, db: None) -> None:
    mine, theirs = workspace("mine").pk, workspace("theirs").pk
    opened: list[object] = []

    def work(event: Rang) -> None:
        assert task_tenant_id() == mine
        with pytest.raises(TenantError):
            current_tenant_id()
        with tenant_context(mine):
            Counter.objects.create(noun="rung")
        opened.append("mine")
        with tenant_context(theirs):
            opened.append("theirs")

    bell.then = work
    with tenant_context(mine):
        publish(Rang(bell=1))
    row = Event.objects.latest("pk")
    assert deliver(row.pk) is False
    row.refresh_from_db()
    assert opened == ["mine"]
    assert row.last_error == "TenantError"
    with pytest.raises(TenantError):
        task_tenant_id()


# --- Failure ---------------------------------------------------------------------------------------------------------
def fail(event: Rang) -> None:
    raise ConnectionError("secret words of a shop: shpat_1234, ada@example.com")


def test_a_failure_is_noted_by_its_class_and_never_by_its_words(bell: Ringer, db: None) -> None:
    bell.then = fail
    row = published()
    assert deliver(row.pk) is False
    row.refresh_from_db()
    assert (row.last_error, row.attempts, row.done_at, row.dead_at) == ("ConnectionError", 1, None, None)


def test_a_failed_event_waits_longer_each_time_and_ends_as_a_dead_letter(bell: Ringer, db: None) -> None:
    bell.then = fail
    row = published()
    waits = []
    for _ in range(MOST_ATTEMPTS):
        before = timezone.now()
        assert deliver(row.pk) is False
        row.refresh_from_db()
        waits.append((row.next_run_at - before).total_seconds())
        later()
    longest = LONGEST_WAIT.total_seconds()
    assert waits == pytest.approx([min(2.0**attempt, longest) for attempt in range(1, MOST_ATTEMPTS + 1)], abs=1)
    assert row.dead_at is not None
    later()
    assert deliver(row.pk) is False
    assert len(bell.seen) == MOST_ATTEMPTS
    assert sweep() == 0


def test_a_failed_event_is_not_tried_before_its_time_whoever_pokes(bell: Ringer, db: None) -> None:
    bell.then = fail
    row = published()
    deliver(row.pk)
    assert deliver(row.pk) is False
    assert len(bell.seen) == 1


def test_a_failed_event_that_the_sweep_found_is_tried_again(bell: Ringer, db: None) -> None:
    """The sweep's own note of when to look again must not hold back the delivery that it asked for."""
    bell.then = fail
    row = published()
    deliver(row.pk)
    later()
    sweep()
    bell.then = None
    assert deliver(row.pk) is True


def test_an_event_whose_class_is_gone_becomes_visible_as_a_failure(bell: Ringer, db: None) -> None:
    row = published()
    Event.objects.filter(pk=row.pk).update(payload={"renamed": 1})
    assert deliver(row.pk) is False
    row.refresh_from_db()
    assert row.last_error == "TypeError"
    Event.objects.filter(pk=row.pk).update(kind="gone.events.Gone")
    later()
    assert deliver(row.pk) is False
    row.refresh_from_db()
    assert row.last_error == "ModuleNotFoundError"


# --- Sweep and tidy --------------------------------------------------------------------------------------------------
def test_the_sweep_leaves_what_was_just_poked_and_takes_what_was_not(bell: Ringer, db: None) -> None:
    published()
    assert sweep() == 0
    later()
    assert sweep() == 1
    assert sweep() == 0


def test_the_sweep_takes_the_longest_waiting_first_and_not_more_than_it_can(bell: Ringer, db: None) -> None:
    now = timezone.now()
    Event.objects.bulk_create(
        [
            Event(kind="x", payload={}, queue="background", next_run_at=now - timedelta(seconds=i))
            for i in range(delivery.SWEEP_SIZE + 5)
        ]
    )
    assert sweep() == delivery.SWEEP_SIZE
    left = Event.objects.filter(next_run_at__lte=now)
    assert left.count() == 5
    assert min(row.next_run_at for row in left) >= now - timedelta(seconds=5)


def test_done_events_are_forgotten_after_a_day_and_dead_ones_never(bell: Ringer, db: None) -> None:
    old, new = timezone.now() - timedelta(days=1, seconds=1), timezone.now() - timedelta(hours=23)
    made = [
        Event(kind="x", payload={}, queue="b", **times)
        for times in ({"done_at": old}, {"done_at": new}, {"dead_at": old}, {"created_at": old})
    ]
    Event.objects.bulk_create(made)
    assert tidy() == 1
    assert Event.objects.count() == 3


def test_a_claim_lasts_longer_than_a_task_may_run(settings: Settings) -> None:
    assert CLAIM.total_seconds() > settings.CELERY_TASK_TIME_LIMIT
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] > settings.CELERY_TASK_TIME_LIMIT


# --- Several workers -------------------------------------------------------------------------------------------------
def _together(work: object, count: int) -> list[object]:
    """The answers of `count` threads that start at the same moment, each with a connection of its own."""
    answers: list[object] = []
    start = threading.Barrier(count)

    def run() -> None:
        try:
            start.wait(timeout=10)
            answers.append(work())  # type: ignore[operator]
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return answers


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_poked_for_one_event_one_delivers(bell: Ringer) -> None:
    slow = threading.Event()
    bell.then = lambda event: slow.wait(0.3) and None  # type: ignore[assignment,func-returns-value]
    row = published()
    assert sorted(_together(lambda: deliver(row.pk), 6)) == [False] * 5 + [True]  # type: ignore[type-var]
    assert bell.seen == [1]


@pytest.mark.django_db(transaction=True)
def test_simultaneous_sweeps_share_the_work(bell: Ringer) -> None:
    for number in range(40):
        published(number)
    later()
    assert sum(_together(sweep, 4)) == 40  # type: ignore[arg-type]
    assert Event.objects.filter(next_run_at__gt=timezone.now()).count() == 40


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_a_handler_runs(bell: Ringer) -> None:
    inside: list[bool] = []
    bell.then = lambda event: inside.append(connections["default"].in_atomic_block)
    deliver(published().pk)
    assert inside == [False]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_half_way_loses_nothing(bell: Ringer) -> None:
    class Killed(BaseException):
        """As SIGKILL: no handler of ours gets to see it."""

    def die(event: Rang) -> None:
        raise Killed

    bell.then = die
    row = published()
    with pytest.raises(Killed):
        deliver(row.pk)
    assert deliver(row.pk) is False, "still claimed"
    later()
    bell.then = None
    assert deliver(row.pk) is True
    assert bell.seen == [1, 1]
    assert Event.objects.values("attempts", "done_at").get() == {"attempts": 2, "done_at": ANY}
