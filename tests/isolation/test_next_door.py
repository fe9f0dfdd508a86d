"""Inside one workspace nothing of another can be read, written, moved or referenced."""

import pytest
from django.db import DatabaseError, connection, models, transaction

from tenants.models import Tenant
from tenants.rls import checks, tables
from tenants.rls.context import tenant_context
from tests.isolation.conftest import (
    BEHIND,
    Neighbours,
    attempt,
    insert,
    one_more,
    snapshot,
    tenant_column,
    unique_in_the_installation,
    unlike,
    values,
)
from tests.isolation.rows import parents, references, workspace

READS = {
    "by id": "SELECT * FROM {table} WHERE id = %(id)s",
    "by tenant": "SELECT * FROM {table} WHERE {column} = %(tenant)s",
    "either": "SELECT * FROM {table} WHERE {column} = %(tenant)s OR id = %(id)s",
    "not mine": "SELECT * FROM {table} WHERE {column} <> current_setting('app.tenant_id')::bigint",
    "subselect": "SELECT * FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} = %(tenant)s)",
    "join": "SELECT y.* FROM {table} x JOIN {table} y ON y.id = %(id)s",
    "cte": "WITH found AS (SELECT * FROM {table}) SELECT * FROM found WHERE id = %(id)s",
    "locked": "SELECT * FROM {table} WHERE id = %(id)s FOR KEY SHARE",
    "update": "UPDATE {table} SET id = id WHERE id = %(id)s RETURNING *",
    "update by tenant": "UPDATE {table} SET {column} = {column} WHERE {column} = %(tenant)s RETURNING *",
    "delete": "DELETE FROM {table} WHERE id = %(id)s RETURNING *",
    "delete by tenant": "DELETE FROM {table} WHERE {column} = %(tenant)s",
    "merge": "MERGE INTO {table} t USING (SELECT %(id)s::bigint AS id) v ON t.id = v.id WHEN MATCHED THEN DELETE",
}


def test_nothing_of_the_neighbours_is_found_or_changed_by_any_statement(
    model: type[models.Model], neighbours: Neighbours
) -> None:
    before = snapshot(neighbours.b)
    given = {"id": neighbours.of_b[model].pk, "tenant": neighbours.b.pk}
    with tenant_context(neighbours.a.pk):
        for name, text in READS.items():
            outcome = attempt(text.format(table=model._meta.db_table, column=tenant_column(model)), given)
            assert outcome.touched_nothing, name
    assert snapshot(neighbours.b) == before


def test_the_same_statements_do_find_ones_own(model: type[models.Model], neighbours: Neighbours) -> None:
    given = {"id": neighbours.of_a[model].pk, "tenant": neighbours.a.pk}
    with tenant_context(neighbours.a.pk):
        for name in ("by id", "by tenant", "subselect", "cte"):
            assert (
                attempt(READS[name].format(table=model._meta.db_table, column=tenant_column(model)), given).count >= 1
            ), name


def test_a_whole_table_read_shows_ones_own_rows_alone(model: type[models.Model], neighbours: Neighbours) -> None:
    with tenant_context(neighbours.a.pk):
        owners = attempt(f"SELECT DISTINCT {tenant_column(model)} FROM {model._meta.db_table}").rows
        assert owners == ((neighbours.a.pk,),)


def test_a_row_cannot_be_written_into_the_neighbours_workspace(
    model: type[models.Model], neighbours: Neighbours
) -> None:
    before = snapshot(neighbours.b)
    with tenant_context(neighbours.b.pk):
        columns = values(neighbours.of_b[model])
    if model is Tenant:
        columns |= {"id": neighbours.b.pk + 1000, "slug": "elsewhere"}
    with tenant_context(neighbours.a.pk):
        assert insert(model, columns).state == "42501"
        assert insert(model, columns, "ON CONFLICT DO NOTHING").state == "42501"
    assert snapshot(neighbours.b) == before


def test_a_row_cannot_be_moved_to_the_neighbours_workspace(model: type[models.Model], neighbours: Neighbours) -> None:
    column = tenant_column(model)
    with tenant_context(neighbours.a.pk):
        moved = attempt(
            f"UPDATE {model._meta.db_table} SET {column} = %s", [neighbours.b.pk + (1000 if model is Tenant else 0)]
        )
    assert moved.state == "42501"


def test_a_bulk_load_cannot_go_round_the_wall(model: type[models.Model], neighbours: Neighbours) -> None:
    with tenant_context(neighbours.a.pk), connection.cursor() as cursor:
        with (
            pytest.raises(DatabaseError, match="COPY FROM not supported with row-level security"),
            transaction.atomic(),
        ):
            cursor.execute(f"COPY {model._meta.db_table} FROM STDIN")
        with cursor.copy(f"COPY {model._meta.db_table} ({tenant_column(model)}) TO STDOUT") as copied:
            assert {int(row[0]) for row in copied.rows()} == {neighbours.a.pk}


def test_row_security_cannot_be_switched_off(model: type[models.Model], neighbours: Neighbours) -> None:
    with tenant_context(neighbours.a.pk), transaction.atomic():
        attempt("SET LOCAL row_security = off")
        assert attempt(f"SELECT 1 FROM {model._meta.db_table}").state == "42501"


def test_a_reference_into_the_neighbours_workspace_is_refused(
    reference: models.ForeignKey, neighbours: Neighbours
) -> None:
    with tenant_context(neighbours.a.pk):
        columns = one_more(reference.model, neighbours.of_a) | {
            reference.column: neighbours.of_b[reference.related_model].pk
        }
        assert insert(reference.model, columns).state == "23503"


def test_the_refusal_is_the_same_for_a_row_next_door_and_for_none(
    reference: models.ForeignKey, neighbours: Neighbours
) -> None:
    foreign, nobody = neighbours.of_b[reference.related_model].pk, 9_000_000_000_000_000
    with tenant_context(neighbours.a.pk):
        columns = one_more(reference.model, neighbours.of_a)
        told = [insert(reference.model, columns | {reference.column: pk}) for pk in (foreign, nobody)]
    assert told[0].state == told[1].state == "23503"
    assert told[0].words.replace(str(foreign), "N") == told[1].words.replace(str(nobody), "N")


@pytest.mark.parametrize("owned", tables.owned_models(), ids=lambda model: model._meta.db_table)
def test_a_row_like_the_neighbours_is_accepted_as_if_theirs_did_not_exist(
    owned: type[models.Model], neighbours: Neighbours
) -> None:
    """Unique keys and ON CONFLICT tell nothing about the workspace next door."""
    empty, before = workspace("empty"), snapshot(neighbours.b)
    with tenant_context(neighbours.b.pk):
        columns = values(neighbours.of_b[owned], tenant_id=empty.pk)
    with tenant_context(empty.pk):
        own = parents(owned, empty)
        columns |= {f.column: own[f.related_model].pk for f in references(owned) if f.related_model in own}
        fresh = unlike(owned, columns)
        columns |= {column: fresh[column] for column in unique_in_the_installation(owned)}
        assert insert(owned, columns, "ON CONFLICT DO NOTHING").count == 1
    assert snapshot(neighbours.b) == before


def test_what_is_unique_in_the_whole_installation_is_known_by_name() -> None:
    """A key that is not led by the tenant tells of a row next door: each one has its reason in tenants/rls/checks.py."""
    keys = [c for model in BEHIND for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    assert {key.name for key in keys if "tenant" not in key.fields} <= checks.GLOBALLY_UNIQUE
    alone = {field.column for model in BEHIND for field in model._meta.concrete_fields if field.unique}
    assert alone == {"id", "slug"}


def test_deleting_ones_own_rows_reaches_nothing_next_door(neighbours: Neighbours) -> None:
    before = snapshot(neighbours.b)
    with tenant_context(neighbours.a.pk):
        for model in reversed(tables.owned_models()):
            attempt(f"DELETE FROM {model._meta.db_table}")
        for model in tables.owned_models():
            attempt(f"DELETE FROM {model._meta.db_table}")
    assert snapshot(neighbours.b) == before
    assert len(snapshot(neighbours.a)) < len(before)
