"""Ask people to join a workspace by mail, and let them in by the link of that mail.

The link's token is in the mail alone; the row has its hash. It lives for a week, is used once, and only by the address
that it was sent to.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import accounts, audit, doors, mails, members, switches
from tenants.addresses import MAX_LENGTH, AddressError, normalise, of_account
from tenants.members import MemberError
from tenants.models import AuditEvent, Invitation, Membership, Tenant, User
from tenants.numbering import next_number
from tenants.rls.context import tenant_context
from tenants.roles import Permission, Role, may_give

LIFETIME = timedelta(days=7)
MOST_OPEN = 100
# Mails that one workspace may cause in an hour, invitations and repetitions together.
MOST_IN_AN_HOUR = 30
_SENDING = (audit.Action.MEMBER_INVITED, audit.Action.INVITATION_RESENT)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # token_urlsafe of 32 bytes


class State(StrEnum):
    OPEN = "open"
    EXPIRED = "expired"
    REVOKED = "revoked"
    USED = "used"
    CLOSED = "closed"  # the workspace is


class InvitationError(Exception):
    """Why an invitation's link did not lead in; `state` is what is the matter with it now, if that is it."""


class WrongPersonError(InvitationError):
    """The account has not proven the address that was invited."""


class AccountExistsError(InvitationError):
    """Somebody has an account with this address: they sign in instead of making another."""


class NotOpenError(InvitationError):
    """The link is unknown, or was used, revoked, replaced, or has expired."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the holder of a link is told."""

    tenant_id: int
    invitation_id: int
    slug: str
    workspace: str
    inviter: str
    role: str
    email: str
    email_norm: str
    state: State


@transaction.atomic
def invite(*, email: str, role: Role, by: Membership) -> Invitation:
    """Raises AddressError, MemberError in words, or PermissionDenied."""
    actor = members.authorise(by=by, permission=Permission.MANAGE_MEMBERS)
    if not may_give(actor.role, role):
        raise PermissionDenied
    members.refuse_if_closed()
    email, norm = email.strip(), _address(email)
    _refuse_known(norm)
    _refuse_too_many()
    token, now = secrets.token_urlsafe(32), timezone.now()
    invitation = Invitation.objects.create(
        number=next_number("invitation"),
        email=email,
        email_norm=norm,
        role=role,
        token_hash=_hash(token),
        invited_by=actor,
        expires_at=now + LIFETIME,
    )
    audit.record(audit.Action.MEMBER_INVITED, by=actor, target=_target(invitation), role=role)
    _send(invitation, token, by=actor)
    made: Invitation = invitation
    return made


@transaction.atomic
def resend(*, invitation: Invitation, by: Membership) -> Invitation:
    """The same invitation with another link, for another week. The old link is nobody's from now on. Raises MemberError."""
    actor, invitation = _for_change(invitation, by=by)
    members.refuse_if_closed()
    _refuse_too_many(resending=True)
    token, now = secrets.token_urlsafe(32), timezone.now()
    invitation.token_hash, invitation.sent_at, invitation.expires_at = _hash(token), now, now + LIFETIME
    invitation.save(update_fields=["token_hash", "sent_at", "expires_at"])
    audit.record(audit.Action.INVITATION_RESENT, by=actor, target=_target(invitation))
    _send(invitation, token, by=actor)
    return invitation


@transaction.atomic
def revoke(*, invitation: Invitation, by: Membership) -> Invitation:
    actor, invitation = _for_change(invitation, by=by)
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    audit.record(audit.Action.INVITATION_REVOKED, by=actor, target=_target(invitation), role=invitation.role)
    return invitation


def find(*, token: str) -> Found | None:
    """The invitation of a link, whatever its state. None for a token that is unknown or none at all."""
    key = doors.invitation_of(_hash(token)) if _TOKEN.fullmatch(token) else None
    if key is None:
        return None
    with tenant_context(key.tenant_id):
        tenant = Tenant.objects.get(pk=key.tenant_id)
        row = Invitation.objects.select_related("invited_by__user").filter(pk=key.invitation_id).first()
        return _found(row, tenant) if row and row.token_hash == _hash(token) else None


def accept(*, token: str, user: User) -> Membership:
    """Let in somebody who is signed in. Raises InvitationError, and MemberError for a member."""
    found = _find_or_raise(token)
    with tenant_context(found.tenant_id):
        return _take(token, found, user)


def join(*, token: str, name: str, password: str) -> Membership:
    """Make an account for the invited address, whose link proves it, and let it in. The caller validated the password."""
    found = _find_or_raise(token)
    with tenant_context(found.tenant_id):
        members.lock()
        _open_row(token, found)
        if account_of(found.email_norm):
            raise AccountExistsError
        try:
            with transaction.atomic():
                user = accounts.create(email=found.email, name=name, password=password)
        except IntegrityError:  # at this moment, by the invitation of another workspace
            raise AccountExistsError from None
        return _take(token, found, user)


def account_of(norm: str) -> User | None:
    """Whose address this is, first or further, if it is proven."""
    own = User.objects.filter(email_norm=norm).first()
    further = EmailAddress.objects.select_related("user").filter(email=norm, verified=True).first()
    return own or (further.user if further else None)


def belongs_to(found: Found, user: User) -> bool:
    """Whether the invited address is one that this account has proven."""
    proven = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return found.email_norm in {normalise(address) for address in proven}


def _take(token: str, found: Found, user: User) -> Membership:
    members.lock()
    invitation = _open_row(token, found)
    if not belongs_to(found, user):
        raise WrongPersonError
    member = members.place(user=user, role=Role(invitation.role))
    invitation.accepted_at, invitation.accepted_by = timezone.now(), member
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    audit.record(
        audit.Action.INVITATION_ACCEPTED,
        by=member,
        target=_target(invitation),
        role=member.role,
        member=member.number,
    )
    return member


def _find_or_raise(token: str) -> Found:
    found = find(token=token)
    if found is None:
        raise NotOpenError
    return found


def _open_row(token: str, found: Found) -> Invitation:
    """The row as it is behind the lock: of two browsers with one link, the second finds it used."""
    tenant = Tenant.objects.get(pk=found.tenant_id)
    invitation: Invitation = Invitation.objects.select_related("invited_by__user").get(pk=found.invitation_id)
    if invitation.token_hash != _hash(token) or _state(invitation, tenant) != State.OPEN:
        raise NotOpenError
    return invitation


def _for_change(invitation: Invitation, *, by: Membership) -> tuple[Membership, Invitation]:
    actor = members.authorise(by=by, permission=Permission.MANAGE_MEMBERS)
    row: Invitation = Invitation.objects.get(pk=invitation.pk)
    if not may_give(actor.role, row.role):
        raise PermissionDenied
    if row.accepted_at or row.revoked_at:
        raise MemberError(_("This invitation was accepted or revoked meanwhile."))
    return actor, row


def _address(email: str) -> str:
    """The comparable form. Stricter than `normalise`, which also reads what customers' mail programs write."""
    norm = of_account(email)
    try:
        validate_email(norm)
    except ValidationError:
        raise AddressError("This is not an e-mail address.") from None
    if len(email.strip()) > MAX_LENGTH or norm.startswith('"'):
        raise AddressError("This is not an e-mail address.")
    return norm


def _refuse_known(norm: str) -> None:
    account = account_of(norm)
    if account and members.present().filter(user=account).exists():
        raise MemberError(_("This person is a member already."))
    if Invitation.objects.filter(email_norm=norm, accepted_at=None, revoked_at=None).exists():
        raise MemberError(_("This address is invited already. Send that invitation again, or revoke it."))


def _refuse_too_many(*, resending: bool = False) -> None:
    if not switches.is_on(switches.Switch.INVITATIONS):
        raise MemberError(_("Whoever runs this installation has paused invitations. Try again later."))
    waiting = Invitation.objects.filter(accepted_at=None, revoked_at=None).count()
    if not resending and waiting >= MOST_OPEN:
        raise MemberError(_("%(most)d invitations are open. Revoke some first.") % {"most": MOST_OPEN})
    hour_ago = timezone.now() - timedelta(hours=1)
    if AuditEvent.objects.filter(at__gt=hour_ago, action__in=_SENDING).count() >= MOST_IN_AN_HOUR:
        raise MemberError(
            _("%(most)d invitations were sent within an hour. Try again later.") % {"most": MOST_IN_AN_HOUR}
        )


def _found(row: Invitation, tenant: Tenant) -> Found:
    return Found(
        tenant_id=tenant.pk,
        invitation_id=row.pk,
        slug=tenant.slug,
        workspace=tenant.name,
        inviter=row.invited_by.user.display_name,
        role=row.role,
        email=row.email,
        email_norm=row.email_norm,
        state=_state(row, tenant),
    )


def _state(row: Invitation, tenant: Tenant, at: datetime | None = None) -> State:
    if row.accepted_at:
        return State.USED
    if row.revoked_at:
        return State.REVOKED
    if tenant.closed_at:
        return State.CLOSED
    return State.EXPIRED if row.expires_at <= (at or timezone.now()) else State.OPEN


def _send(invitation: Invitation, token: str, *, by: Membership) -> None:
    mails.send(
        "invitation",
        to=[invitation.email],
        path=reverse("tenants:invitation", kwargs={"token": token}),
        by=by.user.display_name,
        role=Role(invitation.role).label.lower(),
        days=LIFETIME.days,
    )


def _target(invitation: Invitation) -> str:
    return f"invitation {invitation.number}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
