"""Who has a second factor, a workspace's rule that everybody needs one, and what an operator does for who lost theirs."""

from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from tenants import audit
from tenants.models import Membership, Tenant
from tenants.rls.context import current_tenant_id
from tenants.roles import Permission, may

# What counts. Recovery codes alone do not: they exist beside one of these.
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# Where a session keeps the page that somebody wanted before a second factor was asked for.
WANTED = "after_second_factor"


class NoneYourself(Exception):
    """Who requires a second factor of everybody must have one: the rule would lock its own maker out."""


def has_one(user_id: int) -> bool:
    return Authenticator.objects.filter(user_id=user_id, type__in=KINDS).exists()


def count(user_id: int) -> int:
    return Authenticator.objects.filter(user_id=user_id, type__in=KINDS).count()


def has_app(user_id: int) -> bool:
    return Authenticator.objects.filter(user_id=user_id, type=Authenticator.Type.TOTP).exists()


def lacking() -> list[Membership]:
    """The members of the current workspace who have none yet, by name."""
    members = Membership.objects.select_related("user").filter(removed_at=None)
    with_one = set(
        Authenticator.objects.filter(user_id__in=[m.user_id for m in members], type__in=KINDS).values_list(
            "user_id", flat=True
        )
    )
    return sorted((m for m in members if m.user_id not in with_one), key=lambda m: m.user.display_name.casefold())


def require(*, by: Membership) -> None:
    """From now on nobody enters the workspace without a second factor. Raises NoneYourself."""
    if not has_one(by.user_id):
        raise NoneYourself
    _set_rule(True, by=by)


def make_optional(*, by: Membership) -> None:
    """Everybody may have a second factor, nobody must."""
    _set_rule(False, by=by)


def _set_rule(required: bool, *, by: Membership) -> None:
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    # As they are behind the lock. Not by members.authorise: accounts asks this module, and members stand above accounts.
    actor = Membership.objects.select_related("user").filter(pk=by.pk, removed_at=None).first()
    if actor is None or not may(actor.role, Permission.SET_SECURITY):
        raise PermissionDenied
    if tenant.require_second_factor == required:
        return
    tenant.require_second_factor = required
    tenant.changed_at, tenant.changed_by = timezone.now(), actor.user.display_name
    tenant.save(update_fields=["require_second_factor", "changed_at", "changed_by"])
    action = audit.Action.SECOND_FACTOR_REQUIRED if required else audit.Action.SECOND_FACTOR_OPTIONAL
    audit.record(action, by=actor, target=tenant.slug, before={"required": not required}, after={"required": required})


def remember_wanted(session: SessionBase, path: str) -> None:
    """Keep where somebody wanted to go, for when the second factor is set up."""
    session[WANTED] = path


def take_wanted(session: SessionBase) -> str:
    """Where somebody wanted to go, once; "" when nowhere."""
    return str(session.pop(WANTED, ""))
