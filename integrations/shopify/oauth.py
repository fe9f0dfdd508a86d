"""OAuth with a shop: the address of the consent screen, the check of the way back, codes and refresh tokens for tokens.

Whether a state is ours, unused and this person's is decided elsewhere.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from django.conf import settings
from django.utils import timezone

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
_HMAC = re.compile(r"[0-9a-f]{64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class App:
    """The Shopify app in whose name we ask. While its secret is being rotated, two are valid for signatures."""

    client_id: str
    client_secret: Secret
    previous_secret: Secret | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What signatures are checked against."""
        return (self.client_secret, self.previous_secret) if self.previous_secret else (self.client_secret,)


def installation_app() -> App:
    """The installation's own app, from the environment. Raises NotConfigured when there is none."""
    if not settings.SHOPIFY_CLIENT_ID or not settings.SHOPIFY_CLIENT_SECRET:
        raise errors.NotConfigured
    previous = getattr(settings, "SHOPIFY_PREVIOUS_CLIENT_SECRET", "")
    return App(
        client_id=settings.SHOPIFY_CLIENT_ID,
        client_secret=Secret(settings.SHOPIFY_CLIENT_SECRET),
        previous_secret=Secret(previous) if previous else None,
    )


class Reason(StrEnum):
    """Why a callback was refused; `failures.py` has the words."""

    MALFORMED = "malformed"
    OVERSIZED = "oversized"
    DUPLICATE = "duplicate"
    MISSING = "missing"
    BAD_SHOP = "shop"
    BAD_HMAC = "hmac"
    STALE = "timestamp"
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
    """What Shopify said on the way back, its signature checked. Without a code the owner said no."""

    shop: str
    state: str = field(repr=False)
    timestamp: int
    granted_code: Secret | None

    @property
    def code(self) -> Secret:
        """The authorisation code; of a denied request, CallbackRefused."""
        if self.granted_code is None:
            raise CallbackRefused(Reason.DENIED, authentic=True, shop=self.shop, state=self.state)
        return self.granted_code


def authorize_url(*, shop: str, app: App, state: str, scopes: Sequence[str], redirect_uri: str) -> str:
    """Where to send the owner's browser. Give a state of hex digits: all forms of the signature agree on those."""
    query = urlencode(
        {"client_id": app.client_id, "scope": ",".join(scopes), "redirect_uri": redirect_uri, "state": state},
        quote_via=quote,
    )
    return f"{http.browser_base(shop_domain(shop))}/admin/oauth/authorize?{query}"


def verify(raw_query: str, *, app: App, now: datetime | None = None, allow_denied: bool = False) -> Callback:
    """The callback's parameters, once everything about them is right; else CallbackRefused.

    Takes the query string as it arrived, because parsed ones hide repeated parameters. `allow_denied` lets an owner's "no"
    pass, for whoever wants to use up its state first.
    """
    values = _single_values(raw_query)
    shop = _shop(values)
    if not _signed(values, app.secrets):
        raise CallbackRefused(Reason.BAD_HMAC)
    timestamp = _timestamp(values)
    if abs((now or timezone.now()).timestamp() - timestamp) > MAX_AGE_SECONDS:
        raise CallbackRefused(Reason.STALE, authentic=True, shop=shop, state=values["state"])
    code = None if "error" in values else Secret(values["code"])
    callback = Callback(shop=shop, state=values["state"], timestamp=timestamp, granted_code=code)
    if not allow_denied and code is None:
        raise CallbackRefused(Reason.DENIED, authentic=True, shop=shop, state=values["state"])
    return callback


def signature_message(values: Mapping[str, str]) -> bytes:
    """What Shopify signs: all parameters but the signature, sorted, encoded as URLSearchParams does, a blank as %20.

    The form is that of Shopify's JavaScript library; `shopifyapi` escapes less and refuses some genuine callbacks.
    """
    signed = sorted((name, value) for name, value in values.items() if name not in ("hmac", "signature"))
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in signed).encode()


def exchange_code(*, shop: str, app: App, code: Secret) -> TokenGrant:
    """The authorisation code for tokens: expiring ones, which public apps must use. Ten seconds in all."""
    return _ask_for_token(shop, app, {"code": code, "expiring": "1"}, EXCHANGE_TIMEOUTS)


def refresh(*, shop: str, app: App, refresh_token: Secret) -> TokenGrant:
    """New tokens for a refresh token. After a lost answer, ask again with the same one: it lives until the new one is used."""
    return _ask_for_token(shop, app, {"grant_type": "refresh_token", "refresh_token": refresh_token}, http.API)


def _ask_for_token(shop: str, app: App, what: Mapping[str, str | Secret], timeouts: http.Timeouts) -> TokenGrant:
    body = {"client_id": app.client_id, "client_secret": app.client_secret, **what}
    answer = http.post(host=shop_domain(shop), path=_TOKEN_PATH, headers={}, body=body, timeouts=timeouts)
    # Dead refresh tokens were seen with 400 and with 401; both mean: ask the owner again.
    if answer.status in (400, 401):
        raise errors.GrantRefused(status=answer.status)
    raise_for_status(answer)
    return token_grant(answer.body)


def _single_values(raw_query: str) -> dict[str, str]:
    if len(raw_query) > MAX_QUERY_LENGTH:
        raise CallbackRefused(Reason.OVERSIZED)
    try:
        pairs = parse_qsl(raw_query, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        pairs = None
    if pairs is None:
        raise CallbackRefused(Reason.MALFORMED)
    values = dict(pairs)
    if len(values) != len(pairs):
        raise CallbackRefused(Reason.DUPLICATE)
    if any(len(name) + len(value) > MAX_VALUE_LENGTH for name, value in pairs):
        raise CallbackRefused(Reason.OVERSIZED)
    for name in ("shop", "hmac", "timestamp", "state", "error" if "error" in values else "code"):
        if not values.get(name):
            raise CallbackRefused(Reason.MISSING, parameter=name)
    return values


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
