"""The state of one running sandbox: its stores, clock, tokens, budgets, log and latency."""

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from integrations.shopify.sandbox.admin_api import Answer, answer
from integrations.shopify.sandbox.clock import Clock
from integrations.shopify.sandbox.consent import PendingRequests
from integrations.shopify.sandbox.log import CallLog
from integrations.shopify.sandbox.resolvers import Asking
from integrations.shopify.sandbox.store_file import load
from integrations.shopify.sandbox.stores import Store
from integrations.shopify.sandbox.throttle import Bucket
from integrations.shopify.sandbox.tokens import Grant, TokenBook

LONGEST_LATENCY_MS = 120_000


@dataclass(frozen=True)
class Settings:
    """What a sandbox is started with."""

    stores: Path | str | dict[str, Any]
    client_id: str
    client_secret: str
    app_name: str = "VersanaCX"
    latency_ms: int = 0
    all_orders: tuple[str, ...] = ()
    log_path: Path | None = None
    state_path: Path | None = None


class Sandbox:
    """Everything a request can touch. Its methods are safe to call from many threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.latency_ms = settings.latency_ms
        file = load(settings.stores)
        self._stores = self._with_all_orders(file.stores)
        self.clock = Clock(file.clock)
        self.tokens = TokenBook(self.clock, settings.state_path)
        self.pending = PendingRequests()
        self.log = CallLog(settings.log_path)
        self._buckets: dict[str, Bucket] = {}
        self._buckets_lock = threading.Lock()

    @property
    def stores(self) -> dict[str, Store]:
        return self._stores

    def reload(self) -> None:
        """Read the stores again; the clock goes on. Raises StoreFileError and keeps the old ones."""
        self._stores = self._with_all_orders(load(self.settings.stores).stores)

    def query(self, store: Store, grant: Grant, query: str, variables: dict[str, Any], operation: str | None) -> Answer:
        asking = Asking(
            store=store,
            scopes=frozenset(grant.scopes),
            now=self.clock.now(),
            app={
                "id": "gid://shopify/App/1",
                "title": self.settings.app_name,
                "handle": "app",
                "apiKey": self.settings.client_id,
            },
            uninstall=lambda: self.tokens.revoke(store.domain),
        )
        return answer(query, variables, operation, asking, self.bucket(store.domain))

    def wait(self) -> None:
        """The set latency of an API call, held without any lock."""
        if self.latency_ms:
            time.sleep(self.latency_ms / 1000)

    def bucket(self, domain: str) -> Bucket:
        """The query budget of one store."""
        with self._buckets_lock:
            return self._buckets.setdefault(domain, Bucket())

    def _with_all_orders(self, stores: dict[str, Store]) -> dict[str, Store]:
        unknown = set(self.settings.all_orders) - set(stores)
        if unknown:
            raise ValueError(f"all orders: {sorted(unknown)[0]} is none of the shops")
        return {
            domain: replace(store, all_orders=True) if domain in self.settings.all_orders else store
            for domain, store in stores.items()
        }
