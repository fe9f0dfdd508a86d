"""Example pages of search: what it says before anything is asked, hits, narrowed and hostile ones, and where nothing is found."""

from dataclasses import replace

from inbox.cards import Option, Person
from inbox.highlights import Piece, marked
from inbox.queries import parsed
from inbox.search import FoundRow, SearchPage
from versana.gallery.lists import MAYA
from versana.gallery.stores import ago

HERE = "/_gallery/search/"
_THREAD = "/_gallery/thread/0/"
_ASKED = "throw mugs"
_HITS = (
    (MAYA, "Where is the rest of #1042?", "Message", "The mugs came yesterday, thank you. The throw from #1042 has not, and UPS", 12, "", True, 3),
    (MAYA, "Two mugs and a throw as a present", "Answer", "… wrapped the mugs by themselves; the throw goes into the large box, as you wished", 2000, "Closed", False, 1),
    (Person("Tomás Okafor", "TO", 1), "Wrong size", "Note", "Olivia: the throw and the mugs are in the same shelf now", 4000, "Snoozed", False, 2),
    (Person("محمد عبد الرحمن", "مع", 3), "أين طلبي رقم 1042؟", "Message", "مرحبا، throw و mugs لم تصل بعد", 9000, "", False, 1),
    (Person("Bartholomew Featherstonehaugh-Wellesley of Somewhere", "BF", 5), "Throw " * 40, "Contact", "mugs-and-throws-" * 20, 90000, "Closed", False, 14),
)  # fmt: skip


def _row(place: int, asked: str) -> FoundRow:
    person, subject, where, said, minutes, state, waits, hits = _HITS[place]
    terms = parsed(asked).wanted
    return FoundRow(
        number=1042 - place,
        url=_THREAD,
        person=person,
        subject=marked(subject, terms),
        place=where,
        said=marked(said, terms),
        at=ago(minutes=minutes),
        state=state,
        needs_reply=waits,
        hits=hits,
    )


def hits(**changes: object) -> SearchPage:
    page = SearchPage(
        HERE,
        _ASKED,
        rows=tuple(_row(place, _ASKED) for place in range(len(_HITS))),
        next_url=f"{HERE}?after=x",
        states=(Option("open", "Open"), Option("closed", "Closed"), Option("spam", "Spam")),
        assignees=(Option("nobody", "Nobody"), Option("1", "Ava Brandt"), Option("2", "Olivia Chen")),
        tags=(Option("1", "gift"), Option("2", "W" * 40)),
        topics=(Option("order_status", "Order status"), Option("refund", "Refund")),
    )
    return replace(page, **changes)  # type: ignore[arg-type]


def narrowed() -> SearchPage:
    """Two filters are set, and little is left."""
    page = hits(next_url="", narrowed=True)
    states = tuple(replace(one, current=one.value == "closed") for one in page.states)
    tags = tuple(replace(one, current=one.value == "2") for one in page.tags)
    return replace(page, rows=page.rows[1:2], states=states, tags=tags)


def asked_nothing() -> SearchPage:
    advice = (
        "Words, names, addresses and order numbers: all of them must be there.",
        "“two words” in quotes stand in a row; a minus before a word rules it out.",
        "from:maya, to:warehouse and subject:refund say where.",
        "after:2026-01-31 and before:2026-03-01 say when.",
    )
    return hits(typed="", rows=(), next_url="", title="Search all conversations", advice=advice)


def nothing_found() -> SearchPage:
    advice = (
        "Take away a filter.",
        "Leave out a word: all of them must stand in one message.",
        "Look for fewer letters: “refun” finds refund and refunded.",
    )
    return replace(narrowed(), typed="throw zanzibar", rows=(), title="Nothing found", advice=advice)


def none_left_yet() -> SearchPage:
    """The hits looked at so far are all outside the filters, and there are older ones."""
    title = "None of the hits looked at so far are left by the filters"
    return replace(narrowed(), rows=(), next_url=f"{HERE}?after=x", title=title)


def too_long() -> SearchPage:
    advice = ("Add a word, or days (after:2026-01-31).",)
    return hits(typed="e", rows=(), next_url="", title="This search took too long", advice=advice)


def hostile() -> SearchPage:
    evil = "<script>alert(1)</script>\u202e" + "ALongWordWithoutAnyBreak" * 8
    pieces = (Piece("<img src=x onerror=", False), Piece(evil, True), Piece(">", False))
    row = replace(_row(0, _ASKED), person=Person(evil, "<S", 2), subject=pieces, said=pieces, place="Message")
    return hits(typed=evil, rows=(row,), next_url="")
