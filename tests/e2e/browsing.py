"""The application over HTTP in this process: for pages without a database, and for tests that commit what they show."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            connections.close_all()  # they would live as long as the thread would have

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that leaves in the middle of an answer is not an error."""


@contextmanager
def serving() -> Iterator[str]:
    """Yields the address of a server in a thread of this process."""
    with warnings.catch_warnings():
        # Nothing has been collected in a checkout; the static files come from where they are written.
        warnings.filterwarnings("ignore", message="No directory at")
        application = StaticFilesHandler(get_wsgi_application())
    server = make_server("127.0.0.1", 0, application, _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
