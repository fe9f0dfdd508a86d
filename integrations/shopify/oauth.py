"""OAuth with a shop: the address of the consent screen, the check of the way back, codes and refresh tokens for tokens.

Whether a state is ours, unused and this person's is decided elsewhere.
"""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from integrations import errors, http
from integrations.shopify.domains import ShopDomainError, shop_domain
from integrations.shopify.parsing import token_grant
from integrations.shopify.statuses import raise_for_status
from integrations.shopify.types import TokenGrant
from tenants.crypto.secret import Secret

# Shopify's JavaScript library refuses a callback that is further off, either way (15.0.0, read 2026-11-22).
MAX_AGE_SECONDS: Final = 90
MAX_QUERY_LENGTH: Final = 4096
MAX_VALUE_LENGTH: Final = 512
# The code exchange is the one call that a person waits for in a request.
EXCHANGE_TIMEOUTS: Final = http.Timeouts(connect=3.0, read=8.0, total=10.0)

_TOKEN_PATH: Final = "/admin/oauth/access_token"  # noqa: S105 - a path.
_OFFLINE: Final = "urn:shopify:params:oauth:token-type:offline-access-token"
# OAuth's words for an app that is unknown or has a wrong secret (RFC 6749 5.2, and Shopify's own).
_APP_REFUSED: Final = frozenset({"invalid_client", "unauthorized_client", "application_cannot_be_found"})
_HMAC = re.compile(r"[0-9a-f]{64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class Reason(StrEnum):
    """Why a callback was refused; `failures.py` has the words."""

    MALFORMED = "malformed"
    OVERSIZED = "oversized"
    DUPLICATE = "duplicate_parameter"
    MISSING = "missing_parameter"
    BAD_SHOP = "bad_shop"
    BAD_HMAC = "bad_hmac"
    STALE = "stale_timestamp"
    DENIED = "denied"


class CallbackRefused(Exception):
    """A callback that must not be acted upon. `authentic` says whether Shopify signed it: only then are shop and state its own words."""

    def __init__(
        self, reason: Reason, *, parameter: str = "", authentic: bool = False, shop: str = "", state: str = ""
    ) -> None:
        super().__init__(f"The callback was refused: {reason}.")
        self.reason = reason
        self.parameter = parameter
        self.authentic = authentic
        self.shop = shop
        self.state = state


@dataclass(frozen=True, slots=True)
class Callback:
    """What Shopify said on the way back, its signature checked."""

    shop: str
    state: str = field(repr=False)
    code: Secret
    timestamp: int


def authorize_url(*, shop: str, client_id: str, state: str, scopes: Sequence[str], redirect_uri: str) -> str:
    """Where to send the owner's browser. Give a state of hex digits: all forms of the signature agree on those."""
    query = urlencode(
        {"client_id": client_id, "scope": ",".join(scopes), "redirect_uri": redirect_uri, "state": state},
        quote_via=quote,
    )
    return f"{http.browser_base(shop_domain(shop))}/admin/oauth/authorize?{query}"


def verify(raw_query: str, *, secrets: Sequence[Secret], now: datetime) -> Callback:
    """The callback's parameters, once everything about them is right; else CallbackRefused.

    Takes the query string as it arrived, because parsed ones hide repeated parameters. More than one secret may be valid
    while a client secret is being rotated. A refusal that is authentic names a state that should be used up.
    """
    values = _checked(_required(_single_values(raw_query), "state"), secrets=secrets, now=now)
    said = {"shop": values["shop"], "state": values["state"]}
    if "error" in values:
        raise CallbackRefused(Reason.DENIED, authentic=True, **said)
    return Callback(code=Secret(values["code"]), timestamp=_timestamp(values), **said)


def verify_opening(raw_query: str, *, secrets: Sequence[Secret], now: datetime) -> str:
    """The shop that opened the app in Shopify, to install it or to use it, once everything about it is right.

    Shopify sends `shop`, `hmac`, `timestamp` and mostly `host` and a `session` to the app's address, signed as a callback is.
    """
    return _checked(_required(_single_values(raw_query)), secrets=secrets, now=now)["shop"]


def claimed_state(raw_query: str) -> str:
    """The state in an answer that nobody has checked yet: for finding whose signature to expect, and for nothing else."""
    try:
        return _single_values(raw_query).get("state", "")
    except CallbackRefused:
        return ""


def signature_message(values: Mapping[str, str]) -> bytes:
    """What Shopify signs: all parameters but the signature, sorted, encoded as URLSearchParams does, a blank as %20.

    The form is that of Shopify's JavaScript library; `shopifyapi` escapes less and refuses some genuine callbacks.
    """
    signed = sorted((name, value) for name, value in values.items() if name not in ("hmac", "signature"))
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in signed).encode()


def by_either(secrets: Sequence[Secret], ask: Callable[[Secret], TokenGrant]) -> TokenGrant:
    """What the token endpoint gives for the app's current secret or, while it is being rotated, for the previous one.

    Where both are refused, a word about the grant counts: it comes from where the secret was accepted. One about the app
    says no more than that this secret is not its own (any more). Whatever else goes wrong is raised at once: the secret that
    was not heard may be the one that counts.
    """
    refusals: list[errors.IntegrationError] = []
    for secret in secrets:
        try:
            return ask(secret)
        except (errors.GrantRefused, errors.AppRefused) as refused:
            refusals.append(refused)
    raise next((one for one in refusals if isinstance(one, errors.GrantRefused)), refusals[0])


def exchange_code(
    *, shop: str, client_id: str, client_secret: Secret, code: Secret, timeouts: http.Timeouts | None = None
) -> TokenGrant:
    """The authorisation code for tokens: expiring ones, which public apps must use. Ten seconds in all, or less."""
    body: dict[str, str | Secret] = {
        "client_id": client_id,
        "client_secret": client_secret,
        "code": code,
        "expiring": "1",
    }
    try:
        return _ask_for_token(shop, body, timeouts or EXCHANGE_TIMEOUTS)
    except errors.UnexpectedStatus as unexpected:
        status = unexpected.status
    # Of a code that was used Shopify may say so in a page of HTML; there is nothing yet that could be lost.
    raise errors.GrantRefused(status=status) if status in (400, 401) else errors.UnexpectedStatus(status=status)


def refresh(*, shop: str, client_id: str, client_secret: Secret, refresh_token: Secret) -> TokenGrant:
    """New tokens for a refresh token. After a lost answer, ask again with the same one: it lives until the new one is used."""
    body: dict[str, str | Secret] = {
        "client_id": client_id,
        "client_secret": client_secret,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    }
    return _ask_for_token(shop, body, http.API)


def exchange_token(*, shop: str, client_id: str, client_secret: Secret, access_token: Secret) -> TokenGrant:
    """A token that never expires for a pair that does (shopify.dev changelog 2025-12-10, read 2026-11-22). The old one dies.

    After a lost answer, ask again with the same one: for seven days Shopify gives the same pair.
    """
    body: dict[str, str | Secret] = {
        "client_id": client_id,
        "client_secret": client_secret,
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": access_token,
        "subject_token_type": _OFFLINE,
        "requested_token_type": _OFFLINE,
        "expiring": "1",
    }
    return _ask_for_token(shop, body, http.API)


def _ask_for_token(shop: str, body: Mapping[str, str | Secret], timeouts: http.Timeouts) -> TokenGrant:
    answer = http.post(host=shop_domain(shop), path=_TOKEN_PATH, headers={}, body=body, timeouts=timeouts)
    if answer.status in (400, 401):
        raise _refusal(answer)(status=answer.status)
    raise_for_status(answer)
    return _grant(answer)


def _refusal(answer: http.Answer) -> type[errors.IntegrationError]:
    """Dead refresh tokens were seen with 400 and with 401 and OAuth's JSON: the owner must be asked again.

    Not for an edge's page of HTML, which judges no token: what a store has is kept until Shopify itself refuses it.
    """
    body = answer.body if isinstance(answer.body, dict) else {}
    said = body.get("error") or body.get("errors")
    if not isinstance(said, str):
        return errors.UnexpectedStatus
    return errors.AppRefused if said in _APP_REFUSED else errors.GrantRefused


def _grant(answer: http.Answer) -> TokenGrant:
    """Raises outside of the except block and with nothing of the original: frames of the parser hold tokens in clear."""
    try:
        return token_grant(answer.body)
    except errors.MalformedAnswer as malformed:
        failure = errors.MalformedAnswer(detail=malformed.detail)
    except Exception:  # A mistake of ours in there must not report the tokens either.
        failure = errors.MalformedAnswer()
    raise failure


def _single_values(raw_query: str) -> dict[str, str]:
    if len(raw_query) > MAX_QUERY_LENGTH:
        raise CallbackRefused(Reason.OVERSIZED)
    try:
        pairs = (
            parse_qsl(raw_query, keep_blank_values=True, errors="strict", max_num_fields=50)
            if raw_query.isascii()
            else None
        )
    except ValueError:
        pairs = None
    if pairs is None:
        raise CallbackRefused(Reason.MALFORMED)
    values = dict(pairs)
    if len(values) != len(pairs):
        raise CallbackRefused(Reason.DUPLICATE)
    if any(len(name) + len(value) > MAX_VALUE_LENGTH for name, value in pairs):
        raise CallbackRefused(Reason.OVERSIZED)
    return values


def _required(values: dict[str, str], *more: str) -> dict[str, str]:
    """`values`, if the parameters that a signed address needs are there. An answer has a state, and a code or an error."""
    answer = ("error" if "error" in values else "code",) if more else ()
    for name in ("shop", "hmac", "timestamp", *more, *answer):
        if not values.get(name):
            raise CallbackRefused(Reason.MISSING, parameter=name)
    return values


def _checked(values: dict[str, str], *, secrets: Sequence[Secret], now: datetime) -> dict[str, str]:
    """Shop, signature, age, in Shopify's order. The shop comes back in lower case."""
    shop = _shop(values)
    if not _signed(values, secrets):
        raise CallbackRefused(Reason.BAD_HMAC)
    if abs(now.timestamp() - _timestamp(values)) > MAX_AGE_SECONDS:
        raise CallbackRefused(Reason.STALE, authentic=True, shop=shop, state=values.get("state", ""))
    return {**values, "shop": shop}


def _shop(values: Mapping[str, str]) -> str:
    try:
        return shop_domain(values["shop"])
    except ShopDomainError:
        pass
    raise CallbackRefused(Reason.BAD_SHOP)


def _signed(values: Mapping[str, str], secrets: Sequence[Secret]) -> bool:
    given = values["hmac"]
    if not _HMAC.fullmatch(given):
        return False
    message = signature_message(values)
    matches = [hmac.compare_digest(secret.sign(message).hex(), given) for secret in secrets]
    return any(matches)


def _timestamp(values: Mapping[str, str]) -> int:
    return int(values["timestamp"]) if _TIMESTAMP.fullmatch(values["timestamp"]) else 0


def _encode(text: str) -> str:
    return quote(text, safe="*").replace("~", "%7E")
