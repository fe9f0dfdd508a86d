"""A server on loopback that answers exactly the bytes a test wants, as slowly as it wants."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class HostileServer:
    """`pieces` are sent one after the other with `pause` seconds between; then the connection is closed."""

    url: str
    pieces: Sequence[bytes] = ()
    pause: float = 0.0
    requests: list[bytes] = field(default_factory=list)


def answer(body: bytes, *, status: str = "200 OK", content_type: str = "application/json", headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body


@contextmanager
def hostile_server() -> Iterator[HostileServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = HostileServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
    stopped = threading.Event()
    thread = threading.Thread(target=_accept, args=(listener, server, stopped), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def _accept(listener: socket.socket, server: HostileServer, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(5)
            try:
                server.requests.append(_request(connection))
                for piece in server.pieces:
                    connection.sendall(piece)
                    stopped.wait(server.pause)
            except OSError:
                continue


def _request(connection: socket.socket) -> bytes:
    received = b""
    started = time.monotonic()
    while time.monotonic() - started < 5:
        received += connection.recv(65536)
        head, separator, body = received.partition(b"\r\n\r\n")
        if separator and len(body) >= _length(head):
            break
    return received


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0
