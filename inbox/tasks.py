"""Handlers of the inbox's events, and what it does from time to time. Each binds a workspace and calls one domain function."""

from celery import shared_task

from inbox import arrivals, conversations, mailboxes, watched
from inbox.email import doorstep
from inbox.events import MailboxAdded, MailboxDue, MailWaits, MessageArrived, ViewLookedAt
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


def file_mail(event: MailWaits) -> None:
    doorstep.file(raw_id=event.raw_id)


def poll_mailbox(event: MailboxDue | MailboxAdded) -> None:
    mailboxes.poll(mailbox_id=event.mailbox_id)


@shared_task(name="inbox.tasks.file_everywhere")
def file_everywhere() -> None:
    """Mail that waits though nobody is poked for it any more, in every workspace."""
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            doorstep.sweep()


@shared_task(name="inbox.tasks.poll_everywhere")
def poll_everywhere() -> None:
    """Have every mailbox looked into whose time it is."""
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            mailboxes.call_due()
