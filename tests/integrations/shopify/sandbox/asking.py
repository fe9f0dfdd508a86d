"""Talking to the sandbox over real HTTP, with the Host header in our hands."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from integrations.shopify.sandbox import RunningSandbox

CLIENT_ID = "the-client"
CLIENT_SECRET = "the-secret"
RETURN_TO = "https://support.example.com/shopify/callback"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def request(
    running: RunningSandbox,
    method: str,
    path: str,
    *,
    host: str | None = None,
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    address = urlsplit(running.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        sent = {"Host": host or address.netloc, **(headers or {})}
        if isinstance(body, dict | list):
            body, sent = json.dumps(body), {"Content-Type": "application/json", **sent}
        connection.request(method, path, body=body, headers=sent)
        response = connection.getresponse()
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode())
    finally:
        connection.close()


def graphql(
    running: RunningSandbox, shop: str, token: str, query: str, variables: dict[str, Any] | None = None, **more: Any
) -> Reply:
    return request(
        running,
        "POST",
        "/admin/api/2026-10/graphql.json",
        host=shop,
        body={"query": query, "variables": variables or {}, **more},
        headers={"X-Shopify-Access-Token": token},
    )


def authorize_path(shop: str, **changed: str | None) -> str:
    given: dict[str, str | None] = {
        "client_id": CLIENT_ID,
        "scope": "read_customers,read_orders",
        "redirect_uri": RETURN_TO,
        "state": "ab12",
        **changed,
    }
    return f"/{shop}/admin/oauth/authorize?{urlencode({k: v for k, v in given.items() if v is not None})}"


def decide(running: RunningSandbox, shop: str, ticket: str, decision: str) -> Reply:
    return request(
        running,
        "POST",
        f"/{shop}/admin/oauth/decision",
        body=urlencode({"ticket": ticket, "decision": decision}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


def ticket_of(page: Reply) -> str:
    return page.text.split('name="ticket" value="')[1].split('"')[0]


def callback_of(reply: Reply) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(reply.headers["location"]).query))


def approved_code(running: RunningSandbox, shop: str, **changed: str | None) -> str:
    page = request(running, "GET", authorize_path(shop, **changed))
    return callback_of(decide(running, shop, ticket_of(page), "approve"))["code"]


def token_request(running: RunningSandbox, shop: str, **given: str) -> Reply:
    body = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **given}
    return request(running, "POST", "/admin/oauth/access_token", host=shop, body=body)
