"""Rows of several tables by one statement: each table's as an array of objects, made rows again here.

A page that is read hundreds of times an hour asks once for all that it shows, instead of once a table: every question costs
its way there and back, whatever it finds.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Model, QuerySet
from django.db.models.functions import JSONObject

M = TypeVar("M", bound=Model)


def array_of(rows: QuerySet[Any], *, people: Sequence[str] = (), also: Sequence[str] = ()) -> ArraySubquery:
    """These rows in their order, to be handed to `rows_of`. `people`: what leads to somebody whose name is shown, as
    "writer__user"; `also`: annotations."""
    named = {f"{path}__{name}": f"{path}__{name}" for path in people for name in ("id", "name", "email")}
    own = {field.attname: field.attname for field in rows.model._meta.concrete_fields}
    return ArraySubquery(rows.values(json=JSONObject(**own, **named, **{name: name for name in also})))


def rows_of(
    model: type[M], given: Iterable[Mapping[str, Any]], *, people: Sequence[str] = (), also: Sequence[str] = ()
) -> list[M]:
    """What `array_of` found, as rows that are only to be read."""
    return [_row(model, each, people, also) for each in given]


def _row(model: type[M], given: Mapping[str, Any], people: Sequence[str], also: Sequence[str]) -> M:
    row = model(**{field.attname: field.to_python(given[field.attname]) for field in model._meta.concrete_fields})
    row._state.adding = False
    for path in people:
        if given[f"{path}__id"] is not None:
            _name(row, path, {name: given[f"{path}__{name}"] for name in ("id", "name", "email")})
    for name in also:
        setattr(row, name, given[name])
    return row


def _name(row: Model, path: str, person: Mapping[str, Any]) -> None:
    """Put a person where the path leads, and what stands on the way with nothing but its id."""
    *way, last = path.split("__")
    for step in way:
        held = _related(row, step)(pk=getattr(row, f"{step}_id"))
        setattr(row, step, held)
        row = held
    setattr(row, last, _related(row, last)(**person))


def _related(row: Model, name: str) -> Any:
    return row._meta.get_field(name).related_model
