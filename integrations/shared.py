"""What all processes know of the outside world together, in Redis: a few numbers, changed by scripts that run there.

One script is one round trip and one step that nothing comes between; time in it is the server's. Redis may be away, full,
or empty again at any moment: `run` then answers None, and whoever asks goes on as if nothing were known. Keys begin with
the installation's prefix, hold the id of a row and nothing of anybody's data, and expire.
"""

import logging
import time
from collections.abc import Sequence
from functools import lru_cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger("versana.integrations")

# Our own machine or the one beside it: what takes longer is not coming.
TIMEOUT_SECONDS = 0.5
# After a failure this process does not try again for so long, or each call would wait for the timeout.
PAUSE_SECONDS = 5.0
_pause_until: dict[str, float] = {}


def key(*parts: object) -> str:
    """`<prefix>shared:<part>:<part>`."""
    return ":".join([f"{settings.REDIS_KEY_PREFIX}shared", *map(str, parts)])


def run(source: str, *, keys: Sequence[str], arguments: Sequence[object]) -> list[int] | None:
    """The whole numbers that the script returns, or None while Redis is away."""
    address = settings.REDIS_URL
    if time.monotonic() < _pause_until.get(address, 0.0):
        return None
    try:
        answer = _script(address, source)(keys=keys, args=[str(argument) for argument in arguments])
    except (RedisError, OSError) as error:
        _pause_until[address] = time.monotonic() + PAUSE_SECONDS
        log.warning("redis away: %s", type(error).__name__)
        return None
    return [int(number) for number in answer]


def try_again() -> None:
    """Ask Redis at the next call, even if it was away a moment ago."""
    _pause_until.clear()


@lru_cache(maxsize=8)
def _server(address: str) -> Redis:
    """One pool a process; redis-py makes a new one after a fork. One retry, for a connection that a restart has cut."""
    return Redis.from_url(
        address,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )


@lru_cache(maxsize=32)
def _script(address: str, source: str) -> Script:
    """Sent once and called by its hash; redis-py sends it again where a server does not know it."""
    return _server(address).register_script(source)
