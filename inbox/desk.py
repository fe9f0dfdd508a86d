"""The head of a thread: how the conversation stands, and the menus of what can be done to it."""

from dataclasses import replace
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import snoozing
from inbox.cards import EventLine, Option, TagChip, ThreadTools, Work
from inbox.faces import face
from inbox.models import Conversation, ConversationTag, Tag
from tenants import members
from tenants.access import Visit
from tenants.roles import Permission
from versana.moments import stamp

State, Priority = Conversation.State, Conversation.Priority
KNOWN_TAGS = 200
_LOOKS = {
    State.OPEN: ("idle", "open"),
    State.SNOOZED: ("wait", "clock"),
    State.CLOSED: ("done", "check"),
    State.SPAM: ("stop", "slashed"),
}


def work(
    visit: Visit, conversation: Conversation, *, view: str, error: str = "", events: tuple[EventLine, ...] = ()
) -> Work | None:
    """None for a conversation that was erased: there is nothing to work on."""
    if conversation.erased_at:
        return None
    state, assignee = State(conversation.state), conversation.assignee
    tone, shape = _LOOKS[state]
    on, known = _tags(conversation)
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
        replace(stands, known_tags=known, **_menus(visit, conversation, view))
        if visit.may(Permission.WORK_INBOX)
        else stands
    )


def _menus(visit: Visit, conversation: Conversation, view: str) -> dict[str, Any]:
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
        "members": _members(visit, conversation),
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


def _tags(conversation: Conversation) -> tuple[tuple[TagChip, ...], tuple[str, ...]]:
    """Those on the conversation, in the order in which they came there; and the names of those that are not. One query."""
    here = ConversationTag.objects.filter(conversation=conversation, tag=OuterRef("pk")).values("pk")
    rows = list(
        Tag.objects.annotate(place=Subquery(here)).order_by(F("place").asc(nulls_last=True), "name_norm")[:KNOWN_TAGS]
    )
    on = tuple(TagChip(row.number, row.name) for row in rows if row.place is not None)
    return on, tuple(row.name for row in rows if row.place is None)


def _members(visit: Visit, conversation: Conversation) -> tuple[Option, ...]:
    """Oneself first, then by name, then nobody."""
    own = visit.membership.pk
    present = sorted(members.present(), key=lambda one: (one.pk != own, one.user.display_name.casefold()))
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
