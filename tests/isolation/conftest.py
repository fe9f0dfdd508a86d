"""Two workspaces with a row in every table, and a way to try a statement without spoiling the test's transaction."""

from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import Error, connection, models, transaction

from tenants.models import Tenant
from tenants.rls import tables
from tenants.rls.context import tenant_context
from tests.isolation.rows import Rows, populate, workspace

# Every model behind the wall; the workspace's own row stands behind it by its id.
BEHIND: list[type[models.Model]] = [Tenant, *tables.owned_models()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`model`: every table behind the wall. `reference`: every reference between two of them."""
    if "model" in metafunc.fixturenames:
        metafunc.parametrize("model", BEHIND, ids=lambda model: model._meta.db_table)
    if "reference" in metafunc.fixturenames:
        metafunc.parametrize(
            "reference", references(), ids=lambda field: f"{field.model._meta.db_table}.{field.column}"
        )


def references() -> list[models.ForeignKey]:
    fields = (field for model in tables.owned_models() for field in model._meta.concrete_fields)
    return [f for f in fields if isinstance(f, models.ForeignKey) and f.related_model in tables.owned_models()]


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


@dataclass(frozen=True)
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
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
            rows = tuple(cursor.fetchall()) if cursor.description else ()
            return Outcome("", "", cursor.rowcount, rows)
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
        if field.primary_key and not isinstance(row, Tenant):
            continue
        out[field.column] = field.get_db_prep_save(field.pre_save(row, add=False), connection)
    return {**out, **changed}


def insert(model: type[models.Model], columns: dict[str, Any], tail: str = "") -> Outcome:
    names = ", ".join(f'"{name}"' for name in columns)
    places = ", ".join(["%s"] * len(columns))
    return attempt(f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({places}) {tail}', list(columns.values()))


def snapshot(tenant: Tenant) -> list[tuple[str, str]]:
    """Everything the workspace holds, as it sees it: any change of any column shows."""
    union = " UNION ALL ".join(f"""SELECT '{m._meta.db_table}', t::text FROM "{m._meta.db_table}" t""" for m in BEHIND)
    with tenant_context(tenant.pk), connection.cursor() as cursor:
        cursor.execute(union)
        return sorted(cursor.fetchall())
