"""From a request to its response: pages by path on loopback, Shopify's API by the shop in the Host header.

`api` is the one door of all API calls: what is to happen to calls (faults on demand) belongs there.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from integrations.shopify.sandbox.consent import Refusal, callback_url, read_request
from integrations.shopify.sandbox.control import answer_control
from integrations.shopify.sandbox.pages import STYLE_PATH, consent_page, error_page, stores_page
from integrations.shopify.sandbox.responses import Response, json_response, page, redirect
from integrations.shopify.sandbox.sandbox import Sandbox
from integrations.shopify.sandbox.schema import API_VERSION
from integrations.shopify.sandbox.stores import Store
from integrations.shopify.sandbox.token_endpoint import answer_token_request

_STYLE = Path(__file__).with_name("style.css").read_bytes()
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_OAUTH_PAGE = re.compile(r"/([^/]{1,255})/admin/oauth/(authorize|decision)")
_GRAPHQL = re.compile(r"/admin/api/([^/]+)/graphql\.json")
UNKNOWN_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"


@dataclass(frozen=True)
class Call:
    """One HTTP request, read."""

    method: str
    target: str
    host: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


def respond(sandbox: Sandbox, call: Call) -> Response:
    if not call.target.startswith("/"):
        return json_response(400, {"errors": "Bad Request"})
    host = re.sub(r":\d+$", "", call.host).lower()
    if host in _LOOPBACK:
        return _on_loopback(sandbox, call)
    store = sandbox.stores.get(host)
    if store is None:
        return json_response(404, {"errors": "Not Found"})
    return api(sandbox, store, call)


def _on_loopback(sandbox: Sandbox, call: Call) -> Response:
    if call.path == STYLE_PATH and call.method == "GET":
        return Response(200, _STYLE, "text/css; charset=utf-8", {"X-Content-Type-Options": "nosniff"})
    if call.path.startswith("/_sandbox/"):
        # A page of another site can post a form here, but not JSON without asking first.
        if call.method == "POST" and call.body and not _is_json(call):
            return json_response(415, {"error": "Send application/json."})
        answered = answer_control(sandbox, call.method, call.path.removeprefix("/_sandbox/"), call.body)
        return json_response(answered.status, answered.body)
    try:
        return _page(sandbox, call)
    except Refusal as refusal:
        return page(error_page(refusal.title, refusal.detail), refusal.status)


def _page(sandbox: Sandbox, call: Call) -> Response:
    if call.path == "/" and call.method == "GET":
        return page(stores_page(sandbox.stores.values(), sandbox.settings.app_name))
    match = _OAUTH_PAGE.fullmatch(call.path)
    if match is None:
        raise Refusal(
            "There is nothing here", "The sandbox plays an authorization page per store, and the Admin API.", 404
        )
    store = sandbox.stores.get(match[1])
    if store is None:
        raise Refusal("There is no such store", "The sandbox does not play a store of that name.", 404)
    if match[2] == "authorize" and call.method == "GET":
        request = read_request(call.query, store, sandbox.settings.client_id)
        html = consent_page(request, store, sandbox.settings.app_name, sandbox.pending.keep(request))
        return page(html, form_target=request.origin)
    if match[2] == "decision" and call.method == "POST":
        return _decide(sandbox, store, call.body)
    raise Refusal("This page cannot be used like that", "Go back to the app and start again.", 405)


def _decide(sandbox: Sandbox, store: Store, raw: bytes) -> Response:
    try:
        form = parse_qs(raw.decode("ascii"), max_num_fields=10)
    except ValueError as error:
        raise Refusal("The answer cannot be read", "Go back to the app and start again.") from error
    decision = form.get("decision")
    if decision not in (["approve"], ["deny"]) or len(form.get("ticket", [])) != 1:
        raise Refusal("The answer cannot be read", "Go back to the app and start again.")
    request = sandbox.pending.take(form["ticket"][0], store.domain)
    code = sandbox.tokens.issue_code(store.domain, request.granted(store)) if decision == ["approve"] else None
    return redirect(callback_url(request, store, sandbox.settings.client_secret, code))


def api(sandbox: Sandbox, store: Store, call: Call) -> Response:
    """Every API call: the latency that is set, then its answer."""
    match = _GRAPHQL.fullmatch(call.path)
    if call.path == "/admin/oauth/access_token" and call.method == "POST":
        sandbox.wait()
        return _token(sandbox, store, call)
    if match is not None and call.method == "POST" and match[1] == API_VERSION:
        sandbox.wait()
        return _graphql(sandbox, store, call)
    return json_response(404, {"errors": "Not Found"})


def _token(sandbox: Sandbox, store: Store, call: Call) -> Response:
    settings = sandbox.settings
    content_type = call.headers.get("content-type", "")
    answered = answer_token_request(
        call.body, content_type, store.domain, sandbox.tokens, settings.client_id, settings.client_secret
    )
    sandbox.log.add(shop=store.domain, kind=answered.kind, status=answered.status, error=answered.body.get("error"))
    return json_response(answered.status, answered.body)


def _graphql(sandbox: Sandbox, store: Store, call: Call) -> Response:
    grant = sandbox.tokens.find(call.headers.get("x-shopify-access-token", ""), store.domain)
    if grant is None:
        sandbox.log.add(shop=store.domain, kind="graphql", status=401)
        return json_response(401, {"errors": UNKNOWN_TOKEN})
    asked = _read_graphql(call)
    if asked is None:
        sandbox.log.add(shop=store.domain, kind="graphql", status=400)
        return json_response(400, {"errors": {"query": "Required parameter missing or invalid"}})
    answered = sandbox.query(store, grant, *asked)
    sandbox.log.add(
        shop=store.domain,
        kind="graphql",
        status=200,
        operation=answered.operation,
        cost=answered.cost,
        error=answered.error,
    )
    return json_response(200, answered.body)


def _read_graphql(call: Call) -> tuple[str, dict[str, Any], str | None] | None:
    """Query, variables and operation name of a JSON body; None if it is anything else."""
    try:
        body = json.loads(call.body)
    except (ValueError, RecursionError):
        return None
    if not _is_json(call) or not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return None
    variables, name = body.get("variables") or {}, body.get("operationName")
    if not isinstance(variables, dict) or not isinstance(name, str | None):
        return None
    return body["query"], variables, name or None


def _is_json(call: Call) -> bool:
    return call.headers.get("content-type", "").split(";")[0].strip().lower() == "application/json"
