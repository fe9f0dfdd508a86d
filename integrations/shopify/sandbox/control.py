"""`/_sandbox/...`: what tests and demos read, set and let happen. JSON, on loopback only.

GET     log, settings, tokens, faults, deliveries, webhooks, subscriptions, stores, apps
DELETE  log, faults, faults/NUMBER, deliveries
POST    settings, reload, faults, webhooks, webhooks/ACTION, apps, apps/ACTION,
        orders/ACTION, customers/ACTION, stores/ACTION, compliance/TOPIC
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from integrations.shopify.sandbox.clients import Client
from integrations.shopify.sandbox.clock import format_time, parse_time
from integrations.shopify.sandbox.control_actions import ACTIONS, summary
from integrations.shopify.sandbox.faults import FAULTS
from integrations.shopify.sandbox.sandbox import LONGEST_LATENCY_MS, Sandbox

LONGEST_LAG_SECONDS = 86_400.0


@dataclass(frozen=True)
class ControlAnswer:
    status: int
    body: Any


class _Wrong(ValueError):
    """A request that cannot be followed; its text is the answer."""


def answer_control(sandbox: Sandbox, method: str, name: str, raw: bytes) -> ControlAnswer:
    try:
        return _answer(sandbox, method, name, raw)
    except ValueError as error:
        return ControlAnswer(400, {"error": str(error)})
    except TimeoutError as error:
        return ControlAnswer(504, {"error": str(error)})


def _answer(sandbox: Sandbox, method: str, name: str, raw: bytes) -> ControlAnswer:
    if method == "GET" and name in _READ:
        return ControlAnswer(200, _READ[name](sandbox))
    if method == "DELETE":
        return _delete(sandbox, name)
    if method == "POST":
        return _post(sandbox, name, raw)
    return ControlAnswer(404, {"error": f"The sandbox has {', '.join(_READ)}; docs/sandbox.md tells the rest."})


_READ: dict[str, Callable[[Sandbox], Any]] = {
    "log": lambda sandbox: sandbox.log.rows(),
    "settings": lambda sandbox: _settings(sandbox),
    "tokens": lambda sandbox: sandbox.tokens.rows(),
    "faults": lambda sandbox: {"faults": sandbox.faults.rows(), "known": FAULTS},
    "deliveries": lambda sandbox: sandbox.deliverer.rows(),
    "webhooks": lambda sandbox: sandbox.deliverer.status(),
    "subscriptions": lambda sandbox: sandbox.subscriptions.dump(),
    "stores": lambda sandbox: [summary(sandbox, domain) for domain in sandbox.stores],
    "apps": lambda sandbox: [_app(client) for client in sandbox.clients.all()],
}


def _delete(sandbox: Sandbox, name: str) -> ControlAnswer:
    kind, _, number = name.partition("/")
    if name == "log":
        sandbox.log.clear()
    elif name == "deliveries":
        sandbox.deliverer.clear()
    elif kind == "faults" and (not number or (number.isascii() and number.isdigit())):
        sandbox.faults.clear(int(number) if number else None)
        return ControlAnswer(200, sandbox.faults.rows())
    else:
        return ControlAnswer(404, {"error": "log, deliveries, faults and faults/NUMBER can be deleted."})
    return ControlAnswer(200, [])


def _post(sandbox: Sandbox, name: str, raw: bytes) -> ControlAnswer:
    if name == "reload":
        sandbox.reload()
        return ControlAnswer(200, {"stores": sorted(sandbox.stores)})
    if name == "settings":
        return _change(sandbox, raw)
    wanted = _object(raw)
    if name == "faults":
        return ControlAnswer(200, asdict(sandbox.faults.add(**_named(wanted, "fault"))))
    action = ACTIONS.get(name)
    if action is None:
        return ControlAnswer(404, {"error": f"There is no such action; there are {', '.join(sorted(ACTIONS))}."})
    try:
        return ControlAnswer(200, action(sandbox, wanted))
    except (TypeError, KeyError, AttributeError, OverflowError) as error:
        raise _Wrong(f"A part of the request is missing, unknown or of the wrong kind: {error}") from error


def _object(raw: bytes) -> dict[str, Any]:
    try:
        wanted = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise _Wrong("Send a JSON object.") from error
    if not isinstance(wanted, dict):
        raise _Wrong("Send a JSON object.")
    return wanted


def _named(wanted: dict[str, Any], first: str) -> dict[str, Any]:
    """The object's members as arguments; the first goes by another name in the request."""
    if not isinstance(wanted.get(first), str):
        raise _Wrong(f"{first} must be there, as a text.")
    for name in ("shop", "kind", "operation"):
        if not isinstance(wanted.get(name, ""), str | None):
            raise _Wrong(f"{name} is a text.")
    return {**{name: value for name, value in wanted.items() if name != first}, "name": wanted[first]}


def _settings(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "latency_ms": sandbox.latency_ms,
        "clock": format_time(sandbox.clock.now()),
        "search_lag_seconds": sandbox.search_lag.total_seconds(),
    }


def _change(sandbox: Sandbox, raw: bytes) -> ControlAnswer:
    """Set latency, clock and search lag; nothing is set if anything in the request is wrong."""
    try:
        wanted = json.loads(raw)
        unknown = set(wanted) - {"latency_ms", "clock", "search_lag_seconds"}
        latency = wanted.get("latency_ms", sandbox.latency_ms)
        lag = wanted.get("search_lag_seconds", sandbox.search_lag.total_seconds())
        moment = parse_time(wanted["clock"]) if "clock" in wanted else None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _Wrong('Send {"latency_ms": 0, "clock": "ISO time", "search_lag_seconds": 0}, any of them.') from error
    if unknown or not isinstance(latency, int) or isinstance(latency, bool) or not 0 <= latency <= LONGEST_LATENCY_MS:
        raise _Wrong(
            f"latency_ms is a whole number up to {LONGEST_LATENCY_MS}; other settings are clock and search_lag_seconds."
        )
    if not isinstance(lag, int | float) or isinstance(lag, bool) or not 0 <= lag <= LONGEST_LAG_SECONDS:
        raise _Wrong(f"search_lag_seconds is a number up to {LONGEST_LAG_SECONDS:.0f}.")
    if moment is not None:
        sandbox.clock.set(moment)
    sandbox.latency_ms = latency
    sandbox.set_search_lag(lag)
    return ControlAnswer(200, _settings(sandbox))


def _app(client: Client) -> dict[str, Any]:
    """An app without its secrets."""
    return {
        **{name: value for name, value in asdict(client).items() if name != "secrets"},
        "secrets": len(client.secrets),
    }
