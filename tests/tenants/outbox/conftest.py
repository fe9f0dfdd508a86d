"""Events of these tests' own, with handlers that can be told what to do."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from celery import current_app
from django.utils import timezone
from pytest_django import Settings

from tenants.outbox import events
from tenants.outbox.models import Event


@dataclass(frozen=True, slots=True)
class Rang:
    """A bell was rung."""

    bell: int
    queue: ClassVar[str] = "background"


@dataclass
class Ringer:
    """What the handlers saw, and what they are to do."""

    seen: list[int] = field(default_factory=list)
    then: Callable[[Rang], None] | None = None


ringer = Ringer()


def first(event: Rang) -> None:
    ringer.seen.append(event.bell)
    if ringer.then:
        ringer.then(event)


def second(event: Rang) -> None:
    ringer.seen.append(event.bell + 1000)


@pytest.fixture
def bell(settings: Settings) -> Ringer:
    """The handler of `Rang`, listed in the settings as a real one is."""
    settings.EVENT_HANDLERS = {**settings.EVENT_HANDLERS, f"{__name__}.Rang": [f"{__name__}.first"]}
    ringer.seen, ringer.then = [], None
    return ringer


@pytest.fixture(autouse=True)
def _broker_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_pause_until", 0.0)


@contextmanager
def broker_at(url: str) -> Iterator[None]:
    """The application with another broker. Connections in its pools are dropped before and after."""
    original = current_app.conf.broker_url
    try:
        current_app.conf.broker_url = url
        current_app._after_fork()
        yield
    finally:
        current_app.conf.broker_url = original
        current_app._after_fork()


def later(**only: object) -> None:
    """Minutes pass: whatever an event waits for is over."""
    Event.objects.filter(done_at=None, **only).update(next_run_at=timezone.now(), held_until=None)


def waited(until: Callable[[], bool], *, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if until():
            return True
        time.sleep(0.05)
    return until()
