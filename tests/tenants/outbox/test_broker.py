"""The broker may hang, refuse, forget or be away: nobody waits for it, and nothing depends on it."""

import socket
import time
from collections.abc import Iterator

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import transaction

from tenants.outbox import events
from tenants.outbox.delivery import sweep
from tenants.outbox.events import poke, publish
from tenants.outbox.models import Event
from tests.tenants.outbox.conftest import Rang, Ringer, broker_at, later


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Somebody listens and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        yield int(listener.getsockname()[1])


@pytest.fixture
def valkey() -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushall()
    yield client
    client.close()


def waiting(valkey: redis.Redis, queue: str) -> int:
    return int(valkey.llen(f"{settings.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']}{queue}"))  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_a_poke_leaves_after_commit_and_not_before(bell: Ringer, valkey: redis.Redis) -> None:
    with transaction.atomic():
        publish(Rang(bell=1))
        assert waiting(valkey, "background") == 0
    assert waiting(valkey, "background") == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_that_was_undone_pokes_nobody(bell: Ringer, valkey: redis.Redis) -> None:
    with transaction.atomic():
        publish(Rang(bell=1))
        transaction.set_rollback(True)
    assert waiting(valkey, "background") == 0


@pytest.mark.django_db(transaction=True)
def test_a_poke_holds_the_number_of_the_row_and_nothing_else(bell: Ringer, valkey: redis.Redis) -> None:
    with transaction.atomic():
        publish(Rang(bell=123_456_789))
    (message,) = valkey.lrange(f"{settings.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']}background", 0, -1)
    assert b"123456789" not in message
    assert b"Rang" not in message


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_away_the_change_is_kept_and_nobody_waits(bell: Ringer, closed_port: int) -> None:
    started = time.monotonic()
    with broker_at(f"redis://127.0.0.1:{closed_port}/0"), transaction.atomic():
        publish(Rang(bell=1))
    assert time.monotonic() - started < 1.9  # kombu's own pause before it gives up is 2 s
    assert Event.objects.filter(done_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_silent_the_change_is_kept_and_the_wait_is_short(bell: Ringer, silent_port: int) -> None:
    started = time.monotonic()
    with broker_at(f"redis://127.0.0.1:{silent_port}/0"), transaction.atomic():
        publish(Rang(bell=1))
    assert time.monotonic() - started < 10
    assert Event.objects.filter(done_at=None).count() == 1


def test_after_one_failed_poke_the_next_ones_cost_nothing_for_a_while(
    silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try would cost the socket's two seconds."""
    with broker_at(f"redis://127.0.0.1:{silent_port}/0"):
        assert poke(1, "background") is False
        started = time.monotonic()
        assert [poke(number, "background") for number in range(10)] == [False] * 10
        assert time.monotonic() - started < 2
    monkeypatch.setattr(events, "_pause_until", time.monotonic() - 1)
    assert poke(1, "background") is True


def test_a_wrong_password_is_a_broker_away(valkey: redis.Redis) -> None:
    host = settings.REDIS_URL.rpartition("@")[2]
    with broker_at(f"redis://:wrong@{host}"):
        assert poke(1, "background") is False


def test_a_broker_that_is_full_or_read_only_is_a_broker_away(valkey: redis.Redis) -> None:
    valkey.config_set("maxmemory", "1")
    try:
        assert poke(1, "background") is False
    finally:
        valkey.config_set("maxmemory", "0")


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_forgot_everything_is_poked_again(bell: Ringer, valkey: redis.Redis) -> None:
    """FLUSHALL takes the queue's bindings too, which this process believes it has declared."""
    with transaction.atomic():
        publish(Rang(bell=1))
    valkey.flushall()
    assert waiting(valkey, "background") == 0
    with transaction.atomic():
        publish(Rang(bell=2))
    assert waiting(valkey, "background") == 1
    later()
    assert sweep() == 2
    assert waiting(valkey, "background") == 3


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_was_restarted_is_poked_again(bell: Ringer, valkey: redis.Redis) -> None:
    assert poke(1, "background") is True
    valkey.client_kill_filter(_type="normal", skipme=True)
    assert poke(2, "background") is True or poke(2, "background") is False
    events._pause_until = 0.0
    assert poke(3, "background") is True


def test_messages_are_json_and_nothing_else_is_accepted() -> None:
    assert current_app.conf.task_serializer == "json"
    assert list(current_app.conf.accept_content) == ["json"]
