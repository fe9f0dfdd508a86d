"""The navigation beside every page of the settings: what this person may open, in groups."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tenants.access import Visit
from tenants.roles import Permission


@dataclass(frozen=True, slots=True)
class NavLink:
    name: str
    url: str
    selected: bool


SettingsNav = tuple[tuple[str, tuple[NavLink, ...]], ...]  # groups of links

# Group -> (word, name of the address, what one needs to open it).
_GROUPS = (
    (
        _("Workspace"),
        (
            (_("General"), "tenants:general", Permission.SEE_SETTINGS),
            (_("Members"), "tenants:members", Permission.SEE_MEMBERS),
            (_("Mail"), "inbox:mail", Permission.SEE_SETTINGS),
            (_("Mail in"), "inbox:mail_in", Permission.CHANGE_SETTINGS),
            (_("Saved replies"), "inbox:saved_replies", Permission.WORK_INBOX),
            (_("Security"), "tenants:security", Permission.SEE_SETTINGS),
            (_("Shopify permissions"), "shopify:permissions", Permission.SEE_SETTINGS),
            (_("Privacy"), "shopify:privacy", Permission.SEE_PRIVACY),
            (_("Data"), "tenants:data", Permission.EXPORT_DATA),
            (_("Audit log"), "tenants:audit", Permission.SEE_AUDIT),
        ),
    ),
)


def settings_nav(visit: Visit, *, selected: str) -> SettingsNav:
    """The groups with what this person may open. `selected`: the name of the page's own address."""
    kwargs = {"workspace": visit.workspace.slug}
    groups = (
        (
            str(group),
            tuple(NavLink(str(n), reverse(v, kwargs=kwargs), v == selected) for n, v, p in links if _open(visit, v, p)),
        )
        for group, links in _GROUPS
    )
    return tuple((group, links) for group, links in groups if links)


def _open(visit: Visit, name: str, permission: Permission) -> bool:
    """Of a closed workspace the data alone are left (tenants/views/closed.py)."""
    return visit.may(permission) and (visit.workspace.erase_after is None or name == "tenants:data")
