"""From a request to its response: pages by path on loopback, Shopify's API by the shop in the Host header."""

import re
from pathlib import Path
from urllib.parse import parse_qs

from integrations.shopify.sandbox import control_forms
from integrations.shopify.sandbox.api import api
from integrations.shopify.sandbox.call import Call, is_json
from integrations.shopify.sandbox.consent import Refusal, callback_url, read_request
from integrations.shopify.sandbox.control import answer_control
from integrations.shopify.sandbox.control_parts import FORM_PATH
from integrations.shopify.sandbox.installing import install_url
from integrations.shopify.sandbox.pages import STYLE_PATH, consent_page, error_page, stores_page
from integrations.shopify.sandbox.responses import Response, json_response, page, redirect
from integrations.shopify.sandbox.sandbox import Sandbox
from integrations.shopify.sandbox.stores import Store

_STYLE = Path(__file__).with_name("style.css").read_bytes()
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_INSTALL_PAGE = re.compile(r"/([^/]{1,255})/admin/apps/install")
_OAUTH_PAGE = re.compile(r"/([^/]{1,255})/admin/oauth/(authorize|decision)")


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
    if call.path == "/_sandbox/" and call.method == "GET":
        return control_forms.show(sandbox, call)
    if call.path == FORM_PATH and call.method == "POST":
        return control_forms.follow(sandbox, call)
    if call.path.startswith("/_sandbox/"):
        # A page of another site can post a form here, but not JSON without asking first.
        if call.method == "POST" and call.body and not is_json(call):
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
    install = _INSTALL_PAGE.fullmatch(call.path)
    if install is not None and call.method == "GET":
        return _install(sandbox, install[1], call.query)
    if match is None:
        raise Refusal(
            "There is nothing here", "The sandbox plays an authorization page per store, and the Admin API.", 404
        )
    store = sandbox.stores.get(match[1])
    if store is None:
        raise Refusal("There is no such store", "The sandbox does not play a store of that name.", 404)
    if match[2] == "authorize" and call.method == "GET":
        request = read_request(call.query, store, sandbox.clients)
        name = sandbox.clients.get(request.client_id).name
        html = consent_page(request, store, name, sandbox.pending.keep(request))
        return page(html, form_target=request.origin)
    if match[2] == "decision" and call.method == "POST":
        return _decide(sandbox, store, call.body)
    raise Refusal("This page cannot be used like that", "Go back to the app and start again.", 405)


def _install(sandbox: Sandbox, domain: str, query: str) -> Response:
    """Shopify's side of an installation: on to the app's own address, signed. `?client_id=` chooses another app."""
    store = sandbox.stores.get(domain)
    if store is None:
        raise Refusal("There is no such store", "The sandbox does not play a store of that name.", 404)
    try:
        client = sandbox.clients.get(parse_qs(query).get("client_id", [None])[0])
        return redirect(install_url(store, client))
    except ValueError as error:
        raise Refusal("The app cannot be installed from here", str(error)) from error


def _decide(sandbox: Sandbox, store: Store, raw: bytes) -> Response:
    try:
        form = parse_qs(raw.decode("ascii"), max_num_fields=10)
    except ValueError as error:
        raise Refusal("The answer cannot be read", "Go back to the app and start again.") from error
    decision = form.get("decision")
    if decision not in (["approve"], ["deny"]) or len(form.get("ticket", [])) != 1:
        raise Refusal("The answer cannot be read", "Go back to the app and start again.")
    request = sandbox.pending.take(form["ticket"][0], store.domain)
    client, code = sandbox.clients.get(request.client_id), None
    if decision == ["approve"]:
        code = sandbox.tokens.issue_code(
            store.domain, request.granted(store, form.get("without", [])), client.client_id
        )
    return redirect(callback_url(request, store, client.signing_secret, code))
