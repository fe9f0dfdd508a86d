"""Break the schema on purpose, one fault at a time: every fault must be found by `check_isolation`, and be seen in behaviour.

Each mutation runs in a superuser's transaction that then acts as the application, and is rolled back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from inbox.models import ContactAddress, SearchEntry
from tenants.rls import checks, tables
from tenants.rls.checks import Finding
from tenants.rls.context import tenant_context
from tests.isolation.conftest import Neighbours, attempt, insert, values
from tests.isolation.overseer import AS_APPLICATION, AS_SUPERUSER, as_superuser, execute, overseen
from tests.isolation.rows import populate, workspace
from tests.telling import Tell

pytestmark = pytest.mark.long


@contextmanager
def mutated(superuser_url: str, *statements: str) -> Iterator[Neighbours]:
    """Two populated workspaces, then the mutation, then the application's role; in one transaction that is rolled back."""
    with overseen(superuser_url):
        a, b = workspace("here"), workspace("there")
        neighbours = Neighbours(a, b, populate(a), populate(b))
        as_superuser(*statements)
        yield neighbours


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
    execute(AS_SUPERUSER, "SET LOCAL SESSION AUTHORIZATION versana_owner")
    seen = attempt(f"SELECT * FROM {TABLE}").count > 1
    execute(AS_SUPERUSER, AS_APPLICATION)
    return seen


def empties_the_table(n: Neighbours) -> bool:
    return attempt(f"TRUNCATE {TABLE} CASCADE").state == ""


def reads_a_view(n: Neighbours) -> bool:
    with tenant_context(n.a.pk):
        return attempt("SELECT * FROM every_address WHERE tenant_id = %s", [n.b.pk]).count > 0


def reads_a_copy(n: Neighbours) -> bool:
    return attempt("SELECT * FROM copied").count > 1 or attempt("SELECT * FROM aside.copied").count > 1


def reads_workspaces(n: Neighbours) -> bool:
    with tenant_context(n.a.pk):
        return attempt("SELECT * FROM tenants_tenant").count > 1


def changes_next_door(n: Neighbours) -> bool:
    with tenant_context(n.a.pk):
        return attempt(f"UPDATE {TABLE} SET email = 'x' WHERE tenant_id = %s", [n.b.pk]).count > 0


def counts_by_a_sequence(n: Neighbours) -> bool:
    return attempt("SELECT last_value FROM inbox_message_id_seq").state == ""


def opens_its_own_table(n: Neighbours) -> bool:
    return attempt(f"ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY").state == ""


def asks_a_function(n: Neighbours) -> bool:
    return attempt("SELECT count_all()").rows not in ((), ((0,),))


def finds_next_door(n: Neighbours) -> bool:
    """Whether the finder of search names the neighbours' entry. Behind the wall its row is not read all the same."""
    with tenant_context(n.a.pk):
        found = attempt("SELECT search_entries('text:*', NULL, NULL, NULL, 200)").rows
        assert not attempt("SELECT * FROM inbox_searchentry WHERE id = %s", [n.of_b[SearchEntry].pk]).count
    return (n.of_b[SearchEntry].pk,) in found


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
    "materialised view": Mutant(
        (f"CREATE MATERIALIZED VIEW copied AS SELECT * FROM {TABLE}", "GRANT SELECT ON copied TO versana_app"),
        reads_a_copy,
    ),
    "view with the rights of who asks, over a table of nobody's": Mutant(
        (
            f"CREATE TABLE kept AS SELECT * FROM {TABLE}",
            "CREATE VIEW copied WITH (security_invoker = true) AS SELECT * FROM kept",
            "GRANT SELECT ON kept, copied TO versana_app",
        ),
        reads_a_copy,
    ),
    "child of a table": Mutant(
        (
            f"CREATE TABLE copied () INHERITS ({TABLE})",
            f"INSERT INTO copied SELECT * FROM {TABLE}",
            "GRANT SELECT ON copied TO versana_app",
        ),
        reads_a_copy,
    ),
    "partition of a table": Mutant(
        (
            f"CREATE TABLE whole (LIKE {TABLE}) PARTITION BY LIST (tenant_id)",
            "ALTER TABLE whole ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY tenant_wall ON whole USING ({TENANT})",
            "CREATE TABLE copied PARTITION OF whole DEFAULT",
            f"INSERT INTO whole SELECT * FROM {TABLE}",
            "GRANT SELECT ON whole, copied TO versana_app",
        ),
        reads_a_copy,
    ),
    "copy in another schema": Mutant(
        (
            "CREATE SCHEMA aside",
            f"CREATE TABLE aside.copied AS SELECT * FROM {TABLE}",
            "GRANT USAGE ON SCHEMA aside TO versana_app",
            "GRANT SELECT ON aside.copied TO versana_app",
        ),
        reads_a_copy,
    ),
    "workspaces without a wall": Mutant(("ALTER TABLE tenants_tenant DISABLE ROW LEVEL SECURITY",), reads_workspaces),
    "policies for reading alone": Mutant(
        (
            *(f"DROP POLICY {name} ON {TABLE}" for name in ("tenant_isolation", "tenant_wall")),
            f"CREATE POLICY tenant_isolation ON {TABLE} FOR SELECT USING (true)",
            f"CREATE POLICY changing ON {TABLE} FOR UPDATE USING (true)",
        ),
        changes_next_door,
    ),
    "sequence to read": Mutant(("GRANT SELECT ON SEQUENCE inbox_message_id_seq TO versana_app",), counts_by_a_sequence),
    "application owns a table": Mutant((f"ALTER TABLE {TABLE} OWNER TO versana_app",), opens_its_own_table),
    "REFERENCES granted": Mutant((f"GRANT REFERENCES (id) ON {TABLE} TO versana_app",), nothing),
    "TRIGGER granted": Mutant((f"GRANT TRIGGER ON {TABLE} TO versana_app",), nothing),
    "reference that was never validated": Mutant(
        (
            f"ALTER TABLE {TABLE} DROP CONSTRAINT inbox_contactaddress_contact",
            f"ALTER TABLE {TABLE} ADD CONSTRAINT late FOREIGN KEY (tenant_id, contact_id) REFERENCES inbox_contact (tenant_id, id) NOT VALID",
        ),
        nothing,
    ),
    "index that is not led by the workspace": Mutant((f"CREATE INDEX loose ON {TABLE} (email)",), nothing),
    "door that claims to be immutable": Mutant(("ALTER FUNCTION tenant_of_slug(text) IMMUTABLE",), nothing),
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
    "finder that looks everywhere": Mutant(
        (
            "CREATE OR REPLACE FUNCTION public.search_entries(p_words text, p_since timestamptz, p_before timestamptz, p_before_id bigint, p_limit int) "
            "RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp "
            "SET plan_cache_mode = force_custom_plan AS $$ BEGIN RETURN QUERY SELECT e.id FROM public.inbox_searchentry e WHERE e.vector @@ p_words::tsquery; END $$",
        ),
        finds_next_door,
    ),
    "finder with one plan for all questions": Mutant(
        ("ALTER FUNCTION search_entries(text, timestamptz, timestamptz, bigint, int) RESET plan_cache_mode",), nothing
    ),
    "finder of another's": Mutant(
        ("ALTER FUNCTION search_entries(text, timestamptz, timestamptz, bigint, int) OWNER TO versana_resolver",),
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
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_schema_is_found(name: str, superuser_url: str, tell: Tell) -> None:
    mutant = MUTANTS[name]
    with mutated(superuser_url, *mutant.statements) as neighbours:
        found = checks.findings()
        assert found != []
        with pytest.raises(CommandError, match="faults in the wall"):
            call_command("check_isolation")
        assert mutant.shows(neighbours) is not mutant.stopped_by_the_wall
    tell(f"mutant killed: {name} - {found[0].subject}: {found[0].fault}{_seen(mutant)}")


def _seen(mutant: Mutant) -> str:
    if mutant.stopped_by_the_wall:
        return "; what it opens is stopped by the restrictive twin"
    return "" if mutant.shows is nothing else f"; and in behaviour: {mutant.shows.__name__.replace('_', ' ')}"


def test_there_are_many_ways_to_break_a_schema() -> None:
    assert len(MUTANTS) >= 15
    assert sum(mutant.shows is not nothing for mutant in MUTANTS.values()) >= 15


@pytest.mark.django_db
def test_a_table_that_nobody_classified_is_named_and_so_is_the_place_to_do_it(superuser_url: str) -> None:
    with mutated(superuser_url, "CREATE TABLE notes (id int, tenant_id bigint)"):
        assert checks.findings() == [Finding("notes", "is not classified in tenants/rls/tables.py")]


@pytest.mark.django_db
def test_a_table_of_the_models_that_lost_its_class_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer sees who adds a model outside of the wall and forgets to say why."""
    monkeypatch.delitem(tables.GLOBAL, "outbox_event")
    assert Finding("outbox_event", "is not classified in tenants/rls/tables.py") in checks.findings()


@pytest.mark.django_db
def test_a_mutation_leaves_nothing_behind(superuser_url: str) -> None:
    with mutated(superuser_url, "GRANT versana_owner TO versana_app"):
        pass
    assert connection.settings_dict["USER"] == "versana_app"
    assert settings.CHECK_DATABASE_ROLE
    assert checks.findings() == []
