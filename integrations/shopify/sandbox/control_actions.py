"""The actions of the control interface: each takes the request's JSON object and says what came of it."""

from collections.abc import Callable
from typing import Any

from integrations.shopify.sandbox.changes import ChangeError
from integrations.shopify.sandbox.clock import format_time
from integrations.shopify.sandbox.installing import install_url
from integrations.shopify.sandbox.merchant import Merchant
from integrations.shopify.sandbox.sandbox import Sandbox

Wanted = dict[str, Any]
Action = Callable[[Sandbox, Wanted], Any]


def summary(sandbox: Sandbox, domain: str) -> dict[str, Any]:
    """One store in short."""
    store, condition = sandbox.stores[domain], sandbox.conditions.of(domain)
    return {
        "domain": domain,
        "name": store.name,
        "customers": len(store.customers),
        "orders": len(store.orders),
        "frozen": condition.frozen,
        "approved": condition.approved,
        "apps": {client.client_id: sandbox.tokens.scopes(domain, client.client_id) for client in sandbox.clients.all()},
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "legacyResourceId": row["legacyResourceId"], "updatedAt": row["updatedAt"]}


def _on_row(act: Callable[..., dict[str, Any]]) -> Action:
    """`act` of the merchant with the request's members as its arguments; answers with the row's ids."""
    return lambda sandbox, wanted: _row(act(sandbox.merchant, **wanted))


def _on_store(act: Callable[..., Any]) -> Action:
    def action(sandbox: Sandbox, wanted: Wanted) -> Any:
        act(sandbox.merchant, **wanted)
        return summary(sandbox, wanted["shop"])

    return action


def _compliance(act: Callable[..., Any]) -> Action:
    return lambda sandbox, wanted: {"request": act(sandbox.merchant, **wanted)}


def _disorder(sandbox: Sandbox, wanted: Wanted) -> Any:
    for name in ("duplicate", "lose"):
        share = wanted.get(name, 0.0)
        if not isinstance(share, int | float) or isinstance(share, bool) or not 0 <= share <= 1:
            raise ChangeError(f"{name} is a share between 0 and 1.")
    if not isinstance(wanted.get("shuffle", False), bool) or not isinstance(wanted.get("seed", 1), int):
        raise ChangeError("shuffle is true or false, seed a whole number.")
    sandbox.deliverer.disorder(**wanted)
    return sandbox.deliverer.status()


def _queue(act: Callable[[Sandbox], None]) -> Action:
    def action(sandbox: Sandbox, wanted: Wanted) -> Any:
        act(sandbox)
        return sandbox.deliverer.status()

    return action


def _install(sandbox: Sandbox, wanted: Wanted) -> Any:
    store = sandbox.stores.get(str(wanted["shop"]))
    if store is None:
        raise ChangeError(f"The sandbox does not play {wanted['shop']}.")
    return {"url": install_url(store, sandbox.clients.get(wanted.get("client_id")))}


def _register(sandbox: Sandbox, wanted: Wanted) -> Any:
    if not isinstance(wanted["client_id"], str) or not isinstance(wanted["secret"], str):
        raise ChangeError("client_id and secret are texts.")
    return {"client_id": sandbox.clients.register(**wanted).client_id}


def _configure(sandbox: Sandbox, wanted: Wanted) -> Any:
    return {"client_id": sandbox.clients.configure(wanted.pop("client_id", None), **wanted).client_id}


def _rotate(sandbox: Sandbox, wanted: Wanted) -> Any:
    return {"secrets": len(sandbox.clients.rotate(str(wanted["secret"]), wanted.get("client_id")).secrets)}


def _revoke(sandbox: Sandbox, wanted: Wanted) -> Any:
    sandbox.tokens.kill_minted_with(sandbox.clients.revoke_oldest(wanted.get("client_id")))
    return {"secrets": len(sandbox.clients.get(wanted.get("client_id")).secrets)}


def _advance(sandbox: Sandbox, wanted: Wanted) -> Any:
    sandbox.advance(**wanted)
    return {"clock": format_time(sandbox.clock.now())}


ACTIONS: dict[str, Action] = {
    "orders/create": _on_row(Merchant.create_order),
    "orders/edit": _on_row(Merchant.edit_order),
    "orders/fulfil": _on_row(Merchant.fulfil),
    "orders/track": _on_row(Merchant.track),
    "orders/cancel": _on_row(Merchant.cancel),
    "orders/delete": _on_row(Merchant.delete_order),
    "customers/create": _on_row(Merchant.create_customer),
    "customers/edit": _on_row(Merchant.edit_customer),
    "customers/delete": _on_row(Merchant.delete_customer),
    "stores/uninstall": _on_store(Merchant.uninstall),
    "stores/scopes": _on_store(Merchant.set_scopes),
    "stores/freeze": _on_store(Merchant.freeze),
    "stores/unfreeze": _on_store(Merchant.unfreeze),
    "stores/approve": _on_store(Merchant.approve),
    "stores/install": _install,
    "compliance/data_request": _compliance(Merchant.request_data),
    "compliance/customer_redact": _compliance(Merchant.redact_customer),
    "compliance/shop_redact": _compliance(Merchant.redact_shop),
    "webhooks": _disorder,
    "webhooks/hold": _queue(lambda sandbox: sandbox.deliverer.hold()),
    "webhooks/release": _queue(lambda sandbox: sandbox.deliverer.release()),
    "webhooks/drain": _queue(lambda sandbox: sandbox.deliverer.drain()),
    "clock/advance": _advance,
    "apps": _register,
    "apps/configure": _configure,
    "apps/rotate": _rotate,
    "apps/revoke": _revoke,
}
