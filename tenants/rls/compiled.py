"""A query of plain values that is put together once for each workspace, and then only asked.

For the one or two statements of what pages poll: Django takes longer to write such a statement than PostgreSQL to answer it.
The text is Django's own, from a queryset; the workspace's filter is in it, and the walls hold as for any other statement.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

# Stands for what is asked in the statement that is kept: no row has it as its number.
_BLANK = -(2**62) - 7


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement with one blank. Its columns are of types that come as they are: text, numbers, truth values, arrays of them."""

    sql: str
    parameters: tuple[Any, ...]

    def first(self, asked: int) -> dict[str, Any] | None:
        """The first row for this number, by the columns' names; None where there is none."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [asked if each == _BLANK else each for each in self.parameters])
            row = cursor.fetchone()
            return None if row is None else dict(zip((c.name for c in cursor.description), row, strict=True))


def compiled(written: Callable[[int], QuerySet[Any, dict[str, Any]]]) -> Compiled:
    """`written`: the rows for a number, as `.values()`. Raises ValueError where the number is not in them exactly once."""
    rows = written(_BLANK)
    sql, parameters = rows.query.sql_with_params()
    if parameters.count(_BLANK) != 1:
        raise ValueError("a statement with one blank is wanted")
    return Compiled(sql, tuple(parameters))
