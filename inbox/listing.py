"""The list of conversations: its views with their counts, and one keyset page of rows."""

from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox.cards import ConversationRow, ListPane, ViewTab
from inbox.faces import face
from inbox.models import Conversation
from tenants.access import Visit
from tenants.names import shown
from versana import keyset

PAGE = 40
COUNT_LIMIT = 999
VIEWS = {"needs-reply": True, "replied": False, "all": None}


def list_pane(visit: Visit, *, view: str, after: str, selected: int = 0) -> ListPane:
    """One keyset page of a view, newest activity first. Raises ValueError for a cursor that is none of ours."""
    base = reverse("inbox:list", kwargs={"workspace": visit.workspace.slug})
    rows = list(keyset.after(_of_view(view), after, by="last_message_at")[: PAGE + 1])
    more = len(rows) > PAGE
    query = (
        urlencode({"view": view, "after": keyset.position_of(rows[PAGE - 1].last_message_at, rows[PAGE - 1].pk)})
        if more
        else ""
    )
    title, text = map(str, _EMPTY[view])
    return ListPane(
        tabs=tuple(_tab(name, base, selected=name == view) for name in VIEWS) if not after else (),
        rows=tuple(_row(row, visit.workspace.slug, view, selected=row.number == selected) for row in rows[:PAGE]),
        next_url=f"{base}?{query}" if more else "",
        empty_title=title,
        empty_text=text,
    )


_EMPTY = {
    "needs-reply": (gettext_lazy("Nothing waits for a reply"), gettext_lazy("New mail from contacts appears here.")),
    "replied": (
        gettext_lazy("No answered conversations yet"),
        gettext_lazy("Conversations whose last word is yours appear here."),
    ),
    "all": (
        gettext_lazy("No conversations yet"),
        gettext_lazy("They appear here as soon as mail has been imported."),
    ),
}
_NAMES = {"needs-reply": gettext_lazy("Needs reply"), "replied": gettext_lazy("Replied"), "all": gettext_lazy("All")}


def _of_view(view: str) -> QuerySet[Conversation]:
    rows = Conversation.objects.select_related("contact")
    wanted = VIEWS[view]
    return rows if wanted is None else rows.filter(needs_reply=wanted)


def _tab(view: str, base: str, *, selected: bool) -> ViewTab:
    # Counting stops at the limit: a count that is shown must not cost more the larger the workspace is.
    wanted = VIEWS[view]
    rows = Conversation.objects.all() if wanted is None else Conversation.objects.filter(needs_reply=wanted)
    count = rows.values("pk")[: COUNT_LIMIT + 1].count()
    return ViewTab(
        str(_NAMES[view]), f"{base}?{urlencode({'view': view})}", min(count, COUNT_LIMIT), count > COUNT_LIMIT, selected
    )


def _row(row: Conversation, slug: str, view: str, *, selected: bool) -> ConversationRow:
    return ConversationRow(
        number=row.number,
        url=thread_url(slug, row.number, view),
        person=face(
            shown(row.contact.name) or row.subject or (_("Erased contact") if row.erased_at else "?"), row.contact_id
        ),
        subject=subject_of(row),
        snippet=row.snippet,
        last_at=row.last_message_at,
        needs_reply=row.needs_reply,
        selected=selected,
    )


def subject_of(conversation: Conversation) -> str:
    if conversation.erased_at:
        return _("Erased conversation")
    return conversation.subject or _("(no subject)")


def thread_url(slug: str, number: int, view: str) -> str:
    url = reverse("inbox:thread", kwargs={"workspace": slug, "number": number})
    return url if view == "needs-reply" else f"{url}?{urlencode({'view': view})}"
