"""One webhook on its way to one address, and what became of each attempt."""

import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrations.shopify.sandbox.clients import Client
from integrations.shopify.sandbox.clock import format_time, parse_time
from integrations.shopify.sandbox.posting import signature
from integrations.shopify.sandbox.schema import API_VERSION

RETRIES = 8
# Exponential, the last one four hours after the first attempt (Shopify, since 2024-09-10).
RETRY_AFTER = tuple(timedelta(hours=4) * ((2**n - 1) / (2**RETRIES - 1)) for n in range(1, RETRIES + 1))


@dataclass
class Delivery:
    """A body and its headers are settled when the event happens: a retry carries the original.

    `outcome` is waiting, delivered, failed (after the last retry), lost (never sent, on purpose) or dropped (the app was
    installed again before shop/redact was due).
    """

    shop: str
    client_id: str
    topic: str
    uri: str
    body: str
    triggered_at: str
    first_due: str
    webhook_id: str
    event_id: str
    name: str | None = None
    subscription: int | None = None
    duplicate: bool = False
    only_if_uninstalled: bool = False
    attempts: list[dict[str, Any]] = field(default_factory=list)
    outcome: str = "waiting"

    @property
    def due(self) -> datetime:
        """When the next attempt is made, by the sandbox's clock."""
        first = parse_time(self.first_due)
        return first + RETRY_AFTER[len(self.attempts) - 1] if self.attempts else first

    def headers(self, client: Client) -> dict[str, str]:
        """As they are sent now: signed with the oldest secret that is not revoked."""
        named = {"X-Shopify-Name": self.name} if self.name else {}
        return {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": self.topic,
            "X-Shopify-Hmac-Sha256": signature(self.body.encode(), client.signing_secret),
            "X-Shopify-Shop-Domain": self.shop,
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": self.webhook_id,
            "X-Shopify-Event-Id": self.event_id,
            "X-Shopify-Triggered-At": self.triggered_at,
            **named,
        }

    def attempted(self, at: datetime, status: int, error: str | None) -> None:
        self.attempts.append({"at": format_time(at), "status": status, "error": error})
        if 200 <= status < 300:
            self.outcome = "delivered"
        elif len(self.attempts) > RETRIES:
            self.outcome = "failed"

    def row(self) -> dict[str, Any]:
        return asdict(self)


def compose(
    *,
    shop: str,
    client_id: str,
    topic: str,
    uri: str,
    payload: Mapping[str, Any],
    now: datetime,
    event_id: str | None = None,
    due: datetime | None = None,
    **more: Any,
) -> Delivery:
    """A delivery of this payload. The ids are new; events of one action share theirs."""
    return Delivery(
        shop=shop,
        client_id=client_id,
        topic=topic,
        uri=uri,
        body=json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
        triggered_at=now.strftime("%Y-%m-%dT%H:%M:%S.%f") + f"{secrets.randbelow(1000):03d}Z",
        first_due=(due or now).isoformat(),
        webhook_id=str(uuid.uuid4()),
        event_id=event_id or new_event_id(),
        **more,
    )


def new_event_id() -> str:
    return str(uuid.uuid4())
