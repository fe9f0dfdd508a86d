"""Two workspaces with a row in every table, and a way to try a statement without spoiling the test's transaction."""

import itertools
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
import pytest
from django.db import Error, connection, models, transaction
from django.utils import timezone

from tenants.models import Tenant
from tenants.rls import tables
from tenants.rls.context import tenant_context
from tests.isolation import rows
from tests.isolation.rows import Rows, populate, workspace

# Every model behind the wall; the workspace's own row stands behind it by its id.
BEHIND: list[type[models.Model]] = [Tenant, *tables.owned_models()]
_again = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`model`: every table behind the wall. `reference`: every reference between two of them."""
    if "model" in metafunc.fixturenames:
        metafunc.parametrize("model", BEHIND, ids=lambda model: model._meta.db_table)
    if "reference" in metafunc.fixturenames:
        metafunc.parametrize(
            "reference", references(), ids=lambda field: f"{field.model._meta.db_table}.{field.column}"
        )


def references() -> list[models.ForeignKey]:
    """Every reference between two tables behind the wall."""
    owned = tables.owned_models()
    return [field for model in owned for field in rows.references(model) if field.related_model in owned]


@dataclass(frozen=True)
class Neighbours:
    """`a` is where a test stands; nothing of `b` may be seen or touched from there."""

    a: Tenant
    b: Tenant
    of_a: Rows
    of_b: Rows


@pytest.fixture
def neighbours(db: None) -> Neighbours:
    a, b = workspace("here"), workspace("there")
    return Neighbours(a, b, populate(a), populate(b))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement did: an SQLSTATE and the words, or a number of rows and the rows."""

    state: str
    words: str
    count: int
    rows: tuple[tuple[Any, ...], ...]

    @property
    def touched_nothing(self) -> bool:
        return (self.state == "" and self.count == 0) or self.state == "42501"


def attempt(sql: str, params: Any = None) -> Outcome:
    """Run it in a savepoint of its own, as the application's role."""
    return _outcome(transaction.atomic(), sql, params)


def within(tenant: Tenant, sql: str, params: Any = None) -> Outcome:
    """Run it in the workspace."""
    return _outcome(tenant_context(tenant.pk), sql, params)


def _outcome(around: AbstractContextManager[None], sql: str, params: Any) -> Outcome:
    try:
        with around, connection.cursor() as cursor:
            cursor.execute(sql, params)
            found = tuple(cursor.fetchall()) if cursor.description else ()
            return Outcome("", "", cursor.rowcount, found)
    except Error as error:
        cause = error.__cause__
        assert isinstance(cause, psycopg.Error)
        words = f"{cause.diag.message_primary} {cause.diag.message_detail or ''}"
        return Outcome(cause.sqlstate or "?", words, 0, ())


def tenant_column(model: type[models.Model]) -> str:
    return "id" if model is Tenant else "tenant_id"


def values(row: models.Model, **changed: object) -> dict[str, Any]:
    """Column -> value as stored, without the id (unless it is given)."""
    out = {}
    for field in row._meta.concrete_fields:
        if field.generated or (field.primary_key and not isinstance(row, Tenant)):
            continue
        out[field.column] = field.get_db_prep_save(field.pre_save(row, add=False), connection)
    return {**out, **changed}


def insert(model: type[models.Model], columns: dict[str, Any], tail: str = "") -> Outcome:
    return attempt(insertion(model, columns, tail), list(columns.values()))


def insertion(model: type[models.Model], columns: dict[str, Any], tail: str = "") -> str:
    """The statement; its parameters are the columns' values."""
    names = ", ".join(f'"{name}"' for name in columns)
    places = ", ".join(["%s"] * len(columns))
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({places}) {tail}'


def unlike(model: type[models.Model], columns: dict[str, Any]) -> dict[str, Any]:
    """The same row with other values in its unique keys, so that it collides with none. References stay."""
    again = next(_again)
    changed = {}
    for field in _free_fields(model):
        value = columns[field.column]
        if isinstance(value, int):
            changed[field.column] = 1_000_000_000 + again  # above all others, and still what the smallest column holds
        elif isinstance(value, str):
            suffix = f"-{again}"
            changed[field.column] = value[: (field.max_length or 10_000) - len(suffix)] + suffix
    return {**columns, **changed, **_out_of_condition(model)}


def one_more(model: type[models.Model], of: Rows) -> dict[str, Any]:
    """Columns of a new row beside the one in `of`, with other parents where a key is made of them. Inside its workspace."""
    columns = unlike(model, values(of[model]))
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            for field in map(model._meta.get_field, constraint.fields):
                if isinstance(field, models.ForeignKey) and field.related_model in tables.owned_models():
                    columns[field.column] = rows.another(field.related_model, of).pk
    return columns


def _out_of_condition(model: type[models.Model]) -> dict[str, Any]:
    """A key that holds as long as something is null (one open handover) does not hold of a row where it is set."""
    changed = {}
    for constraint in model._meta.constraints:
        if (
            isinstance(constraint, models.UniqueConstraint)
            and constraint.condition
            and constraint.fields == ("tenant",)
        ):
            unset = next(name for name, value in constraint.condition.children if value is None)
            changed[model._meta.get_field(unset).column] = timezone.now()
    return changed


@cache
def _free_fields(model: type[models.Model]) -> list[models.Field]:
    """Fields of unique keys that a new row needs other values in: no reference, no choice, no primary key."""
    keys = [c.fields for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    fields = {model._meta.get_field(name) for key in keys for name in key}
    fields |= {f for f in model._meta.concrete_fields if f.unique}
    fixed = (models.ForeignKey, models.AutoField, models.BooleanField)
    free = [f for f in model._meta.concrete_fields if not f.generated]
    return [f for f in free if f in fields and not isinstance(f, fixed) and not f.choices]


@cache
def unique_in_the_installation(model: type[models.Model]) -> set[str]:
    """Columns of unique keys that are not led by the tenant, primary keys excepted (the server makes those)."""
    keys = [c.fields for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    single = {field.column for field in model._meta.concrete_fields if field.unique and not field.primary_key}
    return single | {name for fields in keys if "tenant" not in fields for name in fields}


def snapshot(tenant: Tenant) -> list[tuple[str, str]]:
    """Everything the workspace holds, as it sees it: any change of any column shows."""
    union = " UNION ALL ".join(f"""SELECT '{m._meta.db_table}', t::text FROM "{m._meta.db_table}" t""" for m in BEHIND)
    with tenant_context(tenant.pk), connection.cursor() as cursor:
        cursor.execute(union)
        return sorted(cursor.fetchall())
