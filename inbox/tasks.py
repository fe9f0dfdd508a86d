"""Handlers of the inbox's events, and what it does from time to time. Each binds a workspace and calls one domain function."""

from celery import shared_task

from inbox import arrivals, conversations, sending, watched
from inbox.events import MessageArrived, ReplyQueued, ViewLookedAt
from tenants import doors
from tenants.events import MemberLeft
from tenants.models import Membership
from tenants.rls.context import task_tenant_id, tenant_context

BATCH = 200  # conversations in one transaction


def prefetch_orders(event: MessageArrived) -> None:
    with tenant_context(task_tenant_id()):
        arrivals.prefetch(conversation_id=event.conversation_id)


def warm_view(event: ViewLookedAt) -> None:
    with tenant_context(task_tenant_id()):
        watched.warm(event)


def send_reply(event: ReplyQueued) -> None:
    sending.send(tenant_id=task_tenant_id(), outgoing_id=event.outgoing_id)


def release_conversations(event: MemberLeft) -> None:
    many = BATCH
    while many == BATCH:
        with tenant_context(task_tenant_id()):
            many = conversations.release(member=Membership.objects.get(pk=event.member_id), limit=BATCH)


@shared_task(name="inbox.tasks.wake_everywhere")
def wake_everywhere() -> None:
    """Open the conversations that have slept long enough, in every workspace."""
    for tenant_id in doors.tenant_ids():
        many = BATCH
        while many == BATCH:
            with tenant_context(tenant_id):
                many = conversations.wake(limit=BATCH)


@shared_task(name="inbox.tasks.rescue_mail_everywhere")
def rescue_mail_everywhere() -> None:
    """Mail on its way out that nobody was poked for, and what a dead worker held, in every workspace."""
    for tenant_id in doors.tenant_ids():
        many = sending.BATCH
        while many == sending.BATCH:
            with tenant_context(tenant_id):
                many = sending.rescue(limit=sending.BATCH)
