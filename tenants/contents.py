"""What goes into an export: a file of lines for every table behind the wall, and what other packages contribute.

Secrets stay where they are: sealed columns are left out by the field's class, hashes of tokens by their name, and so are
bytes, which other packages give as files (settings.EXPORTERS).
"""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.module_loading import import_string

from tenants.crypto.fields import SealedTextField
from tenants.models import ExportPart, Membership, Tenant
from tenants.rls import tables
from tenants.rls.context import current_tenant_id

ROWS_A_FILE, BYTES_A_FILE, ROWS_A_QUERY = 5_000, 200_000_000, 200
THINGS_A_STEP, BYTES_A_STEP = 50, 50_000_000
# A row that names a person says who that is: people themselves belong to no workspace.
_ALONGSIDE: dict[type[models.Model], tuple[str, ...]] = {Membership: ("user__name", "user__email")}


@dataclass(frozen=True, slots=True)
class Step:
    """What one step wrote: so many rows, up to this id, and whether the section has more."""

    rows: int
    after: int
    more: bool

    def onward(self, section: int, piece: int) -> dict[str, int]:
        """Where the next step begins: the fields of an event that says how far a file has come."""
        if self.more:
            return {"section": section, "after": self.after, "piece": piece + 1}
        return {"section": section + 1, "after": 0, "piece": 1}


class Section(Protocol):
    """A part of the export that is written in steps, each inside the workspace's context."""

    def count(self) -> int: ...

    def write(self, archive: zipfile.ZipFile, *, after: int, piece: int) -> Step: ...


@dataclass(frozen=True, slots=True)
class Contributor:
    """Files that a package makes of its rows, in order of an id: how many there will be, the next ids, the files of those.

    `files` yields id, name and content, one file at a time.
    """

    count: Callable[[], int]
    following: Callable[[int, int], list[int]]
    files: Callable[[list[int]], Iterator[tuple[int, str, bytes]]]

    def write(self, archive: zipfile.ZipFile, *, after: int, piece: int) -> Step:
        ids, rows, size = self.following(after, THINGS_A_STEP), 0, 0
        for each, name, content in self.files(ids):
            if each != after and size > BYTES_A_STEP:
                return Step(rows, after, more=True)
            archive.writestr(name, content)
            after, rows, size = each, rows + 1, size + len(content)
        return Step(rows, ids[-1] if ids else after, more=len(ids) == THINGS_A_STEP)


@dataclass(frozen=True, slots=True)
class Table:
    """One table as lines of JSON, in files of some thousand rows; of some rows only where `chosen` gives them."""

    model: type[models.Model]
    chosen: Callable[[], models.QuerySet[Any]] | None = None

    def count(self) -> int:
        return self._rows().count()

    def write(self, archive: zipfile.ZipFile, *, after: int, piece: int) -> Step:
        rows, size = 0, 0
        with archive.open(self.file_name(piece), "w") as file:
            while rows < ROWS_A_FILE and size < BYTES_A_FILE:
                page = list(self._rows().filter(pk__gt=after).order_by("pk").values(*self.columns())[:ROWS_A_QUERY])
                for row in page:
                    size += file.write(_line(row))
                rows, after = rows + len(page), page[-1]["id"] if page else after
                if len(page) < ROWS_A_QUERY:
                    return Step(rows, after, more=False)
        return Step(rows, after, more=True)

    def file_name(self, piece: int) -> str:
        number = "" if piece == 1 else f".{piece}"
        return f"data/{self.model._meta.db_table}{number}.jsonl"

    def columns(self) -> list[str]:
        kept = [f.attname for f in self.model._meta.concrete_fields if not _is_withheld(f)]
        return [*kept, *_ALONGSIDE.get(self.model, ())]

    def _rows(self) -> models.QuerySet[Any]:
        if self.model is Tenant:
            return Tenant.objects.filter(pk=current_tenant_id())
        if self.chosen is not None:
            return self.chosen()
        return self.model._default_manager.all()


def sections() -> list[Section]:
    """All of them, in the order in which they are written."""
    return [*_tables(), *(import_string(path) for path in settings.EXPORTERS)]


@cache
def _tables() -> tuple[Table, ...]:
    owned = sorted(tables.owned_models(), key=lambda model: model._meta.db_table)
    return (Table(Tenant), *(Table(model) for model in owned if model is not ExportPart))


def readme() -> str:
    return render_to_string("tenants/export_readme.txt", {"now": timezone.now()})


def _is_withheld(field: models.Field) -> bool:
    return isinstance(field, SealedTextField | models.BinaryField) or field.attname.endswith("_hash")


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False).encode() + b"\n"
