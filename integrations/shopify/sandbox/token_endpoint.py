"""`POST /admin/oauth/access_token`: code, refresh token or lasting token for tokens; OAuth errors as JSON."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from integrations.shopify.sandbox.clients import Client, ClientBook
from integrations.shopify.sandbox.tokens import ACCESS_LIFE, REFRESH_LIFE, Grant, TokenBook

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
OFFLINE_TOKEN = "urn:shopify:params:oauth:token-type:offline-access-token"
_KINDS = {"refresh_token": "refresh", EXCHANGE: "exchange"}


@dataclass(frozen=True)
class TokenAnswer:
    status: int
    body: dict[str, Any]


def read_token_request(raw: bytes, content_type: str) -> dict[str, str] | None:
    """Read a JSON or form body as texts; None if it is neither, or names a parameter twice."""
    try:
        if content_type.split(";")[0].strip().lower() == "application/json":
            pairs = json.loads(raw, object_pairs_hook=list)
            if not isinstance(pairs, list):
                return None
        else:
            pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=30)
        values = {str(key): str(value) for key, value in pairs}
    except (ValueError, TypeError, RecursionError):
        return None
    return values if len(values) == len(pairs) else None


def token_kind(given: dict[str, str] | None) -> str:
    """`token` for a code, `refresh` or `exchange`."""
    return _KINDS.get((given or {}).get("grant_type", ""), "token")


def answer_token_request(given: dict[str, str] | None, shop: str, book: TokenBook, clients: ClientBook) -> TokenAnswer:
    if given is None:
        return _refuse("invalid_request", "The request could not be read.")
    client = clients.find(given.get("client_id"))
    if client is None:
        return _refuse("application_cannot_be_found", "No application with this client_id.")
    secret = client.mark_of(given.get("client_secret"))
    if secret is None:
        return _refuse("invalid_client", "The client_secret is wrong.")
    match given.get("grant_type", "authorization_code"):
        case "refresh_token":
            renewed = book.refresh(given.get("refresh_token", ""), shop, client.client_id, secret=secret)
            return _tokens(renewed) or _refuse("invalid_grant", "This request requires an active refresh_token")
        case "urn:ietf:params:oauth:grant-type:token-exchange":
            return _exchange(given, shop, book, client, secret)
        case "authorization_code":
            expiring = given.get("expiring") == "1"
            granted = book.redeem(given.get("code", ""), shop, client.client_id, expiring=expiring, secret=secret)
            return _tokens(granted) or _refuse(
                "invalid_request", "The authorization code was not found or was already used"
            )
    return _refuse(
        "unsupported_grant_type",
        "The sandbox knows authorization codes, refresh tokens and the exchange of lasting ones.",
    )


def token_body(grant: Grant) -> dict[str, Any]:
    body: dict[str, Any] = {"access_token": grant.access_token, "scope": ",".join(grant.scopes)}
    if grant.refresh_token is not None:
        body |= {
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "refresh_token": grant.refresh_token,
            "refresh_token_expires_in": int(REFRESH_LIFE.total_seconds()),
        }
    return body


def _exchange(given: dict[str, str], shop: str, book: TokenBook, client: Client, secret: str) -> TokenAnswer:
    """From a token that lasts to a pair that expires; session tokens of embedded apps are not played."""
    kinds = {given.get("subject_token_type"), given.get("requested_token_type")}
    if kinds != {OFFLINE_TOKEN} or given.get("expiring") != "1":
        return _refuse("invalid_request", "The sandbox exchanges offline tokens for expiring offline tokens only.")
    exchanged = book.exchange(given.get("subject_token", ""), shop, client.client_id, secret=secret)
    return _tokens(exchanged) or _refuse("invalid_subject_token", "The subject token is not active or expires already.")


def _tokens(grant: Grant | None) -> TokenAnswer | None:
    return TokenAnswer(200, token_body(grant)) if grant else None


def _refuse(error: str, description: str) -> TokenAnswer:
    return TokenAnswer(400, {"error": error, "error_description": description})
