"""The list of conversations: its views with their counts, and one keyset page of rows."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox import labels, looking, narrowing, saved_views
from inbox.bundles import array_of, rows_of
from inbox.faces import face
from inbox.list_cards import ConversationRow, ListPane, Said, SavedTab, ViewTab
from inbox.looking import Looking
from inbox.models import (
    Conversation,
    ConversationEvent,
    ConversationTag,
    ConversationTopic,
    Message,
    Presence,
    SavedView,
)
from tenants.access import Visit
from tenants.models import Membership
from tenants.names import shown
from tenants.roles import Permission
from versana import keyset

PAGE = 40
MOST = 200  # rows that an open list is told anew at once
COUNT_LIMIT = 999
TAGS_SHOWN = 3
NEWEST = 20  # changes by which a list knows whether it is as it was
TABS = ("mine", "unassigned", "open", "snoozed")
MENU = ("needs-reply", "closed", "spam", "all")
_NAMES = {
    "mine": gettext_lazy("Mine"),
    "unassigned": gettext_lazy("Unassigned"),
    "open": gettext_lazy("All open"),
    "snoozed": gettext_lazy("Snoozed"),
    "needs-reply": gettext_lazy("Needs reply"),
    "replied": gettext_lazy("Replied"),
    "closed": gettext_lazy("Closed"),
    "spam": gettext_lazy("Spam"),
    "all": gettext_lazy("Everything"),
}
_EMPTY = {
    "mine": (gettext_lazy("Nothing is yours"), gettext_lazy("What is assigned to you and open appears here.")),
    "unassigned": (
        gettext_lazy("Everything has somebody"),
        gettext_lazy("New mail appears here until it is assigned."),
    ),
    "open": (gettext_lazy("Nothing is open"), gettext_lazy("New mail from contacts appears here.")),
    "snoozed": (gettext_lazy("Nothing sleeps"), gettext_lazy("What you snooze waits here until its time has come.")),
    "needs-reply": (gettext_lazy("Nothing waits for a reply"), gettext_lazy("New mail from contacts appears here.")),
    "replied": (
        gettext_lazy("No answered conversations yet"),
        gettext_lazy("Conversations whose last word is yours appear here."),
    ),
    "closed": (gettext_lazy("Nothing is closed yet"), gettext_lazy("A new message opens a closed conversation again.")),
    "spam": (gettext_lazy("No spam"), gettext_lazy("What is taken for spam appears here, and in no other list.")),
    "all": (
        gettext_lazy("No conversations yet"),
        gettext_lazy("They appear here as soon as mail has been imported."),
    ),
}


def list_pane(
    visit: Visit,
    *,
    view: str,
    after: str = "",
    selected: int = 0,
    rows_only: bool = False,
    most: int = PAGE,
    said: Said | None = None,
) -> ListPane:
    """One keyset page of the list of this name, newest activity first; `rows_only`: without what stands above it.

    Raises ValueError for a name or a cursor that is none of ours.
    """
    looked, base = looking.at(view), reverse("inbox:list", kwargs={"workspace": visit.workspace.slug})
    rows, next_url = _page(visit, looked, base, after=after, most=most, selected=selected)
    title, text = (
        (_("Nothing matches these filters"), _("Take one away to see more."))
        if looked.filters
        else map(str, _EMPTY[looked.view])
    )
    bare = ListPane(tabs=(), rows=rows, next_url=next_url, empty_title=title, empty_text=text, words=looked.words)
    return bare if rows_only else _dressed(visit, bare, looked, base, said)


def _dressed(visit: Visit, bare: ListPane, looked: Looking, base: str, said: Said | None) -> ListPane:
    """With its views, filters, and what can be done."""
    around = facts(visit.membership)
    here, may_work = {"workspace": visit.workspace.slug}, visit.may(Permission.WORK_INBOX)
    choices = narrowing.choices(looked, around)
    saved = _saved(visit, saved_views.ordered(rows_of(SavedView, around["saved"])), looked, base)
    tabs = _tabs(around, base, at="" if any(tab.selected for tab in saved) else looked.view)
    on = [tab.name for tab in tabs[len(TABS) :] if tab.selected] + [tab.name for tab in saved if tab.selected]
    return ListPane(
        tabs=tabs[: len(TABS)],
        rows=bare.rows,
        next_url=bare.next_url,
        empty_title=bare.empty_title,
        empty_text=bare.empty_text,
        more=tabs[len(TABS) :],
        saved=saved,
        save_url=f"{reverse('inbox:keep_view', kwargs=here)}?view={looked.words}" if may_work else "",
        may_share=saved_views.may_share(visit.membership),
        view=looked.view,
        words=looked.words,
        url=base,
        filters=choices,
        chips=narrowing.chips(looked, choices, base),
        bulk=narrowing.bulk(visit, looked, choices) if may_work else None,
        live_url=f"{reverse('inbox:live', kwargs=here)}?view={looked.words}",
        seen=_word(around),
        said=said,
        more_selected=on[0] if on else "",
    )


def state(member: Membership) -> str:
    """A word for how the lists of the workspace are: another one once mail has arrived or something was done.

    By the last few numbers rather than the last one alone: of two things that happen at once, the one with the smaller
    number may be the later one to be seen. One statement, by indexes alone.
    """

    return _word(Membership.objects.filter(pk=member.pk).values(**_newest()).get())


def _newest() -> dict[str, ArraySubquery]:
    of = {"messages": Message, "events": ConversationEvent, "topics": ConversationTopic}
    return {
        f"newest_{name}": ArraySubquery(model.objects.order_by("-pk").values("pk")[:NEWEST])
        for name, model in of.items()
    }


def _word(facts: Mapping[str, Any]) -> str:
    return hashlib.blake2b(repr([facts[name] for name in _newest()]).encode(), digest_size=9).hexdigest()


def facts(member: Membership) -> dict[str, Any]:
    """All that stands around the rows, by one statement: how many each view has, how the lists are, what they can be narrowed
    by, and what was kept. Counting stops at the limit: what is shown beside a name must not cost more the larger the workspace
    is."""
    counts = {
        _counted(name): Func(
            ArraySubquery(looking.rows(Looking(name), member=member).order_by().values("pk")[: COUNT_LIMIT + 1]),
            function="CARDINALITY",
            output_field=IntegerField(),
        )
        for name in (*TABS, *MENU)
    }
    saved = array_of(saved_views.seen_by(member))
    found: dict[str, Any] = (
        Membership.objects.filter(pk=member.pk).values(**counts, **_newest(), **narrowing.wanted(), saved=saved).get()
    )
    return found


def _counted(view: str) -> str:
    return f"count_{view.replace('-', '_')}"


def _page(
    visit: Visit, looked: Looking, base: str, *, after: str, most: int, selected: int
) -> tuple[tuple[ConversationRow, ...], str]:
    found = keyset.after(looking.rows(looked, member=visit.membership), after, by="last_message_at")
    # What rows show is looked up for those of the page alone: where no index has the order of a filter, many are sorted.
    page = Conversation.objects.filter(pk__in=found.values("pk")[: most + 1])
    rows = list(_told(page, visit).order_by("-last_message_at", "-pk"))
    cards = tuple(_row(row, visit.workspace.slug, looked.words, selected=row.number == selected) for row in rows[:most])
    if len(rows) <= most:
        return cards, ""
    following = urlencode({"after": keyset.position_of(rows[most - 1].last_message_at, rows[most - 1].pk)})
    return cards, f"{base}?view={looked.words}&{following}"


def _told(rows: QuerySet[Conversation], visit: Visit) -> QuerySet[Conversation]:
    """With all that a row shows: one query."""
    here = OuterRef("pk")
    topics = ConversationTopic.objects.filter(labels.holding(), conversation=here)
    tags = ConversationTag.objects.filter(conversation=here).order_by("pk").values("tag__name")
    seen = Presence.objects.filter(conversation=here, member=visit.membership).values("seen_at")
    return rows.select_related("contact", "assignee__user").annotate(
        held=ArraySubquery(
            topics.values(json=JSONObject(topic="topic", confidence="confidence", confirmed="confirmed"))
        ),
        tag_names=ArraySubquery(tags[:TAGS_SHOWN]),
        seen_at=Subquery(seen[:1]),
    )


def _tabs(facts: Mapping[str, Any], base: str, *, at: str) -> tuple[ViewTab, ...]:
    """Every view with its count. `at`: the one that is looked at, narrowed by filters or not; empty at a kept view."""
    found = {name: int(facts[_counted(name)]) for name in (*TABS, *MENU)}
    return tuple(
        ViewTab(
            str(_NAMES[name]),
            f"{base}?view={name}",
            min(count, COUNT_LIMIT),
            count > COUNT_LIMIT,
            name == at,
        )
        for name, count in found.items()
    )


def _saved(visit: Visit, rows: Iterable[SavedView], looked: Looking, base: str) -> tuple[SavedTab, ...]:
    def url(name: str, number: int) -> str:
        path = reverse(f"inbox:{name}", kwargs={"workspace": visit.workspace.slug, "number": number})
        return f"{path}?view={looked.words}"

    return tuple(
        SavedTab(
            row.name,
            f"{base}?view={row.query}",
            shared=row.owner_id is None,
            selected=row.query == looked.words,
            **(
                {"rename_url": url("rename_view", row.number), "delete_url": url("delete_view", row.number)}
                if saved_views.may_change(row, by=visit.membership)
                else {}
            ),
        )
        for row in rows
    )


def _row(row: Conversation, slug: str, view: str, *, selected: bool) -> ConversationRow:
    held = labels.shown([ConversationTopic(**one) for one in row.held])  # type: ignore[attr-defined]
    seen = row.seen_at  # type: ignore[attr-defined]
    urgency = Conversation.Priority(row.priority)
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
        unread=row.needs_reply and (seen is None or seen < row.last_message_at),
        topic=str(ConversationTopic.Topic(held[0].topic).label) if held else "",
        tags=tuple(row.tag_names),  # type: ignore[attr-defined]
        assignee=face(row.assignee.user.display_name, row.assignee.pk, colleague=True) if row.assignee else None,
        priority="" if urgency == Conversation.Priority.NORMAL else str(urgency.label),
        snoozed_until=row.snoozed_until,
    )


def subject_of(conversation: Conversation) -> str:
    if conversation.erased_at:
        return _("Erased conversation")
    return conversation.subject or _("(no subject)")


def thread_url(slug: str, number: int, view: str) -> str:
    url = reverse("inbox:thread", kwargs={"workspace": slug, "number": number})
    return url if view == looking.DEFAULT else f"{url}?view={view}"
