"""People, workspaces, who belongs where, what happened, and what of it is taken away or erased."""

from tenants.models.audit import AuditEvent, AuditSeal
from tenants.models.erased import ErasedAddress
from tenants.models.exports import Export, ExportPart
from tenants.models.installation import FirstRun, StaffAction, Switch
from tenants.models.members import Handover, Invitation, Membership
from tenants.models.people import User
from tenants.models.workspaces import CacheRow, Counter, Tenant, Tombstone
from tenants.rls.owned import TenantOwned

__all__ = [
    "AuditEvent",
    "AuditSeal",
    "CacheRow",
    "Counter",
    "ErasedAddress",
    "Export",
    "ExportPart",
    "FirstRun",
    "Handover",
    "Invitation",
    "Membership",
    "StaffAction",
    "Switch",
    "Tenant",
    "TenantOwned",
    "Tombstone",
    "User",
]
