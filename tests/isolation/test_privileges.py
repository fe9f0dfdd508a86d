"""What each database role may do, as the database itself answers; and that a role too strong is refused at the door."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, connections, models
from django.db.backends.postgresql.base import DatabaseWrapper

from tenants.crypto.fields import SealedTextField
from tenants.rls import checks, grants, tables
from tenants.rls.context import tenant_context
from tenants.rls.database import ATTRIBUTES, FUNCTIONS, with_database
from tests.isolation.conftest import BEHIND, Neighbours, attempt

DENIED = "42501"


@contextmanager
def acting_as(role: str, superuser_url: str) -> Iterator[psycopg.Connection]:
    """A transaction of `role`, rolled back."""
    with psycopg.connect(superuser_url) as session:
        session.execute(f"SET LOCAL SESSION AUTHORIZATION {role}")
        yield session
        session.rollback()


def refused(session: psycopg.Connection, statement: str) -> bool:
    """Whether the role lacks the privilege. Any other error is the test's own mistake."""
    try:
        with session.transaction():
            session.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


@pytest.mark.django_db
def test_nothing_is_found_wrong_with_the_real_schema() -> None:
    assert checks.findings() == []


@pytest.mark.django_db
def test_check_isolation_says_that_the_wall_stands(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_isolation")
    assert f"The wall stands: {len(BEHIND)} tables behind it" in capsys.readouterr().out


@pytest.mark.django_db
def test_every_table_of_every_installed_model_is_behind_the_wall_or_global_with_a_reason() -> None:
    behind = {model._meta.db_table for model in BEHIND}
    assert behind | tables.GLOBAL.keys() == set(connection.introspection.table_names())
    assert not behind & tables.GLOBAL.keys()
    assert all(len(entry.reason) > 10 for entry in tables.GLOBAL.values())


@pytest.mark.django_db
def test_a_table_with_a_tenant_column_outside_the_wall_says_why() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        )
        outside = {row[0] for row in cursor.fetchall()} - {model._meta.db_table for model in BEHIND}
    assert outside == {
        "outbox_event",
        "shopify_connectionattempt",
        "shopify_webhookreceipt",
        "tenants_tombstone",
    }


@pytest.mark.parametrize("word", ["TRUNCATE {t}", "CREATE TRIGGER x BEFORE INSERT ON {t} EXECUTE FUNCTION f()"])
def test_the_application_may_not_go_below_the_rows(model: type[models.Model], word: str, superuser_url: str) -> None:
    with acting_as("versana_app", superuser_url) as app:
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction)):
            app.execute(word.format(t=model._meta.db_table))
        app.rollback()
        assert not app.execute(
            "SELECT has_table_privilege('versana_app', %s, 'TRUNCATE') OR has_any_column_privilege('versana_app', %s, 'REFERENCES') "
            "OR has_table_privilege('versana_app', %s, 'TRIGGER')",
            [model._meta.db_table] * 3,
        ).fetchone()[0]


CREATIONS = {
    "table": "CREATE TABLE copied (id int)",
    "table from rows": "CREATE TABLE copied AS SELECT 1",
    "temporary table": "CREATE TEMPORARY TABLE tenants_tenant (id int)",
    "view": "CREATE VIEW seen AS SELECT 1",
    "function": "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "schema": "CREATE SCHEMA mine",
    "role": "CREATE ROLE friend",
    "extension": "CREATE EXTENSION dblink",
    "becoming the owner": "SET ROLE versana_owner",
    "becoming the resolver": "SET ROLE versana_resolver",
    "becoming the searcher": "SET ROLE versana_search",
    "reading passwords": "SELECT rolpassword FROM pg_authid",
    "reading a file": "SELECT pg_read_file('/etc/hostname')",
    "running a program": "COPY (SELECT 1) TO PROGRAM 'true'",
    "a policy": "CREATE POLICY open ON tenants_tenant USING (true)",
    "no wall": "ALTER TABLE tenants_tenant DISABLE ROW LEVEL SECURITY",
    "last number of a sequence": "SELECT last_value FROM inbox_message_id_seq",
    "permissions of platform staff": "INSERT INTO auth_permission (name, content_type_id, codename) VALUES ('x', 1, 'x')",
    "the log of platform staff": "SELECT * FROM django_admin_log",
    "the record of platform staff": "SELECT * FROM tenants_staffaction",
    "an entry in the record of platform staff": "INSERT INTO tenants_staffaction DEFAULT VALUES",
    "making somebody staff": "INSERT INTO tenants_user_groups (user_id, group_id) VALUES (1, 1)",
    "moving staff's right to somebody": "UPDATE tenants_user_groups SET user_id = 1",
    "permissions of a person": "INSERT INTO tenants_user_user_permissions (user_id, permission_id) VALUES (1, 1)",
    "a group": "INSERT INTO auth_group (name) VALUES ('platform staff')",
    "a switch": 'UPDATE tenants_switch SET "on" = true',
    "a new switch": "INSERT INTO tenants_switch DEFAULT VALUES",
    "what is left of an erased workspace": "DELETE FROM tenants_tombstone",
    "staff's passwords": "SELECT * FROM staff_account(1)",
    "staff's second factors": "SELECT * FROM staff_factors(1)",
    "using up staff's codes": "SELECT spend_staff_code(1, 1)",
    "using up staff's one-time codes": "SELECT spend_staff_step(1, 1)",
    "what migrations ran": "DELETE FROM django_migrations",
}


@pytest.mark.parametrize("statement", CREATIONS.values(), ids=CREATIONS)
def test_the_application_is_refused(statement: str, superuser_url: str) -> None:
    with acting_as("versana_app", superuser_url) as app:
        assert refused(app, statement)


@pytest.mark.parametrize("table", ["tenants_auditevent", "tenants_auditseal"])
def test_audit_rows_and_seals_are_neither_changed_nor_deleted(table: str, neighbours: Neighbours) -> None:
    with tenant_context(neighbours.a.pk):
        assert attempt(f"SELECT 1 FROM {table}").count
        for statement in (
            "UPDATE {} SET id = 1",
            "DELETE FROM {}",
            "UPDATE {} SET id = id WHERE id < 0",
            "SELECT * FROM {} FOR UPDATE",
            "TRUNCATE {}",
        ):
            assert attempt(statement.format(table)).state == DENIED


def test_an_audit_row_is_not_changed_by_way_of_a_conflict(neighbours: Neighbours) -> None:
    with tenant_context(neighbours.a.pk):
        assert (
            attempt(
                "INSERT INTO tenants_auditevent SELECT * FROM tenants_auditevent ON CONFLICT (id) DO UPDATE SET action = 'nothing'"
            ).state
            == DENIED
        )


def test_a_workspace_is_never_deleted_by_the_application(neighbours: Neighbours) -> None:
    with tenant_context(neighbours.a.pk):
        assert attempt("DELETE FROM tenants_tenant").state == DENIED


# --- The functions that step over the wall ---------------------------------------------------------------------------
DOORS = {"workspaces_of", "invitation_of", "tenant_of_shop", "tenants_of_shop", "tenant_of_slug", "tenant_ids"}
# For the platform's administration alone: what signing its staff in needs.
STAFF_DOORS = {"staff_account", "staff_factors", "spend_staff_code", "spend_staff_step"}
# For the worker: a deed of no workspace.
DEEDS = {"forget_staff_actions"}
# Answers inside a workspace, with ids of that one; its role owns nothing else.
FINDERS = {"search_entries"}
CHANGES_SOMETHING = DEEDS | {"spend_staff_code", "spend_staff_step"}


def test_exactly_the_listed_functions_step_over_the_wall(superuser_url: str) -> None:
    with psycopg.connect(superuser_url) as session:
        found = session.execute(
            "SELECT proname, prosecdef, rolname, array_to_string(proconfig, ';'), provolatile, proleakproof, has_function_privilege('public', p.oid, 'EXECUTE'),"
            " ARRAY(SELECT r2.rolname::text FROM aclexplode(proacl) a JOIN pg_roles r2 ON r2.oid = a.grantee ORDER BY 1)"
            " FROM pg_proc p JOIN pg_roles r ON r.oid = proowner WHERE pronamespace = 'public'::regnamespace"
        ).fetchall()
    assert {row[0] for row in found} == DOORS | STAFF_DOORS | DEEDS | FINDERS
    for name, *rest in found:
        caller = "versana_platform" if name in STAFF_DOORS else "versana_app"
        volatility = "v" if name in CHANGES_SOMETHING else "s"
        owner = "versana_search" if name in FINDERS else "versana_resolver"
        settings = "search_path=pg_catalog, pg_temp" + (";plan_cache_mode=force_custom_plan" if name in FINDERS else "")
        assert rest == [True, owner, settings, volatility, False, False, sorted([caller, owner])]
    assert sum("CREATE OR REPLACE FUNCTION" in statement for statement in FUNCTIONS) == len(found)


def test_nobody_can_sign_in_as_the_resolver_or_the_searcher(superuser_url: str) -> None:
    with psycopg.connect(superuser_url) as session:
        for role in ("versana_resolver", "versana_search"):
            assert session.execute(
                "SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = %s", [role]
            ).fetchone() == (False, False)
        assert session.execute(
            "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE r.rolname LIKE 'versana%'"
        ).fetchone() == (0,)


def test_the_resolver_reads_ids_and_names_and_no_content(superuser_url: str) -> None:
    with acting_as("versana_resolver", superuser_url) as resolver:
        assert refused(resolver, "SELECT access_token FROM shopify_store")
        assert refused(resolver, "SELECT * FROM tenants_membership")
        assert refused(resolver, "SELECT id FROM inbox_message")
        assert refused(resolver, "UPDATE tenants_membership SET role = 'owner'")
        assert refused(resolver, "UPDATE tenants_user SET password = ''")
        assert refused(resolver, "UPDATE mfa_authenticator SET user_id = 1")
        assert refused(resolver, "DELETE FROM mfa_authenticator")


def test_the_searcher_reads_the_words_of_search_and_nothing_else(superuser_url: str) -> None:
    with acting_as("versana_search", superuser_url) as searcher:
        assert not refused(searcher, "SELECT id, tenant_id, at, vector FROM inbox_searchentry")
        assert refused(searcher, "SELECT conversation_id FROM inbox_searchentry")
        assert refused(searcher, "SELECT id FROM inbox_message")
        assert refused(searcher, "SELECT id FROM tenants_tenant")
        assert refused(searcher, "DELETE FROM inbox_searchentry")


@pytest.mark.parametrize("function", ["staff_account", "staff_factors", "spend_staff_code", "spend_staff_step"])
def test_the_doors_for_staff_know_nobody_else(function: str, neighbours: Neighbours, superuser_url: str) -> None:
    """Asked for everybody there is, they answer for the one who is staff."""
    kind = "totp" if function == "spend_staff_step" else "recovery_codes"
    spends = function.startswith("spend")
    with psycopg.connect(superuser_url) as session:
        session.execute("SET session_replication_role = replica")
        session.execute("INSERT INTO auth_group (id, name) VALUES (77, 'platform staff')")
        for user in (901, 902, 903, 904):
            session.execute(
                "INSERT INTO tenants_user (id, password, is_superuser, email, email_norm, name, is_active, date_joined) "
                "VALUES (%(id)s, 'hash', %(super)s, %(mail)s, %(mail)s, '', %(active)s, now())",
                {"id": user, "super": user == 902, "mail": f"p{user}@example.com", "active": user != 903},
            )
            session.execute(
                "INSERT INTO mfa_authenticator (user_id, type, data, created_at) VALUES (%s, %s, '{\"used_mask\": 0}', now())",
                [user, kind],
            )
        session.execute("INSERT INTO tenants_user_groups (user_id, group_id) VALUES (901, 77), (903, 77)")
        session.execute("SET LOCAL SESSION AUTHORIZATION versana_platform")
        asked = "id, 1" if spends else "id"
        answers = dict(
            session.execute(
                f"SELECT id, ({'SELECT ' + function + '(' + asked + ')' if spends else 'SELECT count(*) > 0 FROM ' + function + '(' + asked + ')'}) FROM tenants_user WHERE id > 900"
            ).fetchall()
        )
        session.rollback()
    assert answers == {901: True, 902: False, 903: False, 904: False}


@pytest.mark.parametrize("role", ["versana_platform", "versana_backup"])
@pytest.mark.parametrize(
    "call",
    [
        "workspaces_of(1)",
        "invitation_of('x')",
        "tenant_of_shop('a.myshopify.com')",
        "tenants_of_shop('a.myshopify.com')",
        "tenant_of_slug('a')",
        "tenant_ids()",
    ],
)
def test_other_roles_may_not_ask_the_doors(role: str, call: str, superuser_url: str) -> None:
    with acting_as(role, superuser_url) as session:
        assert refused(session, f"SELECT {call}")


# --- The other roles -------------------------------------------------------------------------------------------------
def test_platform_staff_can_read_no_token_no_body_and_no_order(model: type[models.Model], superuser_url: str) -> None:
    table = model._meta.db_table
    allowed = grants.PLATFORM_COLUMNS.get(table, ())
    with acting_as("versana_platform", superuser_url) as platform:
        for field in model._meta.concrete_fields:
            assert refused(platform, f'SELECT "{field.column}" FROM {table}') is (field.column not in allowed), (
                field.column
            )
            if isinstance(field, SealedTextField | models.TextField | models.BinaryField):
                assert field.column not in allowed
        for statement in ("INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"):
            assert refused(platform, statement.format(table))


SECRET_COLUMNS = [
    ("shopify_store", "access_token"), ("shopify_store", "refresh_token"), ("shopify_farewell", "access_token"), ("inbox_message", "text"),
    ("inbox_message", "html"), ("inbox_message", "quoted"), ("inbox_attachment", "content"), ("shopify_ordercontext", "head"),
    ("shopify_ordercontext", "rest"), ("outbox_event", "payload"), ("outbox_queuedmail", "message"),
    ("shopify_connectionattempt", "state_hash"), ("shopify_connectionattempt", "session_hash"),
    ("tenants_invitation", "token_hash"), ("tenants_invitation", "email"), ("tenants_exportpart", "content"), ("tenants_firstrun", "token_hash"),
    ("tenants_user", "password"), ("mfa_authenticator", "data"), ("account_emailaddress", "email"), ("account_emailconfirmation", "key"),
    ("django_session", "session_data"), ("usersessions_usersession", "ip"), ("versana_cache", "value"), ("tenants_auditevent", "detail"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column"), SECRET_COLUMNS, ids=lambda value: value)
def test_platform_staff_are_refused(table: str, column: str, superuser_url: str) -> None:
    with acting_as("versana_platform", superuser_url) as platform:
        assert refused(platform, f"SELECT {column} FROM {table}")
        assert refused(platform, f"SELECT t FROM {table} t")
        assert refused(platform, f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL")


STAFF_WRITES = [
    "UPDATE tenants_user SET is_superuser = true",
    "UPDATE tenants_user SET password = ''",
    "UPDATE tenants_user SET email = 'x@example.com'",
    "INSERT INTO tenants_user DEFAULT VALUES",
    "DELETE FROM tenants_user",
    "SELECT * FROM django_admin_log",
    "UPDATE tenants_staffaction SET action = 'nothing'",
    "DELETE FROM tenants_staffaction",
    "TRUNCATE tenants_staffaction",
    "DELETE FROM tenants_switch",
    "UPDATE mfa_authenticator SET data = '{}'",
    "DELETE FROM mfa_authenticator",
    "INSERT INTO outbox_event DEFAULT VALUES",
    "UPDATE outbox_event SET payload = '{}'",
    "UPDATE outbox_event SET kind = 'x'",
    "INSERT INTO auth_permission DEFAULT VALUES",
    "INSERT INTO tenants_user_groups DEFAULT VALUES",
    "UPDATE outbox_event SET done_at = now()",
    "SELECT * FROM versana_cache",
    "SELECT * FROM account_emailaddress",
]


@pytest.mark.parametrize("statement", STAFF_WRITES)
def test_platform_staff_may_not(statement: str, superuser_url: str) -> None:
    with acting_as("versana_platform", superuser_url) as platform:
        assert refused(platform, statement)


# Table -> the columns that the platform's role may set; everything where a row is its own to add.
STAFF_COLUMNS = {
    "tenants_user": {"last_login"},
    "outbox_event": {"next_run_at", "held_until", "attempts", "dead_at"},
    "tenants_switch": {"id", "name", "on", "reason", "changed_at", "changed_by"},
}


def test_platform_staff_write_their_record_the_switches_and_what_revives_a_dead_letter(superuser_url: str) -> None:
    with psycopg.connect(superuser_url) as session:
        found = session.execute(
            "SELECT relname, word FROM pg_class, unnest(ARRAY['INSERT', 'UPDATE']) word WHERE relnamespace = 'public'::regnamespace "
            "AND relkind = 'r' AND has_any_column_privilege('versana_platform', oid, word) UNION ALL "
            "SELECT relname, word FROM pg_class, unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) word WHERE relnamespace = 'public'::regnamespace "
            "AND relkind = 'r' AND has_table_privilege('versana_platform', oid, word)"
        ).fetchall()
        columns = session.execute(
            "SELECT relname, attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace "
            "AND relkind = 'r' AND attnum > 0 AND NOT attisdropped AND has_column_privilege('versana_platform', attrelid, attname, 'UPDATE')"
        ).fetchall()
    assert set(found) == {
        ("tenants_staffaction", "INSERT"), ("tenants_switch", "INSERT"), *((table, "UPDATE") for table in STAFF_COLUMNS),
    }  # fmt: skip
    assert set(columns) == {(table, column) for table, names in STAFF_COLUMNS.items() for column in names}


def test_the_backup_role_reads_everything_and_writes_nothing(model: type[models.Model], superuser_url: str) -> None:
    table = model._meta.db_table
    with acting_as("versana_backup", superuser_url) as backup:
        assert not refused(backup, f"SELECT * FROM {table}")
        for statement in ("INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"):
            assert refused(backup, statement.format(table))


@pytest.mark.parametrize("statement", ["SELECT * FROM {}", "UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_owner_without_a_workspace_fails_loudly(model: type[models.Model], statement: str, owner_url: str) -> None:
    """A data migration that forgot the workspace must not touch "no rows" in silence."""
    with (
        psycopg.connect(owner_url, autocommit=True) as owner,
        pytest.raises(psycopg.errors.UndefinedObject, match=r"app\.tenant_id"),
    ):
        owner.execute(statement.format(model._meta.db_table))


def test_the_owner_inside_a_workspace_sees_that_workspace_alone(owner_url: str) -> None:
    with psycopg.connect(owner_url) as owner:
        owner.execute("SELECT set_config('app.tenant_id', '1', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute("INSERT INTO tenants_counter (tenant_id, noun, last) VALUES (2, 'x', 1)")


# --- At the door -----------------------------------------------------------------------------------------------------
def _connection_as(url_variable: str, database: str) -> DatabaseWrapper:
    """What a web process would have as its default connection, were it given this address."""
    info = psycopg.conninfo.conninfo_to_dict(with_database(os.environ[url_variable], database))
    # Its server too: where PgBouncer stands before the application's, no other role goes through it.
    changed = {"USER": info["user"], "PASSWORD": info["password"], "HOST": info["host"], "PORT": info["port"]}
    return DatabaseWrapper({**connections["default"].settings_dict, **changed}, "default")


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("SUPERUSER_DATABASE_URL", "is a superuser"),
        ("MIGRATION_DATABASE_URL", "or may become their owner"),
        ("PLATFORM_DATABASE_URL", "versana_platform bypasses row-level security"),
    ],
)
def test_a_role_that_could_step_over_the_wall_is_refused(
    variable: str, words: str, test_database_name: str, db: None
) -> None:
    wrapper = _connection_as(variable, test_database_name)
    with pytest.raises(ImproperlyConfigured, match=words):
        wrapper.ensure_connection()
    assert wrapper.connection is None


def test_a_refused_role_is_refused_again_at_the_next_query(test_database_name: str, db: None) -> None:
    """Django keeps a connection whose signal raised: without closing it, the second request would run as the superuser."""
    wrapper = _connection_as("SUPERUSER_DATABASE_URL", test_database_name)
    for _ in range(2):
        with pytest.raises(ImproperlyConfigured), wrapper.cursor() as cursor:
            cursor.execute("SELECT 1")


def test_a_process_with_a_superusers_address_gets_no_connection(test_database_name: str, django_db_setup: None) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": with_database(os.environ["SUPERUSER_DATABASE_URL"], test_database_name),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check_isolation"],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "DATABASE_URL must name the application's role" in done.stderr


def test_every_role_of_ours_is_checked_against_its_attributes(superuser_url: str) -> None:
    with psycopg.connect(superuser_url) as session:
        found = session.execute(
            "SELECT rolname, rolcanlogin, rolbypassrls, rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication FROM pg_roles WHERE rolname LIKE 'versana%'"
        ).fetchall()
    assert {name: (login, bypass) for name, login, bypass, _ in found} == {
        name: (not words.startswith("NOLOGIN"), " BYPASSRLS" in words) for name, words in ATTRIBUTES.items()
    }
    assert not any(strong for *_, strong in found)
