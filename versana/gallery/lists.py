"""Example list of conversations: full, narrowed, asleep, refused and empty."""

from dataclasses import replace

from inbox.cards import Option, Person
from inbox.list_cards import (
    Bulk,
    ConversationRow,
    FilterChip,
    FilterChoice,
    InboxPage,
    ListPane,
    Said,
    SavedTab,
    ViewTab,
)
from versana.gallery.stores import ago

MAYA = Person("Maya Lindqvist", "ML", 0)
AVA = Person("Ava Brandt", "AB", 4, colleague=True)
OLIVIA = Person("Olivia Chen", "OC", 2, colleague=True)
_ROWS = (
    (
        MAYA,
        "Where is the rest of #1042?",
        "The mugs came yesterday, but the throw has not, and UPS says the same since Friday",
        12,
        False,
    ),
    (
        Person("Tomás Okafor", "TO", 1),
        "Wrong size, can I swap the boots?",
        "I ordered a 43 and they are clearly a 41",
        26,
        True,
    ),
    (
        Person("Priya Raman", "PR", 2),
        "Please cancel #1057",
        "I ordered twice by mistake, only keep the first one",
        41,
        True,
    ),
    (Person("Jonas Weber", "JW", 4), "Typo in my delivery address", "It should say Lindenstraße 14, not 41", 70, False),
    (
        Person("Hana Sato", "HS", 5),
        "Refund not on my card yet",
        "It has been eight days since you wrote that it was sent",
        130,
        True,
    ),
    (
        Person("Eleanor Whitcombe", "EW", 3),
        "Is the teak tray food safe?",
        "Before I put fruit on it: is the oil finish all right?",
        200,
        False,
    ),
    (
        Person("Luca Moretti", "LM", 1),
        "Tracking says returned to sender",
        "UPS tells me the parcel went back on Tuesday",
        310,
        False,
    ),
    (
        Person("Amara Diallo", "AD", 2),
        "Add a gift note to UK-1042",
        "Could you write “Happy birthday, Ines” on it?",
        430,
        False,
    ),
    (
        Person("Ben Novak", "BN", 4),
        "Invoice for #0998",
        "Our accounting needs the VAT number on the invoice",
        1700,
        False,
    ),
    (Person("Sofia Almeida", "SA", 0), "Parcel arrived crushed", "Two of the six glasses are broken", 1900, False),
    (Person("محمد عبد الرحمن", "مع", 3), "أين طلبي رقم 1042؟", "مرحبا، لم يصل طلبي بعد", 9000, False),
    (
        Person("Bartholomew Featherstonehaugh-Wellesley of Somewhere", "BF", 5),
        "Long " * 50,
        "Snippet " * 40,
        90000,
        True,
    ),
)


_TOPICS = (
    "Order status", "Return or exchange", "Cancellation", "Address change", "Refund", "Product question", "Order status", "Order change",
    "Other", "Return or exchange", "Order status", "",
)  # fmt: skip
_TAGS = {2: ("gift",), 4: ("VIP", "press"), 11: ("W" * 40, "wholesale", "press")}


def rows(selected: bool = True) -> tuple[ConversationRow, ...]:
    return tuple(
        ConversationRow(
            1042 - n,
            "/_gallery/inbox/" if n == 0 else f"/_gallery/thread/{n}/",
            person,
            subject,
            snippet,
            ago(minutes=minutes),
            waits,
            selected and n == 0,
            unread=waits,
            topic=_TOPICS[n],
            tags=_TAGS.get(n, ()),
            assignee=(AVA, None, OLIVIA)[n % 3],
            priority="Urgent" if n in (2, 11) else "",
        )
        for n, (person, subject, snippet, minutes, waits) in enumerate(_ROWS)
    )


_HERE = "/_gallery/list/"
_FILTERS = (
    FilterChoice("topic", "Topic", (Option("refund", "Refund"), Option("cancel", "Cancellation"))),
    FilterChoice("tag", "Tag", (Option("1", "gift"), Option("2", "VIP"))),
    FilterChoice("assignee", "Assigned to", (Option("1", "Ava Brandt"), Option("2", "Olivia Chen"))),
    FilterChoice("store", "Store", (Option("1", "harbor-goods.myshopify.com"),)),
    FilterChoice("priority", "Priority", (Option("2", "High"), Option("3", "Urgent"))),
)
_BULK = Bulk(
    url="/_gallery/list/",
    members=(
        Option("1", "You", person=AVA),
        Option("2", "Olivia Chen", person=OLIVIA),
        Option("", "Nobody"),
    ),
    snoozes=(Option("tomorrow", "Tomorrow morning", hint="Thu, 09:00"), Option("week", "Next week", hint="Mon, 09:00")),
    known_tags=("gift", "VIP"),
)


def list_pane(selected: bool = True) -> ListPane:
    return ListPane(
        tabs=(
            ViewTab("Mine", _HERE, 6, False, True),
            ViewTab("Unassigned", _HERE, 4, False, False),
            ViewTab("All open", _HERE, 23, False, False),
            ViewTab("Snoozed", _HERE, 3, False, False),
        ),
        rows=rows(selected),
        next_url="",
        empty_title="Nothing is yours",
        empty_text="What is assigned to you and open appears here.",
        more=(
            ViewTab("Needs reply", _HERE, 12, False, False),
            ViewTab("Closed", _HERE, 999, True, False),
            ViewTab("Spam", _HERE, 0, False, False),
            ViewTab("Everything", _HERE, 999, True, False),
        ),
        saved=(
            SavedTab("Urgent refunds", _HERE, shared=True, selected=False),
            SavedTab("Long " * 12, _HERE, shared=False, selected=False),
        ),
        save_url=_HERE,
        may_share=True,
        view="mine",
        words="mine",
        url=_HERE,
        filters=_FILTERS,
        bulk=_BULK,
    )


def narrowed_list() -> InboxPage:
    """Filters are set, a kept view is on, and something was just done to many, of which one could not be changed."""
    pane = list_pane(selected=False)
    chips = ("Topic: Refund", "Tag: gift", "Assigned to: Bartholomew Featherstonehaugh-Wellesley of Somewhere")
    return InboxPage(
        replace(
            pane,
            tabs=tuple(replace(tab, selected=False) for tab in pane.tabs),
            more_selected="Urgent refunds",
            saved=(
                SavedTab("Urgent refunds", _HERE, shared=True, selected=True, rename_url=_HERE, delete_url=_HERE),
                *pane.saved[1:],
            ),
            chips=tuple(FilterChip(text, _HERE, f"Take away the filter {text}") for text in chips),
            said=Said(
                "12 conversations closed.",
                problem="1 could not be changed.",
                undo="1",
                undo_url=_HERE,
            ),
        ),
        None,
    )


def sleeping_list() -> InboxPage:
    pane = list_pane(selected=False)
    asleep = tuple(replace(row, snoozed_until=ago(days=-2, hours=n), unread=False) for n, row in enumerate(pane.rows))
    tabs = tuple(replace(tab, selected=tab.name == "Snoozed") for tab in pane.tabs)
    return InboxPage(replace(pane, rows=asleep, tabs=tabs), None)


def refused_list() -> InboxPage:
    """What was asked of many could not be done."""
    said = Said("", problem="At most 200 conversations at once.")
    return InboxPage(replace(list_pane(selected=False), said=said), None)


def nothing_matches() -> InboxPage:
    pane = replace(
        list_pane(), rows=(), empty_title="Nothing matches these filters", empty_text="Take one away to see more."
    )
    chip = FilterChip("Topic: Refund", _HERE, "Take away the filter Topic: Refund")
    return InboxPage(replace(pane, chips=(chip,)), None)
