"""`/_sandbox/...`: what tests and demos read and set. JSON, on loopback only."""

import json
from dataclasses import dataclass
from typing import Any

from integrations.shopify.sandbox.clock import format_time, parse_time
from integrations.shopify.sandbox.row_checks import StoreFileError
from integrations.shopify.sandbox.sandbox import LONGEST_LATENCY_MS, Sandbox


@dataclass(frozen=True)
class ControlAnswer:
    status: int
    body: Any


def answer_control(sandbox: Sandbox, method: str, name: str, raw: bytes) -> ControlAnswer:
    match method, name:
        case "GET", "log":
            return ControlAnswer(200, sandbox.log.rows())
        case "DELETE", "log":
            sandbox.log.clear()
            return ControlAnswer(200, [])
        case "GET", "settings":
            return ControlAnswer(200, _settings(sandbox))
        case "POST", "settings":
            return _change(sandbox, raw)
        case "POST", "reload":
            return _reload(sandbox)
        case "GET", "tokens":
            return ControlAnswer(200, sandbox.tokens.rows())
    return ControlAnswer(404, {"error": "The sandbox has log, settings, reload and tokens."})


def _settings(sandbox: Sandbox) -> dict[str, Any]:
    return {"latency_ms": sandbox.latency_ms, "clock": format_time(sandbox.clock.now())}


def _change(sandbox: Sandbox, raw: bytes) -> ControlAnswer:
    """Set latency and clock; nothing is set if anything in the request is wrong."""
    try:
        wanted = json.loads(raw)
        unknown = set(wanted) - {"latency_ms", "clock"}
        latency = wanted.get("latency_ms", sandbox.latency_ms)
        moment = parse_time(wanted["clock"]) if "clock" in wanted else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return ControlAnswer(400, {"error": 'Send {"latency_ms": 0, "clock": "ISO time"}, either or both.'})
    if unknown or not isinstance(latency, int) or isinstance(latency, bool) or not 0 <= latency <= LONGEST_LATENCY_MS:
        return ControlAnswer(
            400, {"error": f"latency_ms is a whole number up to {LONGEST_LATENCY_MS}; the only other setting is clock."}
        )
    sandbox.latency_ms = latency
    if moment is not None:
        sandbox.clock.set(moment)
    return ControlAnswer(200, _settings(sandbox))


def _reload(sandbox: Sandbox) -> ControlAnswer:
    try:
        sandbox.reload()
    except (StoreFileError, ValueError) as error:
        return ControlAnswer(400, {"error": str(error)})
    return ControlAnswer(200, {"stores": sorted(sandbox.stores)})
