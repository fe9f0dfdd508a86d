"""A sandbox in this process, served by a thread: for tests."""

import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from integrations.shopify.sandbox.clock import Clock
from integrations.shopify.sandbox.sandbox import Sandbox, Settings
from integrations.shopify.sandbox.server import SandboxServer
from integrations.shopify.sandbox.token_endpoint import token_body


class RunningSandbox:
    """The handle of a served sandbox; close it, or use it as a context manager."""

    def __init__(self, server: SandboxServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def sandbox(self) -> Sandbox:
        return self._server.sandbox

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The log of API calls so far: at, shop, kind, operation, status, requested_cost, error."""
        return self.sandbox.log.rows()

    @property
    def clock(self) -> Clock:
        return self.sandbox.clock

    def clear_calls(self) -> None:
        self.sandbox.log.clear()

    def set_latency(self, milliseconds: int) -> None:
        self.sandbox.latency_ms = milliseconds

    def set_clock(self, moment: datetime) -> None:
        self.sandbox.clock.set(moment)

    def grant(
        self, shop: str, scopes: Iterable[str] = ("read_customers", "read_orders"), *, expiring: bool = True
    ) -> dict[str, Any]:
        """Tokens without the consent screen, in the form of the token endpoint's answer."""
        return token_body(self.sandbox.tokens.grant(shop, scopes, expiring=expiring))

    def revoke(self, shop: str) -> None:
        """As if the owner uninstalled the app in the store."""
        self.sandbox.tokens.revoke(shop)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> "RunningSandbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(
    stores: Path | str | dict[str, Any],
    *,
    port: int = 0,
    client_id: str = "sandbox-client",
    client_secret: str = "sandbox-secret",
    latency_ms: int = 0,
    all_orders: Iterable[str] = (),
    log_path: Path | None = None,
    state_path: Path | None = None,
) -> RunningSandbox:
    """Serve the stores on loopback until close(). Raises StoreFileError for a bad file, OSError for a taken port."""
    settings = Settings(
        stores=stores,
        client_id=client_id,
        client_secret=client_secret,
        latency_ms=latency_ms,
        all_orders=tuple(all_orders),
        log_path=log_path,
        state_path=state_path,
    )
    return RunningSandbox(SandboxServer(Sandbox(settings), port))
