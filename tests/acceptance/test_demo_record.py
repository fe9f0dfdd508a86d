"""The record of the demo: whole after sealing, and three kinds of damage to it found and named by the command.

The demo's own seed makes the data. The damage is done by a superuser for whom no trigger fires, and taken back each time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command

from tenants import doors, tasks
from tenants.models import AuditEvent, AuditSeal, Tenant
from tenants.rls.context import tenant_context
from tests.telling import Tell

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.nightly]
TABLES = ("tenants_auditevent", "tenants_auditseal")
FLIP = """UPDATE tenants_auditevent SET target =
    convert_from(set_byte(convert_to(target, 'UTF8'), 0, get_byte(convert_to(target, 'UTF8'), 0) # 1), 'UTF8') WHERE id = %s"""


@pytest.fixture
def demo(db: None) -> list[tuple[str, list[int]]]:
    """The demo's workspaces: the address, and the ids of its events in the order of the chain. All sealed."""
    call_command("seed_demo", stdout=StringIO(), stderr=StringIO())
    tasks.seal_audit()
    found = []
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            chained = list(AuditSeal.objects.order_by("position").values_list("event_id", flat=True))
            assert sorted(chained) == sorted(AuditEvent.objects.values_list("pk", flat=True))
            found.append((Tenant.objects.get().slug, chained))
    return found


@pytest.fixture
def vandal(superuser_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(superuser_url, autocommit=True) as session:
        session.execute("SET session_replication_role = replica")
        yield session


@contextmanager
def copied(vandal: psycopg.Connection) -> Iterator[None]:
    """What is done to the record inside is taken back afterwards, row by row."""
    for table in TABLES:
        vandal.execute(f"CREATE TEMP TABLE kept_{table} AS SELECT * FROM {table}")
    try:
        yield
    finally:
        for table in TABLES:
            vandal.execute(f"DELETE FROM {table}")
            vandal.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")
            vandal.execute(f"DROP TABLE kept_{table}")


def verified() -> tuple[bool, list[str], list[str]]:
    """Whether `verify_audit` is content with every workspace, what it says of each, and the faults it names."""
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_audit", stdout=out, stderr=err, no_color=True)
    except CommandError:
        return False, out.getvalue().splitlines(), err.getvalue().splitlines()
    return True, out.getvalue().splitlines(), err.getvalue().splitlines()


def test_the_demos_record_is_whole_and_damage_to_a_copy_of_it_is_named(
    demo: list[tuple[str, list[int]]], vandal: psycopg.Connection, tell: Tell
) -> None:
    whole, said, faults = verified()
    assert (whole, faults) == (True, [])
    assert [line.partition(", head ")[0] for line in said] == [
        f"{slug}: {len(chain)} events, chain whole" for slug, chain in demo
    ]
    assert all(line.endswith(", 0 not yet sealed") for line in said)
    slug, chain = demo[0]
    first, second, last = chain[0], chain[1], chain[-1]
    damages = {
        f"{slug}: position 2: event {second} ": [(FLIP, [second])],
        f"{slug}: position 2 is missing": [
            ("DELETE FROM tenants_auditseal WHERE event_id = %s", [second]),
            ("DELETE FROM tenants_auditevent WHERE id = %s", [second]),
        ],
        f"{slug}: positions 1 and {len(chain)} are swapped (events {last} and {first})": [
            ("UPDATE tenants_auditseal SET position = -1 WHERE event_id = %s", [first]),
            ("UPDATE tenants_auditseal SET position = 1 WHERE event_id = %s", [last]),
            (f"UPDATE tenants_auditseal SET position = {len(chain)} WHERE event_id = %s", [first]),
        ],
    }
    for expected, statements in damages.items():
        with copied(vandal):
            for statement, values in statements:
                assert vandal.execute(statement, values).rowcount == 1
            whole, _, faults = verified()
            assert (whole, len(faults)) == (False, 1), faults
            assert faults[0].startswith(expected)
        assert verified() == (True, said, [])
    events = sum(len(chain) for _, chain in demo)
    tell(f"demo: {events} events in {len(demo)} workspaces, chain whole; flipped byte, dropped row, swapped pair named")
