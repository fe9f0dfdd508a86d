"""The pieces of a file that is made in stretches (archive.py), as rows: begun anew, ended, handed to a reader.

Whose rows they are the caller says: an export's, or those of any file that a workspace takes away.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Length

from tenants.archive import DIRECTORY, END, end_record
from tenants.rls.context import current_tenant_id, tenant_context

Keep = Callable[[int, bytes], None]


@dataclass(frozen=True, slots=True)
class Download:
    """A finished file: its name, its size, and its pieces, each read in a transaction of its own."""

    name: str
    size: int
    pieces: Iterator[bytes]


def read(rows: Callable[[], QuerySet[Any]]) -> Iterator[bytes]:
    """The pieces in order. Outlives the request's transaction, so it opens its own; a slow reader holds none open."""
    return _read(current_tenant_id(), rows)


def _read(tenant_id: int, rows: Callable[[], QuerySet[Any]]) -> Iterator[bytes]:
    position = -1
    while True:
        with tenant_context(tenant_id):
            part = rows().filter(position__gt=position).order_by("position").first()
        if part is None:
            return
        position = part.position
        yield bytes(part.content)


def begin_anew(rows: QuerySet[Any], *, position: int) -> None:
    """Throw away what a killed worker left behind the last whole stretch, which ended before `position`."""
    left = Q(position__gte=position, position__lt=DIRECTORY) | Q(position__gte=DIRECTORY + position)
    rows.filter(left).delete()


def end(rows: QuerySet[Any], keep: Keep, *, entries: int, size: int) -> int:
    """Write what follows the last stretch's directory. The length of the whole file."""
    directory: int = rows.filter(position__gte=DIRECTORY).aggregate(length=Sum(Length("content")))["length"]
    record = end_record(entries=entries, directory=directory, size=size)
    keep(END, record)
    return size + directory + len(record)
