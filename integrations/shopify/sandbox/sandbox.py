"""The state of one running sandbox: its stores, apps, clock, tokens, budgets, faults, deliveries and log."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from integrations.shopify.sandbox.admin_api import Answer, answer
from integrations.shopify.sandbox.announcing import Announcer
from integrations.shopify.sandbox.asking import Asking
from integrations.shopify.sandbox.books import StoreBook
from integrations.shopify.sandbox.clients import Client, ClientBook
from integrations.shopify.sandbox.clock import Clock
from integrations.shopify.sandbox.conditions import ConditionBook
from integrations.shopify.sandbox.consent import PendingRequests
from integrations.shopify.sandbox.deliveries import Deliverer
from integrations.shopify.sandbox.delivery import Delivery
from integrations.shopify.sandbox.faults import Fault, FaultBook
from integrations.shopify.sandbox.log import CallLog
from integrations.shopify.sandbox.merchant import Merchant
from integrations.shopify.sandbox.state import StateFile
from integrations.shopify.sandbox.store_file import load
from integrations.shopify.sandbox.stores import Store
from integrations.shopify.sandbox.subscriptions import SubscriptionBook
from integrations.shopify.sandbox.throttle import Bucket
from integrations.shopify.sandbox.tokens import Grant, TokenBook

LONGEST_LATENCY_MS = 120_000


@dataclass(frozen=True)
class Settings:
    """What a sandbox is started with. `app_url`, `webhook_uri` and `topics` are the app's configuration file."""

    stores: Path | str | dict[str, Any]
    client_id: str
    client_secret: str
    app_name: str = "VersanaCX"
    latency_ms: int = 0
    all_orders: tuple[str, ...] = ()
    log_path: Path | None = None
    state_path: Path | None = None
    app_url: str | None = None
    webhook_uri: str | None = None
    topics: tuple[str, ...] = ()
    search_lag_seconds: float = 0.0
    webhook_workers: int = 1


class Sandbox:
    """Everything a request can touch. Its methods are safe to call from many threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.latency_ms = settings.latency_ms
        self.search_lag = timedelta(seconds=settings.search_lag_seconds)
        file = load(settings.stores)
        self.clock = Clock(file.clock)
        self.state = StateFile(settings.state_path)
        self.closing = threading.Event()
        save = self.state.save
        self.book = StoreBook(self._with_all_orders(file.stores), save)
        self.clients = ClientBook(_first_client(settings), save)
        self.tokens = TokenBook(self.clock, save)
        self.subscriptions = SubscriptionBook(save)
        self.conditions = ConditionBook(save)
        self.deliverer = Deliverer(
            self.clock,
            self.clients,
            installed=lambda shop, client_id: self.tokens.scopes(shop, client_id) is not None,
            gave_up=self._gave_up,
            changed=save,
            workers=settings.webhook_workers,
        )
        self.announcer = Announcer(
            clock=self.clock,
            clients=self.clients,
            tokens=self.tokens,
            subscriptions=self.subscriptions,
            conditions=self.conditions,
            deliverer=self.deliverer,
        )
        self.merchant = Merchant(self)
        self.faults = FaultBook()
        self.pending = PendingRequests()
        self.log = CallLog(settings.log_path)
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._buckets_lock = threading.Lock()
        self.clock.on_move(save)
        self._remember(clock_from_file=file.clock is not None)

    @property
    def stores(self) -> dict[str, Store]:
        return self.book.stores

    def reload(self) -> None:
        """Read the stores again; the clock goes on. Raises StoreFileError and keeps the old ones."""
        self.book.replace_all(self._with_all_orders(load(self.settings.stores).stores))

    def query(
        self,
        store: Store,
        grant: Grant,
        query: str,
        variables: dict[str, Any],
        operation: str | None,
        fault: Fault | None = None,
    ) -> Answer:
        asking = Asking(
            store=store,
            scopes=frozenset(_scopes(grant, fault)),
            now=self.clock.now(),
            app={
                "id": "gid://shopify/App/1",
                "title": self.settings.app_name,
                "handle": "app",
                "apiKey": grant.client_id,
            },
            uninstall=lambda: self.merchant.uninstall(store.domain, grant.client_id),
            subscriptions=self.subscriptions,
            client_id=grant.client_id,
            approved=self._approved(store, fault),
            search_lag=self.search_lag,
            no_search_fields=fault is not None and fault.name == "search_warning",
            no_search=fault is not None and fault.name == "search_silent",
            other_customer=fault is not None and fault.name == "other_customer",
            other_order=fault is not None and fault.name == "other_order",
        )
        return answer(query, variables, operation, asking, self.bucket(store.domain, grant.client_id))

    def wait(self) -> None:
        """The set latency of an API call, held without any lock."""
        if self.latency_ms:
            self.pause(self.latency_ms / 1000)

    def advance(self, **length: float) -> None:
        """Move the clock on: advance(hours=4)."""
        self.clock.advance(timedelta(**length))

    def set_search_lag(self, seconds: float) -> None:
        self.search_lag = timedelta(seconds=seconds)

    def pause(self, seconds: float) -> None:
        """Sleep, but no longer than the sandbox lives."""
        self.closing.wait(seconds)

    def close(self) -> None:
        self.closing.set()
        self.deliverer.close()

    def bucket(self, domain: str, client_id: str | None = None) -> Bucket:
        """The query budget of one app in one store; without an app, of the first."""
        key = (domain, client_id or self.settings.client_id)
        with self._buckets_lock:
            return self._buckets.setdefault(key, Bucket())

    def _gave_up(self, delivery: Delivery) -> None:
        if delivery.subscription is not None:
            self.subscriptions.remove_number(delivery.subscription)

    def _approved(self, store: Store, fault: Fault | None) -> str:
        if fault is not None and fault.name == "access_denied_protected":
            return str(fault.options.get("level", "level1"))
        return self.conditions.of(store.domain).approved

    def _remember(self, *, clock_from_file: bool) -> None:
        """Take back what the state file says, then keep it up to date."""
        kept = self.state.load()
        try:
            if "clock" in kept:
                self.clock.restore(kept["clock"], from_file=clock_from_file)
            self.clients.restore(kept.get("clients", []))
            self.tokens.restore(kept.get("grants", []), self.settings.client_id)
            self.subscriptions.restore(kept.get("subscriptions", []))
            self.conditions.restore(kept.get("conditions", {}))
            self.book.restore(kept.get("changes", {}))
            self.deliverer.restore(kept.get("deliveries", []))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self.state.broken() from error
        self.state.keep("clock", self.clock.dump)
        self.state.keep("clients", self.clients.dump)
        self.state.keep("grants", self.tokens.dump)
        self.state.keep("subscriptions", self.subscriptions.dump)
        self.state.keep("conditions", self.conditions.dump)
        self.state.keep("changes", self.book.dump)
        self.state.keep("deliveries", self.deliverer.dump)

    def _with_all_orders(self, stores: dict[str, Store]) -> dict[str, Store]:
        unknown = set(self.settings.all_orders) - set(stores)
        if unknown:
            raise ValueError(f"all orders: {sorted(unknown)[0]} is none of the shops")
        return {
            domain: replace(store, all_orders=True) if domain in self.settings.all_orders else store
            for domain, store in stores.items()
        }


def _first_client(settings: Settings) -> Client:
    return Client(
        settings.client_id,
        (settings.client_secret,),
        name=settings.app_name,
        app_url=settings.app_url,
        webhook_uri=settings.webhook_uri,
        topics=settings.topics,
    )


def _scopes(grant: Grant, fault: Fault | None) -> Iterable[str]:
    if fault is None or fault.name != "access_denied_scope":
        return grant.scopes
    denied = fault.options.get("scope", "read_customers")
    return [scope for scope in grant.scopes if scope != denied]
