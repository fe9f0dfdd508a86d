"""Example inbox: the thread and its empty and hostile forms, beside the list."""

from dataclasses import replace
from datetime import datetime

from inbox.cards import (
    Addressees,
    AttachmentChip,
    Composer,
    EventLine,
    MessageCard,
    NewerMessage,
    NoteCard,
    Option,
    Person,
    PicturesBar,
    ReplyBox,
    TagChip,
    Thread,
    ThreadTools,
    TopicBar,
    TopicChip,
    TopicChoice,
    Undo,
    Work,
)
from inbox.list_cards import InboxPage
from versana.gallery.lists import AVA, MAYA, OLIVIA, list_pane
from versana.gallery.stores import OLD, REVOKED, ago, full_section, guest_section, quiet_section, section, states


def message(anchor: str, person: Person, text: str, at: datetime, **changes: object) -> MessageCard:
    kind, to = ("sent", "Maya") if person.colleague else ("received", "support")
    address = "" if person.colleague else "maya@lindqvist.example"
    card = MessageCard(anchor, kind, person, address, to, at, text, "", "", (), folded=False, snippet=text[:120])
    return replace(card, **changes)  # type: ignore[arg-type]


def messages() -> tuple[MessageCard, ...]:
    last = (
        "The mugs came yesterday, thank you. The throw from #1042 has not, and the UPS page has said the same since Friday. "
        "It is a present for Thursday: will it be here by then? And where are the two aprons?\n\nMaya"
    )
    return (
        message("m1", MAYA, "Good morning, when does #1042 leave?", ago(days=3, hours=5), folded=True),
        message(
            "m2", OLIVIA, "It is being packed today, I will write when it leaves", ago(days=3, hours=4), folded=True
        ),
        message(
            "m3",
            OLIVIA,
            "Hi Maya, #1042 left us in two parcels: the mugs with USPS, the throw with UPS. I will keep an eye on both.",
            ago(days=2),
        ),
        message(
            "m4",
            MAYA,
            last,
            ago(minutes=12),
            quoted="On Fri, Olivia Chen wrote:\nHi Maya, #1042 left us in two parcels.",
            html_url="/_gallery/mail/",
            attachments=(AttachmentChip("ups-page.png", "84 kB", "/_gallery/mail/"),),
        ),
    )


def reply(**changes: object) -> ReplyBox:
    base = ReplyBox(
        url="/_gallery/reply-state/",
        discard_url="/_gallery/inbox/",
        thread_url="/_gallery/inbox/",
        label="Reply to Maya Lindqvist",
        text="",
        base="",
        saved_at=None,
        max_length=100_000,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def composer(**changes: object) -> Composer:
    whole = "Maya Lindqvist <maya@lindqvist.example>"
    base = Composer(
        reply=reply(send_url="/_gallery/inbox/"),
        note=reply(
            kind="note", label="Note to your colleagues; @Name tells somebody of it", send_url="/_gallery/inbox/"
        ),
        writing="reply",
        reply_url="/_gallery/inbox/",
        note_url="/_gallery/inbox-note/",
        presence_url="",
        addressees=Addressees(whole, "", "", whole, whole, "jonas@weber.example", "/_gallery/inbox-addressed/"),
        key="5f0c3f0e-6a0b-4f3c-8a6d-1e2f3a4b5c6d",
        seen=1,
        saved_url="/_gallery/saved-choices/",
        saved_page_url="/_gallery/saved-replies/",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def addressed() -> Composer:
    to = Addressees(
        "Maya Lindqvist <maya@lindqvist.example>",
        "Jonas Weber <jonas@weber.example>",
        "",
        "Maya Lindqvist <maya@lindqvist.example>, Cc Jonas Weber",
        open=True,
    )
    return composer(addressees=to)


def undoable() -> Composer:
    return composer(undo=Undo("/_gallery/inbox/", 1, 9, "Maya Lindqvist"))


def noting() -> Composer:
    text = "Aprons are back in stock on Monday. Over to @Ava."
    return composer(writing="note", note=reply(kind="note", text=text, base="1", saved_at=ago(seconds=5), send_url="/"))


def unset() -> Composer:
    why = "Nothing can be sent yet: it is not set with which address this workspace writes."
    return composer(reply=reply(), refused=f"{why} An owner or administrator sets it under Settings, Mail.")


def overtaken() -> Composer:
    newer = (NewerMessage("Maya Lindqvist", ago(seconds=20), "Never mind, it has just arrived.\n\nMaya"),)
    return composer(reply=reply(text="Hi Maya, it is on its way.", newer=newer, newest=7, send_url="/_gallery/inbox/"))


def kept_reply() -> ReplyBox:
    text = "Hi Maya,\n\nthe throw is on its way.\n\n"
    return reply(text=text, base="1", saved_at=ago(seconds=40))


def older_reply() -> ReplyBox:
    return reply(text="Hi Maya, this is the older text.", base="1", newer_at=ago(minutes=2))


def too_long_reply() -> ReplyBox:
    why = (
        "This reply has 100001 characters; at most 100000 are kept. What is too much is not saved: shorten it, or send a "
        "file instead."
    )
    return reply(text="Long. " * 900, base="1", error=why)


def thread(**changes: object) -> Thread:
    base = Thread(
        number=1042,
        url="/_gallery/inbox/",
        back_url="/_gallery/list/",
        subject="Where is the rest of #1042?",
        person=MAYA,
        address="maya@lindqvist.example",
        more_addresses=1,
        conversations=4,
        messages=messages(),
        sections=(
            full_section(),
            guest_section(),
            quiet_section(),
            section("problem", 4, "north-pier.myshopify.com", fetched_at=ago(days=2), banners=(REVOKED,)),
        ),
        no_stores_text="",
        connect_url="",
        topics=_topics(),
        composer=composer(),
        work=work(),
    )
    whole = replace(base, **changes)  # type: ignore[arg-type]
    between = (note(), line()) if whole.messages == base.messages else ()
    return replace(whole, entries=tuple(sorted([*whole.messages, *between], key=lambda entry: entry.at)))


def note() -> NoteCard:
    return NoteCard(
        "n1", OLIVIA, ago(hours=5), "Aprons are back in stock on Monday. Over to @Ava, I am off until Wednesday."
    )


def line() -> EventLine:
    return EventLine("e1", ago(hours=4, minutes=59), "Olivia Chen assigned this to Ava Brandt")


def work(**changes: object) -> Work:
    base = Work(
        state="open",
        state_label="Open",
        tone="idle",
        shape="open",
        until=None,
        assignee=AVA,
        priority_label="",
        tags=(TagChip(1, "gift"),),
        assign_url="/_gallery/inbox/",
        state_url="/_gallery/inbox/",
        priority_url="/_gallery/inbox/",
        tag_url="/_gallery/inbox/",
        untag_url="/_gallery/inbox/",
        members=(
            Option("2", "You", current=True, person=AVA),
            Option("1", "Olivia Chen", person=OLIVIA),
            Option("", "Nobody"),
        ),
        snoozes=(
            Option("later", "Later today", hint="Nov 23, 2026, 17:00"),
            Option("tomorrow", "Tomorrow morning", hint="Nov 24, 2026, 09:00"),
            Option("monday", "Next Monday", hint="Nov 30, 2026, 09:00"),
        ),
        priorities=(
            Option("0", "Low"),
            Option("1", "Normal", current=True),
            Option("2", "High"),
            Option("3", "Urgent"),
        ),
        known_tags=("gift", "VIP"),
        tools=ThreadTools(*["/_gallery/contacts/"] * 4),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def asleep() -> InboxPage:
    """It sleeps, is urgent, has more tags than fit, and the last deed was refused."""
    stands = work(
        state="snoozed",
        state_label="Snoozed",
        tone="wait",
        shape="clock",
        until=ago(days=-2),
        priority_label="Urgent",
        tags=tuple(TagChip(n, name) for n, name in enumerate(("gift", "VIP", "W" * 40, "wholesale", "press"), 1)),
        error="A conversation sleeps until a time to come, within a year.",
    )
    return inbox(thread(work=stands))


def read_only() -> InboxPage:
    """Closed, and seen by somebody who may only read."""
    nothing = dict.fromkeys(("assign_url", "state_url", "priority_url", "tag_url", "untag_url"), "")
    return inbox(
        thread(work=work(state="closed", state_label="Closed", tone="done", shape="check", **nothing), composer=None)
    )


def _topics() -> TopicBar:
    return TopicBar(
        url="/_gallery/topics/",
        chips=(
            TopicChip("order_status", "Order status", "Set by Ava Brandt, Nov 22, 2026, 14:03", True),
            TopicChip("return_exchange", "Return or exchange", "Recognised by rules, confidence 70 %", False),
        ),
        choices=(
            TopicChoice("refund", "Refund", "Taken away by Ava Brandt, Nov 22, 2026, 14:03"),
            TopicChoice("other", "Other", ""),
        ),
    )


def pictures_thread() -> Thread:
    """Mails that fetch pictures: left out, and shown because somebody said so; files to look at, and one that can do harm."""
    bar = PicturesBar(False, "/_gallery/mail/", "/_gallery/inbox-pictures/", "/_gallery/inbox-pictures/")
    files = (
        AttachmentChip("seam.png", "84 kB", "#", "/static/mark.svg"),
        AttachmentChip("invoice.pdf.exe", "1.2 MB", "#", warning="Can run programs when it is opened"),
    )
    said = message(
        "m1", MAYA, "See the seam.", ago(hours=2), html_url="/_gallery/mail/", pictures=bar, attachments=files
    )
    shown = message(
        "m2", MAYA, "And our logo.", ago(hours=1), html_url="/_gallery/mail/", pictures=replace(bar, shown=True)
    )
    return thread(messages=(said, shown))


def stale_thread() -> Thread:
    """Shopify does not answer: what was known is for reading."""
    return thread(sections=(full_section(fetched_at=ago(hours=3), banners=(OLD,)),))


def hostile_thread() -> Thread:
    text = (
        "<script>alert(1)</script> see <https://carrier.example/track?a=1&b=2>.\n\n"
        + "W" * 400
        + "\n\nمرحبا، أين طلبي #1042؟"
    )
    letters = tuple(
        message(
            f"h{n}",
            MAYA,
            text,
            ago(days=5 - n),
            folded=n < 2,
            attachments=(AttachmentChip("a" * 120 + ".pdf", "12 MB", "#"),),
        )
        for n in range(4)
    )
    return thread(
        subject="Very long subject " * 14,
        messages=letters,
        sections=tuple(s for _, _, sections in states() for s in sections[:1])[-3:],
    )


def inbox(selected: Thread | None) -> InboxPage:
    return InboxPage(list_pane(selected is not None), selected)


def with_reply(box: ReplyBox) -> InboxPage:
    return inbox(thread(composer=composer(reply=replace(box, send_url="/_gallery/inbox/"))))


def with_composer(whole: Composer) -> InboxPage:
    return inbox(thread(composer=whole))


def empty_inbox() -> InboxPage:
    return InboxPage(replace(list_pane(), rows=()), None)
