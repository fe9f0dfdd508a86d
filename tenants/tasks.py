"""Events and periodic work of this package, through all workspaces one by one."""

import logging
from datetime import datetime
from importlib import import_module

from celery import shared_task
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from tenants import audit_chain, closing, doors, exporting
from tenants.events import ErasureNear, ExportContinues
from tenants.models import CacheRow, Tenant
from tenants.rls.context import task_tenant_id, tenant_context

log = logging.getLogger("versana.audit")


def remind_owners(event: ErasureNear) -> None:
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        closing.remind(tenant_id=tenant_id, erase_after=datetime.fromisoformat(event.erase_after))


def continue_export(event: ExportContinues) -> None:
    exporting.proceed(event)


@shared_task(name="tenants.tasks.clear_sessions")
def clear_sessions() -> None:
    """Delete the sessions that have ended, and the counters of sign-in that no longer count."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    CacheRow.objects.filter(expires__lt=timezone.now()).delete()


@shared_task(name="tenants.tasks.forget_staff_actions")
def forget_staff_actions() -> None:
    """Forget what platform staff did more than 400 days ago."""
    doors.forget_staff_actions()


@shared_task(name="tenants.tasks.seal_audit")
def seal_audit(*, everything: bool = False) -> None:
    """Seal the new audit events of every workspace. One that fails keeps no other from being sealed.

    Not of one whose time is over: erasing seals it a last time, and a seal made after that would be in its way.
    """
    for tenant_id in doors.tenant_ids():
        try:
            _seal(tenant_id, everything=everything)
        except DatabaseError:
            log.exception("workspace %s: its audit events were not sealed", tenant_id)


def _seal(tenant_id: int, *, everything: bool) -> None:
    sealed = audit_chain.BATCH
    while sealed == audit_chain.BATCH:
        with tenant_context(tenant_id):
            over = Tenant.objects.filter(pk=tenant_id, erase_after__lte=timezone.now()).exists()
            sealed = 0 if over else audit_chain.seal(everything=everything)


@shared_task(name="tenants.tasks.delete_exports")
def delete_exports() -> None:
    """Delete the exports that have expired, and say of those that no worker goes on with that they failed."""
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            exporting.tidy()
