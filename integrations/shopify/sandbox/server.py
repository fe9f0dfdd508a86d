"""HTTP on loopback: one thread per connection, keep-alive, bounded bodies, everything closed on close()."""

import contextlib
import socket
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from integrations.shopify.sandbox.call import Call
from integrations.shopify.sandbox.responses import Response, json_response
from integrations.shopify.sandbox.routes import respond
from integrations.shopify.sandbox.sandbox import Sandbox

MOST_BODY_BYTES = 1_000_000


class SandboxServer(ThreadingHTTPServer):
    """The listening socket and its open connections."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, port: int) -> None:
        self.sandbox = sandbox
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the idle keep-alive connections too: their threads end at once."""
        self.sandbox.close()
        super().server_close()
        with self._open_lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not worth a word; anything else is a fault of the sandbox."""
        if not isinstance(sys.exception(), OSError):
            traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    """Reads a request, sends its response in one write."""

    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    timeout = 60
    # Head and body leave in one write: small answers must not wait for a delayed acknowledgement (40 ms).
    disable_nagle_algorithm = True
    wbufsize = 65_536
    server: SandboxServer

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: request lines carry codes and states."""

    def _answer(self) -> None:
        hosts = self.headers.get_all("Host", [])
        body = self._body()
        if isinstance(body, Response):
            self.close_connection = True
            self._send(body)
            return
        if len(hosts) != 1 or len(self.headers.get_all("X-Shopify-Access-Token", [])) > 1:
            self._send(json_response(400, {"errors": "Bad Request"}))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self._respond(Call(self.command, self.path, hosts[0], headers, body)))

    def _respond(self, call: Call) -> Response:
        try:
            return respond(self.server.sandbox, call)
        except Exception:
            # The sandbox's own fault must look like a vendor's, and be seen by who runs it.
            traceback.print_exc()
            return json_response(500, {"errors": "Internal Server Error"})

    def _body(self) -> bytes | Response:
        if self.headers.get("Transfer-Encoding"):
            return json_response(411, {"errors": "Length Required"})
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            return json_response(400, {"errors": "Bad Request"})
        if len(length) > 9 or int(length) > MOST_BODY_BYTES:
            return json_response(413, {"errors": "Request Entity Too Large"})
        return self.rfile.read(int(length))

    def _send(self, response: Response) -> None:
        if response.drop or response.declared is not None:
            self.close_connection = True
        if response.drop:
            return
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        declared = len(response.body) if response.declared is None else response.declared
        self.send_header("Content-Length", str(declared))
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)
