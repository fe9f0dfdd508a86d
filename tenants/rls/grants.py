"""What each database role may do with each table. Applied by the owner after every migration, from scratch.

Raw SQL is at home here: GRANT takes no parameters, and every name comes from the models or from this module.
"""

from django.db import connections
from psycopg import sql

from tenants.rls import tables

# Never TRUNCATE, REFERENCES or TRIGGER: row-level security does not reach them.
APPLICATION, PLATFORM, BACKUP, RESOLVER = "versana_app", "versana_platform", "versana_backup", "versana_resolver"
SEARCHER = "versana_search"

# What the finder of search reads: no text, but the words of one.
SEARCHER_COLUMNS = {"inbox_searchentry": ("id", "tenant_id", "at", "vector")}

# What the resolver's functions read and write (see setup_database). Columns, not tables.
RESOLVER_COLUMNS = {
    "tenants_tenant": ("id", "slug", "name", "time_zone", "require_second_factor", "erase_after"),
    "tenants_membership": ("id", "tenant_id", "user_id", "role", "removed_at"),
    "tenants_invitation": ("id", "tenant_id", "token_hash"),
    "shopify_store": ("tenant_id", "shop_domain", "disconnected_at"),
    # Of platform staff alone, and to their administration alone: its role can read no password and no factor by itself.
    "tenants_user": ("id", "email", "name", "password", "is_active", "last_login"),
    "tenants_user_groups": ("user_id", "group_id"),
    "auth_group": ("id", "name"),
    "mfa_authenticator": ("user_id", "type", "data"),
    "tenants_staffaction": ("at",),
}
# A one-time or a recovery code is used up; what staff did long ago is forgotten.
RESOLVER_TABLES = {"mfa_authenticator": "UPDATE (data)", "tenants_staffaction": "DELETE"}
# What platform staff may see in Django admin: no token, no message body, no order data, no address of a contact.
# Of people: enough to find somebody who asks for help by address, and to see whether and since when they can sign in.
PLATFORM_COLUMNS = {
    "tenants_tenant": ("id", "slug", "name", "time_zone", "created_at", "require_second_factor", "closed_at", "erase_after"),
    "tenants_membership": ("id", "tenant_id", "user_id", "role", "joined_at", "removed_at"),
    "tenants_user": ("id", "email", "email_norm", "name", "is_active", "date_joined", "last_login"),
    "mfa_authenticator": ("id", "user_id", "type", "created_at"),
    "shopify_store": (
        "id", "tenant_id", "number", "shop_domain", "shop_name", "state", "problem", "problem_since", "scopes", "hidden", "connected_at", "disconnected_at", "last_read_at",
        "failing_since", "failure", "generation", "access_expires_at", "refreshed_at", "webhooks_checked_at", "webhooks_problem", "reconciled_at", "checked_at",
    ),
    "shopify_webhookreceipt": ("id", "shop_domain", "topic", "delivery_id", "event_id", "triggered_at", "received_at", "tenant_id", "effect"),
    "shopify_compliancerequest": ("id", "tenant_id", "number", "store_id", "kind", "state", "received_at", "due_at", "done_at"),
    "shopify_connectionattempt": ("id", "reference", "kind", "tenant_id", "user_id", "app_id", "shop_domain", "started_at", "finished_at", "outcome"),
    "outbox_event": ("id", "tenant_id", "kind", "created_at", "next_run_at", "held_until", "attempts", "last_error", "done_at", "dead_at"),
}  # fmt: skip

# What the role writes: the time of a sign-in, its own record (never changed), the switches, and what lets a dead letter
# be tried again. Nobody's session, no password, no right of anybody's.
PLATFORM_TABLES = {
    "tenants_user": "UPDATE (last_login)",
    "tenants_staffaction": "SELECT, INSERT",
    "tenants_switch": "SELECT, INSERT, UPDATE",
    "outbox_event": "UPDATE (next_run_at, held_until, attempts, dead_at)",
    "django_content_type": "SELECT",
    "django_migrations": "SELECT",
}
PLATFORM_SEQUENCES = ("tenants_staffaction_id_seq", "tenants_switch_id_seq")


def apply(using: str) -> None:
    """Revoke everything from our roles, then grant what the classification says. Idempotent, one transaction."""
    connection = connections[using]
    existing = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for statement in _statements(existing):
            cursor.execute(statement.as_string(cursor.connection))


def _statements(existing: set[str]) -> list[sql.Composed]:
    roles = sql.SQL(", ").join(map(sql.Identifier, (APPLICATION, PLATFORM, BACKUP, RESOLVER, SEARCHER)))
    out = [
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {}").format(roles),
        sql.SQL("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {}").format(roles),
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
    for role, given in ((PLATFORM, PLATFORM_TABLES), (RESOLVER, RESOLVER_TABLES)):
        for table, privileges in given.items():
            if table in existing:
                out.append(
                    sql.SQL("GRANT " + privileges + " ON {} TO {}").format(sql.Identifier(table), sql.Identifier(role))
                )
    out += [
        sql.SQL("GRANT USAGE ON SEQUENCE {} TO {}").format(sql.Identifier(sequence), sql.Identifier(PLATFORM))
        for sequence in PLATFORM_SEQUENCES
        if sequence.removesuffix("_id_seq") in existing
    ]
    for role, wanted in ((RESOLVER, RESOLVER_COLUMNS), (PLATFORM, PLATFORM_COLUMNS), (SEARCHER, SEARCHER_COLUMNS)):
        for table, columns in wanted.items():
            if table in existing:
                names = sql.SQL(", ").join(map(sql.Identifier, columns))
                out.append(
                    sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(names, sql.Identifier(table), sql.Identifier(role))
                )
    return out
