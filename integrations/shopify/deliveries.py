"""One delivery of Shopify's, taken apart: what its headers claim, whether its body was signed, what the body says. Pure.

Shopify signs the body alone (shopify.dev, "Deliver webhooks through HTTPS", read 2026-11-22). The shop and the topic are
claims of headers until the body bears them out.
"""

import base64
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from integrations.shopify.domains import SUFFIX, ShopDomainError, shop_domain
from tenants.addresses import AddressError, normalise
from tenants.crypto.secret import Secret

MAX_BODY: Final = 1_000_000

_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{43}=")
_TOPIC = re.compile(r"[a-z0-9_]{1,40}/[a-z0-9_]{1,19}")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_DIGITS = re.compile(r"[0-9]{1,20}")
_YEARS = range(2020, 2201)


class Refused(Exception):
    """A delivery that is not taken. `status` is the answer's."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the headers claim; only their form has been looked at."""

    shop: str
    topic: str
    delivery_id: str
    event_id: str
    triggered_at: datetime | None
    signature: bytes = field(repr=False)


def envelope(headers: Mapping[str, str]) -> Envelope:
    """Raises Refused: 401 where there can be no valid signature, 415 for another kind of body, 400 for other headers."""
    signature = headers.get("X-Shopify-Hmac-Sha256", "")
    if not _SIGNATURE.fullmatch(signature):
        raise Refused(401, "no signature")
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "not JSON")
    return Envelope(
        shop=_shop(headers.get("X-Shopify-Shop-Domain", "")),
        topic=_matching(_TOPIC, headers.get("X-Shopify-Topic", ""), "topic"),
        delivery_id=_matching(_ID, headers.get("X-Shopify-Webhook-Id", ""), "webhook id"),
        event_id=_matching(_ID, event, "event id") if (event := headers.get("X-Shopify-Event-Id", "")) else "",
        triggered_at=_moment(headers.get("X-Shopify-Triggered-At", "")),
        signature=base64.b64decode(signature),
    )


def signed(body: bytes, signature: bytes, secrets: Iterable[Secret]) -> bool:
    """Whether one of the secrets signed it. Each is tried, whichever matches: time tells nothing."""
    matches = [hmac.compare_digest(secret.sign(body), signature) for secret in secrets]
    return any(matches)


def content(body: bytes) -> dict[str, object]:
    """The JSON object of a body. Raises Refused."""
    try:
        value = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Refused(400, "not a JSON object")
    return value


def vouched(body: Mapping[str, object], shop: str) -> bool:
    """Whether the body, where it names its shop, names this one. A shop's `domain` may be one of its own: that says nothing."""
    named = [body.get("shop_domain"), body.get("myshopify_domain")]
    own = body.get("domain")
    if isinstance(own, str) and own.lower().endswith(SUFFIX):
        named.append(own)
    return all(isinstance(name, str) and name.lower() == shop for name in named if name is not None)


def digits(value: object) -> str:
    """An id of Shopify's, or nothing."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and _DIGITS.fullmatch(text) else ""


def email(value: object) -> str:
    """A mail address in the form in which addresses are compared, or nothing."""
    try:
        return normalise(value) if isinstance(value, str) else ""
    except AddressError:
        return ""


def customer_of(body: Mapping[str, object]) -> str:
    """The id of an order's customer; nothing for a guest's."""
    customer = body.get("customer")
    return digits(customer.get("id")) if isinstance(customer, dict) else ""


def _shop(value: str) -> str:
    try:
        return shop_domain(value)
    except ShopDomainError:
        pass
    raise Refused(400, "no shop")


def _matching(pattern: re.Pattern[str], value: str, name: str) -> str:
    if not pattern.fullmatch(value):
        raise Refused(400, f"no {name}")
    return value


def _moment(value: str) -> datetime | None:
    """Kept for people who look at receipts; nothing depends on it."""
    try:
        moment = datetime.fromisoformat(value[:40])
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and moment.year in _YEARS else None
