"""Pages of a list by position in its order, not by offset: as fast on page 900 as on page 1, and nothing is skipped or
shown twice while new rows push old ones down."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

_Row = TypeVar("_Row", bound=Model)
_YEARS = range(1970, 2201)


def position_of(moment: datetime, pk: int) -> str:
    """Where a page ended: at the row of this moment and key."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{pk}".encode()).decode().rstrip("=")


def after(rows: QuerySet[_Row], position: str, *, by: str) -> QuerySet[_Row]:
    """`rows` newest first by the column `by`, beginning after `position` (empty: at the top). Raises ValueError for a malformed one."""
    ordered = rows.order_by(f"-{by}", "-pk")
    if not position:
        return ordered
    last_at, pk = parts(position)
    # The first condition follows from the second. But it is one that an index begins at, as it does not at one with an "or":
    # without it every row before the page is read again (measured: 76,436 of them, 28 ms instead of 0.05).
    return ordered.filter(Q(**{f"{by}__lte": last_at}), Q(**{f"{by}__lt": last_at}) | Q(**{by: last_at}, pk__lt=pk))


def parts(position: str) -> tuple[datetime, int]:
    """The moment and the key of a position. Raises ValueError for a malformed one."""
    try:
        moment, _, key = base64.urlsafe_b64decode(position + "=" * (-len(position) % 4)).decode().rpartition("|")
        last_at, pk = datetime.fromisoformat(moment), int(key)
    except (ValueError, binascii.Error):
        raise ValueError("not a position in this list") from None
    # Ours are in UTC, exactly as written. Python reads trailing NULs and offsets that Postgres refuses, and arithmetic at
    # the ends of time overflows.
    ours = last_at.utcoffset() == timedelta(0) and last_at.isoformat() == moment and last_at.year in _YEARS
    if not ours or not 0 < pk < 2**63:
        raise ValueError("not a position in this list")
    return last_at, pk
