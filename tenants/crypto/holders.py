"""Where sealed values stand: the columns of the models, and what else settings name. Counted and re-sealed in batches.

A holder that is not a `SealedTextField` is listed in settings.SEALED_ELSEWHERE by the dotted path of an object of this
protocol; `JsonTexts` is one for libraries that keep sealed text inside a JSON column.
"""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import BinaryField, Count, ExpressionWrapper, F, Q
from django.db.models.functions import Substr
from django.utils.module_loading import import_string

from tenants.crypto import keyring
from tenants.crypto.fields import Envelope, SealedTextField
from tenants.crypto.sealing import SealError, header, key_id_of
from tenants.rls.owned import TenantOwned


@dataclass(frozen=True, slots=True)
class Broken:
    """A value that no key of the ring opens."""

    place: str
    row: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step did. `last` is the id of the last row seen; None when there were no more."""

    resealed: int
    broken: tuple[Broken, ...]
    last: int | None


class Holder(Protocol):
    """A table with sealed values. Both methods run in one transaction of the caller's, inside a workspace if `owned`."""

    @property
    def table(self) -> str: ...

    @property
    def owned(self) -> bool: ...

    def tally(self) -> Mapping[int | None, int]:
        """How many values each key sealed, by the envelopes' own word. None: no envelope at all."""

    def reseal(self, *, after: int, most: int) -> Batch:
        """Re-seal with the primary key what others sealed, in up to `most` rows with ids above `after` that nobody holds."""


def holders() -> list[Holder]:
    """Every sealed field of every model, and what settings add."""
    found: list[Holder] = [Columns(model) for model in apps.get_models() if _sealed(model)]
    return found + [import_string(path) for path in settings.SEALED_ELSEWHERE]


@dataclass(frozen=True)
class Columns:
    """The sealed fields of a model."""

    model: type[models.Model]

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def owned(self) -> bool:
        return issubclass(self.model, TenantOwned)

    def tally(self) -> Mapping[int | None, int]:
        total: Counter[int | None] = Counter()
        for field in _sealed(self.model):
            rows = self._rows().filter(**{f"{field.name}__isnull": False}).annotate(head=_head(field))
            for head, count in rows.values_list("head").annotate(count=Count("pk")).order_by():
                total[key_id_of(bytes(head))] += count
        return total

    def reseal(self, *, after: int, most: int) -> Batch:
        stale = Q()
        rows = self._rows().filter(pk__gt=after)
        for number, field in enumerate(_sealed(self.model)):
            rows = rows.annotate(**{f"head_{number}": _head(field)})
            stale |= Q(**{f"{field.name}__isnull": False}) & ~Q(**{f"head_{number}": header(_primary())})
        # SKIP LOCKED: a store whose token is being renewed is left for the next pass, and two rotations share the work.
        locked = list(rows.filter(stale).order_by("pk").select_for_update(skip_locked=True, of=("self",))[:most])
        results = [self._reseal_row(row) for row in locked]
        return _batch(results, [int(row.pk) for row in locked], most)

    def _rows(self) -> models.QuerySet[Any]:
        return self.model._default_manager.all()

    def _reseal_row(self, row: models.Model) -> tuple[int, list[Broken]]:
        old: dict[str, bytes] = {}
        new: dict[str, Envelope] = {}
        broken = []
        for field in _sealed(self.model):
            value = row.__dict__[field.attname]
            if value is None or key_id_of(bytes(value)) == _primary():
                continue
            try:
                new[field.name] = Envelope(_resealed(bytes(value), field.place(row)))
                old[field.name] = bytes(value)
            except SealError:
                broken.append(Broken(f"{self.table}.{field.column}", int(row.pk)))
        return self._replace(row, old, new), broken

    def _replace(self, row: models.Model, old: Mapping[str, bytes], new: Mapping[str, Envelope]) -> int:
        """Compare and set: only the very envelopes that were opened are replaced."""
        if not new:
            return 0
        same = {f"was_{name}": ExpressionWrapper(F(name), output_field=BinaryField()) for name in old}
        found = self._rows().annotate(**same).filter(pk=row.pk, **{f"was_{name}": value for name, value in old.items()})
        return len(new) if found.update(**new) else 0


@dataclass(frozen=True)
class JsonTexts:
    """Text sealed by `keyring.seal_text` at one place, under some keys of a JSON object: alone or in a list.

    `bind_to` names columns of the row that the place ends with, as a `SealedTextField` has them.
    """

    label: str
    field: str
    keys: tuple[str, ...]
    place: tuple[str, ...]
    bind_to: tuple[str, ...] = ()

    @property
    def _model(self) -> type[models.Model]:
        return apps.get_model(self.label)

    @property
    def table(self) -> str:
        return self._model._meta.db_table

    @property
    def owned(self) -> bool:
        return issubclass(self._model, TenantOwned)

    def tally(self) -> Mapping[int | None, int]:
        rows = self._model._default_manager.values_list(self.field, flat=True).iterator(chunk_size=500)
        return Counter(key_id_of(_bytes(text)) for data in rows for text in self._texts(data))

    def reseal(self, *, after: int, most: int) -> Batch:
        rows = self._model._default_manager.filter(pk__gt=after).order_by("pk")
        locked = list(rows.select_for_update(skip_locked=True, of=("self",))[:most])
        results = [self._reseal_row(row) for row in locked]
        return _batch(results, [int(row.pk) for row in locked], most)

    def _texts(self, data: object) -> Iterator[str]:
        for key in self.keys:
            value = data.get(key) if isinstance(data, dict) else None
            yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))

    def _reseal_row(self, row: models.Model) -> tuple[int, list[Broken]]:
        data = getattr(row, self.field)
        place = (*self.place, *(str(getattr(row, column)) for column in self.bind_to))
        fresh: dict[str, str] = {}
        broken = []
        for text in self._texts(data):
            if key_id_of(_bytes(text)) != _primary():
                try:
                    fresh[text] = b64encode(_resealed(_bytes(text), place)).decode("ascii")
                except SealError:
                    broken.append(Broken(f"{self.table}.{self.field}", int(row.pk)))
        if fresh:
            changed = {key: _exchanged(data[key], fresh.get) for key in self.keys if key in data}
            same = self._model._default_manager.filter(pk=row.pk, **{self.field: data})
            same.update(**{self.field: {**data, **changed}})
        return len(fresh), broken


def _exchanged(value: Any, fresh: Callable[[Any, Any], Any]) -> Any:
    return [fresh(each, each) for each in value] if isinstance(value, list) else fresh(value, value)


def _sealed(model: type[models.Model]) -> list[SealedTextField]:
    return [field for field in model._meta.local_concrete_fields if isinstance(field, SealedTextField)]


def _head(field: SealedTextField) -> Substr:
    return Substr(field.name, 1, len(header(1)), output_field=BinaryField())


def _primary() -> int:
    return int(settings.SEALING_PRIMARY_KEY)


def _resealed(envelope: bytes, place: Sequence[str]) -> bytes:
    return keyring.seal(keyring.unseal(envelope, place=place), place=place)


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def _batch(results: list[tuple[int, list[Broken]]], ids: list[int], most: int) -> Batch:
    broken = tuple(each for _, found in results for each in found)
    return Batch(sum(count for count, _ in results), broken, ids[-1] if len(ids) == most else None)
