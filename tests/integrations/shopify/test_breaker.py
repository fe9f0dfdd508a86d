"""Breakers, of a store and of Shopify as a whole: two processes that share nothing but Redis."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Barrier, Event

import django
import pytest
from pytest_django import Settings

from integrations import errors
from integrations.shopify import breaker
from tests.integrations.redis_server import OwnRedis, own_redis

STORE = 17


@pytest.fixture
def redis(settings: Settings) -> Iterator[OwnRedis]:
    with own_redis(settings) as server:
        yield server


def call(store: int | None = STORE, raised: errors.IntegrationError | None = None) -> str:
    """What became of one call: answered, the error's code, or breaker_open because it never left."""
    try:
        with breaker.guarded(store):
            if raised:
                raise raised
        return "answered"
    except errors.IntegrationError as error:
        return error.code


def fail(times: int, store: int | None = STORE) -> list[str]:
    return [call(store, errors.TimedOut()) for _ in range(times)]


def answered(error: type[errors.IntegrationError], status: int) -> errors.IntegrationError:
    return error(status=status)


def test_it_opens_after_five_failures_and_says_for_how_long(redis: OwnRedis) -> None:
    assert fail(7) == ["timed_out"] * 5 + ["breaker_open"] * 2
    with pytest.raises(errors.BreakerOpen) as raised, breaker.guarded(STORE):
        pytest.fail("the call left")
    assert 0 < raised.value.retry_after <= 30
    assert not raised.value.permanent


@pytest.mark.parametrize(
    "broken",
    [errors.Unreachable(), errors.TimedOut(), *(answered(errors.VendorFailed, n) for n in (500, 502, 503, 520, 530))],
)
def test_what_means_that_the_other_side_is_broken(redis: OwnRedis, broken: errors.IntegrationError) -> None:
    for _ in range(breaker.FAILURES):
        call(raised=broken)
    assert call() == "breaker_open"


@pytest.mark.parametrize(
    "alive",
    [
        answered(errors.TokenRefused, 401),
        answered(errors.AccountFrozen, 402),
        answered(errors.RateLimited, 429),
        errors.VendorFailed(),  # one query's, told in a good answer
        errors.RateLimited(detail="budget"),
        errors.MalformedAnswer(),
        errors.RequestRefused(),
    ],
)
def test_what_does_not(redis: OwnRedis, alive: errors.IntegrationError) -> None:
    for _ in range(breaker.FAILURES * 2):
        call(raised=alive)
    assert call() == "answered"


def test_an_answer_in_between_starts_the_count_anew(redis: OwnRedis) -> None:
    fail(4)
    call(raised=answered(errors.TokenRefused, 401))
    fail(4)
    assert call() == "answered"


def test_a_suspicion_of_an_attack_opens_at_once_and_for_long(redis: OwnRedis) -> None:
    assert call(raised=errors.SecurityRejected(status=430)) == "security_rejected"
    with pytest.raises(errors.BreakerOpen) as raised, breaker.guarded(STORE):
        pytest.fail("the call left")
    assert raised.value.retry_after == pytest.approx(900, abs=5)
    fail(3)
    with pytest.raises(errors.BreakerOpen) as raised, breaker.guarded(STORE):
        pytest.fail("the call left")
    assert raised.value.retry_after == pytest.approx(900, abs=5)


def test_half_open_one_call_goes_and_closes_it(redis: OwnRedis) -> None:
    fail(5)
    redis.later(30)
    with breaker.guarded(STORE):
        assert [call() for _ in range(3)] == ["breaker_open"] * 3
    assert [call() for _ in range(3)] == ["answered"] * 3
    assert redis.client.keys("*store:17") == []


def test_a_probe_that_fails_opens_it_for_twice_as_long(redis: OwnRedis) -> None:
    fail(5)
    redis.later(30)
    assert fail(2) == ["timed_out", "breaker_open"]
    with pytest.raises(errors.BreakerOpen) as raised, breaker.guarded(STORE):
        pytest.fail("the call left")
    assert 30 < raised.value.retry_after <= 60
    for length in (60, 120, 240):
        redis.later(length)
        fail(1)
    with pytest.raises(errors.BreakerOpen) as raised, breaker.guarded(STORE):
        pytest.fail("the call left")
    assert 240 < raised.value.retry_after <= 300, "the longest"


def test_a_clock_that_was_set_back_keeps_nobody_out_for_longer_than_a_breaker_stays_open(redis: OwnRedis) -> None:
    fail(5)
    redis.later(-86_400)  # a day before it opened, by the clock as it is now
    assert call() == "answered"
    fail(5)
    assert call() == "breaker_open"


def test_a_probe_of_which_nothing_follows_leaves_the_way_to_the_next(redis: OwnRedis) -> None:
    fail(5)
    redis.later(30)
    with pytest.raises(ZeroDivisionError), breaker.guarded(STORE):
        raise ZeroDivisionError
    assert call() == "answered"


def test_a_probe_whose_process_died_is_given_up(redis: OwnRedis) -> None:
    fail(5)
    redis.later(30)
    assert breaker._enter(STORE)  # and never leaves
    assert call() == "breaker_open"
    redis.later(40)
    assert call() == "answered"


def test_calls_that_left_before_it_opened_do_not_hold_it_open(redis: OwnRedis) -> None:
    go, left = Event(), SimpleQueue[int]()

    def late() -> str:
        try:
            with breaker.guarded(STORE):
                left.put(1)
                go.wait(30)
                raise errors.TimedOut
        except errors.IntegrationError as error:
            return error.code

    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(late) for _ in range(6)]
        while left.qsize() < 6:
            time.sleep(0.01)
        fail(5)
        go.set()
        assert [job.result() for job in jobs] == ["timed_out"] * 6
    redis.later(30)
    assert call() == "answered"


# --- Shopify as a whole ---------------------------------------------------------------------------------------------
def test_one_store_that_fails_closes_no_other(redis: OwnRedis) -> None:
    fail(20, store=1)
    assert (call(1), call(2), call(None)) == ("breaker_open", "answered", "answered")


def test_when_several_stores_fail_nobody_is_asked(redis: OwnRedis) -> None:
    for store in (1, 2, 3):
        fail(1, store=store)
    assert [call(store) for store in (1, 4, None)] == ["breaker_open"] * 3
    redis.later(30)
    with breaker.guarded(4):
        assert [call(store) for store in (1, 5, None)] == ["breaker_open"] * 3
    assert [call(store) for store in (1, 5, None)] == ["answered"] * 3


def test_a_probe_that_fails_in_any_store_keeps_it_open(redis: OwnRedis) -> None:
    for store in (1, 2, 3):
        fail(1, store=store)
    redis.later(30)
    assert call(None, errors.TimedOut()) == "timed_out"
    assert call(4) == "breaker_open"


def test_a_few_broken_shops_among_many_that_answer_are_not_shopify(redis: OwnRedis) -> None:
    for store in range(10, 20):
        call(store)
    for store in range(1, 9):
        fail(2, store=store)
    assert call(99) == "answered"


def test_failures_that_lie_a_minute_apart_are_not_shopify(redis: OwnRedis) -> None:
    for store in (1, 2, 3, 4):
        fail(1, store=store)
        redis.later(45)
    assert call(5) == "answered"


def test_without_redis_every_call_is_allowed(redis: OwnRedis) -> None:
    fail(5)
    redis.stop()
    assert fail(10) == ["timed_out"] * 10
    assert call() == "answered"


def test_an_emptied_redis_is_a_closed_breaker(redis: OwnRedis) -> None:
    fail(5)
    redis.client.flushall()
    assert call() == "answered"


def test_keys_hold_numbers_of_stores_and_expire(redis: OwnRedis) -> None:
    for store in (1, 2, 3):
        fail(5, store=store)
    call(None, errors.SecurityRejected(status=430))
    redis.client.flushall()
    call(4)
    fail(4, store=5)
    call(6, errors.SecurityRejected(status=430))
    for key in redis.client.scan_iter():
        assert redis.client.pttl(key) > 0, key
        if redis.client.type(key) == b"zset":
            assert all(member.isdigit() for member in redis.client.zrange(key, 0, -1))


# --- Across processes -----------------------------------------------------------------------------------------------
def _begin(address: str, prefix: str, barrier: Barrier) -> None:
    """A process of its own, which shares Redis with the others and nothing else."""
    global _together
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - after setup

    settings.REDIS_URL, settings.REDIS_KEY_PREFIX = address, prefix
    _together = barrier


def _job(work: Callable[..., object], *arguments: object) -> object:
    _together.wait(20)  # so that each process takes one
    return work(*arguments)


def _slow_call(seconds: float) -> str:
    try:
        with breaker.guarded(STORE):
            time.sleep(seconds)
        return "answered"
    except errors.BreakerOpen:
        return "breaker_open"


def test_two_processes_have_one_breaker_and_one_probe(redis: OwnRedis, settings: Settings) -> None:
    context = multiprocessing.get_context("spawn")
    shared = (redis.address, settings.REDIS_KEY_PREFIX, context.Barrier(2))
    with ProcessPoolExecutor(2, mp_context=context, initializer=_begin, initargs=shared) as pool:

        def both(work: Callable[..., object], *arguments: object) -> list[object]:
            return [job.result() for job in [pool.submit(_job, work, *arguments) for _ in range(2)]]

        codes = [code for codes in both(fail, 3) for code in codes]  # type: ignore[attr-defined]
        assert codes.count("timed_out") >= 5
        assert both(call) == ["breaker_open"] * 2, "three failures here and two there"
        for _ in range(3):
            fail(5)
            redis.later(30)
            assert sorted(map(str, both(_slow_call, 0.5))) == ["answered", "breaker_open"]
            assert both(call) == ["answered"] * 2
