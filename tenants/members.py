"""Who belongs to a workspace, and as what: change a role, remove somebody, leave.

Every change first locks the workspace's row and reads the actor's own membership again behind the lock: of two owners
who demote each other at once, the second is no owner any more when their turn comes.
"""

from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import audit, mails
from tenants.addresses import normalise
from tenants.events import MemberLeft
from tenants.models import Handover, Invitation, Membership, Tenant, User
from tenants.numbering import next_number
from tenants.outbox.events import publish
from tenants.rls.context import current_tenant_id
from tenants.roles import Permission, Role, may, may_give


class MemberError(Exception):
    """Why a change among the people of a workspace was refused, in words for the person who asked."""


def present() -> QuerySet[Membership]:
    """The people of the current workspace, without those who were removed."""
    members: QuerySet[Membership] = Membership.objects.filter(removed_at=None).select_related("user")
    return members


def lock() -> Tenant:
    """Make every other change of people in the current workspace wait for the end of this transaction.

    NO KEY: new rows refer to the workspace's row, and must not wait.
    """
    return Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())


def authorise(*, by: Membership, permission: Permission) -> Membership:
    """Lock, and return the actor as they are now. Raises PermissionDenied when they may not (or no longer)."""
    lock()
    actor = present().filter(pk=by.pk).first()
    if actor is None or not may(actor.role, permission):
        raise PermissionDenied
    return actor


def refuse_if_closed() -> None:
    """Behind the lock: raises MemberError in a workspace that is closed, where nothing new begins among its people."""
    if Tenant.objects.filter(pk=current_tenant_id(), closed_at__isnull=False).exists():
        raise MemberError(_("This workspace is closed. An owner can open it again under Settings, Data."))


@transaction.atomic
def change_role(*, member: Membership, role: Role, by: Membership) -> Membership:
    """Raises MemberError for the last owner, PermissionDenied where an owner's role is given or taken by another."""
    actor = authorise(by=by, permission=Permission.MANAGE_MEMBERS)
    member = _still_here(member)
    if not (may_give(actor.role, member.role) and may_give(actor.role, role)):
        raise PermissionDenied
    if member.role == role:
        return member
    _keep_an_owner(without=member, then=role)
    before, member.role = member.role, role
    member.save(update_fields=["role"])
    audit.record(
        audit.Action.MEMBER_ROLE_CHANGED,
        by=actor,
        target=target_of(member),
        before={"role": before},
        after={"role": member.role},
        **end_what_rests_on(member),
    )
    if member.pk != actor.pk:
        mails.send("role_changed", to=[member.user.email], role=Role(role).label.lower(), by=actor.user.display_name)
    return member


@transaction.atomic
def remove(*, member: Membership, by: Membership) -> Membership:
    """The person loses this workspace and nothing else: their account and its sessions go on."""
    actor = authorise(by=by, permission=Permission.MANAGE_MEMBERS)
    member = _still_here(member)
    if not may_give(actor.role, member.role):
        raise PermissionDenied
    if member.pk == actor.pk:
        raise MemberError(_("To go yourself, leave the workspace."))
    _keep_an_owner(without=member)
    _gone(member, action=audit.Action.MEMBER_REMOVED, by=actor)
    mails.send("removed", to=[member.user.email], by=actor.user.display_name)
    return member


@transaction.atomic
def leave(*, by: Membership) -> Membership:
    """Go oneself. Raises MemberError for the last owner, who hands the workspace over or closes it."""
    actor = authorise(by=by, permission=Permission.SEE_MEMBERS)
    _keep_an_owner(without=actor)
    return _gone(actor, action=audit.Action.MEMBER_LEFT, by=actor)


def place(*, user: User, role: Role) -> Membership:
    """A person's row in the current workspace. Whoever was here before gets their old row back.

    For the functions that audit it. Raises MemberError for somebody who is a member.
    """
    member = Membership.objects.select_for_update(no_key=True).filter(user=user).first()
    if member is None:
        created: Membership = Membership.objects.create(number=next_number("member"), user=user, role=role)
        return created
    if member.removed_at is None:
        raise MemberError(_("This person is a member already."))
    member.role, member.joined_at, member.removed_at = role, timezone.now(), None
    member.save(update_fields=["role", "joined_at", "removed_at"])
    returned: Membership = member
    return returned


def target_of(member: Membership) -> str:
    """What the audit log calls a member: the public number, which stays when the name changes."""
    return f"member {member.number}"


def end_what_rests_on(member: Membership) -> dict[str, Any]:
    """End the open handovers of somebody whose role changed or who went, the invitations that they could not send now, and
    those by which who went would be back.

    What ended, for the audit row of the change.
    """
    now = timezone.now()
    out: dict[str, Any] = {}
    rest = Handover.objects.filter(accepted_at=None, ended_at=None)
    handovers = [row for row in rest if member.pk in (row.giver_id, row.taker_id)]
    invitations = _invitations_over(member)
    Handover.objects.filter(pk__in=[row.pk for row in handovers]).update(ended_at=now)
    Invitation.objects.filter(pk__in=[row.pk for row in invitations]).update(revoked_at=now)
    if handovers:
        out["handovers_ended"] = [row.number for row in handovers]
    if invitations:
        out["invitations_revoked"] = [row.number for row in invitations]
    return out


def _invitations_over(member: Membership) -> list[Invitation]:
    waiting = Invitation.objects.filter(accepted_at=None, revoked_at=None)
    if not member.removed_at:
        return [row for row in waiting.filter(invited_by=member) if not _may_invite(member, row.role)]
    return list(waiting.filter(Q(invited_by=member) | Q(email_norm__in=_addresses_of(member.user))))


def _addresses_of(user: User) -> set[str]:
    """Every address that this account could accept an invitation by."""
    proven = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return {user.email_norm, *map(normalise, proven)}


def _may_invite(member: Membership, role: str) -> bool:
    return may(member.role, Permission.MANAGE_MEMBERS) and may_give(member.role, role)


def _still_here(member: Membership) -> Membership:
    found = present().filter(pk=member.pk).first()
    if found is None:
        raise MemberError(_("This person is not in the workspace any more."))
    return found


def _keep_an_owner(*, without: Membership, then: str = "") -> None:
    owners = present().filter(role=Role.OWNER)
    if without.role == Role.OWNER and then != Role.OWNER and not owners.exclude(pk=without.pk).exists():
        raise MemberError(_("A workspace always has an owner, and this is the only one. Hand it over first."))


def _gone(member: Membership, *, action: audit.Action, by: Membership) -> Membership:
    member.removed_at = timezone.now()
    member.save(update_fields=["removed_at"])
    audit.record(action, by=by, target=target_of(member), role=member.role, **end_what_rests_on(member))
    publish(MemberLeft(member_id=member.pk))
    return member
