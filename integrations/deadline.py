"""Two limits: on a whole HTTP exchange, which neither requests nor urllib3 has, and on all that one task asks.

Their read timeout starts anew with every byte, so a server that drips bytes holds a worker for ever. A `Deadline` knows the
socket of the request that its thread has under way and shuts it when the time is over; the blocked read then fails.

`within` says by when a block must be done with asking, and `left` how much of that there is: whoever waits in it waits no
longer, and the door (http.py) begins no exchange that could outlast it. So the block ends in time by construction,
whatever is tried again, waited for or renewed in it.
"""

import contextlib
import math
import socket
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from types import TracebackType
from typing import Final, Self

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

EXCHANGE: Final = 12.0  # what one exchange takes at most, in seconds
_thread = threading.local()
_ends: ContextVar[float] = ContextVar("ends", default=math.inf)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """A block that asks, and waits to ask, for so many seconds at most. Of a block within a block the earlier end counts."""
    before = _ends.set(min(_ends.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends.reset(before)


def left() -> float:
    """Seconds that are left of the innermost block; infinitely many outside of one."""
    return _ends.get() - time.monotonic()


class Deadline:
    """`with Deadline(12) as deadline:` around one exchange; afterwards `deadline.passed` tells whether it was cut off."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._over = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _thread.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._over = True
            self._socket = None
        self._timer.cancel()
        _thread.deadline = None

    def watch(self, connection: HTTPConnection) -> None:
        """Called when a connection starts to wait. Time spent resolving and connecting counts too."""
        with self._lock:
            self._socket = connection.sock
            if self.passed:
                self._cut()

    def _expire(self) -> None:
        with self._lock:
            if not self._over:
                self.passed = True
                self._cut()

    def _cut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # It may be closed already.
                # The plain socket's method: that of SSLSocket also takes the TLS state away under the reader's hands.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Watched(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # As urllib3 itself has it.
        # Here, because http.client forgets the socket of an answer that says "Connection: close".
        deadline: Deadline | None = getattr(_thread, "deadline", None)
        if deadline is not None:
            deadline.watch(self)
        return super().getresponse()


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _WatchedPool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _WatchedTLSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


POOLS: Final = {"http": _WatchedPool, "https": _WatchedTLSPool}
