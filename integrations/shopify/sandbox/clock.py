"""The sandbox's own clock: starts at the store file's time, ticks, and can be moved.

Orders age and tokens expire by it. Only the OAuth callback's `timestamp` and the throttle use the machine's clock,
because the app judges the first by its own clock and the second is about real load.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any


def parse_time(text: str) -> datetime:
    """Read an ISO time; a time without a zone is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def format_time(moment: datetime) -> str:
    """Write a time as Shopify does: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Clock:
    """A clock that runs at normal speed from a time of our choice."""

    def __init__(self, start: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self.moved = timedelta(0)
        self._start, self._started = start or datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        with self._lock:
            return self._start + timedelta(seconds=time.monotonic() - self._started)

    def set(self, moment: datetime) -> None:
        """Raises ValueError for a time so far away that later ones could not be written."""
        if not 1970 <= moment.year <= 2200:
            raise ValueError("The clock goes from 1970 to 2200.")
        before = self.now()
        with self._lock:
            self.moved += moment - before
            self._start = moment
            self._started = time.monotonic()
        for listener in self._listeners:
            listener()

    def advance(self, length: timedelta) -> None:
        self.set(self.now() + length)

    def restore(self, kept: Mapping[str, Any], *, from_file: bool) -> None:
        """Go on after a restart: a clock that started at a file's time never goes back, another keeps its distance."""
        now, self.moved = parse_time(kept["now"]), timedelta(seconds=kept["moved"])
        self._start = max(self._start, now) if from_file else self._start + self.moved

    def dump(self) -> dict[str, Any]:
        return {"now": self.now().isoformat(), "moved": self.moved.total_seconds()}

    def on_move(self, listener: Callable[[], None]) -> None:
        """Be told whenever the clock is moved: what was to happen later may be due now."""
        self._listeners.append(listener)
