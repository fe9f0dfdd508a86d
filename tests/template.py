"""An empty schema, migrated once per server: every test database after the first is a copy of it.

Migrating takes ten seconds of a core, copying a fraction of one, and a run needs a dozen databases. Whoever comes first
makes the template, under a lock of the server's; its name holds a digest of all code that has a say in what it holds, so
that a server that outlives the run never gives out an older schema. Only roles and grants on the database itself are not
copied: `tenants.rls.database.set_up` makes them, on a copy as on a new database.

Tests about migrating migrate for real: tests/database.
"""

import hashlib
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping

import psycopg
from psycopg import sql

from tenants.rls.database import Address, set_up, with_database
from versana.devservices.credentials import ROLES
from versana.devservices.places import ROOT

PREFIX = "versana_template_"
# Migrations alone would not do: the walls and the grants are made from the models, by tenants/rls.
CODE = ("versana", "tenants", "integrations", "inbox")
PACKAGES = ROOT / "requirements" / "dev.txt"


def copy(database: str, env: Mapping[str, str] = os.environ) -> None:
    """A database with the empty schema, on the server of these addresses. `set_up` is still to be run on it."""
    template = PREFIX + digest(env["DJANGO_SETTINGS_MODULE"])
    with psycopg.connect(env["SUPERUSER_DATABASE_URL"], autocommit=True) as server:
        # Held to the end of the session: nobody may be connected to a template that is copied.
        server.execute("SELECT pg_advisory_lock(hashtextextended('versana.template', 0))")
        if not _finished(template, server):
            _make(template, env, server)
        statement = sql.SQL("CREATE DATABASE {} OWNER versana_owner TEMPLATE {}")
        server.execute(statement.format(sql.Identifier(database), sql.Identifier(template)))


def digest(settings: str) -> str:
    """Of the code, the packages and the settings that a schema is made from."""
    found = hashlib.sha256(settings.encode())
    for path in [PACKAGES, *sorted(path for name in CODE for path in (ROOT / name).rglob("*.py"))]:
        found.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _finished(template: str, server: psycopg.Connection) -> bool:
    return server.execute("SELECT FROM pg_database WHERE datname = %s", [template]).fetchone() is not None


def _make(template: str, env: Mapping[str, str], server: psycopg.Connection) -> None:
    for (old,) in server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]).fetchall():
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
    # It gets its name when it is finished. Of a maker that was killed, `migrate` may live on: in a database nobody else uses.
    making = f"{PREFIX}making_{secrets.token_hex(8)}"
    addresses = [Address.parse(env[name]) for name in ROLES if env.get(name)]
    set_up(
        superuser_url=env["SUPERUSER_DATABASE_URL"],
        database=making,
        passwords={each.role: each.password for each in addresses},
    )
    _migrate({**env, **{name: with_database(env[name], making) for name in ROLES if env.get(name)}})
    server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(making)))
    server.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", [making])
    server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(template)))


def _migrate(env: dict[str, str]) -> None:
    """In a process of its own, past PgBouncer, which would keep its sessions."""
    if direct := env.get("UNPOOLED_DATABASE_URL"):
        env["DATABASE_URL"] = with_database(direct, Address.parse(env["DATABASE_URL"]).database)
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(
        command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"The template could not be migrated.\n{done.stdout}")
