"""Eight worker processes and one store: nothing is refused, nearly all points are used, nobody is left out."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from integrations.shopify.sandbox import RunningSandbox
from tests.integrations.redis_server import OwnRedis, own_redis
from tests.performance import sharing
from tests.telling import Tell

pytestmark = [pytest.mark.long, pytest.mark.nightly]


@pytest.fixture
def redis(settings: Settings) -> Iterator[OwnRedis]:
    with own_redis(settings) as server:
        yield server


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with sharing.served() as running:
        yield running


def test_eight_processes_use_a_stores_points_evenly_and_are_refused_nothing(
    redis: OwnRedis, sandbox: RunningSandbox, tell: Tell
) -> None:
    environment = {"REDIS_URL": redis.address}
    measured = sharing.run(sandbox, sharing.SHOPS[0], seconds=8, sizes=sharing.SMALL, environment=environment)
    tell(
        f"budget: {measured.share:.1%} of the points used, {measured.throttled} THROTTLED, "
        f"{min(measured.calls)} to {max(measured.calls)} calls for each of {len(measured.calls)} processes"
    )
    assert measured.throttled == 0
    assert measured.gave_up == 0
    assert measured.share >= 0.9, measured
    assert min(measured.calls) * 2 >= max(measured.calls), measured.calls


@pytest.mark.nightly
def test_an_emptied_redis_in_the_middle_stops_nobody(redis: OwnRedis, sandbox: RunningSandbox, tell: Tell) -> None:
    with redis.emptied_every(1.5):
        environment = {"REDIS_URL": redis.address}
        measured = sharing.run(sandbox, sharing.SHOPS[1], seconds=6, sizes=sharing.SMALL, environment=environment)
    tell(f"budget: Redis emptied 3 times, {measured.throttled} THROTTLED of {sum(measured.calls)} calls")
    assert min(measured.calls) > 0
    assert measured.throttled + measured.gave_up < sum(measured.calls) / 4, measured
