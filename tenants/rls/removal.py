"""Remove a workspace's rows under the schema owner's role: the application's may not touch the record, nor the workspace.

Raw SQL is at home here: names are those of our own models. Each batch is a transaction of its own, so that a run that is
killed has removed whole batches, and the next one goes on with what is left.
"""

from collections.abc import Iterator
from graphlib import TopologicalSorter

from django.db import connections, models

from tenants.models import Membership
from tenants.rls import tables
from tenants.rls.context import owner_context

BATCH = 2_000


def in_order() -> list[str]:
    """Every table behind the wall but memberships, who refers before what is referred to."""
    owned = tables.owned_models()
    sorter: TopologicalSorter[type[models.Model]] = TopologicalSorter()
    for model in owned:
        sorter.add(model)
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and field.related_model in owned:
                sorter.add(field.related_model, model)
    return [model._meta.db_table for model in sorter.static_order() if model is not Membership]


def count_rows(tenant_id: int) -> dict[str, int]:
    """Table -> how many rows there are."""
    counts = {}
    with owner_context(tenant_id) as cursor:
        for table in [*in_order(), Membership._meta.db_table]:
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE tenant_id = %s', [tenant_id])  # noqa: S608 - our own
            counts[table] = int(cursor.fetchone()[0])
    return counts


def remove_rows(tenant_id: int) -> Iterator[tuple[str, int]]:
    """Everything but the memberships and the workspace itself, batch by batch: the table, and how many rows went."""
    for table in in_order():
        while removed := _batch(table, tenant_id):
            yield table, removed


def _batch(table: str, tenant_id: int) -> int:
    with owner_context(tenant_id) as cursor:
        cursor.execute(
            f'DELETE FROM "{table}" WHERE id IN (SELECT id FROM "{table}" WHERE tenant_id = %s ORDER BY id LIMIT %s)',  # noqa: S608
            [tenant_id, BATCH],
        )
        return int(cursor.rowcount)


def remove_workspace(tenant_id: int) -> list[int]:
    """The memberships and the workspace's own row, in the caller's transaction. Whose memberships they were."""
    with owner_context(tenant_id) as cursor:
        cursor.execute("DELETE FROM tenants_membership WHERE tenant_id = %s RETURNING user_id", [tenant_id])
        people = [int(row[0]) for row in cursor.fetchall()]
        cursor.execute("DELETE FROM tenants_tenant WHERE id = %s", [tenant_id])
        return people


def check_references() -> None:
    """Raises IntegrityError now, and not only at the end, when a row of any workspace refers to what was removed."""
    connections["owner"].check_constraints()
