"""Without a workspace every table behind the wall is an error: never an empty answer, never a change."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.db import DatabaseError, models, transaction

from tenants.models import Tenant
from tenants.rls import tables
from tenants.rls.context import TenantError, tenant_context
from tenants.rls.database import with_database
from tests.isolation.conftest import Neighbours, attempt, insert, tenant_column, values

NO_TENANT = {"42704", "22P02"}  # the setting was never made; or it ended with its transaction

PROBES = {
    "select": "SELECT * FROM {table}",
    "no rows wanted": "SELECT * FROM {table} LIMIT 0",
    # Not the literal `WHERE false`: the planner leaves the table out of that, so there is nothing left to refuse.
    "false condition": "SELECT * FROM {table} WHERE id < 0 AND id > 0",
    "false subselect": "SELECT * FROM {table} WHERE (SELECT false)",
    "by id": "SELECT * FROM {table} WHERE id = 1",
    "by tenant": "SELECT * FROM {table} WHERE {column} = 1",
    "count": "SELECT count(*) FROM {table}",
    "exists": "SELECT EXISTS (SELECT 1 FROM {table})",
    "join": "SELECT * FROM {table} x JOIN {table} y USING (id)",
    "update": "UPDATE {table} SET id = id",
    "delete": "DELETE FROM {table}",
}


@pytest.fixture(scope="module")
def fresh(test_database_name: str, django_db_setup: None) -> Iterator[psycopg.Connection]:
    """A connection of the application's role on which no workspace was ever named. The tables may be empty: that is the trap."""
    url = with_database(os.environ["DATABASE_URL"], test_database_name)
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        yield connection


@pytest.mark.parametrize("probe", PROBES)
def test_a_connection_that_never_had_a_workspace_gets_an_error(
    model: type[models.Model], probe: str, fresh: psycopg.Connection
) -> None:
    statement = PROBES[probe].format(table=model._meta.db_table, column=tenant_column(model))
    with pytest.raises(psycopg.Error) as caught:
        fresh.execute(statement)
    assert caught.value.sqlstate in NO_TENANT | ({"42501"} if probe in ("update", "delete") else set())


def test_a_connection_whose_workspace_ended_gets_an_error(model: type[models.Model], neighbours: Neighbours) -> None:
    for probe, text in PROBES.items():
        outcome = attempt(text.format(table=model._meta.db_table, column=tenant_column(model)))
        assert outcome.state in NO_TENANT | {"42501"}, probe
        if probe not in ("update", "delete"):
            assert outcome.state == "22P02", probe


def test_a_row_cannot_be_inserted(model: type[models.Model], neighbours: Neighbours) -> None:
    with tenant_context(neighbours.a.pk):
        columns = values(neighbours.of_a[model])
    assert insert(model, columns).state in NO_TENANT


@pytest.mark.parametrize("model_owned", tables.owned_models(), ids=lambda model: model._meta.db_table)
def test_the_manager_refuses_before_the_database_is_asked(
    model_owned: type[models.Model], neighbours: Neighbours, django_assert_num_queries: object
) -> None:
    manager = model_owned._default_manager
    calls = (
        manager.all,
        manager.count,
        manager.first,
        manager.exists,
        manager.none,
        lambda: manager.filter(pk=1),
        lambda: manager.update(id=1),
    )
    with django_assert_num_queries(0):  # type: ignore[operator]
        for call in calls:
            with pytest.raises(TenantError):
                call()
        with pytest.raises(TenantError):
            model_owned()


def test_a_row_in_hand_can_be_neither_saved_nor_deleted_nor_refreshed(
    model: type[models.Model], neighbours: Neighbours
) -> None:
    row = neighbours.of_a[model]
    for call in (row.save, row.delete, row.refresh_from_db):
        with pytest.raises((DatabaseError, TenantError)), transaction.atomic():
            call()


def test_the_workspaces_own_table_has_no_guard_but_the_wall(neighbours: Neighbours) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Tenant.objects.count()
