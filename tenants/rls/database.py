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
    # Owns exactly one function, and reads nothing but the words of search and where they stand.
    "versana_search": "NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE",
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
GRANT USAGE ON SCHEMA public TO versana_app, versana_platform, versana_backup, versana_resolver, versana_search"""


APPLICATION, PLATFORM = "versana_app", "versana_platform"
RESOLVER, SEARCHER = "versana_resolver", "versana_search"
_PATH = "SET search_path = pg_catalog, pg_temp"


def _function(signature: str, returns: str, query: str, *, to: str = APPLICATION) -> list[str]:
    """A SECURITY DEFINER function of the resolver's: one question, answered with ids. The body is plpgsql so that it can be
    made before the tables are; search_path is fixed, so no caller can slip another table under it."""
    body = f"RETURN QUERY {query}" if returns.startswith(("TABLE", "SETOF")) else f"RETURN ({query})"
    return _statements(signature, returns, body, "STABLE", to)


def _act(signature: str, body: str, *, to: str) -> list[str]:
    """One that changes something, and says whether it did."""
    return _statements(signature, "boolean", f"{body}; RETURN FOUND", "VOLATILE", to)


def _finder(signature: str, returns: str, body: str) -> list[str]:
    """The searcher's. Its plan is made anew for each question: one for all of them would not know a rare word from a common
    one, which costs a factor of thousands."""
    return _statements(
        signature,
        returns,
        body,
        "STABLE",
        APPLICATION,
        owner=SEARCHER,
        settings=f"{_PATH} SET plan_cache_mode = force_custom_plan",
    )


def _statements(
    signature: str, returns: str, body: str, volatility: str, to: str, *, owner: str = RESOLVER, settings: str = _PATH
) -> list[str]:
    name, _, parameters = signature.removesuffix(")").partition("(")
    types = ", ".join(parameter.partition(" ")[2] for parameter in filter(None, parameters.split(", ")))
    function = f"public.{name}({types})"
    return [
        f"DROP FUNCTION IF EXISTS {function}",
        f"CREATE OR REPLACE FUNCTION public.{signature} RETURNS {returns} LANGUAGE plpgsql {volatility} SECURITY DEFINER "
        f"{settings} AS $$ BEGIN {body}; END $$",
        f"ALTER FUNCTION {function} OWNER TO {owner}",
        f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {function} TO {to}",
    ]


# Somebody who may open the platform's administration (tenants/staff.py).
_IS_STAFF = (
    "u.id = p_user AND u.is_active AND EXISTS (SELECT 1 FROM public.tenants_user_groups m "
    "JOIN public.auth_group g ON g.id = m.group_id WHERE m.user_id = u.id AND g.name = 'platform staff')"
)

# How many entries a search looks at in one go.
SEARCH_LIMIT = 200

# How long it is kept what platform staff did. Counted by the database, so that no caller can shorten it.
STAFF_RECORD_DAYS = 400

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
    # Of disconnected ones too: who signed a webhook is found among the apps that ever served the shop, and what is to be
    # forgotten of it may lie in several workspaces. First the one that has it now, however many had it before.
    *_function(
        "tenants_of_shop(p_domain text)",
        "SETOF bigint",
        "SELECT s.tenant_id FROM public.shopify_store s WHERE s.shop_domain = p_domain "
        "ORDER BY s.disconnected_at IS NOT NULL, s.tenant_id LIMIT 50",
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
    # The platform's administration asks for what signing in needs: of its own staff, and of nobody else.
    *_function(
        "staff_account(p_user bigint)",
        "TABLE (id bigint, email text, name text, password text, last_login timestamptz)",
        "SELECT u.id, u.email::text, u.name::text, u.password::text, u.last_login "  # noqa: S608 - constants
        f"FROM public.tenants_user u WHERE {_IS_STAFF}",
        to=PLATFORM,
    ),
    *_function(
        "staff_factors(p_user bigint)",
        "TABLE (kind text, data jsonb)",
        "SELECT a.type::text, a.data FROM public.mfa_authenticator a "  # noqa: S608 - constants
        f"JOIN public.tenants_user u ON u.id = a.user_id WHERE {_IS_STAFF}",
        to=PLATFORM,
    ),
    *_act(
        "spend_staff_code(p_user bigint, p_position int)",
        "UPDATE public.mfa_authenticator a SET data = jsonb_set(a.data, '{used_mask}', to_jsonb((a.data->>'used_mask')::bigint | (1::bigint << p_position))) "  # noqa: S608 - constants
        "WHERE a.user_id = p_user AND a.type = 'recovery_codes' AND (a.data->>'used_mask')::bigint & (1::bigint << p_position) = 0 "
        f"AND EXISTS (SELECT 1 FROM public.tenants_user u WHERE {_IS_STAFF})",
        to=PLATFORM,
    ),
    *_act(
        "spend_staff_step(p_user bigint, p_step bigint)",
        "UPDATE public.mfa_authenticator a SET data = jsonb_set(a.data, '{used_step}', to_jsonb(p_step)) "  # noqa: S608 - constants
        "WHERE a.user_id = p_user AND a.type = 'totp' AND coalesce((a.data->>'used_step')::bigint, 0) < p_step "
        f"AND EXISTS (SELECT 1 FROM public.tenants_user u WHERE {_IS_STAFF})",
        to=PLATFORM,
    ),
    # By the worker, whose role can neither read the record of staff nor write to it; and not by the platform's, whose it is.
    *_act(
        "forget_staff_actions()",
        f"DELETE FROM public.tenants_staffaction a WHERE a.at < now() - interval '{STAFF_RECORD_DAYS} days'",  # noqa: S608 - constants
        to=APPLICATION,
    ),
    # Which entries of search hold these words, the newest first, behind a position. `@@` is not leakproof, so under row-level
    # security no index of words is used (measured: a thousand times slower). The workspace is that of the transaction, never
    # the caller's word: by the column, and by the lexeme that every vector has, which leads into the index of words. Who
    # calls it reads the rows behind the wall again.
    *_finder(
        "search_entries(p_words text, p_since timestamptz, p_before timestamptz, p_before_id bigint, p_limit int)",
        "SETOF bigint",
        "RETURN QUERY SELECT e.id FROM public.inbox_searchentry e WHERE e.tenant_id = current_setting('app.tenant_id')::bigint "  # noqa: S608 - constants
        "AND e.vector @@ (quote_literal('~' || current_setting('app.tenant_id')::bigint) || ' & (' || p_words || ')')::tsquery "
        "AND e.at >= coalesce(p_since, '-infinity') AND (e.at, e.id) < (coalesce(p_before, 'infinity'), coalesce(p_before_id, 0)) "
        f"ORDER BY e.at DESC, e.id DESC LIMIT greatest(0, least(p_limit, {SEARCH_LIMIT}))",
    ),
]
