"""./dev's commands, started and stopped in earnest in a checkout of stand-ins."""

import os
import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.devservices.conftest import Checkout, eventually, free_port, listening

pytestmark = pytest.mark.long


def get(port: int, path: str = "/") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
        return str(response.read().decode())


def test_the_demo_keeps_its_data_refuses_a_second_and_leaves_no_process_when_killed(checkout: Checkout) -> None:
    demo, port = checkout.start_demo()
    assert get(port) == "DATABASE_URL PUBLIC_URL REDIS_URL SHOPIFY_SANDBOX_URL"
    status, said = checkout.run("demo", "--port", str(free_port()))
    assert status == 1
    assert f"already runs at http://localhost:{port} (process {demo.pid})" in said
    assert checkout.run("manage", "joined")[0] == 0
    assert (checkout.path / ".dev" / "demo" / "secrets").stat().st_mode & 0o777 == 0o600
    os.kill(demo.pid, signal.SIGKILL)
    demo.communicate(timeout=30)
    assert eventually(lambda: not checkout.living()), checkout.living()
    again, _ = checkout.start_demo("--port", str(port))
    assert checkout.run("manage", "history") == (0, "setup_database migrate seed_demo joined history\n")
    again.send_signal(signal.SIGTERM)
    rest, _ = again.communicate(timeout=30)
    assert (again.returncode, "the data is kept" in rest) == (0, True)
    assert not listening(port)


def test_a_child_that_dies_is_reported_and_everything_stops(checkout: Checkout) -> None:
    demo, port = checkout.start_demo()
    with pytest.raises((urllib.error.URLError, OSError)):
        get(port, "/die")
    rest, _ = demo.communicate(timeout=30)
    assert demo.returncode == 1
    assert "web stopped with status -9; its log is" in rest
    assert not listening(port)


@pytest.mark.nightly
def test_fresh_starts_over(checkout: Checkout) -> None:
    assert checkout.run("manage", "first")[0] == 0
    checkout.start_demo("--fresh")
    assert checkout.run("manage", "history") == (0, "setup_database migrate seed_demo history\n")


def test_a_taken_port_is_named_with_the_way_out_and_nothing_is_started(checkout: Checkout) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, said = checkout.run("demo", "--port", str(port))
    assert status == 1
    assert said.strip() == f"Port {port} is taken by another program. Choose another: ./dev demo --port {port + 1}"
    assert not (checkout.path / ".dev" / "demo" / "postgres").exists()


@pytest.mark.parametrize("wrong", ["0", "70000", "eight", "-1"])
def test_a_port_that_is_none_is_refused(checkout: Checkout, wrong: str) -> None:
    status, said = checkout.run("demo", f"--port={wrong}")
    assert status == 2
    assert "--port" in said


def test_a_first_manage_command_prepares_the_data_and_hands_back_its_status(checkout: Checkout) -> None:
    assert checkout.run("manage", "history")[1].endswith("setup_database migrate seed_demo history\n")
    assert checkout.run("shell", "sh", "-c", "exit 5")[0] == 5
    assert not (checkout.path / ".dev" / "demo" / "running.json").exists()


def test_data_whose_keys_are_gone_is_neither_opened_nor_thrown_away(checkout: Checkout) -> None:
    assert checkout.run("manage", "check")[0] == 0
    (checkout.path / ".dev" / "demo" / "secrets").unlink()
    status, said = checkout.run("manage", "check")
    assert status == 1
    assert "its keys are not (.dev/demo/secrets)" in said
    assert not (checkout.path / ".dev" / "demo" / "secrets").exists()


def test_fresh_never_empties_a_server_of_the_callers(checkout: Checkout) -> None:
    status, said = checkout.run(
        "demo", "--fresh", "--port", str(free_port()), DATABASE_URL="postgres://boss@db.example/postgres"
    )
    assert status == 1
    assert "--fresh never empties a server of yours" in said


def test_ci_fails_without_a_browser_and_says_how_to_get_one(checkout: Checkout) -> None:
    status, said = checkout.run("test", CI="true", PATH="/nowhere")
    assert status == 1
    assert "apt-get install -y --no-install-recommends chromium libatomic1 fonts-dejavu-core" in said
    assert "With CI=true that is a failure" in said


def test_an_unknown_command_lists_the_known(checkout: Checkout) -> None:
    status, said = checkout.run("dmeo")
    assert status == 2
    assert "demo, test, lint, lock, manage, shell" in said


def test_a_place_that_cannot_be_written_is_said_without_a_traceback(checkout: Checkout) -> None:
    (checkout.path / ".dev").write_text("a file, where a directory is wanted")
    status, said = checkout.run("shell", "true")
    assert status == 1
    assert "Traceback" not in said
    assert str(Path(".dev")) in said
