"""The page object of Settings -> Security."""

from dataclasses import dataclass

from django.urls import reverse

from tenants import second_factors
from tenants.access import Visit
from tenants.models import Tenant
from tenants.pages.nav import SettingsNav, settings_nav
from tenants.roles import Permission, Role


@dataclass(frozen=True, slots=True)
class Lacking:
    name: str
    role_word: str
    is_viewer: bool


@dataclass(frozen=True, slots=True)
class SecurityPage:
    required: bool
    may_edit: bool
    saved: bool
    none_yourself: bool  # the owner tried to require what they have not themselves
    has_own: bool
    shows_lacking: bool
    lacking: tuple[Lacking, ...]  # empty for agents: who is less protected is not everybody's business
    set_up_url: str
    settings_nav: SettingsNav


def security_page(visit: Visit, tenant: Tenant, *, none_yourself: bool, saved: bool) -> SecurityPage:
    shows_lacking = visit.may(Permission.SET_SECURITY) or visit.may(Permission.MANAGE_MEMBERS)
    lacking = second_factors.lacking() if shows_lacking else []
    return SecurityPage(
        required=tenant.require_second_factor,
        may_edit=visit.may(Permission.SET_SECURITY),
        saved=saved,
        none_yourself=none_yourself,
        has_own=second_factors.has_one(visit.membership.user_id),
        shows_lacking=shows_lacking,
        lacking=tuple(
            Lacking(m.user.display_name, str(Role(m.role).label), m.pk == visit.membership.pk) for m in lacking
        ),
        set_up_url=reverse("mfa_index"),
        settings_nav=settings_nav(visit, selected="tenants:security"),
    )
