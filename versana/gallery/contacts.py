"""Example contacts: the list, the page of one, and the pages on which contacts and conversations are merged and split."""

from dataclasses import replace

from inbox.cards import MessageCard, Person, PrintedPage
from inbox.contact_listing import ContactRow, ContactsPage, Tab
from inbox.contact_pages import AddressLine, ContactPage, ContactUrls, MergeContactsPage, Question, Talk
from inbox.merge_pages import Choice, MergePage, SplitPage
from inbox.message_files import ExpiredPage
from versana.gallery.conversations import MAYA, OLIVIA, hostile_thread, thread
from versana.gallery.stores import ago, full_section, quiet_section

HERE = "/_gallery/contacts/"
ROWS = (
    ContactRow(1, HERE, MAYA, "maya@lindqvist.example", 2, 14, ago(minutes=12), blocked=False),
    ContactRow(2, HERE, Person("Tomás Okafor", "TO", 1), "tomas@okafor.example", 0, 1, ago(hours=3), blocked=False),
    ContactRow(3, HERE, Person("deals@bulk.example", "DB", 4), "deals@bulk.example", 0, 212, ago(days=2), blocked=True),
    ContactRow(4, HERE, Person("Erased contact", "EC", 5), "", 0, 3, ago(days=400), blocked=False),
)
TABS = (Tab("Newest activity", HERE, True), Tab("Name", HERE, False))
URLS = ContactUrls(HERE, HERE, HERE, HERE, HERE, HERE)


def listed() -> ContactsPage:
    return ContactsPage(HERE, TABS, ROWS, HERE, "")


def nobody_yet() -> ContactsPage:
    return ContactsPage(HERE, TABS, (), "", "")


def nobody_found() -> ContactsPage:
    return ContactsPage(HERE, TABS, (), "", "lindq")


def contact(**changes: object) -> ContactPage:
    talks = tuple(
        Talk(
            f"/_gallery/thread/{n}/",
            1042 - n,
            subject,
            "The mugs came yesterday, but the throw has not",
            ago(days=n),
            state,
        )
        for n, (subject, state) in enumerate(
            [("Where is the rest of #1042?", "Open"), ("Can I swap the boots?", "Closed"), ("Erased conversation", "")]
        )
    )
    page = ContactPage(
        number=1,
        person=MAYA,
        name="Maya Lindqvist",
        note="Speaks Swedish. Prefers to be called in the afternoon.",
        addresses=(
            AddressLine("maya@lindqvist.example", "maya@lindqvist.example", written_to=True, removable=False),
            AddressLine("Maya.L@work.example", "maya.l@work.example", written_to=False, removable=True),
        ),
        address="maya@lindqvist.example",
        blocked_at=None,
        pictures=False,
        erased=False,
        urls=URLS,
        list_url=HERE,
        talks=talks,
        count=14,
        older_url=HERE,
        newest=1042,
        sections=(full_section(), quiet_section()),
    )
    return replace(page, **changes)  # type: ignore[arg-type]


def blocked() -> ContactPage:
    return contact(blocked_at=ago(days=3), pictures=True)


def refused() -> ContactPage:
    return contact(
        error="Another contact has this address. Merge the two if they are one person.",
        of="address",
        entered="sam@reed.example",
        other_url=HERE,
    )


def erased() -> ContactPage:
    return contact(
        person=ROWS[3].person,
        name="",
        note="",
        addresses=(),
        address="",
        erased=True,
        urls=ContactUrls(),
        sections=(),
        newest=0,
    )


def hostile() -> ContactPage:
    evil = "<script>alert(1)</script>" + "ALongWordWithoutAnyBreak" * 8
    return contact(
        person=Person(evil, "<S", 2),
        name=evil,
        note=evil,
        addresses=(AddressLine(f"{evil}@x.example", "x", True, False),),
    )


def choose_contact() -> MergeContactsPage:
    return MergeContactsPage(HERE, HERE, into=ROWS[0], entered="t", found=ROWS[1:3])


def no_contact() -> MergeContactsPage:
    return MergeContactsPage(HERE, HERE, into=ROWS[0], entered="zz", error="No other contact is found by this.")


def decide() -> MergeContactsPage:
    answers = (
        ("ours", "Maya Lindqvist (#1): number 7100000000017 in Shopify", False),
        ("theirs", "Tomás Okafor (#2): number 7100000000099 in Shopify", True),
        ("neither", "Neither: both are taken away", False),
    )
    text = "In store 1 the two are linked with different customers. Which link holds?"
    return MergeContactsPage(
        HERE,
        HERE,
        into=ROWS[0],
        other=ROWS[1],
        moves=(("Addresses", 1), ("Conversations", 1), ("Links with customers", 1)),
        questions=(Question("link-1-17-99", text, answers),),
        error="Say of each what holds.",
    )


def choices(*chosen: int) -> tuple[Choice, ...]:
    texts = (
        "Where is the rest of #1042?",
        "Can I swap the boots for a 41? I ordered a 43 by mistake and only saw it now",
        "Thanks",
    )
    return tuple(
        Choice(n, text, "The mugs came yesterday", MAYA, ago(days=n), n, "/_gallery/thread/1/", n in chosen)
        for n, text in enumerate(texts, 1)
    )


def merge() -> MergePage:
    return MergePage(HERE, HERE, 1042, "Where is the rest of #1042?", choices(2), "")


def merge_sure() -> MergePage:
    error = "These conversations are with different contacts. Confirm that they belong together."
    return MergePage(HERE, HERE, 1042, "Where is the rest?", choices(2)[1:2], "", True, 2, "Maya Lindqvist", error)


def split() -> SplitPage:
    return SplitPage(HERE, HERE, "Where is the rest of #1042?", "x", choices(2, 3))


def printed() -> PrintedPage:
    messages: tuple[MessageCard, ...] = (*thread().messages, *hostile_thread().messages)
    quoted = replace(messages[0], quoted="On Mon, 2 Nov 2026 Olivia wrote:\n> Has it come?", person=OLIVIA)
    return PrintedPage(
        1042,
        "Where is the rest of #1042?",
        MAYA,
        ("maya@lindqvist.example",),
        (*messages, quoted),
        "Harbor & Pine",
        HERE,
    )


def expired() -> ExpiredPage:
    return ExpiredPage("the seam of the left boot.jpg", "1.2 MB", HERE, HERE)
