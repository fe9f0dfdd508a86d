"""The environment the product's processes get: addresses of the servers, keys, and which kind of installation it is."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from versana.devservices import postgres, valkey
from versana.devservices.credentials import ROLES, role_password
from versana.devservices.places import Trouble

DATABASE = "versana"


@contextmanager
def servers(
    *, data: Path, logs: Path, keys: Mapping[str, str], durable: bool, caller: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """PostgreSQL and Valkey, ours or those the caller's environment names; yields every address."""
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        superuser = real_superuser(caller) or stack.enter_context(
            postgres.running(data, password=keys["POSTGRES_PASSWORD"], log=logs / "postgres.log", durable=durable)
        )
        redis = caller.get("REDIS_URL") or stack.enter_context(
            valkey.running(password=keys["REDIS_PASSWORD"], log=logs / "valkey.log", work=logs / "valkey")
        )
        yield addresses(superuser, caller=caller) | {"REDIS_URL": redis}


def real_superuser(caller: Mapping[str, str]) -> str:
    """SUPERUSER_DATABASE_URL; or DATABASE_URL alone, which must then be a superuser's: roles are made with it."""
    return caller.get("SUPERUSER_DATABASE_URL") or caller.get("DATABASE_URL", "")


def addresses(superuser: str, *, caller: Mapping[str, str]) -> dict[str, str]:
    found = {name: as_role(superuser, role) for name, role in ROLES.items()}
    if caller.get("SUPERUSER_DATABASE_URL"):  # Then role addresses that are given too are meant as they stand.
        found |= {name: caller[name] for name in ROLES if caller.get(name)}
    return found | {"SUPERUSER_DATABASE_URL": superuser}


def as_role(superuser: str, role: str) -> str:
    parts = urlsplit(superuser)
    if not parts.hostname:
        raise Trouble("The database's address must name a host: postgres://user:password@host:5432/postgres")
    # From the superuser's password, which is random on a server of ours; on a real one demo and tests agree.
    secret = parts.password or superuser
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    login = f"{role}:{quote(role_password(role, secret=secret))}"
    place = f"{login}@{host}:{parts.port or 5432}"
    return urlunsplit((parts.scheme, place, f"/{DATABASE}", parts.query, ""))


def for_product(
    *, servers: Mapping[str, str], keys: Mapping[str, str], kind: str, caller: Mapping[str, str]
) -> dict[str, str]:
    """The whole environment of a process; settings the caller makes (DEBUG=1 ./dev demo) win, addresses excepted."""
    settings = {
        "ENVIRONMENT": kind,
        "DJANGO_SETTINGS_MODULE": "versana.settings",
        "DEBUG": "0",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "PUBLIC_URL": "http://localhost:8000",
        "PYTHONUNBUFFERED": "1",
    }
    names = ("SECRET_KEY", "SEALING_KEYS", "SEALING_PRIMARY_KEY", "SHOPIFY_CLIENT_ID", "SHOPIFY_CLIENT_SECRET")
    return {**settings, **{name: keys[name] for name in names}, **caller, "ENVIRONMENT": kind, **servers}


def caller_environment() -> dict[str, str]:
    return dict(os.environ)
