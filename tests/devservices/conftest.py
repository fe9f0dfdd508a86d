"""Places that every account may enter, because PostgreSQL under root runs as nobody; and a checkout of stand-ins."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAND_INS = Path(__file__).with_name("stand_ins")


@pytest.fixture
def place() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="versana-devservices-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Checkout:
    """A directory with the real ./dev commands and a product of a few lines, to start and stop in earnest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copytree(STAND_INS, path, dirs_exist_ok=True)
        shutil.copytree(
            ROOT / "versana" / "devservices",
            path / "versana" / "devservices",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "versana.devservices", *arguments],
            cwd=self.path,
            env=bare_environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        process = self.start(*arguments, **environment)
        output, _ = process.communicate(timeout=60)
        return process.returncode, output

    def start_demo(self, *arguments: str) -> tuple["subprocess.Popen[str]", int]:
        port = free_port()
        demo = self.start("demo", "--port", str(port), *arguments)
        assert demo.stdout
        for line in demo.stdout:
            if "Stop: Ctrl-C" in line:
                return demo, port
        raise AssertionError("the demo did not start")

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)

    def living(self) -> list[str]:
        """Command lines that name this checkout."""
        return [line for line in command_lines() if str(self.path) in line]


@pytest.fixture
def checkout(place: Path) -> Iterator[Checkout]:
    made = Checkout(place)
    yield made
    made.end()
    assert eventually(lambda: not made.living()), made.living()


def bare_environment() -> dict[str, str]:
    """Without the addresses and keys that this test run itself was given."""
    given = ("CI", "ENVIRONMENT", "MAIL_FILE_PATH", "SECRET_KEY", "SEALING_KEYS")
    return {name: value for name, value in os.environ.items() if not name.endswith("_URL") and name not in given}


def command_lines() -> list[str]:
    """Of all processes; from /proc where there is one, because a minimal Debian has no ps."""
    if not Path("/proc/self/cmdline").exists():
        return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # It ended while we looked.
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


def free_port() -> int:
    """Two neighbours: the demo takes the next for its sandbox."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
