"""Codes and tokens: single use, expiry by the sandbox clock, rotation, migration.

Expiring offline tokens (Shopify changelog 2025-12-10, 2026-05-20): 60 minutes for the access token, 90 days for the
refresh token, both rotate. A refresh token that was used may be used again until its replacement is first used, at most
30 days from its own first use and never past its own 90 days (changelog 2026-08-28). A token that does not expire can
be exchanged for a pair; asking again with the same one gives the same pair for seven days, until that pair is refreshed
or a later grant replaces it, and lengthens the access token's life if it has run out (changelog 2026).
"""

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from integrations.shopify.sandbox.clock import Clock, format_time, parse_time

ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=90)
RETRY_LIFE = timedelta(days=30)
MIGRATION_LIFE = timedelta(days=7)
CODE_LIFE = timedelta(minutes=1)


@dataclass
class Grant:
    """One installation of an app in one store: the tokens that are good now."""

    shop: str
    scopes: list[str]
    access_token: str
    access_until: str | None = None
    refresh_token: str | None = None
    refresh_until: str | None = None
    previous_refresh: str | None = None
    previous_until: str | None = None
    # Every token that this installation ever gave out: leak searches look for the dead ones too.
    issued: list[str] = field(default_factory=list)
    revoked: bool = False
    client_id: str = ""
    # The mark of the client secret that the tokens were asked for with.
    secret: str | None = None
    migrated_from: str | None = None
    migrated_until: str | None = None


@dataclass(frozen=True)
class _Code:
    shop: str
    client_id: str
    scopes: tuple[str, ...]
    until: str


class TokenBook:
    """All grants of all apps. `changed` is called, outside of the lock, before a new token leaves the book."""

    def __init__(self, clock: Clock, changed: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._changed = changed
        self._lock = threading.Lock()
        self._codes: dict[str, _Code] = {}
        self._grants: list[Grant] = []

    def issue_code(self, shop: str, scopes: Iterable[str], client_id: str) -> str:
        code = secrets.token_hex(16)
        with self._lock:
            self._codes[code] = _Code(shop, client_id, tuple(scopes), self._later(CODE_LIFE))
        return code

    def redeem(
        self, code: str, shop: str, client_id: str, *, expiring: bool, secret: str | None = None
    ) -> Grant | None:
        """Turn a code into tokens, once; None if it is unknown, used, late, or another store's or app's."""
        with self._lock:
            found = self._codes.pop(code, None)
            if found is None or (found.shop, found.client_id) != (shop, client_id) or self._past(found.until):
                return None
            grant = self._issue(shop, found.scopes, client_id, expiring=expiring, secret=secret)
        return self._out(grant)

    def grant(
        self, shop: str, scopes: Iterable[str], client_id: str, *, expiring: bool, secret: str | None = None
    ) -> Grant:
        """Tokens without the consent screen, for tests."""
        with self._lock:
            grant = self._issue(shop, scopes, client_id, expiring=expiring, secret=secret)
        self._changed()
        return grant

    def refresh(self, token: str, shop: str, client_id: str, *, secret: str | None = None) -> Grant | None:
        """Rotate both tokens; None if the refresh token is not a good one of this store and app."""
        with self._lock:
            found = next((g for g in self._of(shop, client_id) if token and self._renewable(g, token)), None)
            if found is None:
                return None
            if token == found.refresh_token:
                retried = format_time(min(self._clock.now() + RETRY_LIFE, parse_time(found.refresh_until or "")))
                found.previous_refresh, found.previous_until = token, retried
            found.migrated_from, found.secret = None, secret
            grant = self._rotate(found)
        return self._out(grant)

    def exchange(self, token: str, shop: str, client_id: str, *, secret: str | None = None) -> Grant | None:
        """Make an installation's lasting token an expiring pair; None if it is no such token."""
        with self._lock:
            for found in self._of(shop, client_id):
                if token and token == found.access_token and found.refresh_token is None:
                    if self._past(found.access_until):
                        return None
                    found.migrated_from, found.migrated_until = token, self._later(MIGRATION_LIFE)
                    found.secret = secret
                    grant = self._rotate(found)
                    break
                if token and token == found.migrated_from and not self._past(found.migrated_until):
                    if self._past(found.access_until):
                        found.access_until = self._later(ACCESS_LIFE)
                    grant = _copy(found)
                    break
            else:
                return None
        return self._out(grant)

    def find(self, access_token: str, shop: str) -> Grant | None:
        with self._lock:
            for grant in self._grants:
                if grant.shop == shop and secrets.compare_digest(grant.access_token.encode(), access_token.encode()):
                    return None if grant.revoked or self._past(grant.access_until) else grant
            return None

    def revoke(self, shop: str, client_id: str | None = None) -> None:
        """Uninstall: every token of the store dies, of one app or of all."""
        with self._lock:
            for grant in self._grants:
                grant.revoked = grant.revoked or (grant.shop == shop and client_id in (None, grant.client_id))
        self._changed()

    def kill_minted_with(self, secret: str) -> None:
        """A client secret was revoked: the tokens that were asked for with it are dead, the app stays installed."""
        with self._lock:
            past = format_time(self._clock.now() - timedelta(seconds=1))
            for grant in self._grants:
                if grant.secret == secret:
                    grant.access_until = grant.refresh_until = grant.previous_until = grant.migrated_until = past
        self._changed()

    def scopes(self, shop: str, client_id: str) -> list[str] | None:
        """What the app may do in the store by its newest grant; None if it is not installed."""
        with self._lock:
            grants = self._of(shop, client_id)
            return list(grants[-1].scopes) if grants else None

    def set_scopes(self, shop: str, client_id: str, scopes: Iterable[str]) -> None:
        with self._lock:
            wanted = list(scopes)
            for grant in self._of(shop, client_id):
                grant.scopes = wanted
        self._changed()

    def rows(self) -> list[dict[str, Any]]:
        """Every token ever issued, and whether it is still good."""
        with self._lock:
            return [self._row(grant, token) for grant in self._grants for token in grant.issued]

    def dump(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(grant) for grant in self._grants]

    def restore(self, rows: Iterable[Mapping[str, Any]], client_id: str) -> None:
        """Take back what `dump` gave; grants without an app are the given one's."""
        grants = [Grant(**{**row, "client_id": row.get("client_id") or client_id}) for row in rows]
        with self._lock:
            self._grants = grants

    def _of(self, shop: str, client_id: str) -> list[Grant]:
        return [g for g in self._grants if g.shop == shop and g.client_id == client_id and not g.revoked]

    def _renewable(self, grant: Grant, token: str) -> bool:
        return (token == grant.refresh_token and not self._past(grant.refresh_until)) or (
            token == grant.previous_refresh and not self._past(grant.previous_until)
        )

    def _row(self, grant: Grant, token: str) -> dict[str, Any]:
        limits = {
            grant.access_token: grant.access_until,
            grant.refresh_token: grant.refresh_until,
            grant.previous_refresh: grant.previous_until,
        }
        alive = token in limits and not grant.revoked and not self._past(limits[token])
        kind = "refresh" if token.startswith("shprt_") else "access"
        return {
            "shop": grant.shop,
            "client_id": grant.client_id,
            "kind": kind,
            "token": token,
            "alive": alive,
            "scopes": grant.scopes,
        }

    def _issue(self, shop: str, scopes: Iterable[str], client_id: str, *, expiring: bool, secret: str | None) -> Grant:
        for earlier in self._of(shop, client_id):
            earlier.migrated_from = None
        token = f"shpat_{secrets.token_hex(16)}"
        grant = Grant(shop=shop, scopes=list(scopes), access_token=token, client_id=client_id, secret=secret)
        grant.issued.append(grant.access_token)
        if expiring:
            self._give_refresh(grant)
        self._grants.append(grant)
        return _copy(grant)

    def _rotate(self, grant: Grant) -> Grant:
        grant.access_token = f"shpat_{secrets.token_hex(16)}"
        grant.issued.append(grant.access_token)
        self._give_refresh(grant)
        return _copy(grant)

    def _give_refresh(self, grant: Grant) -> None:
        grant.refresh_token = f"shprt_{secrets.token_hex(16)}"
        grant.issued.append(grant.refresh_token)
        grant.access_until, grant.refresh_until = self._later(ACCESS_LIFE), self._later(REFRESH_LIFE)

    def _out(self, grant: Grant) -> Grant:
        """Written down before anybody has it, so that a restarted sandbox knows every token that is out."""
        self._changed()
        return grant

    def _later(self, life: timedelta) -> str:
        return format_time(self._clock.now() + life)

    def _past(self, until: str | None) -> bool:
        return until is not None and self._clock.now() > parse_time(until)


def _copy(grant: Grant) -> Grant:
    return Grant(**asdict(grant))
