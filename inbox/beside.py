"""Where the sections beside a conversation answer, and what whoever looks may do there."""

from dataclasses import replace
from functools import lru_cache

from django.urls import reverse

from integrations.shopify import interface
from integrations.shopify.sections import Section
from tenants.access import Visit
from tenants.roles import Permission


def sections_of(visit: Visit, number: int, person: interface.Person) -> interface.Addresses:
    """Where the sections beside a conversation answer. What may be undone or replaced is named as it was seen."""
    slug = visit.workspace.slug

    def seen(store: int, verb: str) -> str:
        link = person.links.get(store)
        return f"{_section_url(slug, number, store)}{verb}/" + (f"?seen={link.customer_id}" if link else "")

    reads = interface.Addresses(
        section=lambda store: _section_url(slug, number, store),
        order=lambda store, order: f"{_section_url(slug, number, store)}orders/{order}/",
    )
    if not visit.may(Permission.WORK_INBOX):
        return reads
    return replace(
        reads,
        link=lambda store: seen(store, "link"),
        unlink=lambda store: seen(store, "unlink"),
        search=lambda store: f"{_section_url(slug, number, store)}search/",
        confirm=lambda store, order: f"{_section_url(slug, number, store)}orders/{order}/confirm/",
        withdraw=lambda store, order: f"{_section_url(slug, number, store)}orders/{order}/withdraw/",
        rule_out=lambda store, order: f"{_section_url(slug, number, store)}orders/{order}/not-theirs/",
        reconsider=lambda store, order: f"{_section_url(slug, number, store)}orders/{order}/reconsider/",
        none_of=lambda store: f"{_section_url(slug, number, store)}none/",
        any_of=lambda store: f"{_section_url(slug, number, store)}reconsider/",
    )


@lru_cache(maxsize=1024)
def _section_url(slug: str, number: int, store: int) -> str:
    """What the addresses of a section begin with: it has fifty orders, and reversing an address is slow."""
    return reverse("inbox:section", kwargs={"workspace": slug, "number": number, "store": store})


def searching(section: Section) -> Section:
    """With its search open, and so again when it is brought up to date: a quiet line has no room for one."""
    url, poll, refresh = (
        f"{each}{'&' if '?' in each else '?'}find=1" for each in (section.url, section.poll_url, section.refresh_url)
    )
    return replace(section, searching=True, url=url, poll_url=poll, refresh_url=refresh)


def viewer(visit: Visit) -> interface.Viewer:
    return interface.Viewer(workspace=visit.workspace.slug, may_connect=visit.may(Permission.CONNECT_STORES))
