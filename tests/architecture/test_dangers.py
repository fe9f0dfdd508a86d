"""Things that are allowed in few places, each with its reason: raw SQL, revealed secrets, tasks without a tenant."""

import pytest
from celery import current_app
from django.conf import settings

from tenants.rls.tasks import TenantTask
from tests.architecture.source import calls, imported, modules

# Row-level security guards against forgotten filters, not against SQL injection: raw SQL stands where it can be watched.
RAW_SQL = {
    "tenants/rls/": "Tells Postgres the workspace, and declares, grants and checks the wall.",
    "tenants/doors.py": "The questions before a workspace is known.",
    "versana/platform/doors.py": "Asks the functions that know the installation's staff.",
    "tenants/provisioning.py": "Takes a workspace's id from its sequence.",
    "tenants/management/commands/check_isolation.py": "Reads every table without a workspace, which must fail.",
    "tenants/management/commands/setup_database.py": "Catches what the server refuses.",
    "inbox/email/inbound.py": "Takes an advisory lock, which the ORM has no word for.",
    "versana/observability/health.py": "Asks whether the database answers.",
}
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
    "tenants.tasks.clear_sessions": "Sessions belong to people, not to workspaces.",
    "tenants.tasks.seal_audit": "Goes through the workspaces one by one.",
    "integrations.shopify.tasks.forget_everywhere": "Goes through the workspaces one by one.",
}


def _used_by(*names: str) -> set[str]:
    return {module.path for module in modules() if any(calls(module.tree, *names))}


def test_raw_sql_stands_in_few_places() -> None:
    by_hand = {m.path for m in modules() if any(name.split(".")[0] == "psycopg" for name in imported(m.tree))}
    # A keyset's own `cursor(...)` is a position in a list: what is looked for is a method of a connection.
    cursors = {m.path for m in modules() if "connection.cursor(" in m.text or "connections[" in m.text}
    used = by_hand | cursors | _used_by("raw", "extra", "RunSQL", "RawSQL", "executemany")
    assert {path for path in used if not path.startswith(tuple(RAW_SQL))} == set()


def test_every_place_of_raw_sql_is_still_one() -> None:
    texts = {path: [m.text for m in modules() if m.path.startswith(path)] for path in RAW_SQL}
    assert [
        path for path, found in texts.items() if not any("cursor(" in text or "psycopg" in text for text in found)
    ] == []


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
    return {name: task for name, task in current_app.tasks.items() if not name.startswith("celery.")}


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
