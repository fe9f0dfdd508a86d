"""The sections of the sidebar, built from stored rows: the page objects of `sections.py`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.shopify import banners, domains, identity, matching, order_cards, stored
from integrations.shopify.banners import Viewer
from integrations.shopify.matching import How, Matched, Named, Proof
from integrations.shopify.models import Store
from integrations.shopify.order_context import Answers
from integrations.shopify.person import Person
from integrations.shopify.scopes import READ_ALL_ORDERS, covers
from integrations.shopify.sections import Banner, NamedOrder, Profile, Section
from integrations.shopify.types import Customer, Denied

# Most answers are there within half a second; then every two seconds, about twenty in all, then a word.
DELAYS_MS = (300, 600, 1200)
LATER_MS = 2000
TRIES = 12


def _nowhere(*_of: object) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the page that holds the sections answers; the inbox knows, this package does not. Empty: it does not offer that."""

    section: Callable[[int], str]  # store number -> url
    order: Callable[[int, str], str]  # store number, order id -> url
    link: Callable[[int], str] = _nowhere  # store number -> where a customer is chosen
    unlink: Callable[[int], str] = _nowhere
    confirm: Callable[[int, str], str] = _nowhere  # store number, order id -> where a member says that it is theirs
    withdraw: Callable[[int, str], str] = _nowhere
    rule_out: Callable[[int, str], str] = _nowhere  # where a member says that an order is not theirs
    reconsider: Callable[[int, str], str] = _nowhere
    none_of: Callable[[int], str] = _nowhere  # store number -> where a member says that it is none of the candidates
    any_of: Callable[[int], str] = _nowhere  # and takes that back
    search: Callable[[int], str] = _nowhere


def build(answers: Answers, person: Person, *, addresses: Addresses, viewer: Viewer, attempt: int = 0) -> Section:
    """One store's section. `attempt` counts the polls of one waiting page."""
    store = answers.store
    rows = list(answers.rows.values())
    polling = answers.turn > 0 or (answers.refreshing and attempt < TRIES)
    known = matching.known(replace(answers, refreshing=polling and not answers.turn))
    matched = matching.match(answers, person) if known or not answers.asked.who else None
    notices = banners.of(store, rows, viewer=viewer, gave_up=answers.refreshing and not polling)
    url = addresses.section(store.number)
    moments = [row.fetched_at for row in rows if row.fetched_at]
    section = Section(
        kind=_kind(matched, polling=polling, banners=notices),
        store_number=store.number,
        domain=store.shop_domain,
        time_zone=store.time_zone,
        url=url,
        refresh_url=f"{url}?refresh=1" if rows else url,
        fetched_at=min(moments) if matched and moments else None,
        refreshing=polling,
        poll_delay_ms=delay(attempt, turn=answers.turn),
        poll_url=f"{url}?try={attempt + 1}",
        banners=notices,
        search_url=addresses.search(store.number) if store.state == Store.State.CONNECTED else "",
    )
    settled = known or not polling or not answers.asked.who
    section = _named(section, answers, person, addresses=addresses, settled=settled)
    if matched is None:
        return _linked(section, person, addresses=addresses)
    return _filled(section, answers, matched, person, addresses=addresses, viewer=viewer)


def _linked(section: Section, person: Person, *, addresses: Addresses) -> Section:
    """What a member said stands there, and can be taken back, before Shopify has answered and when it does not."""
    link = person.links.get(section.store_number)
    return replace(section, match=identity.linked(link, addresses.unlink(section.store_number))) if link else section


def delay(attempt: int, *, turn: int = 0) -> int:
    """Milliseconds until a waiting page asks again. A store that must wait for its turn among many is asked when it does."""
    if turn:
        return LATER_MS * turn
    return DELAYS_MS[attempt] if attempt < len(DELAYS_MS) else LATER_MS


_KINDS: Final = {
    How.LINKED: "customer",
    How.EMAIL: "customer",
    How.GUEST: "guest",
    How.CANDIDATES: "candidates",
    How.UNASKED: "no_address",
}


def _kind(matched: Matched | None, *, polling: bool, banners: tuple[Banner, ...]) -> str:
    if matched is not None:
        return _KINDS.get(matched.how) or ("problem" if banners and matched.how is How.NONE else "none")
    return "loading" if polling and not banners else "problem" if banners else "loading"


def _filled(
    section: Section, answers: Answers, matched: Matched, person: Person, *, addresses: Addresses, viewer: Viewer
) -> Section:
    store, head = answers.store, matched.head
    customer = stored.customer(head["customer"])
    shown = {named.card.legacy_id for named in section.named if named.card}
    orders = order_cards.cards(
        [order for order in head["orders"] if order["legacy_id"] not in shown],
        shop_domain=store.shop_domain,
        zone=order_cards.zone_named(store.time_zone),
        detail_url=lambda order: addresses.order(store.number, order),
    )
    count, guests = len(head["orders"]), _of_guests(head) if customer else 0
    own = count if head["more_orders"] else count - guests
    completeness = _completeness(store, customer, own, more=head["more_orders"], denied=stored.denied(head["denied"]))
    return replace(
        section,
        profile=_profile(store, customer) if customer else None,
        orders=orders,
        completeness="; ".join(filter(None, (completeness, _beside(guests)))),
        why=_why(store, viewer) if completeness else "",
        reason=identity.nobody(matched, store, person),
        match=identity.match_of(
            matched, person, link=person.links.get(store.number), unlink_url=addresses.unlink(store.number)
        ),
        candidates=identity.candidates_of(matched, link_url=addresses.link(store.number)),
        none_url=addresses.none_of(store.number),
        ruled_out=identity.ruled_out(matched, person, store, undo_url=addresses.any_of(store.number)),
    )


def _named(section: Section, answers: Answers, person: Person, *, addresses: Addresses, settled: bool) -> Section:
    """The orders that messages name: at hand as soon as they are found. That one is not the person's is said only once it is
    `settled` who they are: their own must not be asked a reason for while that is on its way."""
    zone = order_cards.zone_named(answers.store.time_zone)
    found = [named for named in matching.named(answers, person) if settled or named.proof is not Proof.NONE]
    return replace(section, named=tuple(_named_order(named, answers.store, person, zone, addresses) for named in found))


def _named_order(named: Named, store: Store, person: Person, zone: ZoneInfo, addresses: Addresses) -> NamedOrder:
    number, digits = store.number, named.order["legacy_id"]
    card = identity.named_order(
        named, person=person, store=store, zone=zone, detail_url=lambda order: addresses.order(number, order)
    )
    return replace(
        card,
        confirm_url=addresses.confirm(number, digits),
        withdraw_url=addresses.withdraw(number, digits),
        rule_out_url=addresses.rule_out(number, digits),
        reconsider_url=addresses.reconsider(number, digits),
    )


def _profile(store: Store, customer: Customer) -> Profile:
    return Profile(
        name=customer.display_name,
        email=customer.email or "",
        phone=customer.phone or "",
        orders=identity.order_count(customer),
        spent=order_cards.money(customer.spent),
        since=customer.created_at,
        tags=customer.tags,
        note=customer.note or "",
        admin_url=domains.customer_link(store.shop_domain, customer.legacy_id) or "",
    )


def _completeness(
    store: Store, customer: Customer | None, shown: int, *, more: bool, denied: tuple[Denied, ...]
) -> str:
    """Why fewer orders are listed than there are, or whose they are. Silence means: these are all of this customer."""
    windowed = not covers(store.scopes, READ_ALL_ORDERS)
    total = customer.number_of_orders if customer else None
    if more:
        return _("The newest %(shown)d orders") % {"shown": shown}
    if total is not None and total > shown:
        counts = {"shown": shown, "total": total}
        if windowed:
            return _("%(shown)d of %(total)d orders: this store shares the last 60 days") % counts
        return _("%(shown)d of %(total)d orders") % counts
    if customer is not None or not shown:
        return ""
    return (
        _profile_hidden(shown)
        if any(banners.is_of(item, "customer") for item in denied)
        else _guest(shown, windowed=windowed)
    )


def _of_guests(head: dict[str, Any]) -> int:
    """How many of the orders are not the customer's: those have no part in the number of orders that the profile says."""
    return sum(1 for order in head["orders"] if order.get("email"))


def _beside(guests: int) -> str:
    if not guests:
        return ""
    return ngettext("%(n)d more order as a guest", "%(n)d more orders as a guest", guests) % {"n": guests}


def _why(store: Store, viewer: Viewer) -> str:
    """Who may have the store share more is told that it can be."""
    if viewer.may_connect and not covers(store.scopes, READ_ALL_ORDERS):
        return _("How to see older orders")
    return _("Why")


def _profile_hidden(shown: int) -> str:
    """Whether there is an account nobody can say: it was denied."""
    words = ngettext(
        "%(n)d order under this e-mail; whether it is a customer’s is hidden",
        "%(n)d orders under this e-mail; whether they are a customer’s is hidden",
        shown,
    )
    return words % {"n": shown}


def _guest(shown: int, *, windowed: bool) -> str:
    """Why there are orders and no profile above them."""
    if windowed:
        words = ngettext(
            "%(n)d guest order of the last 60 days under this e-mail, no account",
            "%(n)d guest orders of the last 60 days under this e-mail, no account",
            shown,
        )
    else:
        words = ngettext(
            "%(n)d guest order under this e-mail, no account", "%(n)d guest orders under this e-mail, no account", shown
        )
    return words % {"n": shown}
