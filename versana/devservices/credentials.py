"""Passwords and keys of the development servers: random, made once, in a file only its owner can read."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

ROLES = {
    "DATABASE_URL": "versana_app",
    "MIGRATION_DATABASE_URL": "versana_owner",
    "PLATFORM_DATABASE_URL": "versana_platform",
    "BACKUP_DATABASE_URL": "versana_backup",
}


def fresh() -> dict[str, str]:
    return {
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "REDIS_PASSWORD": secrets.token_urlsafe(24),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SEALING_KEYS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "SEALING_PRIMARY_KEY": "1",
        "SHOPIFY_CLIENT_ID": secrets.token_hex(16),
        "SHOPIFY_CLIENT_SECRET": f"shpss_{secrets.token_hex(16)}",
    }


def kept(path: Path) -> dict[str, str]:
    """What the file holds; what it lacks (all, the first time) is made and added."""
    found = {}
    if path.exists():
        found = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    whole = fresh() | found
    if whole != found:
        _write(path, "".join(f"{name}={value}\n" for name, value in whole.items()))
    return whole


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)  # In one step: a full disk must not cost the keys that open what is sealed.


def role_password(role: str, *, secret: str) -> str:
    """Derived, so that setup_database can run again and again on a server that outlives us."""
    return hmac.new(secret.encode(), role.encode(), hashlib.sha256).hexdigest()[:40]
