"""Open a workspace and put people into it."""

import re
import unicodedata

from django.db import transaction

from tenants import audit, doors, members
from tenants.addresses import normalise
from tenants.models import Membership, Tenant, Tombstone, User
from tenants.numbering import next_number
from tenants.rls.context import tenant_context
from tenants.roles import Role

# First segments of our own paths: a workspace of that name could never be reached.
RESERVED = frozenset(
    {
        "account",
        "accounts",
        "admin",
        "healthz",
        "help",
        "invitation",
        "readyz",
        "shopify",
        "static",
        "mail",
        "media",
        "theme",
        "api",
        "new",
        "welcome",
        "_gallery",
        "settings",
    }
)
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


class ProvisioningError(Exception):
    """Why a workspace could not be opened, in words for the person who asked."""


def open_workspace(
    *, slug: str, name: str, owner: User, time_zone: str = "UTC", support_addresses: list[str] | None = None
) -> Tenant:
    """A new workspace with its owner. Raises ProvisioningError for a slug that is malformed, reserved or taken."""
    check_address(slug)
    with transaction.atomic():
        tenant_id = doors.next_tenant_id()
        with tenant_context(tenant_id):
            # The address of an erased workspace stays taken: links and mails that name it must not lead to strangers.
            gone = Tombstone.objects.filter(slug=slug).exists()
            tenant, created = _insert(
                tenant_id, slug=slug, name=name, time_zone=time_zone, support_addresses=support_addresses or []
            )
            if gone or not created:
                raise ProvisioningError(f"“{slug}” is taken.")
            membership = Membership.objects.create(number=next_number("member"), user=owner, role=Role.OWNER)
            audit.record(audit.Action.WORKSPACE_OPENED, by=membership, target=slug)
    return tenant


def check_address(slug: str) -> None:
    """Raises ProvisioningError for an address that no workspace can have, whoever else has one."""
    if not _SLUG.fullmatch(slug):
        raise ProvisioningError(
            f"“{slug}” cannot be an address: it has 1 to 40 lower-case letters, digits and hyphens, and no hyphen at its ends."
        )
    if slug in RESERVED:
        raise ProvisioningError(f"“{slug}” cannot be an address: VersanaCX needs that word itself.")


def suggestion(text: str) -> str:
    """An address made of what somebody typed: “Café Zoë” -> “cafe-zoe”. Empty when nothing of it can stand in one."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-")
    return "" if not slug or slug in RESERVED else slug


def add_member(*, user: User, role: Role, by: Membership | None) -> Membership:
    """Put a person into the current workspace, or back into it. Raises MemberError for a member."""
    membership = members.place(user=user, role=role)
    audit.record(audit.Action.MEMBER_ADDED, by=by, target=members.target_of(membership), role=role)
    return membership


def _insert(
    tenant_id: int, *, slug: str, name: str, time_zone: str, support_addresses: list[str]
) -> tuple[Tenant, bool]:
    tenant = Tenant(
        id=tenant_id,
        slug=slug,
        name=name,
        time_zone=time_zone,
        support_addresses=[normalise(a) for a in support_addresses],
    )
    Tenant.objects.bulk_create([tenant], ignore_conflicts=True)
    return tenant, Tenant.objects.filter(id=tenant_id).exists()
