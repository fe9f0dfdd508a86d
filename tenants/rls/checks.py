"""Does the wall stand: asked of a live database, table by table, and of the role that a process came in with."""

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, OperationalError, models, transaction
from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.rls import grants, tables
from tenants.rls.constraints import POLICIES, TENANT
from tenants.rls.database import FUNCTIONS

_checked: set[str] = set()


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a table (or the role) is not what it must be."""

    subject: str
    fault: str


def refuse_wrong_role(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Stop a process whose default connection could step over the wall. Asked once per role and process."""
    user = str(connection.settings_dict.get("USER", ""))
    if connection.alias != "default" or user in _checked or not settings.CHECK_DATABASE_ROLE:
        return
    # The platform's role sees across workspaces by design; its grants are columns, and its process has no tenant view.
    allowed = f"{grants.PLATFORM} bypasses row-level security" if settings.DATABASE_ROLE == grants.PLATFORM else ""
    faults = [fault for fault in role_faults(connection) if fault != allowed]
    if faults:
        # Django keeps the connection when this signal raises, and would hand it to the next query unasked.
        connection.close()
        raise ImproperlyConfigured(f"DATABASE_URL must name the application's role: {'; '.join(faults)}.")
    _checked.add(user)


def refuse_wrong_role_at_start() -> None:
    """For the entry of a process: do not wait for the first request. A database that is away is asked later."""
    with suppress(OperationalError):
        default_connection.ensure_connection()


def role_faults(connection: BaseDatabaseWrapper) -> list[str]:
    """Why the role of this connection is too strong: superuser, BYPASSRLS, owner of a table; its own or a role it may take."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER') AND (rolsuper OR rolbypassrls)"
        )
        faults = [
            f"{name} {'is a superuser' if superuser else 'bypasses row-level security'}"
            for name, superuser, _ in cursor.fetchall()
        ]
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND pg_has_role(current_user, relowner, 'MEMBER')"
        )
        owned = cursor.fetchone()[0]
    return faults + ([f"it owns {owned} tables, or may become their owner"] if owned else [])


def findings() -> list[Finding]:
    """Compare the live catalogue with the models: every table classified; each owned one forced, with exactly our policies,
    a NOT NULL tenant and composite references; every index and unique key led by the tenant; privileges and functions as declared."""
    catalogue = _catalogue()
    out = [Finding("role", fault) for fault in role_faults(default_connection)]
    out += [
        Finding(table, "is not classified in tenants/rls/tables.py") for table in sorted(catalogue.keys() - _known())
    ]
    out += [*_privilege_faults(), *_function_faults()]
    for table in [*tables.owned_tables(), tables.TENANT_TABLE]:
        column = "id" if table == tables.TENANT_TABLE else "tenant_id"
        if table not in catalogue:
            out.append(Finding(table, "does not exist; run migrate"))
            continue
        out += [
            Finding(table, fault) for fault in [*_security_faults(table, column, catalogue[table]), *_key_faults(table)]
        ]
    return out


def answers(table: str) -> bool:
    """Whether a read without a workspace gives an answer instead of an error. Behaviour, not catalogue rows."""
    try:
        with transaction.atomic(), default_connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {default_connection.ops.quote_name(table)}")  # noqa: S608 - names come from the models
    except Error:
        return False
    return True


def _known() -> set[str]:
    return {*tables.GLOBAL, *tables.owned_tables(), tables.TENANT_TABLE}


def _catalogue() -> dict[str, tuple[bool, bool]]:
    with default_connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm', 'v', 'f')"
        )
        return {name: (enabled, forced) for name, enabled, forced in cursor.fetchall()}


def _security_faults(table: str, column: str, security: tuple[bool, bool]) -> list[str]:
    faults = [] if all(security) else ["row-level security is not enabled and forced"]
    with default_connection.cursor() as cursor:
        cursor.execute(
            "SELECT policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies WHERE tablename = %s",
            [table],
        )
        policies = {row[0]: row[1:] for row in cursor.fetchall()}
    rule = f"({column} = ({TENANT.replace('::bigint', '')})::bigint)".replace(
        "'app.tenant_id'", "'app.tenant_id'::text"
    )
    expected = {name: (kind, "{public}", "ALL", rule, rule) for name, kind in POLICIES.items()}
    if policies != expected:
        faults.append(f"its policies are {sorted(policies)} and not exactly ours")
    return faults


def _key_faults(table: str) -> list[str]:
    if table == tables.TENANT_TABLE:
        return []
    with default_connection.cursor() as cursor:
        cursor.execute(
            "SELECT attnotnull FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'tenant_id'", [table]
        )
        faults = [] if cursor.fetchone() == (True,) else ["tenant_id may be null"]
        cursor.execute(_REFERENCES, [table])
        references = {(target, tuple(own), tuple(theirs)) for target, own, theirs in cursor.fetchall()}
        cursor.execute(_LOOSE_INDEXES, [table])
        faults += [
            f"index {name} is not led by the tenant"
            for (name,) in cursor.fetchall()
            if name not in GLOBALLY_UNIQUE | BEFORE_THE_TENANT
        ]
    wanted = _wanted_references(table)
    faults += [f"{', '.join(own)} does not reference {target}" for target, own, _ in sorted(wanted - references)]
    behind = {*tables.owned_tables(), tables.TENANT_TABLE}
    loose = [reference for reference in references - wanted if reference[0] in behind]
    return faults + [f"{', '.join(own)} references {target} without the tenant" for target, own, _ in sorted(loose)]


def _wanted_references(table: str) -> set[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """The keys that the models ask for: the workspace exists, and every reference behind the wall carries it."""
    model = next(model for model in tables.owned_models() if model._meta.db_table == table)
    fields = [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.name != "tenant"
    ]
    owned = [field for field in fields if field.related_model in tables.owned_models()]
    same = {(field.related_model._meta.db_table, ("tenant_id", field.column), ("tenant_id", "id")) for field in owned}
    return {(tables.TENANT_TABLE, ("tenant_id",), ("id",)), *same}


def _privilege_faults() -> list[Finding]:
    """The application may do with each table what its class says, and make nothing of its own."""
    declared = {(table, word) for table, words in tables.application_privileges().items() for word in words.split(", ")}
    with default_connection.cursor() as cursor:
        cursor.execute(_PRIVILEGES, {"role": grants.APPLICATION})
        actual = {(table, word) for table, word in cursor.fetchall() if table in _known()}
        cursor.execute(_CREATION, {"role": grants.APPLICATION})
        creation = [what for what, allowed in cursor.fetchall() if allowed]
        cursor.execute(_ASIDE, {"role": grants.APPLICATION})
        aside = [Finding(name, f"the application {what}") for name, what in cursor.fetchall()]
    out = [Finding(table, f"the application has {word}, undeclared") for table, word in sorted(actual - declared)]
    out += [Finding(table, f"the application has no {word}") for table, word in sorted(declared - actual)]
    return out + aside + [Finding("role", f"the application may make a {what}") for what in creation]


def _function_faults() -> list[Finding]:
    """Functions that step over the wall are exactly those of database.py: owner, search path, body, and who may call them."""
    created = (re.search(_CREATED, statement) for statement in FUNCTIONS)
    expected = {
        match["name"]: (match["body"], *_owner_and_settings(match["settings"]), match["volatility"].lower(), False)
        for match in created
        if match
    }
    with default_connection.cursor() as cursor:
        cursor.execute(_DEFINERS)
        actual = {name: tuple(rest) for name, *rest in cursor.fetchall()}
    changed = {name for name in expected.keys() & actual.keys() if expected[name] != actual[name]}
    out = [Finding(name, "steps over the wall and is not ours") for name in sorted(actual.keys() - expected.keys())]
    return out + [
        Finding(name, "is missing or not as set up; run setup_database")
        for name in sorted(changed | expected.keys() - actual.keys())
    ]


def _owner_and_settings(settings: str) -> tuple[str, list[str]]:
    """The finder of search is made with a setting more than the others, and has an owner of its own."""
    path, *more = re.findall(r"SET (\w+) = ([^S]+?)(?= SET |$)", settings.strip())
    return grants.SEARCHER if more else grants.RESOLVER, [f"{name}={value}" for name, value in (path, *more)]


_CREATED = r"FUNCTION public\.(?P<name>\w+)\(.* plpgsql (?P<volatility>\w)\w+ SECURITY DEFINER (?P<settings>.*) AS \$\$(?P<body>.*)\$\$$"
# A shop belongs to one workspace at a time in the whole installation; the answer to a second one names nobody.
GLOBALLY_UNIQUE = frozenset({"shopify_store_one_workspace"})
# Looked up across workspaces by a resolver function. Not unique, so it tells nothing. The words of search name the workspace
# in each vector (inbox/models/search.py).
BEFORE_THE_TENANT = frozenset({"tenants_membership_of", "tenants_invitation_by_token", "inbox_searchentry_words"})
_REFERENCES = """
    SELECT confrelid::regclass::text,
           ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY k(n, i) JOIN pg_attribute ON attrelid = conrelid AND attnum = n ORDER BY i),
           ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY k(n, i) JOIN pg_attribute ON attrelid = confrelid AND attnum = n ORDER BY i)
    FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f' AND convalidated
"""
_LOOSE_INDEXES = """
    SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = %s::regclass AND NOT i.indisprimary AND a.attname <> 'tenant_id'
"""
# A privilege on one column counts: row-level security or not, it was not declared.
_PRIVILEGES = """
    SELECT relname, word FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) word
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') AND has_any_column_privilege(%(role)s, oid, word)
    UNION ALL
    SELECT relname, word FROM pg_class, unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) word
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') AND has_table_privilege(%(role)s, oid, word)
"""
_CREATION = """
    SELECT 'table', has_schema_privilege(%(role)s, 'public', 'CREATE')
    UNION ALL SELECT 'schema', has_database_privilege(%(role)s, current_database(), 'CREATE')
    UNION ALL SELECT 'temporary table', has_database_privilege(%(role)s, current_database(), 'TEMP')
"""
# Where no policy reaches: a schema beside ours, and how far a sequence went (which tells how much others have).
_ASIDE = """
    SELECT nspname, 'may use this schema' FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public') AND has_schema_privilege(%(role)s, oid, 'USAGE')
    UNION ALL
    SELECT relname, 'may read or set this sequence' FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND CASE WHEN relkind = 'S' THEN has_sequence_privilege(%(role)s, oid, 'SELECT, UPDATE') END
"""
_DEFINERS = """
    SELECT proname, prosrc, rolname, proconfig, provolatile, has_function_privilege('public', p.oid, 'EXECUTE')
    FROM pg_proc p JOIN pg_roles r ON r.oid = proowner WHERE prosecdef AND pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
"""
