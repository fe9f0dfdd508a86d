"""What a walk of secrets through one process carries: the values, the cast, the sinks; and its steps, whose errors are reported."""

import json
import secrets
from collections.abc import Callable
from typing import Any

from django.db import transaction
from pytest_django import Settings

from integrations.shopify import client, oauth
from tenants.crypto.secret import Secret
from tests.acceptance.sinks import Sinks
from tests.conftest import Cast
from tests.factories import SHOP


def new(prefix: str) -> str:
    return f"{prefix}{secrets.token_hex(16)}"


def forced(*args: object, **kwargs: object) -> None:
    raise RuntimeError("forced")


class Walk:
    """Everything that touches a secret, one step after the other; whatever is raised goes into the sinks.

    `known`: the newest value of each kind; `values`: all there were. `link`: where a kind of link leads.
    """

    cast: Cast  # made on the way: the first run needs an installation without people

    def __init__(self, known: dict[str, Any], sinks: Sinks, settings: Settings) -> None:
        self.known, self.sinks, self.settings = known, sinks, settings
        self.values: list[tuple[str, str | bytes]] = list(known.items())
        self.link: dict[str, str] = {}
        self.steps = self.raised = 0

    def learn(self, kind: str, value: str, *, most: int = 20) -> None:
        """A value that the product made itself. `most`: so many of a kind are looked for, each in every place."""
        self.known[kind] = value
        if (kind, value) not in self.values and sum(kind == known for known, _ in self.values) < most:
            self.values.append((kind, value))

    def step(self, job: Callable[[], Any]) -> Any:
        self.steps += 1
        try:
            with transaction.atomic():
                return job()
        except Exception as error:
            self.raised += 1
            self.sinks.error(error)
            return None

    def secret(self, kind: str) -> Secret:
        return Secret(self.known[kind])

    def grant(self) -> bytes:
        return json.dumps(
            {
                "access_token": self.known["access token"], "refresh_token": self.known["refresh token"],
                "scope": "read_customers,read_orders", "expires_in": 3600, "refresh_token_expires_in": 7_776_000,
            }
        ).encode()  # fmt: skip

    def exchange(self) -> Any:
        return oauth.exchange_code(
            shop=SHOP, client_id="id", client_secret=self.secret("client secret"), code=self.secret("OAuth code")
        )

    def refresh(self) -> Any:
        return oauth.refresh(
            shop=SHOP,
            client_id="id",
            client_secret=self.secret("client secret"),
            refresh_token=self.secret("refresh token"),
        )

    def ask(self) -> Any:
        return client.customer_orders(
            client.Connection(SHOP, self.secret("access token")), email="maya@lindqvist.example"
        )
