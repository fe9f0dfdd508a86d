"""Who is told of an event: the apps that are installed, by their configuration and by their subscriptions."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from integrations.shopify.sandbox.clients import COMPLIANCE_TOPICS, Client, ClientBook
from integrations.shopify.sandbox.clock import Clock
from integrations.shopify.sandbox.conditions import ConditionBook
from integrations.shopify.sandbox.deliveries import Deliverer
from integrations.shopify.sandbox.delivery import Delivery, compose, new_event_id
from integrations.shopify.sandbox.payloads import only
from integrations.shopify.sandbox.subscriptions import SubscriptionBook
from integrations.shopify.sandbox.tokens import TokenBook
from integrations.shopify.sandbox.topics import is_protected, needed_scopes

Payload = Mapping[str, Any]
# Topics that can be true of the same row more than once.
_REPEATED = frozenset({"orders/updated", "customers/update", "fulfillments/update"})


class Announcer:
    """Makes deliveries of events. An app hears of what its scopes open, and of compliance topics by its configuration."""

    def __init__(
        self,
        *,
        clock: Clock,
        clients: ClientBook,
        tokens: TokenBook,
        subscriptions: SubscriptionBook,
        conditions: ConditionBook,
        deliverer: Deliverer,
    ) -> None:
        self._clock, self._clients, self._tokens = clock, clients, tokens
        self._subscriptions, self._conditions, self._deliverer = subscriptions, conditions, deliverer
        self._said: dict[tuple[str, str, str, object], Payload] = {}

    def announce(self, shop: str, events: Iterable[tuple[str, Payload]], client_id: str | None = None) -> int:
        """Tell one app or all of the events of one action. Returns how many deliveries that makes."""
        return self.send(self.prepare(shop, events, client_id))

    def prepare(self, shop: str, events: Iterable[tuple[str, Payload]], client_id: str | None = None) -> list[Delivery]:
        """The deliveries of the events of one action, which share an event id, by who may hear of them now."""
        event_id = new_event_id()
        return [
            delivery
            for client in self._addressees(client_id)
            for topic, payload in events
            for delivery in self._deliveries(shop, client, topic, payload, event_id)
        ]

    def send(self, deliveries: list[Delivery]) -> int:
        self._deliverer.add(deliveries)
        return len(deliveries)

    def comply(
        self,
        shop: str,
        topic: str,
        payload: Payload,
        *,
        client_id: str | None = None,
        after: timedelta = timedelta(0),
        only_if_uninstalled: bool = False,
    ) -> int:
        """A compliance topic, to apps whose configuration has it: installed or not, for they may hold data still."""
        now = self._clock.now()
        made = [
            self._compose(
                shop,
                client,
                topic,
                payload,
                new_event_id(),
                now,
                uri=client.webhook_uri,
                due=now + after,
                only_if_uninstalled=only_if_uninstalled,
            )
            for client in self._addressees(client_id)
            if client.webhook_uri and topic in client.topics
        ]
        return self.send(made)

    def _addressees(self, client_id: str | None) -> list[Client]:
        return self._clients.all() if client_id is None else [self._clients.get(client_id)]

    def _deliveries(self, shop: str, client: Client, topic: str, payload: Payload, event_id: str) -> list[Delivery]:
        if topic in COMPLIANCE_TOPICS or not self._may_hear(shop, client, topic):
            return []
        now, made = self._clock.now(), []
        if client.webhook_uri and topic in client.topics:
            body = only(dict(payload), client.include_fields.get(topic, ()))
            if self._is_news(shop, client.webhook_uri, topic, payload, body):
                made.append(self._compose(shop, client, topic, body, event_id, now, uri=client.webhook_uri))
        for row in self._subscriptions.of(shop, client.client_id):
            if row.topic == topic:
                body = only(dict(payload), row.include_fields)
                if not self._is_news(shop, row.uri, topic, payload, body):
                    continue
                more = {"uri": row.uri, "name": row.name, "subscription": row.number}
                made.append(self._compose(shop, client, topic, body, event_id, now, **more))
        return made

    def _is_news(self, shop: str, uri: str, topic: str, payload: Payload, body: Payload) -> bool:
        """A change that the chosen fields do not show is dropped as a duplicate (shopify.dev, modify your payloads).

        Asking for `updated_at` avoids it. Said of bodies with chosen fields, and played for changes of rows alone.
        """
        if len(body) == len(payload) or topic not in _REPEATED:
            return True
        key = (shop, uri, topic, payload.get("id"))
        news = self._said.get(key) != body
        self._said[key] = body
        return news

    def _may_hear(self, shop: str, client: Client, topic: str) -> bool:
        scopes, needed = self._tokens.scopes(shop, client.client_id), needed_scopes(topic)
        if scopes is None or (is_protected(topic) and self._conditions.of(shop).approved == "none"):
            return False
        return not needed or not set(needed).isdisjoint(scopes)

    def _compose(
        self, shop: str, client: Client, topic: str, payload: Payload, event_id: str, now: datetime, **more: Any
    ) -> Delivery:
        return compose(
            shop=shop, client_id=client.client_id, topic=topic, payload=payload, event_id=event_id, now=now, **more
        )
