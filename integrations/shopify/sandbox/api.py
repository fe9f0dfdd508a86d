"""Shopify's API of one store: token endpoint and GraphQL, the faults that hit them, and the log of all calls."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.shopify.sandbox.call import Call, is_json
from integrations.shopify.sandbox.faults import Fault
from integrations.shopify.sandbox.faulty import UNKNOWN_TOKEN, answer_with
from integrations.shopify.sandbox.responses import Response, json_response
from integrations.shopify.sandbox.sandbox import Sandbox
from integrations.shopify.sandbox.schema import API_VERSION
from integrations.shopify.sandbox.stores import Store
from integrations.shopify.sandbox.token_endpoint import answer_token_request, read_token_request, token_kind

_GRAPHQL = re.compile(r"/admin/api/([^/]+)/graphql\.json")
_TOKEN = "/admin/oauth/access_token"
_FROZEN = {"errors": "Unavailable Shop"}


@dataclass
class _Outcome:
    """What the log keeps of a call besides its status."""

    kind: str
    operation: str | None = None
    cost: int | None = None
    error: str | None = None


def api(sandbox: Sandbox, store: Store, call: Call) -> Response:
    """Every API call: the latency that is set, the fault that hits it or its right answer, the log."""
    match = _GRAPHQL.fullmatch(call.path)
    is_token = call.path == _TOKEN and call.method == "POST"
    is_graphql = match is not None and call.method == "POST" and match[1] == API_VERSION
    if not is_token and not is_graphql:
        return json_response(404, {"errors": "Not Found"})
    at = datetime.now(UTC)
    sandbox.wait()
    asked = _read_graphql(call) if is_graphql else None
    given = read_token_request(call.body, call.headers.get("content-type", "")) if is_token else None
    outcome = _Outcome("graphql" if is_graphql else token_kind(given), asked[2] if asked else None)
    fault = sandbox.faults.take(
        store.domain, "code" if outcome.kind == "token" else outcome.kind, _operation(asked) if asked else None
    )

    def act() -> Response:
        if is_token:
            return _token(sandbox, store, given, outcome)
        return _graphql(sandbox, store, call, asked, fault, outcome)

    response = act() if fault is None else answer_with(fault, act, sandbox.pause)
    sandbox.log.add(
        at=at,
        shop=store.domain,
        kind=outcome.kind,
        status=0 if response.drop else response.status,
        operation=outcome.operation,
        cost=outcome.cost,
        error=outcome.error,
        fault=fault.name if fault else None,
    )
    return response


def _token(sandbox: Sandbox, store: Store, given: dict[str, str] | None, outcome: _Outcome) -> Response:
    if sandbox.conditions.of(store.domain).frozen:
        return json_response(402, _FROZEN)
    answered = answer_token_request(given, store.domain, sandbox.tokens, sandbox.clients)
    outcome.error = answered.body.get("error")
    return json_response(answered.status, answered.body)


def _graphql(
    sandbox: Sandbox,
    store: Store,
    call: Call,
    asked: tuple[str, dict[str, Any], str | None] | None,
    fault: Fault | None,
    outcome: _Outcome,
) -> Response:
    grant = sandbox.tokens.find(call.headers.get("x-shopify-access-token", ""), store.domain)
    if grant is None:
        outcome.operation = None
        return json_response(401, {"errors": UNKNOWN_TOKEN})
    if sandbox.conditions.of(store.domain).frozen:
        return json_response(402, _FROZEN)
    if asked is None:
        return json_response(400, {"errors": {"query": "Required parameter missing or invalid"}})
    answered = sandbox.query(store, grant, *asked, fault)
    outcome.operation, outcome.cost, outcome.error = answered.operation, answered.cost, answered.error
    return json_response(200, answered.body)


def _read_graphql(call: Call) -> tuple[str, dict[str, Any], str | None] | None:
    """Query, variables and operation name of a JSON body; None if it is anything else."""
    try:
        body = json.loads(call.body)
    except (ValueError, RecursionError):
        return None
    if not is_json(call) or not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return None
    variables, name = body.get("variables") or {}, body.get("operationName")
    if not isinstance(variables, dict) or not isinstance(name, str | None):
        return None
    return body["query"], variables, name or None


def _operation(asked: tuple[str, dict[str, Any], str | None]) -> str | None:
    """The name that a fault may be bound to: as given, or the first in the document."""
    found = re.search(r"\b(?:query|mutation)\s+(\w+)", asked[0])
    return asked[2] or (found[1] if found else None)
