"""Erasure: nothing of the workspace is left in any table, the neighbour is untouched, and a killed run goes on."""

import io
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from psycopg import sql

from integrations.shopify.models import ConnectionAttempt
from tenants import accounts, audit, audit_chain, audit_links, closing, doors, erasing, provisioning, staff
from tenants.models import AuditEvent, Membership, Tenant, Tombstone, User
from tenants.outbox.mail import OutboxBackend
from tenants.rls import removal, tables
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests.conftest import PASSWORD
from tests.isolation.conftest import snapshot
from tests.isolation.rows import another, populate, workspace
from tests.telling import Tell
from tests.walking import without_static

__all__ = ["without_static"]
pytestmark = [
    pytest.mark.long,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
    pytest.mark.usefixtures("without_static"),
]


class Houses:
    """A workspace with a row in every table and people, about to be erased; its neighbour; and who looks at both."""

    def __init__(self, superuser_url: str) -> None:
        self.superuser_url = superuser_url
        self.tenant, self.neighbour = workspace("canary-acme"), workspace("nextdoor")
        self.rows, self.theirs = populate(self.tenant), populate(self.neighbour)
        with tenant_context(self.tenant.pk):
            self.owner = Membership.objects.select_related("user").get(user__email__startswith="owner@")
            for model in tables.owned_models():
                if model._meta.db_table in ("inbox_message", "inbox_conversation", "tenants_auditevent"):
                    for _ in range(5):
                        another(model, self.rows)
        for reference, user_id in (("VX-CANA-RYAA", self.owner.user_id), ("VX-CANA-RYAB", None)):
            ConnectionAttempt.objects.create(reference=reference, tenant_id=self.tenant.pk, user_id=user_id)

    def close(self, *, days_ago: float = 31) -> None:
        with tenant_context(self.tenant.pk):
            closing.close(by=self.owner)
            Tenant.objects.update(erase_after=timezone.now() + timedelta(days=30) - timedelta(days=days_ago))

    def everything(self) -> dict[str, list[str]]:
        """Table -> its rows as text, as a superuser sees them."""
        with psycopg.connect(self.superuser_url) as server:
            names = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            query = sql.SQL("SELECT t::text FROM {} t")
            return {n: [r[0] for r in server.execute(query.format(sql.Identifier(n)))] for (n,) in names}

    def planted(self) -> int:
        """Put a canary into every text of every row of the workspace, behind everybody's back. How many columns."""
        with psycopg.connect(self.superuser_url, autocommit=True) as server:
            columns = server.execute(_TEXTS, [tables.owned_tables()]).fetchall()
            for table, column, kind in columns:
                value = sql.SQL("'\"CANARY\"'::jsonb") if kind == "jsonb" else sql.SQL("'CANARY'")
                changed = sql.SQL("UPDATE {} SET {} = {} WHERE tenant_id = %s").format(
                    sql.Identifier(table), sql.Identifier(column), value
                )
                server.execute(changed, [self.tenant.pk])
        return len(columns)


_TEXTS = """
    SELECT table_name, column_name, data_type FROM information_schema.columns c
    WHERE table_schema = 'public' AND table_name = ANY(%s) AND data_type IN ('text', 'jsonb', 'character varying')
    AND is_generated = 'NEVER' AND column_name <> 'hash' -- a seal's: the last one stays, in the tombstone
    AND coalesce(character_maximum_length, 99) >= 6
    AND NOT EXISTS (SELECT 1 FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)
        WHERE k.conrelid = c.table_name::regclass AND k.contype <> 'n' AND a.attname = c.column_name)
    AND NOT EXISTS (SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
        WHERE i.indrelid = c.table_name::regclass AND i.indisunique AND a.attname = c.column_name)
"""


@pytest.fixture
def houses(superuser_url: str, db: None) -> Houses:
    return Houses(superuser_url)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("erase_closed", *arguments, stdout=out)
    return out.getvalue()


# --- Nothing is left ------------------------------------------------------------------------------------------------
def test_no_table_knows_the_workspace_afterwards_and_the_neighbour_is_untouched(houses: Houses, tell: Tell) -> None:
    houses.close()
    columns = houses.planted()
    before, neighbour = houses.everything(), snapshot(houses.neighbour)
    ids = {
        (model._meta.db_table, row.pk)
        for model, row in houses.rows.items()
        if model is not Tenant and model._meta.db_table in before
    }
    assert len(ids) == len(tables.owned_tables())
    said = run()
    after = houses.everything()
    assert f"{houses.tenant.slug}: " in said
    assert sum(text.count("CANARY") for rows in before.values() for text in rows) >= columns
    for table, rows in after.items():
        text = "\n".join(rows)
        assert "CANARY" not in text, table
        if table != "tenants_tombstone":
            assert houses.tenant.slug not in text, table
    assert _tenant_rows(houses) == {"tenants_tombstone": 1}
    assert snapshot(houses.neighbour) == neighbour
    others = {table: rows for table, rows in before.items() if table in _KEPT}
    assert {table: after[table] for table in others} == others
    tell(
        f"erasure: {columns} columns with a canary in {len(tables.owned_tables())} tables, 0 found afterwards in {len(after)}"
    )


_KEPT = {"auth_permission", "django_content_type", "django_migrations", "auth_group"}


def _tenant_rows(houses: Houses) -> dict[str, int]:
    """Table -> how many rows carry the workspace's id in a column of that name, asked by a superuser."""
    with psycopg.connect(houses.superuser_url) as server:
        names = server.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        ).fetchall()
        count = sql.SQL("SELECT count(*) FROM {} WHERE tenant_id = %s")
        found = {n: server.execute(count.format(sql.Identifier(n)), [houses.tenant.pk]).fetchone()[0] for (n,) in names}
        assert server.execute("SELECT count(*) FROM tenants_tenant WHERE id = %s", [houses.tenant.pk]).fetchone() == (
            0,
        )
    return {name: number for name, number in found.items() if number}


def test_a_tombstone_says_how_much_there_was_and_keeps_the_address(houses: Houses) -> None:
    houses.close()
    with tenant_context(houses.tenant.pk):
        events = AuditEvent.objects.count()
    run()
    stone = Tombstone.objects.get()
    assert (stone.slug, stone.tenant_id) == (houses.tenant.slug, houses.tenant.pk)
    assert stone.rows["tenants_auditevent"] == events
    assert stone.audit_length == events
    with pytest.raises(provisioning.ProvisioningError, match="taken"):
        provisioning.open_workspace(
            slug=houses.tenant.slug, name="Heir", owner=User.objects.create_user("heir@example.com")
        )
    assert doors.tenant_of_slug(houses.tenant.slug) is None
    assert houses.tenant.pk not in doors.tenant_ids()


def test_the_head_in_a_tombstone_covers_what_happened_in_the_last_minute(
    houses: Houses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody had sealed it: an export of the last day ends where the tombstone says that the chain ended."""
    houses.close()
    with tenant_context(houses.tenant.pk):
        newest = audit.record(audit.Action.EXPORT_FETCHED, by=houses.owner, target="export 7").pk
        assert audit_chain.unsealed().filter(pk=newest).exists()
    chain: list[audit_links.Link] = []
    real = removal.remove_rows

    def before_they_go(tenant_id: int) -> Iterator[tuple[str, int]]:
        with tenant_context(tenant_id):
            chain.extend(audit_chain.links())
            assert not audit_chain.unsealed().exists()
        return real(tenant_id)

    monkeypatch.setattr(removal, "remove_rows", before_they_go)
    run()
    stone = Tombstone.objects.get()
    assert newest in [link.event_id for link in chain]
    assert (stone.audit_length, stone.audit_head) == (len(chain), chain[-1].hash)


def test_what_a_second_run_finds_of_the_chain_does_not_change_the_head(
    houses: Houses, monkeypatch: pytest.MonkeyPatch
) -> None:
    houses.close()
    with monkeypatch.context() as patch:
        patch.setattr(removal, "remove_rows", lambda tenant_id: 1 / 0)
        with pytest.raises(CommandError, match="Not finished"):
            run()
    before = Tombstone.objects.values_list("audit_length", "audit_head").get()
    with tenant_context(houses.tenant.pk):
        audit.record(audit.Action.EXPORT_DELETED, by=None, target="export 7")
    run()
    assert Tombstone.objects.values_list("audit_length", "audit_head").get() == before


def test_waiting_mails_and_events_of_the_workspace_go_too(houses: Houses) -> None:
    with tenant_context(houses.tenant.pk):
        OutboxBackend().send_messages([EmailMessage("CANARY", "x", "a@example.com", ["b@example.com"])])
    with tenant_context(houses.neighbour.pk):
        OutboxBackend().send_messages([EmailMessage("theirs", "x", "a@example.com", ["b@example.com"])])
    houses.close()
    run()
    after = houses.everything()
    assert len(after["outbox_queuedmail"]) == 1
    assert all(f",{houses.tenant.pk}," not in row for row in after["outbox_event"])
    assert len(after["outbox_event"]) == 1


# --- Which, and who -------------------------------------------------------------------------------------------------
def test_only_what_was_closed_long_enough_ago_is_erased(houses: Houses) -> None:
    before = snapshot(houses.tenant)
    assert run() == "0 of 0 closed workspaces erased.\n"
    assert snapshot(houses.tenant) == before
    houses.close(days_ago=29.9)
    before = snapshot(houses.tenant)
    assert run() == "0 of 0 closed workspaces erased.\n"
    assert snapshot(houses.tenant) == before
    with tenant_context(houses.tenant.pk):
        closing.reopen(by=houses.owner)
    assert "0 of 0" in run()


def test_a_dry_run_says_which_and_erases_nothing(houses: Houses) -> None:
    houses.close()
    before = snapshot(houses.tenant)
    said = run("--dry-run")
    assert said.startswith(f"{houses.tenant.slug}: would be erased, ")
    assert snapshot(houses.tenant) == before
    assert not Tombstone.objects.exists()


def test_the_applications_role_alone_erases_nothing(houses: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
    houses.close()
    databases = {name: value for name, value in settings.DATABASES.items() if name != "owner"}
    monkeypatch.setattr(settings, "DATABASES", databases)
    with pytest.raises(CommandError, match="MIGRATION_DATABASE_URL"):
        run()


def test_accounts_go_unless_another_workspace_names_them(houses: Houses) -> None:
    people = {
        name: accounts.create(email=f"{name}@canary.example", password=PASSWORD, name=name)
        for name in ("alone", "gone", "elsewhere", "was-elsewhere", "staff")
    }
    staff.add(people["staff"], using="owner")
    with tenant_context(houses.tenant.pk):
        for user in people.values():
            provisioning.add_member(user=user, role=Role.AGENT, by=None)
        Membership.objects.filter(user=people["gone"]).update(removed_at=timezone.now())
    with tenant_context(houses.neighbour.pk):
        for name in ("elsewhere", "was-elsewhere"):
            provisioning.add_member(user=people[name], role=Role.AGENT, by=None)
        Membership.objects.filter(user=people["was-elsewhere"]).update(removed_at=timezone.now())
    client = Client()
    signed_in = client.post("/account/login/", {"login": "alone@canary.example", "password": PASSWORD})
    assert signed_in.status_code == 302
    houses.close()
    assert "3 kept" in run()
    left = {user.name for user in User.objects.filter(email__endswith="@canary.example")}
    assert left == {"elsewhere", "was-elsewhere", "staff"}
    assert client.get("/")["Location"].startswith("/account/login/")
    after = houses.everything()
    for table, rows in after.items():
        assert "alone@canary.example" not in "\n".join(rows), table
        assert "gone@canary.example" not in "\n".join(rows), table
    assert len(after["django_session"]) <= 1  # the anonymous one of the last request
    assert after["usersessions_usersession"] == []


# --- Killed, and begun again ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("batches", [0, 1, 5, 20])
def test_a_run_that_is_killed_goes_on_where_it_was(
    houses: Houses, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    houses.close()
    with tenant_context(houses.tenant.pk):
        audit_chain.seal(everything=True)  # the run itself would, and the seals count as rows
    monkeypatch.setattr(removal, "BATCH", 2)
    expected = sum(removal.count_rows(houses.tenant.pk).values())
    real, done = removal._batch, iter(range(batches))

    def killed(table: str, tenant_id: int) -> int:
        if next(done, None) is None:
            raise OperationalError
        return real(table, tenant_id)

    with monkeypatch.context() as patch:
        patch.setattr(removal, "_batch", killed)
        with pytest.raises(CommandError, match="Not finished"):
            run()
    assert houses.tenant.pk in doors.tenant_ids()
    assert f"{houses.tenant.slug}: {expected} rows" in run()
    assert _tenant_rows(houses) == {"tenants_tombstone": 1}
    assert sum(Tombstone.objects.get().rows.values()) == expected


def test_killed_after_the_last_row_the_next_run_clears_what_is_outside_the_wall(
    houses: Houses, monkeypatch: pytest.MonkeyPatch
) -> None:
    houses.close()
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_erase_loose", lambda tenant_id: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run()
    assert "shopify_connectionattempt" in _tenant_rows(houses)
    run()
    assert _tenant_rows(houses) == {"tenants_tombstone": 1}


def test_one_that_fails_does_not_keep_the_others(houses: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
    houses.close()
    second = workspace("second")
    with tenant_context(second.pk):
        Tenant.objects.update(closed_at=timezone.now(), erase_after=timezone.now())
    real = removal.remove_rows
    monkeypatch.setattr(removal, "remove_rows", lambda tenant: 1 / 0 if tenant == houses.tenant.pk else real(tenant))
    with pytest.raises(CommandError, match=f"Not finished: {houses.tenant.slug}"):
        run()
    assert Tombstone.objects.filter(slug=second.slug).exists()
    assert second.pk not in doors.tenant_ids()


def test_while_it_goes_on_nobody_gets_in_and_nobody_opens_it_again(
    houses: Houses, monkeypatch: pytest.MonkeyPatch
) -> None:
    houses.close()
    with tenant_context(houses.tenant.pk), pytest.raises(closing.TooLate):
        closing.reopen(by=houses.owner)
    client = Client()
    client.force_login(houses.owner.user)
    assert client.get(f"/{houses.tenant.slug}/settings/data/").status_code == 403


# --- The order ------------------------------------------------------------------------------------------------------
def test_who_refers_goes_before_what_is_referred_to() -> None:
    order = removal.in_order()
    assert set(order) == set(tables.owned_tables()) - {"tenants_membership"}
    for before, after in (
        ("inbox_attachment", "inbox_message"),
        ("inbox_message", "inbox_conversation"),
        ("inbox_conversation", "inbox_contact"),
        ("tenants_auditseal", "tenants_auditevent"),
        ("tenants_exportpart", "tenants_export"),
        ("shopify_ordercontext", "shopify_store"),
    ):
        assert order.index(before) < order.index(after)


def test_the_application_may_neither_write_a_tombstone_nor_remove_a_workspace(db: None) -> None:
    with connection.cursor() as cursor:
        for table, privilege in (
            ("tenants_tombstone", "INSERT"),
            ("tenants_tenant", "DELETE"),
            ("tenants_auditevent", "DELETE"),
        ):
            cursor.execute("SELECT has_table_privilege(%s, %s)", [table, privilege])
            assert cursor.fetchone() == (False,)
