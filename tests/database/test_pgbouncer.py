"""PgBouncer in transaction mode really stands between, and hands one server connection to many clients in turn.

The rest of the suite is what shows that the product bears it: `./dev test --pgbouncer`.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
from django.db import connection

from tenants.models import Tenant
from tenants.rls.context import tenant_context
from tenants.rls.database import with_database
from tests import factories
from tests.telling import Tell

pytestmark = pytest.mark.pgbouncer
CLIENTS, AT_ONCE, TRANSACTIONS = 12, 4, 20
WHO = "SELECT pg_backend_pid(), current_setting('app.tenant_id', true)"


@pytest.fixture
def clients(test_database_name: str, django_db_setup: None) -> Iterator[list[psycopg.Connection]]:
    """Clients of PgBouncer, which has more than one server connection open: some were at work at the same time."""
    url = with_database(os.environ["DATABASE_URL"], test_database_name)
    with ExitStack() as stack:
        made = [
            stack.enter_context(psycopg.connect(url, autocommit=True, prepare_threshold=None)) for _ in range(CLIENTS)
        ]
        for word in ("BEGIN", "COMMIT"):
            for client in made[:AT_ONCE]:
                client.execute(word)
        yield made


def test_the_application_reaches_its_database_by_another_port_than_the_owner() -> None:
    ports = {
        name: os.environ[name].rpartition(":")[2].partition("/")[0]
        for name in os.environ
        if name.endswith("DATABASE_URL")
    }
    assert ports["DATABASE_URL"] not in {port for name, port in ports.items() if name != "DATABASE_URL"}
    assert connection.settings_dict["PORT"] == int(ports["DATABASE_URL"])


def test_few_server_connections_serve_many_clients_and_none_keeps_the_workspace(
    clients: list[psycopg.Connection], tell: Tell
) -> None:
    """Each client names its own workspace in each transaction; outside of one, nobody's is left on the connection."""
    served: dict[int, set[int]] = defaultdict(set)
    for _ in range(TRANSACTIONS):
        for number, client in enumerate(clients, 1):
            with client.transaction():
                client.execute("SELECT set_config('app.tenant_id', %s, true)", [str(number)])
                backend, tenant = client.execute(WHO).fetchone() or (0, "")
                assert tenant == str(number)
            served[backend].add(number)
            backend, tenant = client.execute(WHO).fetchone() or (0, "?")
            assert tenant in ("", None)
            served[backend].add(number)
    tell(
        f"PgBouncer: {2 * CLIENTS * TRANSACTIONS} transactions of {CLIENTS} clients on {len(served)} server connections, "
        f"0 with a workspace of another"
    )
    assert AT_ONCE <= len(served) < CLIENTS
    assert min(len(numbers) for numbers in served.values()) > 1


def test_a_session_setting_does_leak_here_so_the_trap_is_real(clients: list[psycopg.Connection]) -> None:
    """What would happen with a setting for the session instead of the transaction: the reason why there is none."""
    first, *others = clients
    first.execute("SELECT set_config('versana.left_behind', 'by the first', false)")
    try:
        found = {
            other.execute("SELECT current_setting('versana.left_behind', true)").fetchone() for other in others * 3
        }
        assert ("by the first",) in found
    finally:
        for client in clients * 3:
            client.execute("SELECT set_config('versana.left_behind', '', false)")


@pytest.mark.django_db(transaction=True)
def test_the_products_own_context_reads_its_own_rows_on_whatever_connection_it_gets(
    clients: list[psycopg.Connection],
) -> None:
    backends, cast = set(), factories.team()
    for tenant in [cast.acme, cast.next_door] * 20:
        with tenant_context(tenant.pk), connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backends.add(cursor.fetchone()[0])
            assert [row.pk for row in Tenant.objects.all()] == [tenant.pk]
    assert len(backends) > 1
