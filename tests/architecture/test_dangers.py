"""Things that are allowed in few places, each with its reason: raw SQL, revealed secrets, tasks without a tenant."""

import ast
import subprocess
import sys

import pytest
from celery import current_app
from django.conf import settings

from tenants.rls.tasks import TenantTask
from tests.architecture.raw_sql import raw_sql
from tests.architecture.source import ROOT, calls, imported, modules

# Row-level security guards against forgotten filters, not against SQL injection: raw SQL stands where it can be watched.
RAW_SQL = {
    "tenants/rls/": "Tells Postgres the workspace, and declares, grants and checks the wall.",
    "tenants/doors.py": "The questions before a workspace is known.",
}
# One line for each way there is; ruff, which knows whence a name comes, sees the second group.
WAYS = (
    'Store.objects.raw("SELECT 1")',
    'Store.objects.extra(where=["1=1"])',
    'Store.objects.annotate(x=RawSQL("1", []))',
    'connections["default"].cursor()',
    'field.model.objects.db_connection.cursor().execute("SELECT 1")',
    "with anything.cursor() as c: pass",
    "run = connection.cursor",
    'getattr(connection, "cursor")()',
    'schema_editor.execute("DROP TABLE x")',
    'c.executemany("INSERT", rows)',
    "connection.chunked_cursor()",
    'migrations.RunSQL("DROP TABLE x")',
    "import sqlite3",
    "from psycopg2.extras import execute_values",
)
RUFF_SEES = (
    "import psycopg",
    "from psycopg import sql",
    "from django.db import connections",
    "from django.db.models.expressions import RawSQL",
    "from django.db import connection\nconnection.cursor()",
    "from django.db import connection as c\nwith c.cursor() as cursor: pass",
    "from django.db import migrations\nmigrations.RunSQL('x')",
)
REVEALS = {"integrations/http.py", "tenants/crypto/keyring.py"}
MARKED_SAFE = {
    "versana/moments.py": "Times as elements, built from numbers and escaped words.",
    "versana/templatetags/versana.py": "Icons and badges of the product's own.",
}
# Tasks that belong to no workspace, or find theirs by a row.
OF_NO_TENANT = {
    "tenants.outbox.tasks.deliver": "The event's row names the workspace, and delivery binds the handlers to it.",
    "tenants.outbox.tasks.sweep": "Looks at all pending events, and pokes.",
    "tenants.outbox.tasks.tidy": "Forgets done events of all workspaces.",
    "tenants.tasks.delete_exports": "Goes through the workspaces one by one.",
    "tenants.tasks.clear_sessions": "Sessions belong to people, not to workspaces.",
    "tenants.tasks.forget_staff_actions": "What platform staff did is the installation's.",
    "tenants.tasks.seal_audit": "Goes through the workspaces one by one.",
    "inbox.tasks.rescue_mail_everywhere": "Goes through the workspaces one by one.",
    "inbox.tasks.wake_everywhere": "Goes through the workspaces one by one.",
    "integrations.shopify.tasks.forget_installations": "They wait outside of every workspace.",
    "integrations.shopify.tasks.forget_everywhere": "Goes through the workspaces one by one.",
    "integrations.shopify.tasks.reopen_everywhere": "Goes through the workspaces one by one.",
    "integrations.shopify.tasks.probe_everywhere": "Goes through the workspaces one by one.",
    "integrations.shopify.tasks.check_webhooks_everywhere": "Goes through the workspaces one by one.",
    "integrations.shopify.tasks.reconcile_everywhere": "Goes through the workspaces one by one.",
    "integrations.shopify.tasks.renew_everywhere": "Goes through the workspaces one by one.",
}


def _used_by(*names: str) -> set[str]:
    return {module.path for module in modules() if any(calls(module.tree, *names))}


def _allowed(path: str) -> bool:
    return path.startswith(tuple(RAW_SQL))


def test_raw_sql_stands_in_two_places() -> None:
    found = {m.path: raw_sql(m.tree) for m in modules() if not _allowed(m.path)}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_every_place_of_raw_sql_is_still_one() -> None:
    assert [place for place in RAW_SQL if not any(raw_sql(m.tree) for m in modules() if m.path.startswith(place))] == []


@pytest.mark.parametrize("line", [*WAYS, *RUFF_SEES])
def test_each_way_to_raw_sql_is_noticed(line: str) -> None:
    assert raw_sql(ast.parse(line))


@pytest.mark.parametrize(
    "line",
    ["rows.filter(pk=1)", "execute(connection, query)", "cursor = position(row)", "copy.copy(row)", "import sql"],
)
def test_what_is_no_sql_is_let_through(line: str) -> None:
    assert not raw_sql(ast.parse(line))


@pytest.mark.parametrize("line", RUFF_SEES)
def test_the_linter_refuses_it_before_any_test_runs(line: str) -> None:
    """The same ban in `./dev lint`, where ruff can see it: with our settings, outside of the two places."""
    command = [sys.executable, "-m", "ruff", "check", "--config", ROOT / "pyproject.toml", "--select", "TID251,S608"]
    for path, status in (("inbox/contacts.py", 1), ("tenants/doors.py", 0)):
        named = [*command, "--stdin-filename", ROOT / path, "-"]
        done = subprocess.run(named, input=f"{line}\n", cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == status, (path, done.stdout)


def test_migrations_hold_no_sql_of_their_own() -> None:
    migrations = [m for m in modules() if m.is_migration]
    assert [m.path for m in migrations if any(calls(m.tree, "RunSQL", "execute", "SeparateDatabaseAndState"))] == []


def test_a_secret_is_revealed_in_two_places() -> None:
    assert _used_by("reveal") == REVEALS


def test_nobody_reaches_into_a_secret() -> None:
    assert {m.path for m in modules() if "._open(" in m.text} == {"tenants/crypto/secret.py"}


def test_text_is_marked_safe_in_few_places() -> None:
    assert _used_by("mark_safe", "SafeString") == MARKED_SAFE.keys()


def test_nothing_is_evaluated_or_unpickled() -> None:
    assert _used_by("eval", "exec") == set()
    assert [
        m.path for m in modules() for name in imported(m.tree) if name.split(".")[0] in ("pickle", "marshal", "shelve")
    ] == []


def test_the_workspace_is_told_to_postgres_in_one_place() -> None:
    telling = {m.path for m in modules() if "set_config" in m.text and not m.path.startswith("versana/devservices/")}
    assert telling == {"tenants/rls/context.py"}


# --- Tasks -----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def tasks() -> dict[str, object]:
    current_app.loader.import_default_modules()
    # Tests make tasks of their own (test.look), which stay registered in the process that ran them.
    return {name: task for name, task in current_app.tasks.items() if not name.startswith(("celery.", "test."))}


def test_every_task_names_its_queue_and_every_route_its_task(tasks: dict[str, object]) -> None:
    routes = settings.CELERY_TASK_ROUTES
    assert routes.keys() == tasks.keys()
    assert {route["queue"] for route in routes.values()} <= {"interactive", "background"}


def test_every_task_has_a_tenant_or_a_reason_for_none(tasks: dict[str, object]) -> None:
    without = {name for name, task in tasks.items() if not isinstance(task, TenantTask)}
    assert without == OF_NO_TENANT.keys()


def test_every_beat_entry_names_a_task_that_exists_and_expires(tasks: dict[str, object]) -> None:
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in tasks
        assert entry["options"]["expires"] <= entry["schedule"]
