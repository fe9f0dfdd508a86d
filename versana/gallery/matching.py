"""Example sections in which a member says something: who a contact is, whose an order is; and the search for a customer."""

from dataclasses import replace

from inbox import outcomes
from integrations.shopify.sections import Candidate, Finding, Match, NamedOrder, RuledOut, Section
from versana.gallery.stores import ago, full_section, order, quiet_section, recent_orders, section

HERE, SEARCH = "/_gallery/section/", "/_gallery/found/"
_CANDIDATES = (
    Candidate(
        "7100000000017", "Maya Lindqvist", "maya@lindqvist.example", "", "13 orders", "Same e-mail address", HERE,
        ago(days=980),
    ),
    Candidate("7100000000018", "M. Lindqvist", "maya@lindqvist.example", "", "2 orders", "Same e-mail address", HERE, ago(days=1770)),
    Candidate(
        "7100000000019", "Lindqvist Studio AB", "hello@lindqvist.example", "+46 70 000 01 42", "1 order",
        "Telephone number in a message", HERE, ago(days=150),
    ),
)  # fmt: skip
_HOSTILE = (
    Candidate("1", "<b>Aleksandra</b>-Konstantinopolska Featherstonehaugh", "a" * 60 + "@" + "b" * 60 + ".example", "+44 20 7946 0958", "1,204 orders", "E-mail " * 9, HERE),
    Candidate("2", "نور الهدى", "", "", "", "", HERE),
)  # fmt: skip
_COVERED = NamedOrder("#1042", "unconfirmed", ago(days=6), None, confirm_url=HERE, rule_out_url=HERE)
_CONFIRMED = NamedOrder(
    "#1042", "confirmed", ago(days=6), recent_orders()[0], "Ava Brandt", ago(hours=2), "Named the street and the postcode",
    withdraw_url=HERE,
)  # fmt: skip
_NOT_THEIRS = NamedOrder(
    "#1042", "ruled_out", ago(days=6), None, why="#1042 is not this contact’s: Ava Brandt, Nov 12, 2026.",
    reconsider_url=HERE,
)  # fmt: skip
_NONE_OF = RuledOut("This contact is none of the 3 customers found here: Ava Brandt, Nov 12, 2026.", HERE)
_NOBODY = Match("none", "No customer with maya@lindqvist.example in this store.")


def found(state: str = "found", store: int = 1, **changes: object) -> Finding:
    base = Finding(state, store, "harbor-goods.myshopify.com", "Lindqvist", SEARCH, candidates=_CANDIDATES[1:])
    return replace(base, **changes)  # type: ignore[arg-type]


def nothing_found() -> Finding:
    return found("nothing", candidates=())


def refused() -> Finding:
    return found("problem", candidates=(), text="This store cannot be read at the moment.")


def _whole(number: int, **changes: object) -> Section:
    return full_section(store_number=number, orders=recent_orders()[3:], search_url=SEARCH, **changes)


def _none(number: int, **changes: object) -> Section:
    return replace(section("none", number, match=_NOBODY, search_url=SEARCH), **changes)  # type: ignore[arg-type]


def states() -> tuple[tuple[str, str, tuple[Section, ...]], ...]:
    """Title, remark, sections: one cell of the gallery each."""
    linked = Match("linked", "Linked by Ava Brandt, Nov 12", HERE)
    several = Match("candidates", "Three customers in this store use an address of this contact. Pick the one who is writing.")  # fmt: skip
    return (
        ("Found by the address", "Why, in one line", (_whole(31, match=Match("email", "Same e-mail address")),)),
        ("Linked by hand", "By whom and when, and how to undo it", (_whole(32, match=linked),)),
        (
            "Several candidates",
            "The agent picks; the first hit is never taken",
            (section("candidates", 33, match=several, candidates=_CANDIDATES, none_url=HERE, search_url=SEARCH),),
        ),
        ("Identity not confirmed", "The order exists, its details are covered", (_none(34, named=(_COVERED,)),)),
        ("Confirmed by hand", "By whom, when and why", (_none(35, named=(_CONFIRMED,)),)),
        (
            "None of these",
            "By whom and when, and how to take it back",
            (section("none", 43, ruled_out=_NONE_OF, search_url=SEARCH),),
        ),
        ("Not the same", "One line, and no more of the order", (_whole(44, named=(_NOT_THEIRS,)),)),
        (
            "Named in the messages",
            "Theirs, and shown first",
            (_whole(36, named=(NamedOrder("#1031", "theirs", ago(days=24), order("#1031", 24, "$48.00", ())),)),),
        ),
        ("Search, opened from a quiet line", "Closed elsewhere", (_none(37, searching=True),)),
        ("No match", "The way into the search stands with the reason", (replace(quiet_section(38), search_url=SEARCH),)),
        ("Linked a moment ago", "What came of a click", (_whole(39, match=linked, said=outcomes.linked()),)),
        (
            "Linked by somebody else meanwhile",
            "Nothing is lost",
            (_whole(40, match=replace(linked, sentence="Linked by Adam Brandt, just now"), said=_meanwhile()),),
        ),
        (
            "A reason that is none",
            "Said where it happened",
            (_none(41, named=(_COVERED,), said=outcomes.not_named()),),
        ),
        (
            "Long and hostile",
            "Names and addresses",
            (
                section(
                    "candidates",
                    42,
                    candidates=_HOSTILE,
                    none_url=HERE,
                    match=Match("candidates", "<i>Several</i> " * 12),
                    named=(replace(_COVERED, name="#" + "9" * 60), replace(_CONFIRMED, reason="W" * 200)),
                ),
            ),
        ),
    )  # fmt: skip


def _meanwhile() -> object:
    return replace(
        outcomes.no_customer(),
        text="Adam Brandt linked this contact with another customer meanwhile. That link stands: look at it, and choose again if you know better.",
    )
