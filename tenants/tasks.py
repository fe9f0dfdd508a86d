"""Periodic work of this package that belongs to no workspace, or goes through all of them."""

import logging
from importlib import import_module

from celery import shared_task
from django.conf import settings
from django.db import DatabaseError

from tenants import audit_chain, doors
from tenants.rls.context import tenant_context

log = logging.getLogger("versana.audit")


@shared_task(name="tenants.tasks.clear_sessions")
def clear_sessions() -> None:
    """Delete the sessions that have ended."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@shared_task(name="tenants.tasks.seal_audit")
def seal_audit(*, everything: bool = False) -> None:
    """Seal the new audit events of every workspace. One that fails keeps no other from being sealed."""
    for tenant_id in doors.tenant_ids():
        try:
            _seal(tenant_id, everything=everything)
        except DatabaseError:
            log.exception("workspace %s: its audit events were not sealed", tenant_id)


def _seal(tenant_id: int, *, everything: bool) -> None:
    sealed = audit_chain.BATCH
    while sealed == audit_chain.BATCH:
        with tenant_context(tenant_id):
            sealed = audit_chain.seal(everything=everything)
