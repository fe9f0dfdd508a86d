"""What each database role may do with each table. Applied by the owner after every migration, from scratch.

Raw SQL is at home here: GRANT takes no parameters, and every name comes from the models or from this module.
"""

from django.db import connections
from psycopg import sql

from tenants.rls import tables

# Never TRUNCATE, REFERENCES or TRIGGER: row-level security does not reach them.
APPLICATION, PLATFORM, BACKUP, RESOLVER = "versana_app", "versana_platform", "versana_backup", "versana_resolver"

# What the resolver's functions read (see setup_database). Columns, not tables.
RESOLVER_COLUMNS = {
    "tenants_tenant": ("id", "slug", "name", "time_zone", "require_second_factor", "erase_after"),
    "tenants_membership": ("id", "tenant_id", "user_id", "role", "removed_at"),
    "tenants_invitation": ("id", "tenant_id", "token_hash"),
    "shopify_store": ("tenant_id", "shop_domain", "disconnected_at"),
}
# What platform staff may see in Django admin: no token, no message body, no order data, no address of a contact.
PLATFORM_COLUMNS = {
    "tenants_tenant": ("id", "slug", "name", "time_zone", "created_at"),
    "tenants_membership": ("id", "tenant_id", "user_id", "role", "joined_at", "removed_at"),
    "shopify_store": (
        "id", "tenant_id", "number", "shop_domain", "shop_name", "state", "problem", "problem_since", "scopes", "connected_at", "disconnected_at", "last_read_at",
    ),
    "shopify_connectionattempt": ("id", "reference", "tenant_id", "user_id", "shop_domain", "started_at", "finished_at", "outcome"),
    "outbox_event": ("id", "tenant_id", "kind", "created_at", "next_run_at", "attempts", "last_error", "done_at", "dead_at"),
}  # fmt: skip

# What signing in to the admin needs. The role writes its own log and the time of a sign-in; nobody's session, no password.
PLATFORM_TABLES = {
    "django_admin_log": "SELECT, INSERT",
    "tenants_user": "SELECT, UPDATE (last_login)",
    "tenants_user_groups": "SELECT",
    "tenants_user_user_permissions": "SELECT",
    "auth_group": "SELECT",
    "auth_group_permissions": "SELECT",
    "auth_permission": "SELECT",
    "django_content_type": "SELECT",
    "django_migrations": "SELECT",
}


def apply(using: str) -> None:
    """Revoke everything from our roles, then grant what the classification says. Idempotent, one transaction."""
    connection = connections[using]
    existing = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for statement in _statements(existing):
            cursor.execute(statement.as_string(cursor.connection))


def _statements(existing: set[str]) -> list[sql.Composed]:
    roles = sql.SQL(", ").join(map(sql.Identifier, (APPLICATION, PLATFORM, BACKUP, RESOLVER)))
    out = [
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {}").format(roles),
        sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(sql.Identifier(APPLICATION)),
        sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(sql.Identifier(BACKUP)),
        sql.SQL("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(sql.Identifier(BACKUP)),
    ]
    for table, privileges in tables.application_privileges().items():
        if table in existing:
            out.append(
                sql.SQL("GRANT " + privileges + " ON {} TO {}").format(
                    sql.Identifier(table), sql.Identifier(APPLICATION)
                )
            )
    for table, privileges in PLATFORM_TABLES.items():
        if table in existing:
            out.append(
                sql.SQL("GRANT " + privileges + " ON {} TO {}").format(sql.Identifier(table), sql.Identifier(PLATFORM))
            )
    out.append(sql.SQL("GRANT USAGE ON SEQUENCE django_admin_log_id_seq TO {}").format(sql.Identifier(PLATFORM)))
    for role, wanted in ((RESOLVER, RESOLVER_COLUMNS), (PLATFORM, PLATFORM_COLUMNS)):
        for table, columns in wanted.items():
            if table in existing:
                names = sql.SQL(", ").join(map(sql.Identifier, columns))
                out.append(
                    sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(names, sql.Identifier(table), sql.Identifier(role))
                )
    return out
