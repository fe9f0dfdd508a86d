"""An app's webhook address: keeps what it is sent and answers as it is told."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def topic(self) -> str:
        return self.headers["x-shopify-topic"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Inbox:
    """Answers with the next of `statuses`, or with `status` once they are used up."""

    status: int = 200
    statuses: list[int] = field(default_factory=list)
    got: list[Received] = field(default_factory=list)
    url: str = ""

    @property
    def topics(self) -> list[str]:
        return [one.topic for one in self.got]

    def __enter__(self) -> "Inbox":
        inbox, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with lock:
                    inbox.got.append(Received(self.path, headers, body))
                    status = inbox.statuses.pop(0) if inbox.statuses else inbox.status
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.send_header("Location", inbox.url)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hooks"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
