"""The launcher of PgBouncer: what it is told, and the sentence for a machine that has none."""

from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.devservices.conftest import Checkout, listening
from versana.devservices import pgbouncer, postgres
from versana.devservices.places import Trouble

ADDRESS = "postgres://versana_app:p%40ss%22word@db.example:6543/versana?sslmode=require"


def test_without_pgbouncer_the_command_that_installs_it_is_named(checkout: Checkout, place: Path) -> None:
    status, said = checkout.run("test", "--pgbouncer", PATH=str(place), VERSANA_PGBOUNCER=str(place / "none"))
    assert status == 1
    assert "There is no PgBouncer" in said
    assert "apt-get install -y --no-install-recommends pgbouncer" in said
    assert "Traceback" not in said


def test_it_pools_by_transaction_and_every_database_of_the_server() -> None:
    config = pgbouncer.config_for(ADDRESS, port=7000, version=(1, 18), place=Path("/somewhere"))
    assert "* = host=db.example port=6543" in config
    assert "pool_mode = transaction" in config
    assert "auth_type = scram-sha-256" in config
    assert "server_reset_query" not in config
    assert "max_prepared_statements" not in config, "versions before 1.21 do not start with it"


def test_prepared_statements_are_off_where_it_could_do_them() -> None:
    config = pgbouncer.config_for(ADDRESS, port=7000, version=(1, 24), place=Path("/somewhere"))
    assert "max_prepared_statements = 0" in config


def test_the_account_is_the_applications_and_options_meant_for_the_server_stay_behind() -> None:
    assert pgbouncer.login(ADDRESS) == '"versana_app" "p@ss""word"\n'
    assert pgbouncer.with_port(ADDRESS, 7000) == "postgres://versana_app:p%40ss%22word@127.0.0.1:7000/versana"


@pytest.mark.pgbouncer
def test_it_starts_lets_the_right_password_in_and_ends(place: Path) -> None:
    program = pgbouncer.find_or_install()
    with (
        postgres.running(place / "data", password="right", log=place / "log", durable=False) as server,
        pgbouncer.running(program, server, place=place / "pgbouncer") as pooled,
    ):
        port = urlsplit(pooled).port or 0
        assert port != urlsplit(server).port
        with psycopg.connect(pooled, autocommit=True, prepare_threshold=None) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(
            psycopg.OperationalError, match=r"password authentication failed|SASL authentication failed"
        ):
            psycopg.connect(pooled.replace("right", "wrong"))
        for path in (place / "pgbouncer" / "users", place / "pgbouncer" / "pgbouncer.ini"):
            assert path.stat().st_mode & 0o077 == 0
    assert not listening(port)


def test_a_program_that_is_something_else_is_named(place: Path) -> None:
    (place / "pgbouncer").write_text("#!/bin/sh\necho something else\n")
    (place / "pgbouncer").chmod(0o755)
    with pytest.raises(Trouble, match="does not say its version"):
        pgbouncer.version(place / "pgbouncer")
