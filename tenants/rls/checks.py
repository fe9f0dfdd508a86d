"""Does the wall stand: asked of a live database, table by table, and of the role that a process came in with."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.rls import tables
from tenants.rls.constraints import POLICIES, TENANT

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
    faults = role_faults(connection)
    if faults:
        raise ImproperlyConfigured(f"DATABASE_URL must name the application's role: {'; '.join(faults)}.")
    _checked.add(user)


def role_faults(connection: BaseDatabaseWrapper) -> list[str]:
    """Why the role of this connection is too strong: superuser, BYPASSRLS (its own or one it may take), owner of a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER') AND (rolsuper OR rolbypassrls)"
        )
        faults = [f"{name} {'is a superuser' if superuser else 'bypasses row-level security'}" for name, superuser, _ in cursor.fetchall()]
        cursor.execute("SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)")
        owned = cursor.fetchone()[0]
    return faults + ([f"it owns {owned} tables"] if owned else [])


def findings() -> list[Finding]:
    """Compare the live catalogue with the models: every table classified; each owned one forced, with exactly our policies,
    a NOT NULL tenant and composite references; every index and unique key led by the tenant."""
    catalogue = _catalogue()
    out = [Finding("role", fault) for fault in role_faults(default_connection)]
    out += [Finding(table, "is not classified in tenants/rls/tables.py") for table in sorted(catalogue.keys() - _known())]
    for table in [*tables.owned_tables(), tables.TENANT_TABLE]:
        column = "id" if table == tables.TENANT_TABLE else "tenant_id"
        if table not in catalogue:
            out.append(Finding(table, "does not exist; run migrate"))
            continue
        out += [Finding(table, fault) for fault in [*_security_faults(table, column, catalogue[table]), *_key_faults(table)]]
    return out


def _known() -> set[str]:
    return {*tables.GLOBAL, *tables.owned_tables(), tables.TENANT_TABLE}


def _catalogue() -> dict[str, tuple[bool, bool]]:
    with default_connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm', 'v')"
        )
        return {name: (enabled, forced) for name, enabled, forced in cursor.fetchall()}


def _security_faults(table: str, column: str, security: tuple[bool, bool]) -> list[str]:
    faults = [] if all(security) else ["row-level security is not enabled and forced"]
    with default_connection.cursor() as cursor:
        cursor.execute("SELECT policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies WHERE tablename = %s", [table])
        policies = {row[0]: row[1:] for row in cursor.fetchall()}
    rule = f"({column} = ({TENANT.replace('::bigint', '')})::bigint)".replace("'app.tenant_id'", "'app.tenant_id'::text")
    expected = {name: (kind, "{public}", "ALL", rule, rule) for name, kind in POLICIES.items()}
    if policies != expected:
        faults.append(f"its policies are {sorted(policies)} and not exactly ours")
    return faults


def _key_faults(table: str) -> list[str]:
    if table == tables.TENANT_TABLE:
        return []
    with default_connection.cursor() as cursor:
        cursor.execute("SELECT attnotnull FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'tenant_id'", [table])
        faults = [] if cursor.fetchone() == (True,) else ["tenant_id may be null"]
        cursor.execute(_SIMPLE_REFERENCES, [table, sorted(tables.owned_tables())])
        faults += [f"{name} references another workspace's table without the tenant" for (name,) in cursor.fetchall()]
        cursor.execute(_LOOSE_INDEXES, [table])
        faults += [f"index {name} is not led by the tenant" for (name,) in cursor.fetchall() if name not in GLOBALLY_UNIQUE]
    return faults


# A shop belongs to one workspace at a time in the whole installation; the answer to a second one names nobody.
GLOBALLY_UNIQUE = frozenset({"shopify_store_one_workspace"})
_SIMPLE_REFERENCES = """
    SELECT conname FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype = 'f' AND confrelid::regclass::text = ANY(%s) AND cardinality(conkey) = 1
"""
_LOOSE_INDEXES = """
    SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = %s::regclass AND NOT i.indisprimary AND a.attname <> 'tenant_id'
"""
