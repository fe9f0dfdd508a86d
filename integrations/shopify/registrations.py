"""Questions about webhook subscriptions: which a store has for us, and how to make, mend and remove one.

Shopify lists those that an app made by the API; what stands in the app's configuration it lists to nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from integrations.errors import IntegrationError, MalformedAnswer
from integrations.shopify import queries
from integrations.shopify.client import Connection, execute
from integrations.shopify.reading import Node


class Refused(IntegrationError):
    """Shopify understood what was asked of a subscription and would not do it. `code` says why, as far as it can be told."""

    code = "subscription_refused"
    text = "Shopify refused a webhook subscription."
    permanent = True


class NotApproved(Refused):
    """The topic carries personal data that the app is not approved for."""

    code = "protected_data"
    text = "Shopify has not approved this app for the personal data of a topic."


@dataclass(frozen=True, slots=True)
class Registration:
    """A subscription that the store has. `topic` is the Admin API's constant; unknown ones are kept as they are."""

    id: str
    topic: str
    uri: str
    fields: frozenset[str]
    filter: str


def listed(connection: Connection) -> tuple[Registration, ...]:
    """All of this app's in this store."""
    data = execute(connection, queries.WEBHOOKS, "Webhooks", {}).data
    found = Node.of(data, "data").required("webhookSubscriptions")
    return tuple(
        Registration(
            id=node.required_text("id"),
            topic=node.required_text("topic"),
            uri=node.text("uri") or "",
            fields=frozenset(node.texts("includeFields")),
            filter=node.text("filter") or "",
        )
        for node in found.nodes()
    )


def create(connection: Connection, *, topic: str, uri: str, fields: Sequence[str]) -> None:
    variables = {"topic": topic, "webhookSubscription": _wanted(uri, fields)}
    _done(connection, queries.WEBHOOK_CREATE, "WebhookCreate", variables, "webhookSubscriptionCreate")


def update(connection: Connection, *, id: str, uri: str, fields: Sequence[str]) -> None:
    variables = {"id": id, "webhookSubscription": {**_wanted(uri, fields), "filter": None}}
    _done(connection, queries.WEBHOOK_UPDATE, "WebhookUpdate", variables, "webhookSubscriptionUpdate")


def delete(connection: Connection, *, id: str) -> None:
    _done(connection, queries.WEBHOOK_DELETE, "WebhookDelete", {"id": id}, "webhookSubscriptionDelete")


def _wanted(uri: str, fields: Sequence[str]) -> dict[str, object]:
    return {"uri": uri, "format": "JSON", "includeFields": list(fields)}


def _done(connection: Connection, query: str, operation: str, variables: Mapping[str, object], field: str) -> None:
    """Raises Refused for what Shopify calls a user's error. Its words are only looked at, never kept."""
    data = execute(connection, query, operation, variables).data
    payload = Node.of(data, "data").child(field)
    if payload is None:
        raise MalformedAnswer(detail=f"data.{field}")
    said = [node.text("message") or "" for node in payload.children("userErrors")]
    if any("protected" in words for words in said):
        raise NotApproved
    if said:
        raise Refused
