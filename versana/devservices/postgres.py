"""Starts a PostgreSQL of our own, with passwords, on loopback, as a child in the foreground.

No pg_ctl: a child in the foreground can be watched, and dies with us however we die.
"""

import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from versana.devservices import binaries
from versana.devservices.places import Trouble, is_root
from versana.devservices.processes import Child, wait_until

SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "timezone=UTC",
    "log_timezone=UTC",
    "max_connections=100",
)
THROW_AWAY = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
# Nothing of the caller's environment: PGDATA, PGPORT or an uninstalled LANG would change what starts.
CLEAN_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@contextmanager
def running(data: Path, *, password: str, log: Path, durable: bool) -> Iterator[str]:
    """Yields the superuser's address of a server on this data directory, which is made when missing."""
    programs = binaries.postgres_bin()
    account = make_cluster(data, programs=programs, password=password, durable=durable)
    if port := survivor(data):
        yield address(port, password)  # Not ours to stop: only a system without PDEATHSIG leaves one behind.
        return
    server = start(data, programs=programs, account=account, log=log, durable=durable)
    try:
        yield address(_status(data)[1], password)
    finally:
        server.stop()


def address(port: int, password: str) -> str:
    return f"postgres://postgres:{password}@127.0.0.1:{port}/postgres"


def make_cluster(data: Path, *, programs: Path, password: str, durable: bool) -> str:
    """Runs initdb beside the final place and renames: an interrupted one leaves no half cluster. Returns the account."""
    _check_version(data, programs)
    parent = data.parent
    parent.mkdir(parents=True, exist_ok=True)
    if (data / "PG_VERSION").exists():
        return _account(data.stat().st_uid)
    with tempfile.TemporaryDirectory(dir=parent, prefix="initdb-", ignore_cleanup_errors=True) as made:
        fresh = Path(made)
        account = hand_over(fresh)
        secret = fresh / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        give(secret, account=account)
        _initdb(fresh / "data", secret=secret, programs=programs, account=account, durable=durable)
        (fresh / "data").rename(data)
    return account


def hand_over(path: Path) -> str:
    """Gives the directory to the account that will run PostgreSQL, and names that account (tether.py)."""
    if not is_root() or sys.platform != "linux":
        return "self"
    try:
        _chown(path)
    except OSError:  # EINVAL: a namespace with a single user. EPERM: a container without CAP_CHOWN.
        return "namespace"
    return "nobody"


def give(path: Path, *, account: str) -> None:
    """A file to the account that hand_over named."""
    if account == "nobody":
        _chown(path)


def _chown(path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _account(owner: int) -> str:
    if not is_root() or sys.platform != "linux":
        return "self"
    return "namespace" if owner == 0 else "nobody"


def _check_version(data: Path, programs: Path) -> None:
    if not (data / "PG_VERSION").exists():
        return
    made_by, ours = int((data / "PG_VERSION").read_text()), binaries.postgres_version(programs)
    if made_by != ours:
        raise Trouble(
            f"The data in {data} is PostgreSQL {made_by}'s, the program is {ours}. `./dev demo --fresh` starts over."
        )


def _initdb(data: Path, *, secret: Path, programs: Path, account: str, durable: bool) -> None:
    # The builtin provider needs no installed locale, and knows that lower('Ä') is 'ä'; PostgreSQL has it from 17 on.
    if binaries.postgres_version(programs) >= 17:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        locale = ["--locale=C.UTF-8"]
    command: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--auth=scram-sha-256",
        f"--pwfile={secret}",
        *locale,
    ]
    if not durable:
        command.append("-N")
    child = Child("initdb", command, log=secret.with_name("log"), env=CLEAN_ENV, account=account, cwd="/")
    try:
        if child.process.wait(120):
            raise child.obituary()
    except subprocess.TimeoutExpired:
        raise Trouble(f"{child.last_words()}\n\ninitdb did not end within 120 s.") from None
    finally:
        child.stop()


def start(data: Path, *, programs: Path, account: str, log: Path, durable: bool, port: int = 0) -> Child:
    """`port`: the one that it shall have again; any that is free otherwise."""
    settings = SETTINGS if durable else SETTINGS + THROW_AWAY
    for attempt in range(5):
        options = [part for setting in settings for part in ("-c", setting)]
        command: list[str | Path] = [programs / "postgres", "-D", data, "-p", str(port or free_port()), *options]
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every connection to leave.
        server = Child(
            "PostgreSQL", command, log=log, env=CLEAN_ENV, stop_signal=signal.SIGINT, account=account, cwd="/"
        )
        try:
            wait_until(partial(_ready, data, server.process.pid), child=server)
        except BaseException:
            server.stop()
            if attempt < 4 and "Address already in use" in server.last_words():
                continue  # Somebody took the port between our look and the start.
            raise
        return server
    raise AssertionError("unreachable")


def _ready(data: Path, pid: int) -> bool:
    status = _status(data)
    return status[0] == pid and status[2]  # Not another's: a file left by a crash says "ready" too.


def _status(data: Path) -> tuple[int, int, bool]:
    """Process, port and readiness as the server itself writes them into postmaster.pid."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), int(lines[3]), lines[7].strip() == "ready"
    except (OSError, IndexError, ValueError):
        return 0, 0, False


def survivor(data: Path) -> int:
    """The port of a server that still runs on this data; one that is just ending is waited for."""
    deadline = time.monotonic() + 5
    while (status := _status(data))[2] and _answers(status[1]):
        if sys.platform != "linux":
            return status[1]
        if time.monotonic() > deadline:
            raise Trouble(f"A PostgreSQL (process {status[0]}) already runs on {data}. Stop it: kill -INT {status[0]}")
        time.sleep(0.05)
    return 0


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port(first: int = 0) -> int:
    """A free port on loopback: any, or the first from `first` on."""
    for port in range(first, first + 200) if first else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Trouble(f"No free port from {first} to {first + 199}.")
