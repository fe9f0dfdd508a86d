"""What a thread tells between its messages: notes of the team, and what was done to the conversation."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import OuterRef
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from inbox.bundles import array_of, rows_of
from inbox.cards import EventLine, MessageCard, NoteCard
from inbox.faces import face
from inbox.models import Conversation, ConversationEvent, Note
from inbox.notes import may_remove
from tenants.access import Visit
from tenants.models import Membership
from tenants.roles import Permission
from versana.moments import stamp

Kind = ConversationEvent.Kind
MOST_EVENTS = 200  # of one conversation, the newest
_WRITER, _DOER = ("writer__user",), ("by__user",)


def wanted() -> dict[str, Any]:
    """What `entries` tells of a conversation, to be read with its other facts."""
    here = OuterRef("pk")
    notes = Note.objects.filter(conversation=here).order_by("created_at", "pk")
    events = ConversationEvent.objects.filter(conversation=here).order_by("-at", "-pk")[:MOST_EVENTS]
    return {"told_notes": array_of(notes, people=_WRITER), "told_events": array_of(events, people=_DOER)}


def entries(
    conversation: Conversation,
    messages: Iterable[MessageCard],
    *,
    visit: Visit,
    facts: Mapping[str, Any],
    known: Mapping[int, str],
) -> tuple[MessageCard | NoteCard | EventLine, ...]:
    """Messages, notes and events of a thread in the order of their times. `facts`: what is `wanted`; `known`: names of members
    by their ids, who need not be looked up."""
    notes = _notes(conversation, rows_of(Note, facts["told_notes"], people=_WRITER), visit=visit)
    newest = rows_of(ConversationEvent, facts["told_events"], people=_DOER)[::-1]
    return tuple(sorted([*messages, *notes, *_lines(newest, known)], key=lambda entry: entry.at))


def _notes(conversation: Conversation, rows: Iterable[Note], *, visit: Visit) -> list[NoteCard]:
    here = {"workspace": visit.workspace.slug, "number": conversation.number}
    works = visit.may(Permission.WORK_INBOX) and conversation.erased_at is None
    return [
        NoteCard(
            anchor=f"n{row.pk}",
            person=face(row.writer.user.display_name, row.writer_id, colleague=True),
            at=row.created_at,
            text=row.text,
            delete_url=reverse("inbox:delete_note", kwargs=here)
            if works and may_remove(row, by=visit.membership)
            else "",
            number=row.pk,
        )
        for row in rows
    ]


def events(conversation: Conversation, *, after: int = 0) -> list[EventLine]:
    """What was done, the oldest first; `after` this one."""
    rows = ConversationEvent.objects.filter(conversation=conversation, pk__gt=after).select_related("by__user")
    return _lines(list(rows.order_by("-at", "-pk")[:MOST_EVENTS])[::-1], {})


def _lines(rows: list[ConversationEvent], known: Mapping[int, str]) -> list[EventLine]:
    names = _names(rows, known)
    return [EventLine(anchor=f"e{row.pk}", at=row.at, text=_sentence(row, names)) for row in rows]


def last_event(conversation: Conversation) -> int:
    """The id of what was done last, for whoever wants to know what came after it."""
    rows = ConversationEvent.objects.filter(conversation=conversation).order_by("-pk")
    return rows.values_list("pk", flat=True).first() or 0


def _names(rows: Iterable[ConversationEvent], known: Mapping[int, str]) -> dict[object, str]:
    """Of the members whom events name by their id: those who left are looked up."""
    ids = {row.detail["member"] for row in rows if isinstance(row.detail.get("member"), int)}
    unknown = ids - known.keys()
    members = Membership.objects.filter(pk__in=unknown).select_related("user") if unknown else ()
    return {**known, **{member.pk: member.user.display_name for member in members}}


def _sentence(row: ConversationEvent, names: Mapping[object, str]) -> str:
    by = row.by.user.display_name if row.by else ""
    said = {"by": by, **_values(row, names)}
    if row.by is None and row.kind in _BY_ITSELF:
        return _(_BY_ITSELF[row.kind]) % said
    if row.kind == Kind.ASSIGNED and row.by_id == row.detail.get("member"):
        return _("%(by)s took this") % said
    return _(_SENTENCES.get(row.kind, "%(by)s changed this")) % said


def _values(row: ConversationEvent, names: Mapping[object, str]) -> dict[str, object]:
    detail = row.detail
    until = parse_datetime(str(detail.get("until", "")))
    return {
        "member": names.get(detail.get("member"), _("somebody")),
        "until": _when(until),
        "tag": detail.get("tag", ""),
        "before": _priority(detail.get("before")),
        "after": _priority(detail.get("after")),
        "number": detail.get("number", ""),
    }


def _when(until: datetime | None) -> str:
    return stamp(until) if until else ""


def _priority(value: object) -> str:
    return str(Conversation.Priority(value).label) if value in Conversation.Priority.values else ""


_SENTENCES: dict[str, str] = {
    Kind.ASSIGNED: noop("%(by)s assigned this to %(member)s"),
    Kind.UNASSIGNED: noop("%(by)s took this from %(member)s"),
    Kind.CLOSED: noop("%(by)s closed this"),
    Kind.REOPENED: noop("%(by)s opened this again"),
    Kind.SNOOZED: noop("%(by)s snoozed this until %(until)s"),
    Kind.WOKE: noop("%(by)s woke this"),
    Kind.TAGGED: noop("%(by)s added the tag %(tag)s"),
    Kind.UNTAGGED: noop("%(by)s took off the tag %(tag)s"),
    Kind.PRIORITY: noop("%(by)s changed the priority from %(before)s to %(after)s"),
    Kind.SPAM: noop("%(by)s marked this as spam"),
    Kind.NOT_SPAM: noop("%(by)s said that this is no spam"),
    Kind.MERGED: noop("%(by)s merged conversation %(number)s into this one"),
    Kind.SPLIT: noop("%(by)s split this; see conversation %(number)s"),
}
_BY_ITSELF: dict[str, str] = {
    Kind.UNASSIGNED: noop("%(member)s left the workspace, and this is nobody’s"),
    Kind.REOPENED: noop("A new message opened this again"),
    Kind.WOKE: noop("This is awake again"),
    Kind.SPAM: noop("This was taken for spam"),
    Kind.MERGED: noop("A mail that belongs to both joined conversation %(number)s with this one"),
}
