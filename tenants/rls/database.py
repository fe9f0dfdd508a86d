"""Roles, schema grants and the resolver functions of a database: what only a superuser may set up, once, idempotently.

Raw SQL is at home here: CREATE ROLE takes no parameters; names are constants and passwords are quoted by psycopg.
"""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

# LOGIN roles and what they may do beside their grants (isolation: the application is a member of nothing).
ATTRIBUTES = {
    "versana_owner": "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
    "versana_app": "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT",
    "versana_platform": "LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT",
    "versana_backup": "LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT",
    "versana_resolver": "NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE",
}
SETTINGS = {
    "versana_app": {
        "statement_timeout": "30s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "60s",
        # The server's 4 is for turning disks. With it, the contacts of small workspaces were scanned instead of looked up.
        "random_page_cost": "1.1",
    },
    # Shorter than the application's: whoever comes while a migration waits for a table waits behind it, and must not fail.
    "versana_owner": {"lock_timeout": "3s"},
}


class SetupRefused(Exception):
    """What the server said. Names roles and databases, never a password."""


@dataclass(frozen=True, slots=True)
class Address:
    """A database address, taken apart."""

    role: str
    password: str
    database: str

    @classmethod
    def parse(cls, url: str) -> "Address":
        parts = urlsplit(url)
        return cls(unquote(parts.username or ""), unquote(parts.password or ""), unquote(parts.path.lstrip("/")))


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def set_up(*, superuser_url: str, database: str, passwords: dict[str, str]) -> None:
    """Roles (password changed when one is given), the database, its schema's grants, its functions. Raises SetupRefused."""
    try:
        _set_up(superuser_url, database, passwords)
    except psycopg.Error as error:
        refused = SetupRefused(error.diag.message_primary or type(error).__name__)
    else:
        return
    raise refused  # outside of the except block: the original's context holds statements with passwords


def _set_up(superuser_url: str, database: str, passwords: dict[str, str]) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as server:
        # Roles belong to the whole server: two who set up databases on it at once take turns.
        server.execute("SELECT pg_advisory_lock(hashtextextended('versana.set_up', 0))")
        for role, attributes in ATTRIBUTES.items():
            _role(server, role, attributes, passwords.get(role, ""))
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
            server.execute(
                sql.SQL("CREATE DATABASE {} OWNER versana_owner ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(database)
                )
            )
    with psycopg.connect(with_database(superuser_url, database), autocommit=True) as inside:
        for statement in SCHEMA.format(database=sql.Identifier(database).as_string(inside)).split(";\n"):
            inside.execute(statement)
        with inside.transaction():  # A function whose answer has other columns than before must be dropped first.
            for statement in FUNCTIONS:
                inside.execute(statement)


def _role(server: psycopg.Connection, role: str, attributes: str, password: str) -> None:
    exists = server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if exists else "CREATE"
    secret = sql.SQL(" PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("")
    server.execute(sql.SQL(verb + " ROLE {} " + attributes).format(sql.Identifier(role)) + secret)
    for name, value in SETTINGS.get(role, {}).items():
        server.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(sql.Identifier(role), sql.Identifier(name), sql.Literal(value))
        )


SCHEMA = """REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO versana_owner, versana_app, versana_platform, versana_backup;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO versana_owner;
GRANT USAGE ON SCHEMA public TO versana_app, versana_platform, versana_backup, versana_resolver"""


def _function(signature: str, returns: str, query: str) -> list[str]:
    """A SECURITY DEFINER function of the resolver's: one question, answered with ids. The body is plpgsql so that it can be
    made before the tables are; search_path is fixed, so no caller can slip another table under it."""
    name = signature.partition("(")[0]
    arguments = (
        signature.removeprefix(name)
        .replace("p_user bigint", "bigint")
        .replace("p_domain text", "text")
        .replace("p_slug text", "text")
        .replace("p_hash text", "text")
    )
    body = f"RETURN QUERY {query}" if returns.startswith(("TABLE", "SETOF")) else f"RETURN ({query})"
    return [
        f"DROP FUNCTION IF EXISTS public.{name}{arguments}",
        f"CREATE OR REPLACE FUNCTION public.{signature} RETURNS {returns} LANGUAGE plpgsql STABLE SECURITY DEFINER "
        f"SET search_path = pg_catalog, pg_temp AS $$ BEGIN {body}; END $$",
        f"ALTER FUNCTION public.{name}{arguments} OWNER TO versana_resolver",
        f"REVOKE ALL ON FUNCTION public.{name}{arguments} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION public.{name}{arguments} TO versana_app",
    ]


FUNCTIONS = [
    *_function(
        "workspaces_of(p_user bigint)",
        "TABLE (tenant bigint, slug text, name text, time_zone text, role text, membership bigint, second_factor boolean, erase_after timestamptz)",
        "SELECT t.id, t.slug::text, t.name::text, t.time_zone::text, m.role::text, m.id, t.require_second_factor, t.erase_after "
        "FROM public.tenants_membership m JOIN public.tenants_tenant t ON t.id = m.tenant_id "
        "WHERE m.user_id = p_user AND m.removed_at IS NULL ORDER BY t.name, t.id",
    ),
    *_function(
        "tenant_of_shop(p_domain text)",
        "bigint",
        "SELECT s.tenant_id FROM public.shopify_store s WHERE s.shop_domain = p_domain AND s.disconnected_at IS NULL",
    ),
    *_function(
        "tenant_of_slug(p_slug text)", "bigint", "SELECT t.id FROM public.tenants_tenant t WHERE t.slug = p_slug"
    ),
    *_function(
        "invitation_of(p_hash text)",
        "TABLE (tenant bigint, invitation bigint)",
        "SELECT i.tenant_id, i.id FROM public.tenants_invitation i WHERE i.token_hash = p_hash LIMIT 1",
    ),
    *_function("tenant_ids()", "SETOF bigint", "SELECT t.id FROM public.tenants_tenant t ORDER BY t.id"),
]
