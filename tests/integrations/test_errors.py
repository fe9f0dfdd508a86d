"""The error tree: texts without data, facts as attributes, and fit to travel between processes."""

import copy
import pickle

import pytest

from integrations import errors
from integrations.errors import IntegrationError


def kinds() -> list[type[IntegrationError]]:
    found, waiting = [], [IntegrationError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if kind.__module__ == "integrations.errors":
            found.append(kind)
    return found


def test_every_kind_has_its_own_code_and_text() -> None:
    assert len({kind.code for kind in kinds()}) == len(kinds()) > 20
    assert len({kind.text for kind in kinds()}) == len(kinds())


@pytest.mark.parametrize("kind", kinds())
def test_an_error_survives_the_way_between_processes(kind: type[IntegrationError]) -> None:
    error = kind(retry_after=3.5, status=429, detail="data.customer")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is kind
        assert (twin.retry_after, twin.status, twin.detail, str(twin)) == (3.5, 429, "data.customer", str(error))


def test_waiting_times_have_sensible_defaults() -> None:
    assert errors.RateLimited().retry_after == 2.0
    assert errors.RateLimited(retry_after=0.0).retry_after == 0.0
    assert (errors.SecurityRejected().retry_after or 0) >= 600
    assert errors.Unreachable().retry_after is None
