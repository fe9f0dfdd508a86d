"""The head of a thread: how the conversation stands, and the menus of what can be done to it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import snoozing
from inbox.bundles import array_of, rows_of
from inbox.cards import EventLine, Option, TagChip, ThreadTools, Work
from inbox.faces import face
from inbox.models import Conversation, ConversationTag, Tag
from tenants import members
from tenants.access import Visit
from tenants.models import Membership
from tenants.roles import Permission
from versana.moments import stamp

State, Priority = Conversation.State, Conversation.Priority
KNOWN_TAGS = 200
_PLACE, _USER = ("place",), ("user",)
_LOOKS = {
    State.OPEN: ("idle", "open"),
    State.SNOOZED: ("wait", "clock"),
    State.CLOSED: ("done", "check"),
    State.SPAM: ("stop", "slashed"),
}


def wanted() -> dict[str, Any]:
    """What the head shows beside the conversation itself, to be read with its other facts."""
    here = ConversationTag.objects.filter(conversation=OuterRef(OuterRef("pk")), tag=OuterRef("pk")).values("pk")
    rows = Tag.objects.annotate(place=Subquery(here)).order_by(F("place").asc(nulls_last=True), "name_norm")
    return {
        "known_tags": array_of(rows[:KNOWN_TAGS], also=_PLACE),
        "colleagues": array_of(members.present(), people=_USER),
    }


def colleagues(facts: Mapping[str, Any]) -> list[Membership]:
    """The people of the workspace, from what is `wanted`."""
    return rows_of(Membership, facts["colleagues"], people=_USER)


def work(
    visit: Visit,
    conversation: Conversation,
    *,
    view: str,
    error: str = "",
    events: tuple[EventLine, ...] = (),
    facts: Mapping[str, Any] | None = None,
) -> Work | None:
    """None for a conversation that was erased: there is nothing to work on. `facts`: what is `wanted`, where it was read already."""
    if conversation.erased_at:
        return None
    if facts is None:
        facts = Conversation.objects.filter(pk=conversation.pk).values(**wanted()).get()
    state, assignee = State(conversation.state), conversation.assignee
    tone, shape = _LOOKS[state]
    on, known = _tags(rows_of(Tag, facts["known_tags"], also=_PLACE))
    stands = Work(
        state=state,
        state_label=str(state.label),
        tone=tone,
        shape=shape,
        until=conversation.snoozed_until,
        assignee=face(assignee.user.display_name, assignee.pk, colleague=True) if assignee else None,
        priority_label="" if conversation.priority == Priority.NORMAL else str(Priority(conversation.priority).label),
        tags=on,
        error=error,
        events=events,
    )
    return (
        replace(stands, known_tags=known, **_menus(visit, conversation, view, colleagues(facts)))
        if visit.may(Permission.WORK_INBOX)
        else stands
    )


def _menus(visit: Visit, conversation: Conversation, view: str, people: list[Membership]) -> dict[str, Any]:
    here = {"workspace": visit.workspace.slug, "number": conversation.number}

    def url(name: str) -> str:
        return f"{reverse(f'inbox:{name}', kwargs=here)}?view={view}"

    return {
        "assign_url": url("assign"),
        "state_url": url("state"),
        "priority_url": url("priority"),
        "tag_url": url("tag"),
        "untag_url": url("untag"),
        "tools": _tools(visit, conversation),
        "members": _members(visit, conversation, people),
        "snoozes": _snoozes(),
        "priorities": tuple(
            Option(str(each.value), str(each.label), current=each == conversation.priority) for each in Priority
        ),
    }


def _tools(visit: Visit, conversation: Conversation) -> ThreadTools:
    here = {"workspace": visit.workspace.slug, "number": conversation.number}
    contact = {"workspace": visit.workspace.slug, "number": conversation.contact.number}
    return ThreadTools(
        print_url=reverse("inbox:print", kwargs=here),
        contact_url=reverse("inbox:contact", kwargs=contact),
        merge_url=reverse("inbox:merge", kwargs=here),
        split_url=reverse("inbox:split", kwargs=here),
    )


def _tags(rows: list[Tag]) -> tuple[tuple[TagChip, ...], tuple[str, ...]]:
    """Those on the conversation, in the order in which they came there; and the names of those that are not."""
    on = tuple(TagChip(row.number, row.name) for row in rows if row.place is not None)  # type: ignore[attr-defined]
    return on, tuple(row.name for row in rows if row.place is None)  # type: ignore[attr-defined]


def _members(visit: Visit, conversation: Conversation, people: list[Membership]) -> tuple[Option, ...]:
    """Oneself first, then by name, then nobody."""
    own = visit.membership.pk
    present = sorted(people, key=lambda one: (one.pk != own, one.user.display_name.casefold()))
    everybody = [
        Option(
            str(one.number),
            _("You") if one.pk == own else one.user.display_name,
            current=one.pk == conversation.assignee_id,
            person=face(one.user.display_name, one.pk, colleague=True),
        )
        for one in present
    ]
    return (*everybody, Option("", _("Nobody"), current=conversation.assignee_id is None))


def _snoozes() -> tuple[Option, ...]:
    offered = snoozing.choices(timezone.now(), timezone.get_current_timezone())
    return tuple(Option(choice.key, choice.label, hint=stamp(choice.when)) for choice in offered)
