"""What stands above a list: the filters with what they can be set to, those that are set, and what can be done to many."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import snoozing
from inbox.bundles import array_of, rows_of
from inbox.cards import Option
from inbox.faces import face
from inbox.list_cards import Bulk, FilterChip, FilterChoice
from inbox.looking import Looking
from inbox.models import Conversation, ConversationTopic, Tag
from integrations.shopify import interface
from tenants import members
from tenants.access import Visit
from tenants.models import Membership
from versana.moments import stamp

KNOWN_TAGS = 200
_USER = ("user",)


def wanted() -> dict[str, Any]:
    """What the filters offer, to be read with the list's other facts."""
    tags = Tag.objects.order_by("name_norm")[:KNOWN_TAGS]
    return {"offered_tags": array_of(tags), "colleagues": array_of(members.present(), people=_USER)}


def choices(looked: Looking, facts: Mapping[str, Any]) -> tuple[FilterChoice, ...]:
    """Each filter. A tag or a store that is there no more, but that the address names, is said to be gone. `facts`: what is
    `wanted`."""
    people = rows_of(Membership, facts["colleagues"], people=_USER)
    present = sorted(people, key=lambda one: one.user.display_name.casefold())
    tags = rows_of(Tag, facts["offered_tags"])
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {
        "topic": (_("Topic"), [(str(each.value), str(each.label)) for each in ConversationTopic.Topic]),
        "tag": (_("Tag"), [(str(row.number), row.name) for row in tags]),
        "assignee": (_("Assigned to"), [(str(one.number), one.user.display_name) for one in present]),
        "store": (_("Store"), [(str(number), domain) for number, domain in interface.store_names()]),
        "priority": (_("Priority"), [(str(each.value), str(each.label)) for each in Conversation.Priority]),
    }
    return tuple(_choice(name, label, options, looked) for name, (label, options) in found.items())


def _choice(name: str, label: str, options: list[tuple[str, str]], looked: Looking) -> FilterChoice:
    wanted = looked.filters.get(name, "")
    if wanted and wanted not in dict(options):
        options = [*options, (wanted, _("no longer there"))]
    return FilterChoice(name, label, tuple(Option(value, text, current=value == wanted) for value, text in options))


def chips(looked: Looking, filters: tuple[FilterChoice, ...], base: str) -> tuple[FilterChip, ...]:
    """The filters that are set, each with the address of the list without it."""
    return tuple(
        FilterChip(
            text=f"{each.label}: {option.label}",
            remove_url=f"{base}?view={looked.without(each.name).words}",
            label=_("Take away the filter %(name)s") % {"name": f"{each.label}: {option.label}"},
        )
        for each in filters
        for option in each.options
        if option.current
    )


def bulk(visit: Visit, looked: Looking, filters: tuple[FilterChoice, ...]) -> Bulk:
    """What can be done to many at once, from the choices that are there anyway."""
    known = {each.name: each.options for each in filters}
    own = str(visit.membership.number)
    people = sorted(
        (option for option in known["assignee"] if option.label != _("no longer there")),
        key=lambda option: option.value != own,
    )
    offered = snoozing.choices(timezone.now(), timezone.get_current_timezone())
    return Bulk(
        url=f"{reverse('inbox:bulk', kwargs={'workspace': visit.workspace.slug})}?view={looked.words}",
        members=(
            *(
                Option(
                    option.value,
                    _("You") if option.value == own else option.label,
                    person=face(option.label, int(option.value), colleague=True),
                )
                for option in people
            ),
            Option("", _("Nobody")),
        ),
        snoozes=tuple(Option(choice.key, choice.label, hint=stamp(choice.when)) for choice in offered),
        known_tags=tuple(option.label for option in known["tag"] if option.label != _("no longer there")),
    )
