"""Events and periodic work of this package."""

from datetime import datetime
from importlib import import_module

from celery import shared_task
from django.conf import settings

from tenants import closing, doors, exporting
from tenants.events import ErasureNear, ExportContinues
from tenants.rls.context import task_tenant_id, tenant_context


def remind_owners(event: ErasureNear) -> None:
    tenant_id = task_tenant_id()
    with tenant_context(tenant_id):
        closing.remind(tenant_id=tenant_id, erase_after=datetime.fromisoformat(event.erase_after))


def continue_export(event: ExportContinues) -> None:
    exporting.proceed(event)


@shared_task(name="tenants.tasks.clear_sessions")
def clear_sessions() -> None:
    """Delete the sessions that have ended."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@shared_task(name="tenants.tasks.delete_exports")
def delete_exports() -> None:
    """Delete the exports that have expired, and say of those that no worker goes on with that they failed."""
    for tenant_id in doors.tenant_ids():
        with tenant_context(tenant_id):
            exporting.tidy()
