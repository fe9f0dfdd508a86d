"""A Redis of a test's own: to be stopped, silenced and emptied without harm to others."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

from redis import Redis

from integrations import shared
from versana.devservices import valkey


class OwnRedis:
    """Started when it is made; `stop()` may come before the end."""

    def __init__(self, stack: ExitStack, settings: object) -> None:
        self._stack = stack
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = valkey.running(password="throw-away", log=place / "log", work=place / "work")
        self.address = stack.enter_context(server)
        self.client = Redis.from_url(self.address)
        stack.callback(self.client.close)
        settings.REDIS_URL = self.address  # type: ignore[attr-defined]
        shared.try_again()

    def stop(self) -> None:
        self._stack.close()

    def held(self) -> dict[str, str]:
        """The store's bucket, as it stands."""
        (name,) = self.client.keys("*:bucket")
        return {field.decode(): value.decode() for field, value in self.client.hgetall(name).items()}

    def later(self, seconds: float) -> None:
        """As if so much time had passed for the breakers: what they hold of moments lies further back."""
        shift = -int(seconds * 1000)
        for key in self.client.scan_iter("*:breaker:*"):
            if self.client.type(key) == b"zset":
                for store in self.client.zrange(key, 0, -1):
                    self.client.zincrby(key, shift, store)
            else:
                for field in {b"until", b"probe"} & set(self.client.hkeys(key)):
                    self.client.hincrby(key, field, shift)

    @contextmanager
    def emptied_every(self, seconds: float) -> Iterator[None]:
        """FLUSHALL again and again until the block ends."""
        done = Event()

        def empty() -> None:
            while not done.wait(seconds):
                self.client.flushall()

        thread = Thread(target=empty)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@contextmanager
def own_redis(settings: object) -> Iterator[OwnRedis]:
    with ExitStack() as stack:
        yield OwnRedis(stack, settings)
