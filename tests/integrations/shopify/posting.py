"""Webhooks as Shopify sends them, signed without the code under test."""

import base64
import hashlib
import hmac
import itertools
import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.factories import SHOP
from tests.walking import CLIENT_SECRET

DOOR = "/shopify/webhooks/"
_serial = itertools.count(1)


def signature(body: bytes, secret: str = CLIENT_SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers(
    topic: str, body: bytes, *, shop: str = SHOP, secret: str = CLIENT_SECRET, **changes: str
) -> dict[str, str]:
    """Every header of a delivery; `changes` by the words after X-Shopify, an empty one leaves it out."""
    number = next(_serial)
    given = {
        "Topic": topic,
        "Hmac-Sha256": signature(body, secret),
        "Shop-Domain": shop,
        "API-Version": "2026-10",
        "Webhook-Id": f"b54557e4-bdd9-4b37-8a5f-{number:012}",
        "Event-Id": f"98880550-7158-44d4-b7cd-{number:012}",
        "Triggered-At": "2026-11-26T10:00:00.123456789Z",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return {f"X-Shopify-{name}": value for name, value in given.items() if value}


def post(topic: str, content: Any, *, client: Client | None = None, **changes: str) -> HttpResponse:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return deliver(headers(topic, body, **changes), body, client=client)


def deliver(
    given: dict[str, str], body: bytes, *, client: Client | None = None, content_type: str = "application/json"
) -> HttpResponse:
    return (client or Client()).post(DOOR, body, content_type=content_type, headers=given)


def order(number: int = 820982911946154508, *, email: str | None = None, customer: int | None = None) -> dict[str, Any]:
    """An order as far as our subscriptions ask for it."""
    return {
        "id": number,
        "updated_at": "2026-11-26T05:00:00-05:00",
        "email": email,
        "customer": {"id": customer} if customer else None,
    }
