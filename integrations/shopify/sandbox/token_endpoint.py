"""`POST /admin/oauth/access_token`: code for tokens, refresh token for new tokens, OAuth errors as JSON."""

import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from integrations.shopify.sandbox.tokens import ACCESS_LIFE, REFRESH_LIFE, Grant, TokenBook


@dataclass(frozen=True)
class TokenAnswer:
    status: int
    body: dict[str, Any]
    kind: str


def answer_token_request(
    raw: bytes, content_type: str, shop: str, book: TokenBook, client_id: str, client_secret: str
) -> TokenAnswer:
    given = _read(raw, content_type)
    if given is None:
        return _refuse("token", "invalid_request", "The request could not be read.")
    kind = "refresh" if given.get("grant_type") == "refresh_token" else "token"
    if not _same(given.get("client_id"), client_id):
        return _refuse(kind, "application_cannot_be_found", "No application with this client_id.")
    if not _same(given.get("client_secret"), client_secret):
        return _refuse(kind, "invalid_client", "The client_secret is wrong.")
    if kind == "refresh":
        grant = book.refresh(given.get("refresh_token", ""), shop)
        return (
            _tokens(kind, grant)
            if grant
            else _refuse(kind, "invalid_grant", "This request requires an active refresh_token")
        )
    if given.get("grant_type", "authorization_code") != "authorization_code":
        return _refuse(kind, "unsupported_grant_type", "The sandbox knows authorization codes and refresh tokens.")
    grant = book.redeem(given.get("code", ""), shop, expiring=given.get("expiring") == "1")
    return (
        _tokens(kind, grant)
        if grant
        else _refuse(kind, "invalid_request", "The authorization code was not found or was already used")
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


def _tokens(kind: str, grant: Grant) -> TokenAnswer:
    return TokenAnswer(200, token_body(grant), kind)


def _refuse(kind: str, error: str, description: str) -> TokenAnswer:
    return TokenAnswer(400, {"error": error, "error_description": description}, kind)


def _same(given: str | None, wanted: str) -> bool:
    return hmac.compare_digest((given or "").encode(), wanted.encode())


def _read(raw: bytes, content_type: str) -> dict[str, str] | None:
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
