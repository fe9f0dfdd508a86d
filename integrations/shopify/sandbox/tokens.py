"""Codes and tokens: single use, expiry by the sandbox clock, rotation.

Expiring offline tokens (Shopify changelog 2025-12-10, 2026-05-20, 2026-08-28): 60 minutes for the access token, 90 days
for the refresh token, both rotate, and the previous refresh token may be used again until its replacement is first
used, at most 30 days.
"""

import json
import os
import secrets
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from integrations.shopify.sandbox.clock import Clock, format_time, parse_time

ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=90)
RETRY_LIFE = timedelta(days=30)
CODE_LIFE = timedelta(minutes=1)


@dataclass
class Grant:
    """One installation of the app in one store: the tokens that are good now."""

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


@dataclass(frozen=True)
class _Code:
    shop: str
    scopes: tuple[str, ...]
    until: str


class TokenBook:
    """All grants of the app. With a path they outlive the process, so that a restarted sandbox knows its stores."""

    def __init__(self, clock: Clock, path: Path | None = None) -> None:
        self._clock = clock
        self._path = path
        self._lock = threading.Lock()
        self._codes: dict[str, _Code] = {}
        self._grants: list[Grant] = _load(path)

    def issue_code(self, shop: str, scopes: Iterable[str]) -> str:
        code = secrets.token_hex(16)
        with self._lock:
            self._codes[code] = _Code(shop, tuple(scopes), self._later(CODE_LIFE))
        return code

    def redeem(self, code: str, shop: str, *, expiring: bool) -> Grant | None:
        """Turn a code into tokens, once; None if it is unknown, used, late or another store's."""
        with self._lock:
            found = self._codes.pop(code, None)
            if found is None or found.shop != shop or self._past(found.until):
                return None
            return self._issue(shop, found.scopes, expiring=expiring)

    def grant(self, shop: str, scopes: Iterable[str], *, expiring: bool) -> Grant:
        """Tokens without the consent screen, for tests."""
        with self._lock:
            return self._issue(shop, scopes, expiring=expiring)

    def refresh(self, token: str, shop: str) -> Grant | None:
        """Rotate both tokens; None if the refresh token is not a good one of this store."""
        with self._lock:
            for grant in self._grants:
                if grant.shop != shop or grant.revoked or not token:
                    continue
                if token == grant.refresh_token and not self._past(grant.refresh_until):
                    grant.previous_refresh, grant.previous_until = token, self._later(RETRY_LIFE)
                    return self._rotate(grant)
                if token == grant.previous_refresh and not self._past(grant.previous_until):
                    return self._rotate(grant)
            return None

    def find(self, access_token: str, shop: str) -> Grant | None:
        with self._lock:
            for grant in self._grants:
                if grant.shop == shop and secrets.compare_digest(grant.access_token.encode(), access_token.encode()):
                    return None if grant.revoked or self._past(grant.access_until) else grant
            return None

    def revoke(self, shop: str) -> None:
        """Uninstall: every token of the store dies."""
        with self._lock:
            for grant in self._grants:
                grant.revoked = grant.revoked or grant.shop == shop
            self._save()

    def rows(self) -> list[dict[str, Any]]:
        """Every token ever issued, and whether it is still good."""
        with self._lock:
            return [self._row(grant, token) for grant in self._grants for token in grant.issued]

    def _row(self, grant: Grant, token: str) -> dict[str, Any]:
        limits = {
            grant.access_token: grant.access_until,
            grant.refresh_token: grant.refresh_until,
            grant.previous_refresh: grant.previous_until,
        }
        alive = token in limits and not grant.revoked and not self._past(limits[token])
        kind = "refresh" if token.startswith("shprt_") else "access"
        return {"shop": grant.shop, "kind": kind, "token": token, "alive": alive, "scopes": grant.scopes}

    def _issue(self, shop: str, scopes: Iterable[str], *, expiring: bool) -> Grant:
        grant = Grant(shop=shop, scopes=list(scopes), access_token=f"shpat_{secrets.token_hex(16)}")
        grant.issued.append(grant.access_token)
        if expiring:
            self._give_refresh(grant)
        self._grants.append(grant)
        self._save()
        return _copy(grant)

    def _rotate(self, grant: Grant) -> Grant:
        grant.access_token = f"shpat_{secrets.token_hex(16)}"
        grant.issued.append(grant.access_token)
        self._give_refresh(grant)
        self._save()
        return _copy(grant)

    def _give_refresh(self, grant: Grant) -> None:
        grant.refresh_token = f"shprt_{secrets.token_hex(16)}"
        grant.issued.append(grant.refresh_token)
        grant.access_until, grant.refresh_until = self._later(ACCESS_LIFE), self._later(REFRESH_LIFE)

    def _later(self, life: timedelta) -> str:
        return format_time(self._clock.now() + life)

    def _past(self, until: str | None) -> bool:
        return until is not None and self._clock.now() > parse_time(until)

    def _save(self) -> None:
        if self._path is None:
            return
        temporary = self._path.with_suffix(".new")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump([asdict(grant) for grant in self._grants], file)
        temporary.replace(self._path)


def _copy(grant: Grant) -> Grant:
    return Grant(**asdict(grant))


def _load(path: Path | None) -> list[Grant]:
    if path is None or not path.exists():
        return []
    try:
        return [Grant(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: not a state file of the sandbox; remove it to start without tokens") from error
