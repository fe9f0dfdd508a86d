"""Handlers of the inbox's events. Each binds a workspace and calls one domain function."""

from inbox import watched
from inbox.events import ViewLookedAt
from tenants.rls.context import task_tenant_id, tenant_context


def warm_view(event: ViewLookedAt) -> None:
    with tenant_context(task_tenant_id()):
        watched.warm(event)
