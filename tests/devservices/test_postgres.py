"""PostgreSQL from the wheel: passwords, data that lasts, no half clusters, no orphans."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.devservices.conftest import ROOT, eventually, listening
from versana.devservices import binaries, postgres
from versana.devservices.places import Trouble, own_directory


def ask(address: str, question: str) -> object:
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[arg-type]
        return row and row[0]


def test_nobody_gets_in_without_the_password(place: Path) -> None:
    with postgres.running(place / "data", password="right", log=place / "log", durable=False) as address:
        assert ask(address, "SELECT current_setting('is_superuser')") == "on"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(address.replace("right", "wrong"))
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(address.replace(":right", ""))
        port = urlsplit(address).port or 0
    assert not listening(port)


def test_letters_beyond_ascii_have_lower_case_and_text_is_utf8(place: Path) -> None:
    with postgres.running(place / "data", password="secret", log=place / "log", durable=False) as address:
        assert ask(address, "SELECT lower('ÄÖÉ')") == "äöé"
        assert ask(address, "SHOW server_encoding") == "UTF8"
        assert ask(address, "SHOW timezone") == "UTC"


def test_data_outlives_a_restart_and_only_throw_away_servers_skip_the_disk(place: Path) -> None:
    with postgres.running(place / "data", password="secret", log=place / "log", durable=True) as address:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
        assert ask(address, "SHOW fsync") == "on"
    with postgres.running(place / "data", password="secret", log=place / "log", durable=False) as address:
        assert ask(address, "SELECT count(*) FROM kept") == 0
        assert ask(address, "SHOW fsync") == "off"


def test_a_failed_initdb_leaves_no_half_cluster(place: Path) -> None:
    (place / "bin").mkdir()
    for name, does in (
        ("postgres", "echo 'postgres (PostgreSQL) 18.1'"),
        ("initdb", "echo 'No space left on device'; exit 1"),
    ):
        (place / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (place / "bin" / name).chmod(0o755)
    with pytest.raises(Trouble, match="disk is full"):
        postgres.make_cluster(place / "data", programs=place / "bin", password="secret", durable=True)
    assert [path.name for path in place.iterdir()] == ["bin"]


def test_data_of_another_version_is_refused_with_a_sentence(place: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "PG_VERSION").write_text("9\n")
    with (
        pytest.raises(Trouble, match="is PostgreSQL 9's"),
        postgres.running(place / "data", password="x", log=place / "log", durable=True),
    ):
        pass


STARTS_ONE = """
import sys, time
from pathlib import Path
from versana.devservices import postgres
place = Path(sys.argv[1])
with postgres.running(place / "data", password="secret", log=place / "log", durable=False) as address:
    print(address, flush=True)
    time.sleep(60)
"""


def test_a_server_ends_with_a_supervisor_that_is_killed_and_starts_again(place: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_ONE, str(place)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout
        port = urlsplit(supervisor.stdout.readline().strip()).port or 0
        assert listening(port)
        os.kill(supervisor.pid, signal.SIGKILL)
    assert eventually(lambda: not listening(port))
    with postgres.running(place / "data", password="secret", log=place / "log", durable=False) as address:
        assert ask(address, "SELECT 1") == 1


def test_a_directory_somebody_else_could_have_planted_is_refused(place: Path) -> None:
    (place / "real").mkdir()
    (place / "link").symlink_to(place / "real")
    (place / "open").mkdir()
    (place / "open").chmod(0o777)
    for name in ("link", "open"):
        with pytest.raises(Trouble, match="not a directory only you can write"):
            own_directory(place / name)
    assert own_directory(place / "real") == place / "real"


def test_the_systems_programs_can_be_chosen_and_a_wrong_choice_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERSANA_POSTGRES_BIN", str(place))
    with pytest.raises(Trouble, match="there is no initdb"):
        binaries.postgres_bin()
    (place / "initdb").touch()
    assert binaries.postgres_bin() == place
