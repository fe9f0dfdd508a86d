"""The apps that the sandbox knows: client id, one or two secrets, and what their configuration file would say.

While a secret is rotated both are good for the token endpoint; Shopify signs webhooks and callbacks with the oldest one
that is not revoked (shopify.dev, rotate or revoke client credentials, read 2026-11-22). Tokens are pinned to the secret
that they were asked for with, and die with it.
"""

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

COMPLIANCE_TOPICS = ("customers/data_request", "customers/redact", "shop/redact")


class ClientError(ValueError):
    """A change to an app that cannot be made."""


@dataclass(frozen=True)
class Client:
    """One app. `secrets` holds the oldest first; `topics` is what its configuration file subscribes to."""

    client_id: str
    secrets: tuple[str, ...]
    name: str = "VersanaCX"
    app_url: str | None = None
    webhook_uri: str | None = None
    topics: tuple[str, ...] = ()
    include_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def signing_secret(self) -> str:
        return self.secrets[0]

    def mark_of(self, secret: str | None) -> str | None:
        """The mark of this secret if it is one of the app's; compared in constant time."""
        given = (secret or "").encode()
        matches = [own for own in self.secrets if hmac.compare_digest(own.encode(), given)]
        return mark(matches[0]) if matches else None


def mark(secret: str) -> str:
    """What a token remembers of the secret it was minted with."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


class ClientBook:
    """All apps; the first is the one that the sandbox was started with."""

    def __init__(self, first: Client, changed: Callable[[], None] = lambda: None) -> None:
        self._lock = threading.Lock()
        self._clients = {first.client_id: first}
        self._first = first.client_id
        self._changed = changed

    @property
    def first(self) -> Client:
        return self.get(self._first)

    def get(self, client_id: str | None = None) -> Client:
        """The app of this id; without one, the first. Raises ClientError."""
        found = self.find(self._first if client_id is None else client_id)
        if found is None:
            raise ClientError(f"There is no app with client id {client_id!r}.")
        return found

    def find(self, client_id: str | None) -> Client | None:
        with self._lock:
            return self._clients.get(client_id or "")

    def all(self) -> list[Client]:
        with self._lock:
            return list(self._clients.values())

    def register(self, client_id: str, secret: str, *, name: str = "Own app") -> Client:
        """One more app, for example a store's own. Raises ClientError if it is there."""
        if not client_id or not secret:
            raise ClientError("An app needs a client id and a secret.")
        with self._lock:
            if client_id in self._clients:
                raise ClientError(f"There is an app with client id {client_id!r} already.")
            client = self._clients[client_id] = Client(client_id, (secret,), name=name)
        self._changed()
        return client

    def configure(self, client_id: str | None = None, **changes: Any) -> Client:
        """Set app_url, webhook_uri, topics, include_fields or name, as releasing a new app version would."""
        unknown = set(changes) - {"app_url", "webhook_uri", "topics", "include_fields", "name"}
        if unknown:
            raise ClientError(f"{sorted(unknown)[0]!r} is nothing that an app's configuration has.")
        for name in ("app_url", "webhook_uri", "name"):
            if not isinstance(changes.get(name, ""), str | None):
                raise ClientError(f"{name} is a text.")
        if "topics" in changes:
            changes["topics"] = _texts(changes["topics"])
        if "include_fields" in changes:
            changes["include_fields"] = {
                str(topic): _texts(fields) for topic, fields in dict(changes["include_fields"]).items()
            }
        return self._replace(client_id, lambda client: replace(client, **changes))

    def rotate(self, secret: str, client_id: str | None = None) -> Client:
        """A second secret beside the first; both are good until the old one is revoked."""
        client = self.get(client_id)
        if len(client.secrets) > 1:
            raise ClientError("The app has two secrets already; revoke the old one first.")
        if not secret or secret in client.secrets:
            raise ClientError("The new secret must differ from the old one.")
        return self._replace(client_id, lambda client: replace(client, secrets=(*client.secrets, secret)))

    def revoke_oldest(self, client_id: str | None = None) -> str:
        """Only the new secret is left. Returns the mark of the one that is gone: its tokens die."""
        client = self.get(client_id)
        if len(client.secrets) < 2:
            raise ClientError("The app has one secret only; rotate first.")
        self._replace(client_id, lambda client: replace(client, secrets=client.secrets[1:]))
        return mark(client.secrets[0])

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(client) for client in self.all()]

    def restore(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take back what `dump` gave. The first app's secrets stay those that the sandbox was started with, unless a
        rotation that includes them was under way."""
        for row in rows:
            kept = Client(
                **{
                    **row,
                    "secrets": tuple(row["secrets"]),
                    "topics": tuple(row["topics"]),
                    "include_fields": {topic: tuple(fields) for topic, fields in row["include_fields"].items()},
                }
            )
            if kept.client_id == self._first:
                given = self.first
                secrets = kept.secrets if set(given.secrets) <= set(kept.secrets) else given.secrets
                kept = replace(
                    kept,
                    secrets=secrets,
                    name=given.name,
                    app_url=given.app_url or kept.app_url,
                    webhook_uri=given.webhook_uri or kept.webhook_uri,
                    topics=given.topics or kept.topics,
                )
            with self._lock:
                self._clients[kept.client_id] = kept

    def _replace(self, client_id: str | None, change: Callable[[Client], Client]) -> Client:
        with self._lock:
            found = self._clients.get(self._first if client_id is None else client_id)
            if found is None:
                raise ClientError(f"There is no app with client id {client_id!r}.")
            client = self._clients[found.client_id] = change(found)
        self._changed()
        return client


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list | tuple | set | frozenset) or not all(isinstance(value, str) for value in values):
        raise ClientError("A list of texts is wanted.")
    return tuple(values)
