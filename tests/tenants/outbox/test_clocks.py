"""Clocks that differ: the machine of a web process or a worker is an hour ahead of the database's, or behind it."""

import pytest
from django.db.models import F
from django.db.models.functions import Now

from tenants.outbox import delivery, events
from tenants.outbox.models import Event
from tests.clocks import HOURS, Skew, clock
from tests.tenants.outbox.conftest import Rang, Ringer

__all__ = ["clock"]  # a fixture
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unpoked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker is away: only the sweep finds what is due."""
    monkeypatch.setattr(events, "_pause_until", float("inf"))


def due_in(row: Event) -> float:
    """Seconds, by the database's clock."""
    left = Event.objects.filter(pk=row.pk).annotate(left=F("next_run_at") - Now()).values_list("left", flat=True).get()
    return float(left.total_seconds())


@HOURS
def test_an_event_of_a_web_process_with_another_clock_is_swept_in_time(
    hours: float,
    clock: Skew,
    bell: Ringer,
    unpoked: None,
) -> None:
    clock(hours)
    events.publish(Rang(bell=1))
    assert 0 < due_in(Event.objects.get()) <= events.POKE_GRACE.total_seconds()


@HOURS
def test_a_worker_with_another_clock_takes_nothing_out_of_anothers_hands(
    hours: float,
    clock: Skew,
    bell: Ringer,
    unpoked: None,
) -> None:
    events.publish(Rang(bell=1))
    event = Event.objects.get()

    def meanwhile(_: Rang) -> None:
        clock(hours)
        assert not delivery.deliver(event.pk)

    bell.then = meanwhile
    assert delivery.deliver(event.pk)
    assert bell.seen == [1]


@HOURS
def test_what_a_worker_with_another_clock_dropped_is_tried_again_in_minutes(
    hours: float,
    clock: Skew,
    bell: Ringer,
    unpoked: None,
) -> None:
    """It was killed in the middle: the claim ends when it should, and not an hour later."""
    clock(hours)
    events.publish(Rang(bell=1))
    assert delivery._claim(Event.objects.get().pk)
    assert 0 < due_in(Event.objects.get()) <= delivery.CLAIM.total_seconds()


@HOURS
def test_a_failure_at_a_worker_with_another_clock_waits_its_seconds(
    hours: float,
    clock: Skew,
    bell: Ringer,
    unpoked: None,
) -> None:
    def fail(_: Rang) -> None:
        raise RuntimeError

    clock(hours)
    bell.then = fail
    events.publish(Rang(bell=1))
    assert not delivery.deliver(Event.objects.get().pk)
    assert 0 < due_in(Event.objects.get()) <= 2


@HOURS
def test_what_is_done_is_kept_its_day_whoever_tidies(hours: float, clock: Skew, bell: Ringer, unpoked: None) -> None:
    events.publish(Rang(bell=1))
    assert delivery.deliver(Event.objects.get().pk)
    clock(25 * hours)
    assert delivery.tidy() == 0
