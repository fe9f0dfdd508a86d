"""Page objects of General, and of the choice between workspaces."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext

from tenants.access import Visit
from tenants.doors import Workspace
from tenants.forms.general import GeneralForm
from tenants.models import Tenant
from tenants.pages.nav import SettingsNav, settings_nav
from tenants.roles import Permission, Role


@dataclass(frozen=True, slots=True)
class GeneralPage:
    """Settings -> General. `panel_url` is the slot that other packages fill."""

    form: GeneralForm
    may_edit: bool
    saved: bool
    address: str  # the workspace's own, "support.example.com/acme"
    panel_url: str
    changed_by: str
    changed_at: datetime | None
    settings_nav: SettingsNav


@dataclass(frozen=True, slots=True)
class ChoosePage:
    workspaces: tuple[tuple[str, str, str], ...]


def general_page(
    visit: Visit, tenant: Tenant, form: GeneralForm, *, host: str, saved: bool, connected: str
) -> GeneralPage:
    panel_url = reverse("shopify:panel", kwargs={"workspace": visit.workspace.slug})
    return GeneralPage(
        form=form,
        may_edit=visit.may(Permission.CHANGE_SETTINGS),
        saved=saved,
        address=f"{host}/{visit.workspace.slug}",
        panel_url=f"{panel_url}?connected={connected}" if connected else panel_url,
        changed_by=tenant.changed_by,
        changed_at=tenant.changed_at,
        settings_nav=settings_nav(visit, selected="tenants:general"),
    )


def choose_page(workspaces: tuple[Workspace, ...]) -> ChoosePage:
    return ChoosePage(
        tuple((w.name, reverse("inbox:home", kwargs={"workspace": w.slug}), _standing(w)) for w in workspaces)
    )


def _standing(workspace: Workspace) -> str:
    role = str(Role(workspace.role).label)
    return role if workspace.erase_after is None else gettext("%(role)s, being closed") % {"role": role}


def initial(tenant: Tenant) -> dict[str, object]:
    """A workspace's values as its form shows them."""
    return {
        "name": tenant.name,
        "time_zone": tenant.time_zone,
        "support_addresses": "\n".join(tenant.support_addresses),
    }
