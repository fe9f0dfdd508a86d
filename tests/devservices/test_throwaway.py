"""Servers of one test run: shared with nobody, gone afterwards."""

import fcntl
from pathlib import Path

import psycopg

from tests.devservices.conftest import bare_environment
from versana.devservices import throwaway


def test_two_runs_at_the_same_time_share_nothing_and_leave_nothing() -> None:
    with throwaway.servers(bare_environment()) as one, throwaway.servers(bare_environment()) as two:
        for name in ("SUPERUSER_DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SEALING_KEYS", "MAIL_FILE_PATH"):
            assert one[name] != two[name]
        for env in (one, two):
            with psycopg.connect(env["SUPERUSER_DATABASE_URL"], autocommit=True) as connection:
                connection.execute("CREATE DATABASE the_same_name")
        places = [Path(env["MAIL_FILE_PATH"]).parent for env in (one, two)]
        assert all(place.exists() for place in places)
    assert not any(place.exists() for place in places)


def test_what_a_killed_run_left_is_removed_and_what_runs_is_not(tmp_path: Path) -> None:
    for name in ("versana-test-dead", "versana-test-running", "versana-test-starting", "else"):
        (tmp_path / name).mkdir()
    for name in ("versana-test-dead", "versana-test-running", "else"):
        (tmp_path / name / "lock").touch()
    with open(tmp_path / "versana-test-running" / "lock") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        throwaway.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["else", "versana-test-running", "versana-test-starting"]
