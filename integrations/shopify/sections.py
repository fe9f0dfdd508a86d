"""Page objects of the sidebar: one section per connected store, and the cards in it.

Frozen and complete: a template formats what stands here and decides nothing. `sidebar.py` builds them.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from integrations.shopify.vocabulary import Badge


@dataclass(frozen=True, slots=True)
class ItemRow:
    """So many pieces of a line item, in the group (parcel, not shipped, removed) that it stands in."""

    quantity: int
    title: str
    variant: str


@dataclass(frozen=True, slots=True)
class Insert:
    """A text that can be put into a reply; empty where there is none, with the reason."""

    label: str  # "Tracking link: UPS 1Z999AA10123456784"
    text: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class TrackingLink:
    """A tracking number; `url` only when it is http(s)."""

    carrier: str
    number: str
    url: str


@dataclass(frozen=True, slots=True)
class ParcelCard:
    """One fulfilment. `position` is "Parcel 1 of 2" or empty when there is only one; `when_word` is "Expected", "Delivered" or "Shipped"."""

    position: str
    badge: Badge
    tracking: tuple[TrackingLink, ...]
    when_word: str
    when: datetime | None
    items: tuple[ItemRow, ...]
    more_items: bool = False
    promised: datetime | None = None  # of a parcel that was delivered: for when it had been expected


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """What an unfolded order shows: its parcels, what has not shipped, what was taken off."""

    parcels: tuple[ParcelCard, ...]
    not_shipped: tuple[ItemRow, ...]
    removed: tuple[ItemRow, ...]
    more_lines: bool
    ship_to: str
    shop_total: str  # shown when the shop's currency differs from the customer's, else empty
    time_zone: str  # the store's own, in which its dates are shown
    marks: tuple[Badge, ...] = ()  # return, archived, test: said when the order is open
    cancelled: str = ""  # "Cancelled by the customer, Sun, Nov 22"
    inserts: tuple[Insert, ...] = ()
    name: str = ""
    admin_url: str = ""  # where the line of the order carries no link itself, because this was fetched
    elsewhere: tuple[ItemRow, ...] = ()  # sent, but listed in no parcel
    lines_url: str = ""  # where the items beyond those at hand are asked for
    all_lines: int = 0  # how many there are, where all of them are at hand
    asking: bool = False  # the others, or newer ones, are on their way: ask `poll_url`
    asking_failed: str = ""  # or why they are not
    poll_url: str = ""
    poll_delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class OrderCard:
    """One order: a heading line, badges, one sentence, and its detail when it is painted at once."""

    name: str
    legacy_id: str
    created_at: datetime
    total: str
    badges: tuple[Badge, ...]  # at most two, the ones that matter
    sentence: str  # "2 items, 1 parcel delivered Mon, Nov 2"
    admin_url: str
    layout: str  # "full" (open), "brief" (badges and sentence), "line" (one line)
    detail: OrderDetail | None  # None: fetched from detail_url when opened
    detail_url: str

    @property
    def lines_url(self) -> str:
        """Where the items beyond those at hand are asked for."""
        return lines_url_of(self.detail_url)


def lines_url_of(detail_url: str) -> str:
    """Where all items of an order are, by where the order is."""
    return f"{detail_url}lines/"


@dataclass(frozen=True, slots=True)
class Profile:
    """The customer as this store knows them; `name` alone when it is all that may be shown."""

    name: str
    email: str
    phone: str
    orders: str  # "13 orders"
    spent: str  # "$1,482.20" or empty
    since: datetime | None
    tags: tuple[str, ...]
    note: str
    admin_url: str


@dataclass(frozen=True, slots=True)
class Banner:
    """One notice of a section. tone: "wait" (old but usable), "stop" (someone must act), "idle" (caution without fault)."""

    tone: str
    icon: str
    title: str
    text: str
    retry: bool = False
    action_label: str = ""
    action_url: str = ""
    help: str = ""  # the page of the help that explains it


@dataclass(frozen=True, slots=True)
class Match:
    """Why this customer is shown: a sentence ("Same e-mail address", "Linked by Ava, Nov 12"), and how to undo what a member did."""

    kind: str  # "email", "guest", "linked", "candidates", "none"
    sentence: str
    unlink_url: str = ""


@dataclass(frozen=True, slots=True)
class RuledOut:
    """That customers who were found here are not this contact, and how to take that back."""

    sentence: str  # "Ava, Nov 12, 2026: this contact is none of the 2 customers found here."
    undo_url: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer of the store who may be this contact. Somebody must choose; nobody is chosen by being first."""

    customer_id: str
    name: str
    email: str
    phone: str
    orders: str  # "13 orders"
    why: str  # "Telephone number in a message"
    link_url: str
    since: datetime | None = None  # a customer of the store's


@dataclass(frozen=True, slots=True)
class NamedOrder:
    """An order that the messages name, found in this store.

    `state`: "theirs" (of the customer shown), "confirmed" (a member made sure), "unconfirmed" (found, identity not
    confirmed: `card` is None, and `name` and `created_at` are all that is said), "ruled_out" (a member said that it is not
    theirs: one line, and no more than that).
    """

    name: str
    state: str
    created_at: datetime | None
    card: OrderCard | None
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    reason: str = ""  # how whoever confirmed it knows
    why: str = ""  # it is not confirmed, or who said that it is not theirs
    confirm_url: str = ""  # asks for a reason
    withdraw_url: str = ""
    rule_out_url: str = ""
    reconsider_url: str = ""

    @property
    def place(self) -> str:
        return _place(self.confirm_url)


@dataclass(frozen=True, slots=True)
class Section:
    """One store beside one contact.

    kind: "loading" (nothing known yet), "customer", "guest" (orders without a customer record), "candidates" (several it may
    be, or one whose number was written: somebody must choose), "none" (no match: one quiet line, unless messages name an order,
    or a linked customer is gone), "problem" (nothing to show and a banner says why), "no_address" (the contact has no e-mail).
    """

    kind: str
    store_number: int
    domain: str
    time_zone: str  # the store's own; its events are shown in it
    url: str  # this section again: polled while refreshing, and the plain link for a browser without JavaScript
    refresh_url: str
    fetched_at: datetime | None
    refreshing: bool  # an answer is on its way: poll
    poll_delay_ms: int
    poll_url: str
    banners: tuple[Banner, ...] = ()
    profile: Profile | None = None
    completeness: str = ""  # "6 of 13 orders: this store shares the last 60 days"
    why: str = ""  # the words of the link behind it, into the help
    orders: tuple[OrderCard, ...] = ()
    reason: str = ""  # why there is no match, behind the i
    match: Match | None = None
    candidates: tuple[Candidate, ...] = ()
    none_url: str = ""  # where a member says that it is none of the candidates
    ruled_out: RuledOut | None = None
    named: tuple[NamedOrder, ...] = ()
    search_url: str = ""  # finds another customer of this store
    said: Banner | None = None  # what came of what a member has just done here
    searching: bool = False  # a member opened the search

    @property
    def quiet(self) -> bool:
        told = self.named or self.match or self.ruled_out or self.said or self.searching
        return self.kind in ("none", "no_address") and not told

    @property
    def first(self) -> OrderCard | None:
        """What is said of the section where there is room for one order: the one that the messages name, else the newest."""
        named = (found.card for found in self.named if found.card)
        return next(named, self.orders[0] if self.orders else None)

    @property
    def place(self) -> str:
        return _place(self.search_url)

    @property
    def at_hand(self) -> tuple[OrderCard, ...]:
        """Orders whose parts are painted with them; the others are a line each, and fetch theirs when opened."""
        return tuple(order for order in self.orders if order.detail or order.layout != "line")

    @property
    def words_url(self) -> str:
        """What the filter box searches: asked for when somebody turns to it, since it is as long as all the rest."""
        return f"{self.url.partition('?')[0]}words/"

    @property
    def stale(self) -> bool:
        """Shopify does not answer, or may not be asked: what is shown is for reading, and not for telling a customer."""
        return any(banner.tone in ("wait", "stop") for banner in self.banners)

    @property
    def insert_off(self) -> bool:
        """Whether there is something that could be put into a reply, and must not be: it may not be true any more."""
        return self.stale and bool(self.orders or any(found.card for found in self.named))

    @property
    def filterable(self) -> bool:
        return len(self.orders) > 10


@dataclass(frozen=True, slots=True)
class Finding:
    """What a member's search in one store finds. The words are sent, never part of an address: addresses are logged.

    `state`: "asking" (the answer is on its way: send the words again), "found", "nothing", "late" (no answer yet, no more
    asking by itself), "problem" (`text` says why nothing was asked or answered).
    """

    state: str
    store_number: int
    domain: str
    words: str
    search_url: str
    candidates: tuple[Candidate, ...] = ()  # ten at most
    more: bool = False  # there are others: more precise words find them
    text: str = ""
    attempt: int = 0
    poll_delay_ms: int = 0


def _place(url: str) -> str:
    """The numbers of an address, for the id of what stays while all around it is painted anew: by the store alone, a search
    or a reason that was typed beside one conversation would be found again beside the next, and be sent to the first."""
    return "-".join(re.findall(r"[0-9]+", url.partition("?")[0]))
