"""Page objects of the list beside a conversation: its views, filters, rows, and what is done to many. Frozen."""

from dataclasses import dataclass
from datetime import datetime

from inbox.cards import Option, Person, Thread


@dataclass(frozen=True, slots=True)
class ConversationRow:
    number: int
    url: str
    person: Person
    subject: str
    snippet: str
    last_at: datetime
    needs_reply: bool
    selected: bool
    unread: bool = False  # the contact wrote, and this member has not seen it
    topic: str = ""
    tags: tuple[str, ...] = ()
    assignee: Person | None = None
    priority: str = ""  # its name; empty for the usual one
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ViewTab:
    name: str
    url: str
    count: int
    more: bool  # the count is a lower bound ("999+")
    selected: bool


@dataclass(frozen=True, slots=True)
class SavedTab:
    """A kept view in the menu. The addresses are empty for who may not change it."""

    name: str
    url: str
    shared: bool
    selected: bool
    rename_url: str = ""
    delete_url: str = ""


@dataclass(frozen=True, slots=True)
class FilterChoice:
    """One filter with what it can be set to; the one that is set is `current`."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class FilterChip:
    text: str  # "Topic: Refund"
    remove_url: str
    label: str  # of what removes it


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a deed to many. `undo` is what to send back to take it back, or empty."""

    text: str
    problem: str = ""
    undo: str = ""
    undo_url: str = ""
    done: bool = False  # something has changed, and the selection is used up


@dataclass(frozen=True, slots=True)
class Bulk:
    """What can be done to the conversations that are chosen."""

    url: str
    members: tuple[Option, ...]
    snoozes: tuple[Option, ...]
    known_tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListPane:
    tabs: tuple[ViewTab, ...]
    rows: tuple[ConversationRow, ...]
    next_url: str  # the next keyset page, or empty
    empty_title: str
    empty_text: str
    more: tuple[ViewTab, ...] = ()  # views in the menu
    saved: tuple[SavedTab, ...] = ()
    save_url: str = ""  # where the list as it is can be kept
    may_share: bool = False
    view: str = ""
    words: str = ""  # the list's name in addresses
    url: str = ""
    filters: tuple[FilterChoice, ...] = ()
    chips: tuple[FilterChip, ...] = ()
    bulk: Bulk | None = None
    live_url: str = ""
    seen: str = ""  # what is handed to it
    said: Said | None = None
    problem: str = ""  # why what was just asked of the list was not done
    more_selected: str = ""  # the name of the view that is on, where it stands in the menu


@dataclass(frozen=True, slots=True)
class InboxPage:
    list: ListPane | None  # None: the list is already on the screen
    thread: Thread | None
