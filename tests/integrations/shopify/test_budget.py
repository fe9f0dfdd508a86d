"""The points of one store, shared by all who ask it. Real Redis, real clocks; how long something took is never asserted."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from integrations import errors, shared
from integrations.shopify import budget, costs
from integrations.shopify.budget import Grant, Priority
from tests.integrations.redis_server import OwnRedis, own_redis

STORE = 17
PERSON, BACKGROUND = Priority.INTERACTIVE, Priority.BACKGROUND


@pytest.fixture
def redis(settings: Settings) -> Iterator[OwnRedis]:
    with own_redis(settings) as server:
        yield server


def take(cost: int = 100, *, priority: Priority = PERSON, patience: float = 0.0) -> Grant:
    return budget.take(STORE, cost=cost, priority=priority, patience=patience)


def refused(cost: int = 100, *, priority: Priority = PERSON, patience: float = 0.0) -> bool:
    with pytest.raises(errors.RateLimited) as raised:
        take(cost, priority=priority, patience=patience)
    return raised.value.detail == "budget"


def says(available: float, *, maximum: float = 2000.0, rate: float = 100.0) -> costs.Cost:
    return costs.Cost(requested=100, actual=100, maximum=maximum, available=available, rate=rate)


def known(available: float, **plan: float) -> None:
    """A bucket of which Shopify has just said how much it holds."""
    budget.settle(take(), used=100, cost=says(available, **plan))


def held(redis: OwnRedis) -> float:
    return float(redis.held()["available"])


def test_a_store_that_was_never_asked_gets_one_call_and_then_waits_for_its_answer(redis: OwnRedis) -> None:
    first = take(280)
    assert refused(280)
    budget.settle(first, used=30, cost=says(1970))
    assert [take(280).requested for _ in range(6)] == [280] * 6
    assert refused(280)


def test_a_clock_that_was_set_back_closes_no_store_for_longer_than_shopify_asks(redis: OwnRedis) -> None:
    known(1000)
    budget.settle(take(), used=0, pause=60)
    assert refused()
    (name,) = redis.client.keys("*:bucket")
    redis.client.hincrbyfloat(name, "closed", 86_400_000)
    assert take().requested == 100


def test_what_a_call_did_not_use_comes_back(redis: OwnRedis) -> None:
    known(400, rate=0.001)
    call = take(300)
    assert held(redis) == pytest.approx(100, abs=1)
    budget.settle(call, used=20)
    assert held(redis) == pytest.approx(380, abs=1)


def test_of_a_call_without_an_answer_nothing_comes_back(redis: OwnRedis) -> None:
    known(400, rate=0.001)
    budget.settle(take(300), used=None)
    assert held(redis) == pytest.approx(100, abs=1)


def test_a_store_of_a_larger_plan_says_so_itself(redis: OwnRedis) -> None:
    known(19_900, maximum=20_000, rate=1000)
    bucket = redis.held()
    assert (float(bucket["max"]), float(bucket["rate"])) == (20_000, 1000)
    assert [take(900).requested for _ in range(20)] == [900] * 20


def test_the_bucket_fills_by_the_servers_clock_up_to_its_size(redis: OwnRedis) -> None:
    known(0, maximum=500, rate=1000)
    assert refused(450)
    assert take(450, patience=5.0).requested == 450
    time.sleep(0.6)
    take(1, patience=1.0)
    assert held(redis) <= 500


def test_a_call_that_would_need_more_than_the_bucket_can_hold_does_not_wait_for_ever(redis: OwnRedis) -> None:
    known(200, maximum=300, rate=1000)
    assert take(300, priority=BACKGROUND, patience=3.0).requested == 300


def test_background_work_leaves_a_reserve_for_people(redis: OwnRedis) -> None:
    known(420, rate=0.001)
    assert refused(200, priority=BACKGROUND)
    assert take(200, priority=PERSON).requested == 200


def waiting(redis: OwnRedis, number: int) -> None:
    """Return when so many stand in the two queues."""
    while sum(redis.client.zcard(shared.key("budget", STORE, name)) for name in Priority) < number:
        time.sleep(0.01)


def queue_up(redis: OwnRedis, *those: tuple[str, int, Priority]) -> list[str]:
    """Let them come one after the other while nothing is left, then give points back little by little: the order of serving."""
    known(1000, rate=0.001)
    under_way = [take(150) for _ in range(6)]
    served: list[str] = []

    def wait(name: str, cost: int, priority: Priority) -> None:
        budget.take(STORE, cost=cost, priority=priority, patience=60.0)
        served.append(name)

    with ThreadPoolExecutor(len(those)) as pool:
        jobs = []
        for number, one in enumerate(those, start=1):
            jobs.append(pool.submit(wait, *one))
            waiting(redis, number)
        for number, grant in enumerate(under_way, start=1):
            budget.settle(grant, used=0)
            while len(served) < min(number, sum(priority == PERSON for *_, priority in those)):
                time.sleep(0.01)
        for job in jobs:
            job.result()
    return served


def test_a_person_who_comes_last_goes_before_all_the_background(redis: OwnRedis) -> None:
    served = queue_up(redis, *[(f"task {n}", 100, BACKGROUND) for n in range(3)], ("person", 150, PERSON))
    assert served[0] == "person"
    assert len(served) == 4


def test_those_who_wait_are_served_in_the_order_in_which_they_came(redis: OwnRedis) -> None:
    assert queue_up(redis, *[(str(n), 150, PERSON) for n in range(5)]) == list("01234")


def test_a_small_call_does_not_slip_past_a_large_one_that_waits(redis: OwnRedis) -> None:
    known(400, rate=0.001)
    assert budget._ask(STORE, "large", cost=900, priority=PERSON) > 0
    assert refused(50)


def test_a_waiter_that_died_blocks_nobody_for_long(redis: OwnRedis) -> None:
    known(1000)
    assert budget._ask(STORE, "soon dead", cost=1000, priority=PERSON) > 0  # and never comes back
    assert refused(50)
    assert take(50, patience=10.0).requested == 50
    assert redis.client.keys("*:tickets") == []


def test_a_waiter_that_gives_up_leaves_at_once(redis: OwnRedis) -> None:
    known(200, rate=0.001)
    assert refused(900)
    assert take(100).requested == 100


def test_a_worker_that_died_under_way_is_forgotten(redis: OwnRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    known(900, rate=0.001)
    monkeypatch.setattr(budget, "_FLIGHT_MS", 1)
    take(300)
    monkeypatch.undo()
    time.sleep(0.01)
    budget.settle(take(100), used=100, cost=says(800))
    assert held(redis) == pytest.approx(800, abs=1), "nothing is kept back for the dead one"


def test_shopify_knows_better_when_it_has_less(redis: OwnRedis) -> None:
    known(1500, rate=0.001)
    budget.settle(take(100), used=100, cost=says(40, rate=0.001))
    assert held(redis) == pytest.approx(40, abs=1)


def test_what_others_have_under_way_is_not_given_out_twice(redis: OwnRedis) -> None:
    known(1000, rate=0.001)
    mine, other = take(300), take(300)
    # Answered before the other one arrived there: its points are still to be taken.
    budget.settle(mine, used=300, cost=says(700, rate=0.001))
    assert held(redis) == pytest.approx(400, abs=1)
    budget.settle(other, used=0, cost=says(700, rate=0.001))
    assert held(redis) == pytest.approx(700, abs=1)


def test_an_old_answer_that_comes_late_does_not_bring_back_what_was_spent_since(redis: OwnRedis) -> None:
    known(1000, rate=0.001)
    slow = take(100)
    quick = take(300)
    budget.settle(quick, used=300, cost=says(600, rate=0.001))
    budget.settle(slow, used=100, cost=says(900, rate=0.001))  # measured before the quick one was charged
    assert held(redis) == pytest.approx(600, abs=1)


def test_a_wish_to_be_left_alone_binds_every_process(redis: OwnRedis) -> None:
    known(1500)
    budget.settle(take(100), used=0, pause=0.8)
    assert refused(100)
    assert refused(100, priority=BACKGROUND)
    assert take(100, patience=5.0).requested == 100


def test_stores_do_not_share(redis: OwnRedis) -> None:
    known(0, rate=0.001)
    assert refused()
    assert budget.take(STORE + 1, cost=100, priority=PERSON, patience=0.0).requested == 100


def test_keys_name_the_store_and_expire(redis: OwnRedis, settings: Settings) -> None:
    settings.REDIS_KEY_PREFIX = "shop-talk:"
    known(200, rate=0.001)
    take(50)
    assert refused(900)
    budget._ask(STORE, "waiting", cost=900, priority=BACKGROUND)
    keys = {key.decode() for key in redis.client.scan_iter()}
    names = ("bucket", "background", "tickets", "flights")
    assert keys == {f"shop-talk:shared:budget:17:{name}" for name in names}
    assert all(0 < redis.client.pttl(key) <= budget._KEPT_MS for key in keys)


def test_without_redis_calls_are_allowed(redis: OwnRedis) -> None:
    known(0, rate=0.001)
    redis.stop()
    calls = [take(1000) for _ in range(20)]
    for call in calls:
        budget.settle(call, used=10, cost=says(1))
    assert {call.requested for call in calls} == {1000}


def test_an_emptied_redis_starts_again_with_one_call(redis: OwnRedis) -> None:
    known(1000)
    before = take(300)
    redis.client.flushall()
    budget.settle(before, used=300, cost=says(700))  # of a bucket that nobody knows any more
    call = take(300)
    assert refused(300)
    budget.settle(call, used=50, cost=says(650))
    assert held(redis) == pytest.approx(650, abs=30)


def test_a_call_from_before_redis_was_emptied_may_only_lower_what_is_known(redis: OwnRedis) -> None:
    known(1000, rate=0.001)
    before = take(300)
    redis.client.flushall()
    known(500, rate=0.001)
    budget.settle(before, used=300, cost=says(900, rate=0.001))
    assert held(redis) == pytest.approx(500, abs=1)


@pytest.mark.parametrize(
    "cost", [costs.UNKNOWN, says(-50), says(1e9), costs.Cost(available=5.0, maximum=0.0, rate=-1.0)]
)
def test_whatever_shopify_says_the_bucket_stays_one(redis: OwnRedis, cost: costs.Cost) -> None:
    budget.settle(take(), used=100, cost=cost)
    assert -1e6 <= held(redis) <= float(redis.held()["max"])


class Shopify:
    """A bucket as Shopify keeps it, in a time of its own."""

    def __init__(self, points: float) -> None:
        self.points = points

    def charge(self, cost: int, actual: int) -> costs.Cost | None:
        if self.points < cost:
            return None
        self.points -= actual
        return says(self.points, rate=0.001)


# A call is taken, arrives at Shopify, and its answer arrives here: three moments, in any order among calls.
CALLS = st.lists(st.tuples(st.integers(1, 400), st.floats(0, 1)), min_size=1, max_size=12)


@given(calls=CALLS, start=st.integers(100, 2000), chance=st.randoms(use_true_random=False))
@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_call_that_was_granted_is_refused_there_whatever_order_answers_come_in(
    redis: OwnRedis, calls: list[tuple[int, float]], start: int, chance: object
) -> None:
    redis.client.flushall()
    known(start, rate=0.001)
    there, waiting = Shopify(start), list(calls)
    leaving: list[tuple[Grant, int]] = []
    answered: list[tuple[Grant, int, costs.Cost]] = []
    while waiting or leaving or answered:
        steps = [("take", waiting), ("arrive", leaving), ("answer", answered)]
        step, items = chance.choice([each for each in steps if each[1]])  # type: ignore[attr-defined]
        item = items.pop(chance.randrange(len(items)))  # type: ignore[attr-defined]
        if step == "take":
            requested, share = item
            ticket = f"{len(waiting)}"
            if budget._ask(STORE, ticket, cost=requested, priority=PERSON) == 0:
                leaving.append((Grant(STORE, ticket, requested), round(requested * share)))
            budget._run(STORE, "leave", ticket)
        elif step == "arrive":
            grant, actual = item
            cost = there.charge(grant.requested, actual)
            assert cost is not None, "THROTTLED"
            answered.append((grant, actual, cost))
        else:
            grant, actual, cost = item
            budget.settle(grant, used=actual, cost=cost)
    assert held(redis) <= there.points + 1
