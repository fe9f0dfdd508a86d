"""The frame around every page: who is here, in which workspace, and where the rail leads."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from tenants import first_run
from tenants.access import Visit
from tenants.roles import Permission, Role


@dataclass(frozen=True, slots=True)
class Frame:
    workspace_name: str
    workspace_initials: str
    home_url: str
    inbox_url: str
    reports_url: str  # empty for those who may not see them
    notices_url: str
    bell_url: str  # asked now and then for how many notices are unread: theirs is another package
    settings_url: str
    person_name: str
    person_initials: str
    person_email: str
    role_word: str
    logout_url: str
    nav: str
    workspaces: tuple[tuple[str, str, bool], ...]
    theme: str
    person_hue: int = 3
    contacts_url: str = ""


def initials(name: str) -> str:
    """Two letters for a face: of the first and the last word."""
    words = [word for word in name.replace("&", " ").split() if word[0].isalnum()]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])).upper() if words else "?"


def theme_of(request: HttpRequest) -> str:
    theme = request.COOKIES.get("theme", "")
    return theme if theme in ("light", "dark") else "system"


def frame(request: HttpRequest) -> dict[str, object]:
    """`frame` for the base template; None where there is no workspace. `theme` everywhere. `nobody_yet` for sign-in."""
    visit, theme = getattr(request, "visit", None), theme_of(request)
    # Lazy: what htmx swaps into a page has no frame, and should not pay for its addresses.
    return {
        "frame": SimpleLazyObject(lambda: _frame(request, visit, theme)) if visit else None,
        "theme": theme,
        "nobody_yet": SimpleLazyObject(first_run.nobody_yet),
    }


# Address -> the entry of the rail; of what stands in none, its package's.
_ENTRIES = {
    "inbox:home": "home",
    "inbox:reports": "reports",
    "inbox:notices": "notices",
    "inbox:notice_rules": "notices",
    "inbox": "inbox",
    "help": "",
}


def _nav(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        return "settings"
    if match.view_name in _ENTRIES:
        return _ENTRIES[match.view_name]
    if "/settings/" in match.route:
        return "settings"
    return "contacts" if (match.url_name or "").startswith("contact") else _ENTRIES.get(match.namespace, "settings")


def _frame(request: HttpRequest, visit: Visit, theme: str) -> Frame:
    workspace, user = visit.workspace, visit.membership.user
    slug = {"workspace": workspace.slug}
    return Frame(
        workspace_name=workspace.name,
        workspace_initials=initials(workspace.name),
        home_url=reverse("inbox:home", kwargs=slug),
        inbox_url=reverse("inbox:list", kwargs=slug),
        reports_url=reverse("inbox:reports", kwargs=slug) if visit.may(Permission.SEE_REPORTS) else "",
        notices_url=reverse("inbox:notices", kwargs=slug),
        bell_url=reverse("inbox:bell", kwargs=slug),
        settings_url=reverse("tenants:general", kwargs=slug),
        person_name=user.display_name,
        person_initials=initials(user.display_name),
        person_email=user.email,
        role_word=Role(workspace.role).label,
        logout_url=reverse("account_logout"),
        nav=_nav(request),
        workspaces=tuple(
            (w.name, reverse("inbox:home", kwargs={"workspace": w.slug}), w.id == workspace.id)
            for w in visit.workspaces
        ),
        theme=theme,
        person_hue=visit.membership.number % 6,  # as in the list of members
        contacts_url=reverse("inbox:contacts", kwargs=slug),
    )
