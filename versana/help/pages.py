"""The page objects of the help."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.doors import Workspace
from tenants.pages.nav import NavLink
from versana.help.contents import TOPICS
from versana.help.tables import Tables, tables


@dataclass(frozen=True, slots=True)
class HelpIndex:
    title: str
    nav: tuple[NavLink, ...]
    topics: tuple[tuple[str, str, str], ...]  # title, summary, address


@dataclass(frozen=True, slots=True)
class HelpPage:
    title: str
    summary: str
    nav: tuple[NavLink, ...]
    previous: NavLink | None
    following: NavLink | None
    tables: Tables
    general_url: str  # the workspace's settings; empty for who came from no workspace
    permissions_url: str


def index(workspace: Workspace | None) -> HelpIndex:
    topics = tuple((str(t.title), str(t.summary), address(t.slug, workspace)) for t in TOPICS)
    return HelpIndex(_("Help"), _nav("", workspace), topics)


def page(slug: str, workspace: Workspace | None) -> HelpPage | None:
    """None when there is no page of that name."""
    place = next((number for number, topic in enumerate(TOPICS) if topic.slug == slug), None)
    if place is None:
        return None
    here = {"workspace": workspace.slug} if workspace else {}
    links = _nav(slug, workspace)[1:]
    return HelpPage(
        title=str(TOPICS[place].title),
        summary=str(TOPICS[place].summary),
        nav=_nav(slug, workspace),
        previous=links[place - 1] if place else None,
        following=links[place + 1] if place + 1 < len(links) else None,
        tables=tables(),
        general_url=reverse("tenants:general", kwargs=here) if here else "",
        permissions_url=reverse("shopify:permissions", kwargs=here) if here else "",
    )


def address(slug: str, workspace: Workspace | None) -> str:
    """Of a page, or of the index. It carries the workspace along, so that the frame stays while one reads on."""
    url = reverse("help:page", kwargs={"slug": slug}) if slug else reverse("help:index")
    return f"{url}?{urlencode({'workspace': workspace.slug})}" if workspace else url


def _nav(selected: str, workspace: Workspace | None) -> tuple[NavLink, ...]:
    """All pages, the index first."""
    first = NavLink(_("All pages"), address("", workspace), not selected)
    return (first, *(NavLink(str(t.title), address(t.slug, workspace), t.slug == selected) for t in TOPICS))
