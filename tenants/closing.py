"""Close a workspace: nobody but its owners gets in, and after a time to think everything is erased (tenants/erasing.py).

Until that day an owner can open it again. Stores are disconnected at once and must be connected anew.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import timezone

from tenants import audit, members
from tenants.events import ErasureNear, WorkspaceClosed
from tenants.models import Membership, Tenant
from tenants.outbox.events import publish
from tenants.rls.context import current_tenant_id
from tenants.roles import Permission, Role

REMINDERS = (7, 1)  # days before the erasure


class TooLate(Exception):
    """The day has come: what is left of the workspace is being erased."""


def close(*, by: Membership) -> Tenant:
    """Close the workspace of `by`. Closing it a second time changes nothing. Raises PermissionDenied for no owner (any more)."""
    actor, tenant = _locked(by)
    if tenant.closed_at is not None:
        return tenant
    now = timezone.now()
    tenant.closed_at, tenant.closed_by = now, actor.user.display_name
    tenant.erase_after = now + settings.CLOSING_PERIOD
    tenant.save(update_fields=["closed_at", "closed_by", "erase_after"])
    audit.record(
        audit.Action.WORKSPACE_CLOSED,
        by=actor,
        target=tenant.slug,
        after={"erase_after": tenant.erase_after.isoformat()},
    )
    publish(WorkspaceClosed(by_id=actor.pk, closed_at=now.isoformat()))
    for days in REMINDERS:
        publish(ErasureNear(tenant.erase_after.isoformat(), days), at=tenant.erase_after - timedelta(days=days))
    _tell_owners("closed", tenant)
    return tenant


def reopen(*, by: Membership) -> Tenant:
    """Everything is as before but the stores. Raises TooLate from the day of the erasure on."""
    actor, tenant = _locked(by)
    if tenant.erase_after is None:
        return tenant
    if tenant.erase_after <= timezone.now():
        raise TooLate
    before = {"erase_after": tenant.erase_after.isoformat()}
    tenant.closed_at, tenant.closed_by, tenant.erase_after = None, "", None
    tenant.save(update_fields=["closed_at", "closed_by", "erase_after"])
    audit.record(audit.Action.WORKSPACE_REOPENED, by=actor, target=tenant.slug, before=before)
    _tell_owners("reopened", tenant)
    return tenant


def remind(*, tenant_id: int, erase_after: datetime) -> None:
    """Tell the owners that the day comes near, unless the workspace was opened again. Inside its context."""
    tenant = Tenant.objects.filter(pk=tenant_id, erase_after=erase_after).first()
    if tenant is not None and erase_after > timezone.now():
        _tell_owners("erasure_near", tenant)


def _locked(by: Membership) -> tuple[Membership, Tenant]:
    """The owner as they are behind the lock, who may be none any more, and the workspace."""
    actor = members.authorise(by=by, permission=Permission.CLOSE_WORKSPACE)
    return actor, Tenant.objects.get(pk=current_tenant_id())


def _tell_owners(what: str, tenant: Tenant) -> None:
    """One mail each: owners need not learn of each other's addresses."""
    pages = f"{settings.PUBLIC_URL}/{tenant.slug}/settings"
    values = {"tenant": tenant, "data_url": f"{pages}/data/", "general_url": f"{pages}/general/"}
    subject, _, body = render_to_string(f"tenants/mail/{what}.txt", values).partition("\n\n")
    owners = Membership.objects.filter(role=Role.OWNER, removed_at=None).select_related("user")
    for owner in owners:
        send_mail(" ".join(subject.split()), body, None, [owner.user.email])
