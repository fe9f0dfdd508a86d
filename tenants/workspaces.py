"""Change a workspace's settings."""

from django.utils import timezone

from tenants import audit, members
from tenants.addresses import normalise
from tenants.models import Membership, Tenant
from tenants.rls.context import current_tenant_id
from tenants.roles import Permission


def change(*, name: str, time_zone: str, support_addresses: list[str], by: Membership) -> Tenant:
    """Write what differs, with one audit row that says what. Raises AddressError for an address that is none."""
    actor = members.authorise(by=by, permission=Permission.CHANGE_SETTINGS)
    tenant = Tenant.objects.get(pk=current_tenant_id())
    wanted = {
        "name": name,
        "time_zone": time_zone,
        "support_addresses": [normalise(address) for address in support_addresses],
    }
    changed = {field: value for field, value in wanted.items() if getattr(tenant, field) != value}
    if not changed:
        return tenant
    before = {field: getattr(tenant, field) for field in changed}
    for field, value in changed.items():
        setattr(tenant, field, value)
    tenant.changed_at, tenant.changed_by = timezone.now(), actor.user.display_name
    tenant.save()
    audit.record(audit.Action.WORKSPACE_CHANGED, by=actor, target=tenant.slug, before=before, after=changed)
    return tenant
