"""The record of API calls: who asked what, with which outcome. Never a token, an address or a body."""

import json
import threading
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# Enough for any test run; a demo left open for weeks must not grow without end.
KEPT = 100_000


@dataclass(frozen=True)
class Call:
    """One API call. `kind` is token (a code), refresh, exchange or graphql; `at` is when it came, by the machine.

    `fault` names the fault that hit it; the status is then the one that was sent, 0 if no answer was.
    """

    at: str
    shop: str
    kind: str
    operation: str | None
    status: int
    requested_cost: int | None
    error: str | None = None
    fault: str | None = None


class CallLog:
    """Calls in memory, and one JSON line per call in a file if one is named."""

    def __init__(self, path: Path | None = None) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._path = path

    def add(
        self,
        *,
        shop: str,
        kind: str,
        status: int,
        operation: str | None = None,
        cost: int | None = None,
        error: str | None = None,
        fault: str | None = None,
        at: datetime | None = None,
    ) -> None:
        call = Call(
            at=(at or datetime.now(UTC)).isoformat(timespec="milliseconds"),
            shop=shop,
            kind=kind,
            operation=operation,
            status=status,
            requested_cost=cost,
            error=error,
            fault=fault,
        )
        with self._lock:
            self._calls.append(call)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(call)) + "\n")

    def rows(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(call) for call in self._calls]

    def last(self, count: int) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(call) for call in list(self._calls)[-count:]]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
