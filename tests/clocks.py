"""A process whose clock is wrong, as tests of what goes by the database's clock need one."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

Skew = Callable[[float], None]
HOURS = pytest.mark.parametrize("hours", [1, -1], ids=["an hour ahead", "an hour behind"])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Skew:
    """`clock(1)`: from now on this process's clock is an hour ahead. The database's is not."""
    real = timezone.now

    def set_by(hours: float) -> None:
        def skewed() -> datetime:
            return real() + timedelta(hours=hours)

        monkeypatch.setattr(timezone, "now", skewed)

    return set_by
