"""Every table of the database is classified here: owned by a workspace (derived from the models) or global, with the reason.

A table that is neither fails the gate. What each database role may do with it follows from the class.
"""

from dataclasses import dataclass

from django.apps import apps
from django.db import models

from tenants.rls.owned import TenantOwned

ALL = "SELECT, INSERT, UPDATE, DELETE"
READ = "SELECT"


@dataclass(frozen=True, slots=True)
class Global:
    """A table outside the wall: why, and what the application's role may do with it."""

    reason: str
    application: str = ALL


GLOBAL: dict[str, Global] = {
    "tenants_user": Global("A person belongs to several workspaces; sign-in comes before any of them."),
    # No INSERT: who is in the group of platform staff is said by the schema's owner. DELETE goes with a person.
    "tenants_user_groups": Global("Who is platform staff (tenants/staff.py).", "SELECT, DELETE"),
    "tenants_user_user_permissions": Global("Django's permission tables; nothing of ours asks them.", "SELECT, DELETE"),
    "auth_group": Global("Django's permission tables, for platform staff.", READ),
    "auth_group_permissions": Global("Django's permission tables, for platform staff.", READ),
    "auth_permission": Global("Django's permission tables, for platform staff.", READ),
    "django_content_type": Global("Names of models.", READ),
    "django_migrations": Global("Which migrations ran.", READ),
    "django_admin_log": Global("Django admin's own log, written by its process on the platform's role.", ""),
    "django_session": Global("A session exists before a workspace is chosen, and spans several."),
    "account_emailaddress": Global("allauth: a person's addresses, before any workspace."),
    "account_emailconfirmation": Global("allauth: as above."),
    "mfa_authenticator": Global(
        "allauth: a person's second factors, asked for before any workspace. Their secrets are sealed."
    ),
    "usersessions_usersession": Global("allauth: where a person is signed in. A session spans workspaces."),
    "tenants_firstrun": Global("The link that opens the first workspace; there is none yet."),
    "tenants_tombstone": Global("What is left of an erased workspace: its address and how many rows there were.", READ),
    "tenants_switch": Global("Switches of the whole installation, set by platform staff.", READ),
    "tenants_staffaction": Global("What platform staff did, written by the admin process on its own role.", ""),
    "versana_cache": Global("Sign-in's rate limits, before any workspace. No content is cached."),
    "outbox_event": Global("The dispatcher looks across workspaces. Payloads hold ids only."),
    "outbox_queuedmail": Global("Account mails (password reset) belong to a person. Deleted when sent."),
    "shopify_pendinginstallation": Global(
        "Begun on Shopify's side: no workspace yet. Its access is sealed, and it lives for a quarter of an hour."
    ),
    "shopify_webhookreceipt": Global("Written before the workspace is known. No payload."),
    "shopify_connectionattempt": Global(
        "Written before the workspace is known, and kept when it fails. No token, no address."
    ),
}
# Rows that the application may add and read, but neither change nor delete.
APPEND_ONLY = frozenset({"tenants_auditevent", "tenants_auditseal"})
# The workspace's own row: behind the wall by its id. The application never deletes one.
TENANT_TABLE = "tenants_tenant"


def owned_models() -> list[type[models.Model]]:
    """Every concrete tenant-owned model."""
    return [model for model in apps.get_models() if issubclass(model, TenantOwned)]


def owned_tables() -> list[str]:
    """Every table behind the wall by a `tenant_id` column."""
    return sorted(model._meta.db_table for model in owned_models())


def application_privileges() -> dict[str, str]:
    """Table -> what the application's role may do with it."""
    owned = {table: "SELECT, INSERT" if table in APPEND_ONLY else ALL for table in owned_tables()}
    outside = {name: entry.application for name, entry in GLOBAL.items() if entry.application}
    return {**owned, TENANT_TABLE: "SELECT, INSERT, UPDATE", **outside}
