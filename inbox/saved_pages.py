"""The pages about saved replies: the settings, and the list to pick one from beside an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox import filling, saved_replies
from inbox.cards import SavedChoice, SavedPicker
from inbox.composer import thread_url
from inbox.models import Conversation, SavedReply
from tenants.access import Visit
from tenants.pages.nav import SettingsNav, settings_nav

LABELS = {
    "contact.first_name": gettext_lazy("First name of the contact"),
    "contact.name": gettext_lazy("Name of the contact"),
    "agent.name": gettext_lazy("Name of whoever replies"),
    "workspace.name": gettext_lazy("Name of the workspace"),
    "order.name": gettext_lazy("Number of their newest order that the conversation names"),
    "order.status": gettext_lazy("Where that order is, as a sentence"),
    "order.tracking_link": gettext_lazy("Link to follow its parcel"),
}


@dataclass(frozen=True, slots=True)
class SavedLine:
    name: str
    text: str
    url: str  # where it is changed, for who may
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SavedPage:
    own: tuple[SavedLine, ...]
    shared: tuple[SavedLine, ...]
    add_url: str
    add_shared_url: str  # for who may
    notice: str
    settings_nav: SettingsNav


@dataclass(frozen=True, slots=True)
class SavedForm:
    title: str
    back_url: str
    name: str
    text: str
    shared: bool
    places: tuple[tuple[str, str], ...]  # what can be written, and what it becomes
    delete_url: str
    max_name: int
    max_text: int
    errors: Mapping[str, str]
    settings_nav: SettingsNav


def saved_page(visit: Visit, *, notice: str = "") -> SavedPage:
    add = reverse("inbox:add_saved_reply", kwargs={"workspace": visit.workspace.slug})
    rows = list(saved_replies.usable(by=visit.membership))
    return SavedPage(
        own=tuple(_line(visit, row) for row in rows if row.owner_id is not None),
        shared=tuple(_line(visit, row) for row in rows if row.owner_id is None),
        add_url=add,
        add_shared_url=f"{add}?shared=1" if saved_replies.may_share(visit.membership) else "",
        notice=notice,
        settings_nav=settings_nav(visit, selected="inbox:saved_replies"),
    )


def saved_form(
    visit: Visit,
    *,
    row: SavedReply | None,
    name: str,
    text: str,
    shared: bool,
    error: saved_replies.BadReply | None = None,
) -> SavedForm:
    here = {"workspace": visit.workspace.slug}
    return SavedForm(
        title=_("Change a saved reply") if row else _("New saved reply"),
        back_url=reverse("inbox:saved_replies", kwargs=here),
        name=name,
        text=text,
        shared=shared,
        places=tuple((f"{{{{ {place} }}}}", str(label)) for place, label in LABELS.items()),
        delete_url=reverse("inbox:delete_saved_reply", kwargs={**here, "saved_reply": row.number}) if row else "",
        max_name=saved_replies.LONGEST_NAME,
        max_text=saved_replies.LONGEST_TEXT,
        errors={error.field or "text": error.reason} if error else {},
        settings_nav=settings_nav(visit, selected="inbox:saved_replies"),
    )


def picker(visit: Visit, conversation: Conversation, *, view: str) -> SavedPicker:
    """Each with its text as it would be inserted here, or why it cannot be."""
    here = {"workspace": visit.workspace.slug, "number": conversation.number}
    rows = saved_replies.usable(by=visit.membership)
    filled = filling.fill(rows, conversation=conversation, by=visit.membership, workspace=visit.workspace.name)
    return SavedPicker(
        thread_url=thread_url(visit, conversation, view=view),
        use_url=f"{reverse('inbox:use_saved', kwargs=here)}?view={view}",
        manage_url=reverse("inbox:saved_replies", kwargs={"workspace": visit.workspace.slug}),
        choices=tuple(
            SavedChoice(row.number, row.name, one.text, one.why_not, own=row.owner_id is not None)
            for row, one in filled
        ),
    )


def _line(visit: Visit, row: SavedReply) -> SavedLine:
    here = {"workspace": visit.workspace.slug, "saved_reply": row.number}
    may = saved_replies.may_change(row, by=visit.membership)
    return SavedLine(row.name, row.text, reverse("inbox:saved_reply", kwargs=here) if may else "", row.updated_at)
