"""The sandbox's own clock: starts at the store file's time, ticks, and can be moved.

Orders age and tokens expire by it. Only the OAuth callback's `timestamp` and the throttle use the machine's clock,
because the app judges the first by its own clock and the second is about real load.
"""

import threading
import time
from datetime import UTC, datetime, timedelta


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
        self.set(start or datetime.now(UTC))

    def now(self) -> datetime:
        with self._lock:
            return self._start + timedelta(seconds=time.monotonic() - self._started)

    def set(self, moment: datetime) -> None:
        with self._lock:
            self._start = moment
            self._started = time.monotonic()
