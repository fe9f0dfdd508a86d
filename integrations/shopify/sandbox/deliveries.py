"""Hands webhooks over in the background: retries by the sandbox's clock, and disorder on demand.

Shopify does not keep the order, may deliver twice, and gives up after eight retries in four hours; a subscription that
was made by the API is then deleted (shopify.dev webhooks, read 2026-11-22).
"""

import heapq
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from integrations.shopify.sandbox.clients import ClientBook
from integrations.shopify.sandbox.clock import Clock
from integrations.shopify.sandbox.delivery import Delivery
from integrations.shopify.sandbox.posting import post

# Enough for any test run; a demo left open for weeks must not grow without end.
KEPT = 100_000


class Deliverer:
    """The queue and its threads, which start with the first delivery. `gave_up` is told of each delivery that failed."""

    def __init__(
        self,
        clock: Clock,
        clients: ClientBook,
        *,
        installed: Callable[[str, str], bool],
        gave_up: Callable[[Delivery], None],
        changed: Callable[[], None] = lambda: None,
        workers: int = 1,
    ) -> None:
        self._clock, self._clients = clock, clients
        self._installed, self._gave_up, self._changed = installed, gave_up, changed
        self._workers = workers
        self._wake = threading.Condition()
        self._later: list[tuple[datetime, int, Delivery]] = []
        self._ready: deque[Delivery] = deque()
        self._order = itertools.count()
        self._log: deque[Delivery] = deque(maxlen=KEPT)
        self._busy = 0
        self._held = self._closed = self._started = False
        self._duplicate = self._lose = 0.0
        self._shuffle = False
        self._dice = random.Random(1)
        clock.on_move(self._nudge)

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Queue them; by the disorder that is set, some twice and some not at all."""
        with self._wake:
            for delivery in deliveries:
                self._log.append(delivery)
                if self._dice.random() < self._lose:
                    delivery.outcome = "lost"
                    continue
                self._queue(delivery)
                if self._dice.random() < self._duplicate:
                    twin = replace(delivery, duplicate=True, attempts=[])
                    self._log.append(twin)
                    self._queue(twin)
            self._start()
            self._wake.notify_all()
        self._changed()

    def disorder(self, *, duplicate: float = 0.0, lose: float = 0.0, shuffle: bool = False, seed: int = 1) -> None:
        """From now on: a share is delivered twice or never, and what waits leaves in any order. The seed repeats it."""
        with self._wake:
            self._duplicate, self._lose, self._shuffle = duplicate, lose, shuffle
            self._dice = random.Random(seed)

    def hold(self) -> None:
        """Queue, but hand nothing over until `release`."""
        with self._wake:
            self._held = True

    def release(self) -> None:
        with self._wake:
            self._held = False
            self._wake.notify_all()

    def drain(self, timeout: float = 30.0) -> None:
        """Wait until nothing that is due is left; later retries do not count. Raises TimeoutError."""
        self.release()
        ends = time.monotonic() + timeout
        with self._wake:
            while self._busy or self._is_due():
                left = ends - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{len(self._ready)} deliveries still wait")
                self._wake.wait(min(left, 0.5))

    def rows(self, last: int = KEPT) -> list[dict[str, Any]]:
        """The log, oldest first."""
        with self._wake:
            return [delivery.row() for delivery in list(self._log)[-last:]]

    def status(self) -> dict[str, Any]:
        with self._wake:
            return {
                "waiting": len(self._later) + len(self._ready),
                "held": self._held,
                "duplicate": self._duplicate,
                "lose": self._lose,
                "shuffle": self._shuffle,
            }

    def clear(self) -> None:
        """Forget the log; what waits still goes out."""
        with self._wake:
            self._log.clear()

    def dump(self) -> list[dict[str, Any]]:
        with self._wake:
            return [delivery.row() for delivery in (*self._ready, *(entry[2] for entry in self._later))]

    def restore(self, rows: Iterable[Mapping[str, Any]]) -> None:
        kept = [Delivery(**row) for row in rows]
        with self._wake:
            self._log = deque(kept, maxlen=KEPT)
            for delivery in kept:
                self._queue(delivery)
                self._start()

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify_all()

    def _nudge(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _start(self) -> None:
        if not self._started:
            self._started = True
            for _ in range(self._workers):
                threading.Thread(target=self._work, daemon=True).start()

    def _queue(self, delivery: Delivery) -> None:
        heapq.heappush(self._later, (delivery.due, next(self._order), delivery))

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._closed and (self._held or not self._is_due()):
                    self._wake.wait(self._nap())
                if self._closed:
                    return
                if self._shuffle:
                    self._ready.rotate(self._dice.randrange(len(self._ready)))
                delivery = self._ready.popleft()
                self._busy += 1
            try:
                self._attempt(delivery)
            finally:
                with self._wake:
                    self._busy -= 1
                    self._wake.notify_all()

    def _is_due(self) -> bool:
        now = self._clock.now()
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])
        return bool(self._ready)

    def _nap(self) -> float | None:
        """Until the next one is due; the clock's moves wake us earlier."""
        if self._held or not self._later:
            return None
        return max(0.01, min((self._later[0][0] - self._clock.now()) / timedelta(seconds=1), 60.0))

    def _attempt(self, delivery: Delivery) -> None:
        client = self._clients.find(delivery.client_id)
        if client is None or (delivery.only_if_uninstalled and self._installed(delivery.shop, delivery.client_id)):
            delivery.outcome = "dropped"
            self._changed()
            return
        status, error = post(delivery.uri, delivery.body.encode(), delivery.headers(client))
        delivery.attempted(self._clock.now(), status, error)
        if delivery.outcome == "waiting":
            with self._wake:
                self._queue(delivery)
        elif delivery.outcome == "failed":
            self._gave_up(delivery)
        self._changed()
