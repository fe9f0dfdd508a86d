"""What happens in a store: orders and customers change, apps are uninstalled, plans are frozen, people ask for their data.

Each method changes the store and queues the webhooks that Shopify sends for it. Orders are named by their name, their
number or their global id, customers by e-mail, number or global id. ChangeError and StoreFileError say what is wrong.
"""

import copy
import itertools
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from integrations.shopify.sandbox import changes
from integrations.shopify.sandbox.changes import ChangeError
from integrations.shopify.sandbox.clock import format_time
from integrations.shopify.sandbox.conditions import LEVELS
from integrations.shopify.sandbox.payloads import (
    compliance_body,
    customer_body,
    deleted_body,
    fulfillment_body,
    order_body,
    scopes_body,
    shop_body,
)
from integrations.shopify.sandbox.stores import Row, Store

if TYPE_CHECKING:
    from integrations.shopify.sandbox.sandbox import Sandbox

SHOP_REDACT_AFTER = timedelta(hours=48)


class Merchant:
    """The people behind the stores of one sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._requests = itertools.count(9001)

    # --- Orders -----------------------------------------------------------------------------------------------------
    def create_order(self, shop: str, order: Mapping[str, Any]) -> Row:
        """A new order, in the form of a store file's rows."""
        raw = {"createdAt": self._now(), **copy.deepcopy(dict(order))}
        store = self._store(shop)
        if any(raw.get("id") == row["id"] or raw.get("name") == row["name"] for row in store.orders):
            raise ChangeError("There is an order of that id or name.")
        if raw.get("customerId") is not None and raw["customerId"] not in store.customers:
            raise ChangeError(f"{raw['customerId']!r} is no customer of {shop}.")
        return self._order(shop, raw, "orders/create")

    def edit_order(self, shop: str, order: str, **fields: Any) -> Row:
        return self._order(shop, changes.edited_order(self._raw_order(shop, order), self._now(), fields))

    def fulfil(
        self,
        shop: str,
        order: str,
        *,
        lines: Mapping[str, int] | None = None,
        tracking: Mapping[str, Any] | None = None,
    ) -> Row:
        """Send a parcel: with `lines` ({line id or title: pieces}) or with all that is left."""
        raw = changes.fulfilled_order(self._raw_order(shop, order), self._now(), lines, tracking)
        return self._order(shop, raw, parcel="fulfillments/create")

    def track(
        self, shop: str, order: str, tracking: Mapping[str, Any] | None = None, *, status: str | None = None
    ) -> Row:
        """Another tracking number of the newest parcel, or its next state (IN_TRANSIT, DELIVERED ...)."""
        raw = changes.tracked_order(self._raw_order(shop, order), self._now(), tracking or {}, status)
        return self._order(shop, raw, parcel="fulfillments/update")

    def cancel(self, shop: str, order: str, *, reason: str = "CUSTOMER", refund: bool = True) -> Row:
        raw = changes.cancelled_order(self._raw_order(shop, order), self._now(), reason, refund=refund)
        return self._order(shop, raw, "orders/cancelled")

    def delete_order(self, shop: str, order: str) -> Row:
        row = self._find_order(shop, order)
        self._sandbox.book.remove(shop, "orders", row["id"])
        self._announce(shop, ("orders/delete", deleted_body(row, customer=False)))
        return row

    # --- Customers --------------------------------------------------------------------------------------------------
    def create_customer(self, shop: str, customer: Mapping[str, Any]) -> Row:
        raw = {"createdAt": self._now(), **copy.deepcopy(dict(customer))}
        if raw.get("id") in self._store(shop).customers:
            raise ChangeError("There is a customer of that id.")
        return self._customer(shop, raw, "customers/create")

    def edit_customer(self, shop: str, customer: str, **fields: Any) -> Row:
        row = self._find_customer(shop, customer)
        raw = changes.edited_customer({**row["_raw"], "id": row["id"]}, self._now(), fields)
        return self._customer(shop, raw, "customers/update")

    def delete_customer(self, shop: str, customer: str) -> Row:
        row = self._find_customer(shop, customer)
        self._sandbox.book.remove(shop, "customers", row["id"])
        self._announce(shop, ("customers/delete", deleted_body(row, customer=True)))
        return row

    # --- The store and the app --------------------------------------------------------------------------------------
    def uninstall(self, shop: str, client_id: str | None = None) -> None:
        """Tokens die, `app/uninstalled` goes out, API-made subscriptions end, `shop/redact` follows in 48 hours."""
        store, sandbox = self._store(shop), self._sandbox
        clients = [sandbox.clients.get(client_id)] if client_id else sandbox.clients.all()
        for name in (client.client_id for client in clients):
            if sandbox.tokens.scopes(shop, name) is None:
                continue
            # Who is told is settled while the app is there; it is told when its tokens are dead.
            farewell = sandbox.announcer.prepare(shop, [("app/uninstalled", shop_body(store))], name)
            sandbox.tokens.revoke(shop, name)
            sandbox.subscriptions.remove_all(shop, name)
            sandbox.announcer.send(farewell)
            sandbox.announcer.comply(
                shop,
                "shop/redact",
                compliance_body(store),
                client_id=name,
                after=SHOP_REDACT_AFTER,
                only_if_uninstalled=True,
            )

    def set_scopes(self, shop: str, scopes: Collection[str], client_id: str | None = None) -> None:
        """Other permissions for an installed app, as its next version or the merchant's review would bring."""
        store, sandbox = self._store(shop), self._sandbox
        client = sandbox.clients.get(client_id)
        if isinstance(scopes, str) or not all(isinstance(scope, str) for scope in scopes):
            raise ChangeError("scopes is a list of texts.")
        previous, current = sandbox.tokens.scopes(shop, client.client_id), list(scopes)
        if previous is None:
            raise ChangeError("The app is not installed in this store.")
        sandbox.tokens.set_scopes(shop, client.client_id, current)
        body = scopes_body(store, previous, current, sandbox.clock.now())
        sandbox.announcer.announce(shop, [("app/scopes_update", body)], client.client_id)

    def freeze(self, shop: str) -> None:
        """The bill is unpaid: every API call of the store answers 402 until `unfreeze`."""
        self._plan(shop, "Frozen", frozen=True)

    def unfreeze(self, shop: str) -> None:
        self._plan(shop, "Development", frozen=False)

    def approve(self, shop: str, level: str = "all") -> None:
        """How far protected customer data is approved: all, level1 (no names and addresses) or none."""
        self._store(shop)
        if level not in LEVELS:
            raise ChangeError(f"level is one of {', '.join(LEVELS)}.")
        self._sandbox.conditions.set(shop, approved=level)

    # --- Compliance -------------------------------------------------------------------------------------------------
    def request_data(self, shop: str, customer: str) -> int:
        """A customer asks what is held about them; returns the number of the request."""
        request = next(self._requests)
        row, orders = self._person(shop, customer)
        body = compliance_body(self._store(shop), row, orders, request=request)
        self._sandbox.announcer.comply(shop, "customers/data_request", body)
        return request

    def redact_customer(self, shop: str, customer: str) -> None:
        """At once, where Shopify waits ten days or six months."""
        row, orders = self._person(shop, customer)
        self._sandbox.announcer.comply(shop, "customers/redact", compliance_body(self._store(shop), row, orders))

    def redact_shop(self, shop: str) -> None:
        """At once, where Shopify waits 48 hours after the uninstallation."""
        self._sandbox.announcer.comply(shop, "shop/redact", compliance_body(self._store(shop)))

    # --- Within -----------------------------------------------------------------------------------------------------
    def _order(self, shop: str, raw: Row, topic: str | None = None, *, parcel: str | None = None) -> Row:
        row = self._sandbox.book.put_order(shop, raw, self._index_time())
        store = self._store(shop)
        body = order_body(store, row)
        events: list[tuple[str, Row]] = [] if topic is None else [(topic, body)]
        if parcel is not None:
            events.append((parcel, fulfillment_body(store, row, row["fulfillments"][-1])))
        if parcel == "fulfillments/create":
            whole = row["displayFulfillmentStatus"] == "FULFILLED"
            events.append(("orders/fulfilled" if whole else "orders/partially_fulfilled", body))
        if topic != "orders/create":
            events.append(("orders/updated", body))
        self._announce(shop, *events)
        return row

    def _customer(self, shop: str, raw: Row, topic: str) -> Row:
        row = self._sandbox.book.put_customer(shop, raw, self._index_time())
        self._announce(shop, (topic, customer_body(self._store(shop), row)))
        return row

    def _plan(self, shop: str, name: str, *, frozen: bool) -> None:
        store = self._store(shop)
        plan = {**store.row["plan"], "publicDisplayName": name, "displayName": name}
        self._sandbox.book.set_shop(shop, {**store.row, "plan": plan, "updatedAt": self._now()})
        self._sandbox.conditions.set(shop, frozen=frozen)
        self._announce(shop, ("shop/update", shop_body(self._store(shop))))

    def _announce(self, shop: str, *events: tuple[str, Row]) -> None:
        self._sandbox.announcer.announce(shop, events)

    def _person(self, shop: str, customer: str) -> tuple[Row, list[Row]]:
        row = self._find_customer(shop, customer)
        return row, self._store(shop).orders_of(row["id"])

    def _raw_order(self, shop: str, order: str) -> Row:
        """The order as the file would have it, with the ids that it was given."""
        row = self._find_order(shop, order)
        raw: Row = {**copy.deepcopy(row["_raw"]), "id": row["id"]}
        for kind in ("lineItems", "fulfillments"):
            raw[kind] = [{**part, "id": full["id"]} for part, full in zip(raw.get(kind, []), row[kind], strict=True)]
        return raw

    def _find_order(self, shop: str, order: str) -> Row:
        for row in self._store(shop).orders:
            if order in (row["id"], row["legacyResourceId"], row["name"], row["name"].lstrip("#")):
                return row
        raise ChangeError(f"{order!r} is no order of {shop}.")

    def _find_customer(self, shop: str, customer: str) -> Row:
        store = self._store(shop)
        found = store.customers.get(customer) or store.customer_by_email(customer)
        found = found or next((r for r in store.customers.values() if r["legacyResourceId"] == customer), None)
        if found is None:
            raise ChangeError(f"There is no such customer in {shop}.")
        return found

    def _store(self, shop: str) -> Store:
        store = self._sandbox.stores.get(shop)
        if store is None:
            raise ChangeError(f"The sandbox does not play {shop}.")
        return store

    def _now(self) -> str:
        return format_time(self._sandbox.clock.now())

    def _index_time(self) -> Any:
        return self._sandbox.clock.now() if self._sandbox.search_lag else None
