"""What a fault does to an answer: says something else, spoils the right one, or breaks the connection."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from graphql import GraphQLEnumType, GraphQLInterfaceType, GraphQLObjectType, get_named_type

from integrations.shopify.sandbox.faults import GRAPHQL, STATUSES, TOKEN, Fault
from integrations.shopify.sandbox.graphql_errors import throttled, too_expensive
from integrations.shopify.sandbox.responses import Response, json_response
from integrations.shopify.sandbox.schema import admin_schema
from integrations.shopify.sandbox.throttle import MAXIMUM, RESTORE_PER_SECOND

UNKNOWN_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"
STRANGER = "someone.else@example.net"
_ERRORS = {
    "400": {"errors": {"query": "Required parameter missing or invalid"}},
    "401": {"errors": UNKNOWN_TOKEN},
    "402": {"errors": "Unavailable Shop"},
    "403": {"errors": "Forbidden"},
    "404": {"errors": "Not Found"},
    "423": {"errors": "Unavailable Shop"},
    "429": {
        "errors": "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."
    },
    "430": {"errors": "Shopify Security Rejection"},
    "540": {"errors": "Temporarily Disabled"},
}
_HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>Something went wrong ({0})</h1></body></html>"
_DEAD = "This request requires an active refresh_token"

Act = Callable[[], Response]
Pause = Callable[[float], None]


def answer_with(fault: Fault, act: Act, pause: Pause) -> Response:
    """The response to a call that a fault has hit. `act` does what was asked and answers rightly."""
    if fault.name in STATUSES:
        return _status(fault)
    if fault.name in TOKEN:
        return _token(fault, act)
    if fault.name in GRAPHQL:
        return _graphql(fault, act)
    return _transport(fault, act, pause)


def _status(fault: Fault) -> Response:
    status = int(fault.name)
    wait = fault.options.get("retry_after", "2.0" if status == 429 else None)
    headers = {"Retry-After": wait} if wait else {}
    if fault.name in _ERRORS:
        return replace(json_response(status, _ERRORS[fault.name]), headers=headers)
    return Response(status, _HTML.format(status).encode(), "text/html; charset=utf-8", headers)


def _token(fault: Fault, act: Act) -> Response:
    if fault.name == "invalid_grant":
        return json_response(400, {"error": "invalid_grant", "error_description": _DEAD})
    if fault.name == "inactive_refresh_token":
        return json_response(401, {"error": "invalid_request", "error_description": _DEAD})
    left = fault.options.get("scope", "read_orders")
    return _changed(act(), lambda body: {**body, "scope": left} if "scope" in body else body)


def _graphql(fault: Fault, act: Act) -> Response:
    options = fault.options
    match fault.name:
        case "throttled":
            status = {
                "maximumAvailable": MAXIMUM,
                "currentlyAvailable": options.get("available", 10),
                "restoreRate": RESTORE_PER_SECOND,
            }
            return json_response(200, throttled(282, status))
        case "internal_error":
            return json_response(200, {"errors": [_internal()], "extensions": {"cost": {"requestedQueryCost": 282}}})
        case "max_cost":
            return json_response(200, too_expensive(1282))
        case "too_many_errors":
            limit = {"message": "Too many execution errors, max error limit reached. Results truncated"}
            return _changed(act(), lambda body: {**body, "data": None, "errors": [*body.get("errors", []), limit]})
        case "unknown_enums":
            return _changed(act(), lambda body: _walk(body, _unknown))
        case "wrong_email":
            return _changed(act(), lambda body: _walk(body, _email(options.get("email", STRANGER))))
        case "nulls":
            return _changed(act(), lambda body: _with_nulls(body, options))
    # Scopes, protected data and search warnings are played where the query is executed (`sandbox.query`).
    return act()


def _transport(fault: Fault, act: Act, pause: Pause) -> Response:
    options = fault.options
    match fault.name:
        case "slow":
            pause(options.get("seconds", 5))
            return act()
        case "timeout":
            pause(options.get("seconds", 30))
            return Response(0, drop=True)
        case "drop":
            return Response(0, drop=True)
        case "lost_answer":
            act()
            return Response(0, drop=True)
        case "redirect":
            where = options.get("location", "https://elsewhere.example/login")
            return Response(302, b"", "text/plain", {"Location": where})
        case "wrong_content_type":
            return replace(act(), content_type="text/html; charset=utf-8")
        case "not_json":
            return Response(200, _HTML.format("Maintenance").encode())
        case "empty":
            return Response(200, b"")
        case "truncated":
            whole = act()
            return replace(whole, body=whole.body[: len(whole.body) // 2], declared=len(whole.body))
        case "huge":
            return Response(200, b'{"data":"' + b"x" * options.get("bytes", 30_000_000) + b'"}')
    return Response(200, b'{"data":{"shop":{"name":"\xff\xfe\xc3"}}}')


def _internal() -> dict[str, Any]:
    return {
        "message": "Internal error. Looks like something went wrong on our end.",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "00000000-0000-4000-8000-000000000000"},
    }


def _changed(response: Response, change: Callable[[Any], Any]) -> Response:
    if response.status != 200:
        return response
    return json_response(200, change(json.loads(response.body)))


def _walk(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """Every leaf of a JSON value through `change`, which sees the name of the field it stands under."""
    if isinstance(value, dict):
        return {name: _walk(item, change, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_walk(item, change, key) for item in value]
    return change(key, value)


def _email(other: str) -> Callable[[str, Any], Any]:
    return lambda key, value: other if isinstance(value, str) and "@" in value else value


def _unknown(key: str, value: Any) -> Any:
    return f"NEW_{value}" if key in _enum_fields() and isinstance(value, str) else value


def _enum_fields() -> frozenset[str]:
    kinds = [
        kind for kind in admin_schema().type_map.values() if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    ]
    return frozenset(
        name
        for kind in kinds
        for name, field in kind.fields.items()
        if isinstance(get_named_type(field.type), GraphQLEnumType)
    )


def _with_nulls(body: Any, options: dict[str, Any]) -> Any:
    """Null at a path (`data.customer.orders`), or at a share of all places below the top, the same ones for a seed."""
    if "path" in options:
        return _null_at(body, options["path"].split("."))
    dice = random.Random(options.get("seed", 1))
    share = options.get("share", 0.3)

    def spoil(value: Any, depth: int) -> Any:
        if depth > 1 and dice.random() < share:
            return None
        if isinstance(value, dict):
            return {name: spoil(item, depth + 1) for name, item in value.items()}
        if isinstance(value, list):
            return [spoil(item, depth + 1) for item in value]
        return value

    return {**body, "data": spoil(body.get("data"), 1)}


def _null_at(value: Any, path: list[str]) -> Any:
    if not path:
        return None
    if isinstance(value, dict) and path[0] in value:
        return {**value, path[0]: _null_at(value[path[0]], path[1:])}
    if isinstance(value, list) and path[0].isdigit() and int(path[0]) < len(value):
        index = int(path[0])
        return [*value[:index], _null_at(value[index], path[1:]), *value[index + 1 :]]
    return value
