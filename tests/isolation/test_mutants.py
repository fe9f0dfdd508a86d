"""Break the schema on purpose, one fault at a time: every fault must be found by `check_isolation`, and be seen in behaviour.

Each mutation runs in a superuser's transaction that then acts as the application, and is rolled back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg.conninfo import conninfo_to_dict

from inbox.models import ContactAddress
from tenants.rls import checks
from tenants.rls.context import tenant_context
from tests.isolation.conftest import Neighbours, attempt, insert, values
from tests.isolation.rows import populate, workspace


@contextmanager
def mutated(superuser_url: str, *statements: str) -> Iterator[Neighbours]:
    """Two populated workspaces, then the mutation, then the application's role; in one transaction that is rolled back."""
    info = conninfo_to_dict(superuser_url)
    original = connections["default"]
    # Another alias on the object: the guard at the door is for real processes, and has its own tests.
    # A session of the superuser's that acts as another: past PgBouncer, which would hand on its authorization.
    address = {"USER": info["user"], "PASSWORD": info["password"], "HOST": info["host"], "PORT": info["port"]}
    wrapper = DatabaseWrapper({**original.settings_dict, **address}, "mutant")
    connections["default"] = wrapper
    try:
        with transaction.atomic():
            yield _mutate(statements)
            transaction.set_rollback(True)
    finally:
        connections["default"] = original
        wrapper.close()


def _mutate(statements: tuple[str, ...]) -> Neighbours:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL SESSION AUTHORIZATION versana_app")
        a, b = workspace("here"), workspace("there")
        neighbours = Neighbours(a, b, populate(a), populate(b))
        cursor.execute("RESET SESSION AUTHORIZATION")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL SESSION AUTHORIZATION versana_app")
    return neighbours


TABLE = "inbox_contactaddress"
FOREIGN = f"SELECT * FROM {TABLE} WHERE tenant_id = %s"
TENANT = "tenant_id = current_setting('app.tenant_id')::bigint"


def reads_next_door(n: Neighbours) -> bool:
    with tenant_context(n.a.pk):
        return attempt(FOREIGN, [n.b.pk]).count > 0


def writes_next_door(n: Neighbours) -> bool:
    with tenant_context(n.b.pk):
        columns = values(n.of_b[ContactAddress], email_norm="new@example.com")
    with tenant_context(n.a.pk):
        return insert(ContactAddress, columns).count == 1


def answers_without_a_workspace(n: Neighbours) -> bool:
    return attempt(f"SELECT count(*) FROM {TABLE}").state == ""


def refers_next_door(n: Neighbours) -> bool:
    with tenant_context(n.a.pk):
        columns = values(n.of_a[ContactAddress], email_norm="new@example.com")
        contact = n.of_b[type(n.of_a[ContactAddress].contact)]
        return insert(ContactAddress, columns | {"contact_id": contact.pk}).count == 1


def probes_next_door(n: Neighbours) -> bool:
    """Whether an insert tells that the neighbours know an address."""
    with tenant_context(n.b.pk):
        taken = n.of_b[ContactAddress].email_norm
    with tenant_context(n.a.pk):
        return insert(ContactAddress, values(n.of_a[ContactAddress], email_norm=taken)).state == "23505"


def changes_the_schema(n: Neighbours) -> bool:
    done = (
        attempt("SET LOCAL ROLE versana_owner").state == ""
        and attempt(f"ALTER TABLE {TABLE} NO FORCE ROW LEVEL SECURITY").state == ""
    )
    attempt("RESET ROLE")
    return done


def reads_as_the_owner(n: Neighbours) -> bool:
    """What a migration or a shell of the owner's would see without naming a workspace."""
    with connection.cursor() as cursor:
        cursor.execute("RESET SESSION AUTHORIZATION")
        cursor.execute("SET LOCAL SESSION AUTHORIZATION versana_owner")
        seen = attempt(f"SELECT * FROM {TABLE}").count > 1
        cursor.execute("RESET SESSION AUTHORIZATION")
        cursor.execute("SET LOCAL SESSION AUTHORIZATION versana_app")
    return seen


def empties_the_table(n: Neighbours) -> bool:
    return attempt(f"TRUNCATE {TABLE} CASCADE").state == ""


def reads_a_view(n: Neighbours) -> bool:
    with tenant_context(n.a.pk):
        return attempt("SELECT * FROM every_address WHERE tenant_id = %s", [n.b.pk]).count > 0


def asks_a_function(n: Neighbours) -> bool:
    return attempt("SELECT count_all()").rows not in ((), ((0,),))


def rewrites_history(n: Neighbours) -> bool:
    with tenant_context(n.a.pk):
        return attempt("UPDATE tenants_auditevent SET action = 'nothing'").count > 0


def nothing(n: Neighbours) -> bool:
    return True


@dataclass(frozen=True)
class Mutant:
    """A fault, and how it shows. The wall (the restrictive twin) keeps some faults of the first policy from showing."""

    statements: tuple[str, ...]
    shows: Callable[[Neighbours], bool]
    stopped_by_the_wall: bool = False


def _policy(name: str, kind: str, using: str, check: str) -> tuple[str, str]:
    return (
        f"DROP POLICY {name} ON {TABLE}",
        f"CREATE POLICY {name} ON {TABLE} AS {kind} USING ({using}) WITH CHECK ({check})",
    )


_OPEN = _policy("tenant_isolation", "PERMISSIVE", "true", "true")
_SILENT = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint"

MUTANTS = {
    "row-level security off": Mutant((f"ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY",), reads_next_door),
    "not forced on the owner": Mutant((f"ALTER TABLE {TABLE} NO FORCE ROW LEVEL SECURITY",), reads_as_the_owner),
    "policy USING true": Mutant(
        _policy("tenant_isolation", "PERMISSIVE", "true", TENANT), reads_next_door, stopped_by_the_wall=True
    ),
    "policy WITH CHECK true": Mutant(
        _policy("tenant_isolation", "PERMISSIVE", TENANT, "true"), writes_next_door, stopped_by_the_wall=True
    ),
    "extra permissive policy": Mutant(
        (f"CREATE POLICY open ON {TABLE} USING (true)",), reads_next_door, stopped_by_the_wall=True
    ),
    "wall dropped": Mutant((f"DROP POLICY tenant_wall ON {TABLE}",), nothing),
    "wall dropped and policy USING true": Mutant(
        (f"DROP POLICY tenant_wall ON {TABLE}", *_policy("tenant_isolation", "PERMISSIVE", "true", TENANT)),
        reads_next_door,
    ),
    "wall dropped and extra permissive policy": Mutant(
        (f"DROP POLICY tenant_wall ON {TABLE}", f"CREATE POLICY open ON {TABLE} USING (true)"), writes_next_door
    ),
    "both policies open to reading": Mutant(
        (*_policy("tenant_wall", "RESTRICTIVE", "true", TENANT), *_OPEN), reads_next_door
    ),
    "both policies open to writing": Mutant(
        (*_policy("tenant_wall", "RESTRICTIVE", TENANT, "true"), *_OPEN), writes_next_door
    ),
    "both policies silent without a workspace": Mutant(
        (
            *_policy("tenant_wall", "RESTRICTIVE", _SILENT, _SILENT),
            *_policy("tenant_isolation", "PERMISSIVE", _SILENT, _SILENT),
        ),
        answers_without_a_workspace,
    ),
    "policies for one role only": Mutant((f"ALTER POLICY tenant_wall ON {TABLE} TO versana_app",), nothing),
    "reference without the tenant": Mutant(
        (
            f"ALTER TABLE {TABLE} DROP CONSTRAINT inbox_contactaddress_contact",
            f"ALTER TABLE {TABLE} ADD CONSTRAINT simple FOREIGN KEY (contact_id) REFERENCES inbox_contact (id)",
        ),
        refers_next_door,
    ),
    "no reference at all": Mutant(
        (f"ALTER TABLE {TABLE} DROP CONSTRAINT inbox_contactaddress_contact",), refers_next_door
    ),
    "second reference without the tenant": Mutant(
        (f"ALTER TABLE {TABLE} ADD FOREIGN KEY (contact_id) REFERENCES inbox_contact (id)",), nothing
    ),
    "workspace not referenced": Mutant((f"ALTER TABLE {TABLE} DROP CONSTRAINT inbox_contactaddress_tenant",), nothing),
    "unique key of the whole installation": Mutant(
        (f"CREATE UNIQUE INDEX everywhere ON {TABLE} (email_norm)",), probes_next_door
    ),
    "tenant may be null": Mutant((f"ALTER TABLE {TABLE} ALTER tenant_id DROP NOT NULL",), nothing),
    "application is a member of the owner": Mutant(("GRANT versana_owner TO versana_app",), changes_the_schema),
    "application bypasses the wall": Mutant(("ALTER ROLE versana_app BYPASSRLS",), reads_next_door),
    "application may become one who does": Mutant(("GRANT versana_backup TO versana_app",), nothing),
    "TRUNCATE granted": Mutant((f"GRANT TRUNCATE ON {TABLE}, inbox_contact TO versana_app",), empties_the_table),
    "UPDATE of the audit granted": Mutant(("GRANT UPDATE (action) ON tenants_auditevent TO PUBLIC",), rewrites_history),
    "schema open to new tables": Mutant(("GRANT CREATE ON SCHEMA public TO versana_app",), nothing),
    "view of a superuser's": Mutant(
        (f"CREATE VIEW every_address AS SELECT * FROM {TABLE}", "GRANT SELECT ON every_address TO versana_app"),
        reads_a_view,
    ),
    "table that nobody classified": Mutant(("CREATE TABLE notes (id int)",), nothing),
    "function of a superuser's": Mutant(
        (
            f"CREATE FUNCTION count_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM {TABLE}'",
        ),
        asks_a_function,
    ),
    "door with a changed body": Mutant(
        (
            "CREATE OR REPLACE FUNCTION public.tenant_of_slug(p_slug text) RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER "
            "SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN 1; END $$",
        ),
        nothing,
    ),
    "door open to everybody": Mutant(("GRANT EXECUTE ON FUNCTION tenant_ids() TO PUBLIC",), nothing),
    "door without a search path": Mutant(("ALTER FUNCTION tenant_ids() RESET search_path",), nothing),
    "door missing": Mutant(("DROP FUNCTION tenant_ids()",), nothing),
}


@pytest.mark.django_db
def test_the_unchanged_schema_shows_no_fault_and_no_gap(superuser_url: str) -> None:
    with mutated(superuser_url) as neighbours:
        assert checks.findings() == []
        call_command("check_isolation")
        shown = [
            mutant.shows.__name__
            for mutant in MUTANTS.values()
            if mutant.shows is not nothing and mutant.shows(neighbours)
        ]
        assert shown == []


@pytest.mark.django_db
@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_broken_schema_is_found(mutant: Mutant, superuser_url: str) -> None:
    with mutated(superuser_url, *mutant.statements) as neighbours:
        assert checks.findings() != []
        with pytest.raises(CommandError, match="faults in the wall"):
            call_command("check_isolation")
        assert mutant.shows(neighbours) is not mutant.stopped_by_the_wall


@pytest.mark.django_db
def test_a_mutation_leaves_nothing_behind(superuser_url: str) -> None:
    with mutated(superuser_url, "GRANT versana_owner TO versana_app"):
        pass
    assert connection.settings_dict["USER"] == "versana_app"
    assert settings.CHECK_DATABASE_ROLE
    assert checks.findings() == []
