"""A sandbox in this process, served by a thread: for tests."""

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from integrations.shopify.sandbox.clock import Clock
from integrations.shopify.sandbox.deliveries import Deliverer
from integrations.shopify.sandbox.delivery import compose
from integrations.shopify.sandbox.faults import Fault
from integrations.shopify.sandbox.installing import install_url
from integrations.shopify.sandbox.merchant import Merchant
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
        """The log of API calls so far: at, shop, kind, operation, status, requested_cost, error, fault."""
        return self.sandbox.log.rows()

    @property
    def deliveries(self) -> list[dict[str, Any]]:
        """The log of webhooks so far: topic, shop, uri, body, ids, attempts with their status, outcome."""
        return self.sandbox.deliverer.rows()

    @property
    def webhooks(self) -> Deliverer:
        """Their queue: hold(), release(), drain(), disorder(duplicate=, lose=, shuffle=, seed=), clear()."""
        return self.sandbox.deliverer

    @property
    def merchant(self) -> Merchant:
        """What happens in the stores: fulfil, cancel, edit_order, delete_customer, uninstall, freeze, redact_shop ..."""
        return self.sandbox.merchant

    @property
    def clock(self) -> Clock:
        return self.sandbox.clock

    def clear_calls(self) -> None:
        self.sandbox.log.clear()

    def set_latency(self, milliseconds: int) -> None:
        self.sandbox.latency_ms = milliseconds

    def set_clock(self, moment: datetime) -> None:
        self.sandbox.clock.set(moment)

    def advance(self, **length: float) -> None:
        """Move the clock: advance(hours=4). What falls due goes out in the background; `drain` waits for it."""
        self.sandbox.advance(**length)

    def set_search_lag(self, seconds: float) -> None:
        self.sandbox.set_search_lag(seconds)

    def drain(self, timeout: float = 30.0) -> None:
        """Wait until every webhook that is due was handed over. Raises TimeoutError."""
        self.sandbox.deliverer.drain(timeout)

    def fault(
        self,
        name: str,
        *,
        shop: str | None = None,
        kind: str = "all",
        operation: str | None = None,
        times: int | None = None,
        **options: Any,
    ) -> Fault:
        """Let a fault stand: `running.fault("429", shop=SHOP, kind="graphql", times=3)`. Names are in `faults.FAULTS`."""
        return self.sandbox.faults.add(name, shop=shop, kind=kind, operation=operation, times=times, **options)

    def clear_faults(self) -> None:
        self.sandbox.faults.clear()

    def configure(self, client_id: str | None = None, **changes: Any) -> None:
        """The app's configuration file: app_url, webhook_uri, topics, include_fields."""
        self.sandbox.clients.configure(client_id, **changes)

    def register(self, client_id: str, secret: str, *, name: str = "Own app") -> None:
        """One more app, as a store's own custom app is."""
        self.sandbox.clients.register(client_id, secret, name=name)

    def rotate_secret(self, secret: str, client_id: str | None = None) -> None:
        """A second client secret; webhooks and callbacks are signed with the old one until it is revoked."""
        self.sandbox.clients.rotate(secret, client_id)

    def revoke_old_secret(self, client_id: str | None = None) -> None:
        """The tokens that were asked for with the old secret die with it."""
        self.sandbox.tokens.kill_minted_with(self.sandbox.clients.revoke_oldest(client_id))

    def grant(
        self,
        shop: str,
        scopes: Iterable[str] = ("read_customers", "read_orders"),
        *,
        expiring: bool = True,
        client_id: str | None = None,
    ) -> dict[str, Any]:
        """Tokens without the consent screen, in the form of the token endpoint's answer."""
        client = self.sandbox.clients.get(client_id)
        minted_with = client.mark_of(client.signing_secret)
        return token_body(
            self.sandbox.tokens.grant(shop, scopes, client.client_id, expiring=expiring, secret=minted_with)
        )

    def install_url(self, shop: str, client_id: str | None = None) -> str:
        """Where Shopify sends the browser of somebody who installs the app from its side: signed, good for now."""
        return install_url(self.sandbox.stores[shop], self.sandbox.clients.get(client_id))

    def revoke(self, shop: str) -> None:
        """Every token of the store dies, and nobody is told; `merchant.uninstall` is the whole event."""
        self.sandbox.tokens.revoke(shop)

    def webhook(
        self, topic: str, shop: str, payload: Mapping[str, Any], client_id: str | None = None, **changed: str
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a signed webhook that is not sent: for tests that post it themselves.

        `changed` replaces parts: webhook_id, event_id, triggered_at.
        """
        client, now = self.sandbox.clients.get(client_id), self.clock.now()
        made = compose(shop=shop, client_id=client.client_id, topic=topic, uri="", payload=payload, now=now)
        for name, value in changed.items():
            setattr(made, name, value)
        return made.body.encode(), made.headers(client)

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
    topics: Iterable[str] = (),
    **more: Any,
) -> RunningSandbox:
    """Serve the stores on loopback until close(). `more` are other fields of `Settings`: app_url, webhook_uri, log_path,
    state_path, search_lag_seconds, webhook_workers. Raises StoreFileError for a bad file, OSError for a taken port.
    """
    settings = Settings(
        stores=stores,
        client_id=client_id,
        client_secret=client_secret,
        latency_ms=latency_ms,
        all_orders=tuple(all_orders),
        topics=tuple(topics),
        **more,
    )
    return RunningSandbox(SandboxServer(Sandbox(settings), port))
