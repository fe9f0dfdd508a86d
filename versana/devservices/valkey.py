"""Starts a Valkey (or Redis) of our own, with a password, on loopback, keeping nothing on disk.

What must not be lost is in the outbox in PostgreSQL; the queue is only the way there.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from versana.devservices import binaries
from versana.devservices.places import Trouble
from versana.devservices.postgres import free_port, hand_over
from versana.devservices.processes import Child, wait_until

# By standard input, because arguments can be read by everybody on the machine.
CONFIG = """bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
loglevel warning
daemonize no
"""


@contextmanager
def running(*, password: str, log: Path, work: Path) -> Iterator[str]:
    """Yields the address. `work` is a directory the server may call its own."""
    work.mkdir(parents=True, exist_ok=True)
    # Valkey runs as root too, so the namespace PostgreSQL may need is not worth its risk here.
    account = "nobody" if hand_over(work) == "nobody" else "self"
    server = _start(password=password, log=log, account=account)
    try:
        yield server.address
    finally:
        server.stop()


class _Server(Child):
    address = ""


def _start(*, password: str, log: Path, account: str) -> _Server:
    program = binaries.valkey_server()
    for _ in range(5):
        port = free_port()
        server = _Server(
            "Valkey",
            [program, "-"],
            log=log,
            account=account,
            cwd="/",
            stdin=CONFIG.format(port=port, password=password),
        )
        try:
            wait_until(partial(_pong, port, password), child=server, seconds=20)
        except BaseException:
            server.stop()
            if "already in use" in server.last_words():
                continue
            raise
        server.address = f"redis://:{password}@127.0.0.1:{port}/0"
        return server
    raise Trouble("Valkey found no free port.")


def _pong(port: int, password: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while b"PONG" not in answer and (more := connection.recv(100)):
                answer += more
            return b"PONG" in answer
    except OSError:
        return False
