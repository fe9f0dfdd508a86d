"""A backup by the backup role, restored into an empty server by the commands of docs/operations.md: nothing missing, the wall up.

The commands are read from the document, so that what is tested is what an operator types.
"""

import base64
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.test import TransactionTestCase
from psycopg import sql

from integrations.shopify.models import Store
from tenants.crypto.secret import Secret
from tenants.models import Tenant
from tenants.rls import tables
from tenants.rls.context import tenant_context
from tenants.rls.database import Address, set_up, with_database
from tests import factories
from tests.database.conftest import Server, documented, run_documented
from tests.isolation.rows import populate, workspace
from tests.telling import Tell
from versana.devservices import binaries
from versana.devservices.places import ROOT

pytestmark = pytest.mark.nightly

HEADING = "Backup and restore"
Content = dict[str, list[str]]


@dataclass(frozen=True)
class Backup:
    """A dump with what it must hold: each table's rows as text, as a superuser sees them, and the sequences."""

    place: Path
    env: dict[str, str]
    tenants: list[int]  # those with a row in every table
    slug: str  # of the one with mails
    content: Content
    sequences: dict[str, int | None]


@pytest.fixture(scope="module")
def backup(
    django_db_setup: None,
    django_db_blocker: pytest.FixtureRequest,
    test_database_name: str,
    superuser_url: str,
    empty_server: Server,
) -> Iterator[Backup]:
    address = Address.parse(os.environ["BACKUP_DATABASE_URL"])
    set_up(
        superuser_url=os.environ["SUPERUSER_DATABASE_URL"],
        database=test_database_name,
        passwords={address.role: address.password},
    )
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        try:
            full, written_to = fill()
            env = {
                **os.environ,
                "BACKUP_DATABASE_URL": with_database(os.environ["BACKUP_DATABASE_URL"], test_database_name),
            }
            dump, counts = documented(HEADING, before="In containers")
            run_documented(f"{dump}\n{counts}", env, place=empty_server.place)
            with psycopg.connect(superuser_url) as server:
                yield Backup(
                    empty_server.place, env, [t.pk for t in full], written_to.slug, content(server), sequences(server)
                )
        finally:
            TransactionTestCase()._fixture_teardown()  # By the owner: tests/conftest.py.


def fill() -> tuple[list[Tenant], Tenant]:
    """Workspaces of different sizes, each with a row in every table; and one with the demo's mails."""
    full = [workspace("full") for _ in range(4)]
    for size, tenant in enumerate(full):
        with tenant_context(tenant.pk):
            for number in range(3 * size):
                factories.conversation(email=f"person{number}@example.com", texts=["Hello?", "Anybody?"])
        store = populate(tenant)[Store]
        with tenant_context(tenant.pk):
            store.access_token = Secret(f"access of {tenant.slug}")
            store.save()
    written_to = workspace("mail")
    mails = ROOT / "versana" / "devservices" / "demo" / "mailbox.mbox"
    call_command("import_mail", str(mails), workspace=written_to.slug, verbosity=0, stdout=io.StringIO())
    return full, written_to


def content(server: psycopg.Connection) -> Content:
    names = [row[0] for row in server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
    rows = sql.SQL("SELECT t::text FROM {} t ORDER BY 1")
    return {name: [row[0] for row in server.execute(rows.format(sql.Identifier(name)))] for name in names}


def sequences(server: psycopg.Connection) -> dict[str, int | None]:
    return dict(
        server.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'").fetchall()
    )


@pytest.fixture(scope="module")
def restored(backup: Backup, empty_server: Server) -> str:
    """What the documented commands say."""
    *_, restore = documented(HEADING, before="`pg_restore` runs as")
    return run_documented(restore, empty_server.env, place=empty_server.place)


def test_every_row_of_every_workspace_is_there_again(
    backup: Backup, restored: str, empty_server: Server, tell: Tell
) -> None:
    counts = (empty_server.place / "counts.before").read_text().splitlines()
    assert counts == (empty_server.place / "counts.after").read_text().splitlines()
    counted = {(table, int(tenant)) for table, tenant, _ in (line.split("|") for line in counts) if tenant}
    assert {(table, tenant) for table in tables.owned_tables() for tenant in backup.tenants} <= counted
    with empty_server.superuser() as server:
        after = content(server)
    assert after == backup.content
    rows, workspaces = sum(map(len, after.values())), len(after["tenants_tenant"])
    tell(f"restored: {rows} rows of {len(after)} tables and {workspaces} workspaces, each as it was")


def test_the_record_of_what_happened_is_the_same(backup: Backup, restored: str, empty_server: Server) -> None:
    with empty_server.superuser() as server:
        rows = server.execute("SELECT t::text FROM tenants_auditevent t ORDER BY 1").fetchall()
    assert [row[0] for row in rows] == backup.content["tenants_auditevent"]
    assert len(rows) >= len(backup.tenants)


def test_the_wall_stands_on_the_restored_server(restored: str) -> None:
    assert f"The wall stands: {len(tables.owned_tables()) + 1} tables behind it" in restored


OPEN = """
import django; django.setup()
from integrations.shopify.models import Store
from tenants.crypto.sealing import SealError
from tenants.doors import tenant_ids
from tenants.rls.context import tenant_context
for tenant in tenant_ids():
    with tenant_context(tenant):
        for store in Store.objects.filter(access_token__isnull=False):
            try:
                print("opened", tenant, type(store.access_token).__name__)
            except SealError:
                print("sealed", tenant)
"""


def opened(env: dict[str, str]) -> list[str]:
    done = subprocess.run([sys.executable, "-c", OPEN], env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_sealed_tokens_open_with_the_same_keys_and_with_no_others(
    backup: Backup, restored: str, empty_server: Server
) -> None:
    env = dict(empty_server.env)
    other = f"1:{base64.b64encode(os.urandom(32)).decode()}"
    assert opened(env) == [f"opened {tenant} Secret" for tenant in backup.tenants]
    assert opened(env | {"SEALING_KEYS": other}) == [f"sealed {tenant}" for tenant in backup.tenants]


def test_new_rows_continue_where_the_old_ones_ended(backup: Backup, restored: str, empty_server: Server) -> None:
    with empty_server.superuser() as server:
        assert sequences(server) == backup.sequences
    mail = empty_server.place / "new.eml"
    mail.write_text(
        "From: new@example.com\nTo: support@shop.example\nSubject: After\nDate: Thu, 26 Nov 2026 10:00:00 +0000\nMessage-ID: <after@restore>\n\nHi\n"
    )
    said = run_documented(
        f"manage.py import_mail --workspace {backup.slug} {mail.name}\n"
        f"echo 'a password long enough' | manage.py create_tenant newcomer --name Newcomer --owner newcomer@example.com",
        empty_server.env,
        place=empty_server.place,
    )
    assert "1 imported" in said
    assert "Workspace newcomer is open" in said
    with empty_server.superuser() as server:
        assert [n for (n,) in server.execute("SELECT max(id) FROM tenants_tenant")] > [max(backup.tenants) + 1]


# --- What must not pass for a backup --------------------------------------------------------------------------------
def pg_dump(address: str, *options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [str(binaries.postgres_bin() / "pg_dump"), "--data-only", "--table=inbox_conversation", *options, address]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("role", ["owner_url", "session_url"])
def test_a_role_behind_the_wall_gets_an_error_instead_of_a_part(
    backup: Backup, role: str, request: pytest.FixtureRequest
) -> None:
    address = request.getfixturevalue(role)
    done = pg_dump(address)
    assert done.returncode == 1
    assert "pg_dump: error" in done.stderr
    # Nor when it gives in to row-level security: our policies have no silent form.
    assert pg_dump(address, "--enable-row-security", "--inserts").returncode == 1


def test_a_part_that_passes_for_a_whole_is_possible_and_the_counts_find_it(backup: Backup, owner_url: str) -> None:
    """The one way to a silent subset, which the document warns of: row-level security obeyed, a workspace set."""
    tenant = backup.tenants[1]
    done = pg_dump(owner_url, "--enable-row-security", "--inserts", PGOPTIONS=f"-c app.tenant_id={tenant}")
    assert done.returncode == 0
    written = done.stdout.count("INSERT INTO")
    assert 0 < written < len(backup.content["inbox_conversation"])
    counts = (backup.place / "counts.before").read_text().splitlines()
    found = {int(t): int(n) for table, t, n in (line.split("|") for line in counts) if table == "inbox_conversation"}
    assert found[tenant] == written
    assert sum(found.values()) == len(backup.content["inbox_conversation"])
