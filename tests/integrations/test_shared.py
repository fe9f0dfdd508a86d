"""What processes share by Redis, and what they do without it."""

import socket
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from integrations import shared
from tests.integrations.redis_server import OwnRedis, own_redis

COUNT = "local n = redis.call('INCR', KEYS[1]) redis.call('PEXPIRE', KEYS[1], 60000) return {n}"


@pytest.fixture
def redis(settings: Settings) -> Iterator[OwnRedis]:
    with own_redis(settings) as server:
        yield server


def count() -> list[int] | None:
    return shared.run(COUNT, keys=[shared.key("count", 7)], arguments=[])


def test_a_script_is_one_step_under_the_prefix_of_the_installation(redis: OwnRedis, settings: Settings) -> None:
    settings.REDIS_KEY_PREFIX = "shop-talk:"
    assert [count(), count()] == [[1], [2]]
    assert [key.decode() for key in redis.client.scan_iter()] == ["shop-talk:shared:count:7"]


def test_a_server_that_forgot_scripts_and_numbers_is_told_them_again(redis: OwnRedis) -> None:
    count()
    redis.client.flushall()
    redis.client.script_flush()
    assert count() == [1]


def test_a_connection_that_the_server_cut_is_made_anew(redis: OwnRedis) -> None:
    count()
    redis.client.client_kill_filter(_type="normal", skipme=True)
    assert count() == [2]


def test_a_server_that_is_gone_knows_nothing_and_is_left_alone_for_a_while(redis: OwnRedis) -> None:
    count()
    redis.stop()
    assert count() is None
    with socket.create_server(("127.0.0.1", _port(redis.address))) as listener:
        listener.settimeout(0.3)
        assert count() is None
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_server_that_is_silent_is_one_that_is_away(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert count() is None


def test_a_server_that_takes_no_writes_is_one_that_is_away(redis: OwnRedis) -> None:
    redis.client.config_set("maxmemory", "1")
    assert count() is None


def test_a_wrong_password_is_a_server_that_is_away(redis: OwnRedis, settings: Settings) -> None:
    settings.REDIS_URL = redis.address.replace("throw-away", "wrong")
    assert count() is None


def _port(address: str) -> int:
    return int(address.rpartition(":")[2].partition("/")[0])
