"""Handlers of the inbox's events. Each binds a workspace and calls one domain function."""

from inbox import arrivals, watched
from inbox.events import MessageArrived, ViewLookedAt
from tenants.rls.context import task_tenant_id, tenant_context


def prefetch_orders(event: MessageArrived) -> None:
    with tenant_context(task_tenant_id()):
        arrivals.prefetch(conversation_id=event.conversation_id)


def warm_view(event: ViewLookedAt) -> None:
    with tenant_context(task_tenant_id()):
        watched.warm(event)
