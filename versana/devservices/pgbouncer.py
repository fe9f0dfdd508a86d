"""Starts a PgBouncer of our own in transaction mode before a PostgreSQL: what production has between, for a test run.

It is made harsher than production on purpose: few server connections, handed out in turn, never reset between two
transactions. Whatever relies on the session that served it last fails soon.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from versana.devservices import apt
from versana.devservices.places import Trouble
from versana.devservices.postgres import CLEAN_ENV, free_port, give, hand_over
from versana.devservices.processes import Child, wait_until

PACKAGES = ("pgbouncer",)
# Any database, because every process of a test run makes one of its own. No server_reset_query: transaction mode sends none.
CONFIG = """[databases]
* = host={host} port={server_port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
server_tls_sslmode = prefer
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = 6
min_pool_size = 3
server_round_robin = 1
max_client_conn = 300
query_wait_timeout = 30
log_connections = 0
log_disconnections = 0
"""
# Known from 1.21 on, where the default later became 200: what was prepared on one server connection must not be wanted of another.
PREPARED = (1, 21), "max_prepared_statements = 0\n"


def find_or_install() -> Path:
    """The program, which systems keep where only root's PATH leads; raises Trouble with the command that installs it."""
    if not (found := _find()) and apt.possible():
        announcement = "Installing PgBouncer for the tests through it (under 1 MB, once) ..."
        apt.install(PACKAGES, announcement=announcement, log_name="pgbouncer.log")
        found = _find()
    if not found:
        raise Trouble(f"There is no PgBouncer on this machine. To install it: {apt.advice(PACKAGES)}")
    return Path(found)


def _find() -> str | None:
    """VERSANA_PGBOUNCER names another than the system's."""
    if chosen := os.environ.get("VERSANA_PGBOUNCER"):
        return shutil.which(chosen)
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")


def version(program: Path) -> tuple[int, ...]:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"PgBouncer (\d+)\.(\d+)", answer)
    if not match:
        raise Trouble(f"{program} does not say its version: {answer!r}")
    return int(match[1]), int(match[2])


@contextmanager
def running(program: Path, address: str, *, place: Path) -> Iterator[str]:
    """Yields the same address through PgBouncer. `place` is a directory for its files."""
    pooler = _start(program, address, place=place)
    try:
        yield pooler.address
    finally:
        pooler.stop()


class _Pooler(Child):
    address = ""


def _start(program: Path, address: str, *, place: Path) -> _Pooler:
    place.mkdir(parents=True, exist_ok=True)
    account = hand_over(place)  # It refuses to run as root.
    for _ in range(5):
        port = free_port()
        _write(place / "users", login(address), account=account)
        config = place / "pgbouncer.ini"
        _write(config, config_for(address, port=port, version=version(program), place=place), account=account)
        log = place.with_name("pgbouncer.log")
        pooler = _Pooler("PgBouncer", [program, config], log=log, env=CLEAN_ENV, account=account, cwd="/")
        try:
            wait_until(partial(_up, pooler), child=pooler, seconds=20)
        except BaseException:
            pooler.stop()
            if "already in use" in pooler.last_words():
                continue
            raise
        pooler.address = with_port(address, port)
        return pooler
    raise Trouble("PgBouncer found no free port.")


def config_for(address: str, *, port: int, version: Sequence[int], place: Path) -> str:
    parts = urlsplit(address)
    prepared = PREPARED[1] if tuple(version) >= PREPARED[0] else ""
    server = {"host": parts.hostname, "server_port": parts.port or 5432}
    return CONFIG.format(**server, port=port, users=place / "users") + prepared


def _write(path: Path, text: str, *, account: str) -> None:
    """For PgBouncer's account alone: there is a password in it."""
    path.touch(mode=0o600)
    path.write_text(text)
    give(path, account=account)


def _up(pooler: Child) -> bool:
    return "process up" in pooler.last_words()  # Its own word: on its port somebody else could answer.


def with_port(address: str, port: int) -> str:
    """The same account and database at PgBouncer, without options (sslmode, say) that were meant for the server."""
    parts = urlsplit(address)
    account = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{port}", query=""))


def login(address: str) -> str:
    """The line of PgBouncer's user list that lets this address in, here and at the server."""
    parts = urlsplit(address)
    quoted = (unquote(part or "").replace('"', '""') for part in (parts.username, parts.password))
    return " ".join(f'"{part}"' for part in quoted) + "\n"
