"""A superuser's transaction that acts as the application: the schema can be broken in it, and every row can be looked at.

It is rolled back. What the application does in it, it does as `versana_app`, with that role's privileges and policies.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg.conninfo import conninfo_to_dict

from tenants.models import Tenant
from tests.isolation.conftest import BEHIND, tenant_column

AS_APPLICATION = "SET LOCAL SESSION AUTHORIZATION versana_app"
AS_SUPERUSER = "RESET SESSION AUTHORIZATION"
# Table and workspace -> what its rows amount to. A row of no workspace counts as somebody else's.
Seen = dict[tuple[str, int | None], str]


@contextmanager
def overseen(superuser_url: str) -> Iterator[None]:
    """The default connection is the superuser's, acting as the application."""
    info = conninfo_to_dict(superuser_url)
    original = connections["default"]
    # Another alias on the object: the guard at the door is for real processes, and has its own tests.
    # Its server too: where PgBouncer stands before the application's, no other role goes through it.
    changed = {"USER": info["user"], "PASSWORD": info["password"], "HOST": info["host"], "PORT": info["port"]}
    wrapper = DatabaseWrapper({**original.settings_dict, **changed}, "mutant")
    connections["default"] = wrapper
    try:
        with transaction.atomic():
            execute(AS_APPLICATION)
            yield
            transaction.set_rollback(True)
    finally:
        connections["default"] = original
        wrapper.close()


def as_superuser(*statements: str) -> None:
    """Break something; then be the application again. No table with checks that wait for COMMIT may be altered: first those."""
    execute("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED", AS_SUPERUSER, *statements, AS_APPLICATION)


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def prepare_to_look() -> None:
    """Planned once: `look` is asked after every step of a walk."""
    parts = (
        f"""SELECT '{model._meta.db_table}', {digest(tenant_column(model))} FROM "{model._meta.db_table}" t GROUP BY 2"""
        for model in BEHIND
    )
    as_superuser(f"PREPARE looking AS {' UNION ALL '.join(parts)}")


def digest(column: str) -> str:
    """The workspace, and all of its rows in a few characters: any change of any column shows."""
    return f"{column}, md5(string_agg(t::text, ';' ORDER BY id))"


def look() -> Seen:
    """Every row of every table behind the wall, whoever's it is."""
    with connection.cursor() as cursor:
        # One message to the server: three would take three times as long.
        cursor.execute(f"{AS_SUPERUSER}; EXECUTE looking; {AS_APPLICATION}")
        cursor.cursor.nextset()
        return {(table, tenant): found for table, tenant, found in cursor.fetchall()}


def of(seen: Seen, tenant: Tenant) -> Seen:
    return {key: found for key, found in seen.items() if key[1] == tenant.pk}


def not_of(seen: Seen, tenant: Tenant | None) -> Seen:
    return {key: found for key, found in seen.items() if tenant is None or key[1] != tenant.pk}
