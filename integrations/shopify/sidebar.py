"""The sections of the sidebar, built from stored rows: the page objects of `sections.py`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.shopify import answers as meanings
from integrations.shopify import domains, identity, matching, order_cards, stored, tokens
from integrations.shopify.matching import How, Matched
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.order_context import Answers
from integrations.shopify.person import Person
from integrations.shopify.scopes import READ_ALL_ORDERS, covers
from integrations.shopify.sections import Banner, Profile, Section
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
    lines: Callable[[int, str], str] = _nowhere  # the same: the lines of an order beyond those at hand
    link: Callable[[int], str] = _nowhere  # store number -> where a customer is chosen
    unlink: Callable[[int], str] = _nowhere
    confirm: Callable[[int, str], str] = _nowhere  # store number, order id -> where a member says that it is theirs
    withdraw: Callable[[int, str], str] = _nowhere
    search: Callable[[int], str] = _nowhere


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: only an owner is offered what only an owner may do."""

    workspace: str
    may_connect: bool


def build(answers: Answers, person: Person, *, addresses: Addresses, viewer: Viewer, attempt: int = 0) -> Section:
    """One store's section. `attempt` counts the polls of one waiting page."""
    store = answers.store
    rows = list(answers.rows.values())
    polling = answers.turn > 0 or (answers.refreshing and attempt < TRIES)
    known = matching.known(replace(answers, refreshing=polling and not answers.turn))
    matched = matching.match(answers) if known or not answers.asked.who else None
    banners = _banners(store, rows, viewer=viewer, gave_up=answers.refreshing and not polling)
    url = addresses.section(store.number)
    moments = [row.fetched_at for row in rows if row.fetched_at]
    section = Section(
        kind=_kind(matched, polling=polling, banners=banners),
        store_number=store.number,
        domain=store.shop_domain,
        time_zone=store.time_zone,
        url=url,
        refresh_url=f"{url}?refresh=1" if rows else url,
        fetched_at=min(moments) if matched and moments else None,
        refreshing=polling,
        poll_delay_ms=_delay(attempt, answers.turn),
        poll_url=f"{url}?try={attempt + 1}",
        banners=banners,
        search_url=addresses.search(store.number) if store.state == Store.State.CONNECTED else "",
    )
    section = _named(section, answers, person, addresses=addresses)
    return _filled(section, answers, matched, person, addresses=addresses) if matched else section


def _delay(attempt: int, turn: int) -> int:
    """A store that must wait for its turn among many is asked when the page comes back for it."""
    if turn:
        return LATER_MS * turn
    return DELAYS_MS[attempt] if attempt < len(DELAYS_MS) else LATER_MS


def zone_of(store: Store) -> ZoneInfo:
    try:
        return ZoneInfo(store.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


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


def _filled(section: Section, answers: Answers, matched: Matched, person: Person, *, addresses: Addresses) -> Section:
    store, head = answers.store, matched.head
    customer = stored.customer(head["customer"])
    shown = {named.card.legacy_id for named in section.named if named.card}
    orders = order_cards.cards(
        [order for order in head["orders"] if order["legacy_id"] not in shown],
        shop_domain=store.shop_domain,
        zone=zone_of(store),
        detail_url=lambda order: addresses.order(store.number, order),
    )
    count = len(head["orders"])
    return replace(
        section,
        profile=_profile(store, customer) if customer else None,
        orders=orders,
        completeness=_completeness(
            store, customer, count, more=head["more_orders"], denied=stored.denied(head["denied"])
        ),
        reason=identity.nobody(matched, store, person),
        match=identity.match_of(
            matched, person, link=person.links.get(store.number), unlink_url=addresses.unlink(store.number)
        ),
        candidates=identity.candidates_of(matched, link_url=addresses.link(store.number)),
    )


def _named(section: Section, answers: Answers, person: Person, *, addresses: Addresses) -> Section:
    """The orders that messages name: at hand as soon as they are found, whoever the person is."""
    store = answers.store
    cards = (
        identity.named_order(
            named,
            store=store,
            zone=zone_of(store),
            confirmation=person.confirmed.get((store.number, named.order["legacy_id"])),
            detail_url=lambda order: addresses.order(store.number, order),
            confirm_url=addresses.confirm(store.number, named.order["legacy_id"]),
            withdraw_url=addresses.withdraw(store.number, named.order["legacy_id"]),
        )
        for named in matching.named(answers, person)
    )
    return replace(section, named=tuple(cards))


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
        _profile_hidden(shown) if any(_is_of(item, "customer") for item in denied) else _guest(shown, windowed=windowed)
    )


def _profile_hidden(shown: int) -> str:
    """Whether there is an account nobody can say: it was denied."""
    words = ngettext(
        "%(n)d order under this e-mail; whether it is a customer’s is hidden",
        "%(n)d orders under this e-mail; whether they are a customer’s is hidden",
        shown,
    )
    return words % {"n": shown}


def _is_of(denied: Denied, root: str) -> bool:
    """Whether what was denied belongs to this part of the question: "customer", or the "guests" who are found by search."""
    return denied.field.partition(".")[0] == root


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


def _banners(store: Store, rows: Sequence[OrderContext], *, viewer: Viewer, gave_up: bool) -> tuple[Banner, ...]:
    if store.state == Store.State.UNINSTALLED:
        return (_uninstalled(store),)
    if store.state != Store.State.CONNECTED:
        return (_problem(store, viewer),)
    hidden = [row for row in rows if row.head and meanings.hides(row.failure)]
    if hidden:
        return (_withheld(hidden[0], stored.denied((hidden[0].head or {})["withheld"]), viewer),)
    out = []
    failing = [row for row in rows if row.failing_since is not None]
    if failing:
        # One that was never answered says less than one whose last answer is shown.
        out.append(_failing(min(failing, key=lambda row: (row.fetched_at is None, row.failing_since, row.pk))))
    elif gave_up:
        out.append(
            Banner(
                "wait",
                "clock",
                _("Shopify is slow to answer."),
                _("Nothing is lost; try again in a moment."),
                retry=True,
            )
        )
    return (*out, *_denied([item for row in rows if row.head for item in stored.denied(row.head["denied"])]))


def _failing(row: OrderContext) -> Banner:
    meaning = meanings.of(row.failure)
    if row.failure == tokens.ReadingPaused.code:
        text = _("Orders appear here again as soon as it goes on; what is shown is what we knew.")
        return Banner("wait", "clock", str(meaning.agents), text)
    since = _("%(what)s since %(since)s") % {"what": meaning.agents, "since": _clock(row.failing_since)}
    if row.fetched_at is None:
        return Banner("wait", "clock", f"{since}.", _("Orders appear here as soon as it does."), retry=True)
    known = _("showing what we knew at %(known)s.") % {"known": _clock(row.fetched_at)}
    return Banner("wait", "clock", "", f"{since}; {known}", retry=True)


def _withheld(row: OrderContext, denied: tuple[Denied, ...], viewer: Viewer) -> Banner:
    """Shopify answered, and kept from us who this is: what is hidden, why, and from when that is which is shown."""
    customers = any(not _is_of(item, "guests") for item in denied)
    orders = any(not _is_of(item, "customer") for item in denied)
    titles = {
        (True, True): _("Shopify has hidden this store’s customers and orders since %(since)s."),
        (True, False): _("Shopify has hidden this store’s customers since %(since)s."),
        (False, True): _("Shopify has hidden this store’s orders since %(since)s."),
    }
    found = [meanings.of(reason) for reason in dict.fromkeys(item.reason for item in denied)]
    text = " ".join(str(meaning.fix if viewer.may_connect else meaning.agents) for meaning in found)
    if row.found:
        known = _("Shown below is what we knew at %(known)s.") % {"known": _clock(row.fetched_at)}
        text = f"{text} {known}"
    url = reverse("tenants:general", kwargs={"workspace": viewer.workspace})
    mends = viewer.may_connect and any(meaning.ends is meanings.Ends.OWNER for meaning in found)
    return Banner(
        "wait", "info", titles[customers, orders] % {"since": _clock(row.failing_since)}, text,
        action_label=_("Reconnect store") if mends else "", action_url=url if mends else "",
    )  # fmt: skip


def _problem(store: Store, viewer: Viewer) -> Banner:
    """A store that somebody must mend: a plain sentence for agents, what to do and the button for owners."""
    since = _clock(store.problem_since)
    meaning = meanings.of_problem(store.problem)
    if not viewer.may_connect:
        text = _("It has shared no orders since %(since)s.") % {"since": since}
        return Banner("stop", "key-round", _("Orders cannot be read in this store."), f"{text} {meaning.agents}")
    general = reverse("tenants:general", kwargs={"workspace": viewer.workspace})
    title = _("%(problem)s (since %(since)s).") % {"problem": meaning.title, "since": since}
    label = _("Reconnect store") if meaning.ends is meanings.Ends.OWNER else _("Open its settings")
    return Banner("stop", "key-round", title, str(meaning.fix), action_label=label, action_url=general)


def _uninstalled(store: Store) -> Banner:
    title = _("Uninstalled in Shopify since %(since)s.") % {"since": _clock(store.disconnected_at)}
    return Banner("stop", "key-round", title, _("An owner of this workspace can connect the store again."))


def _denied(denied: Sequence[Denied]) -> list[Banner]:
    """Fields that Shopify hides from us: said once each reason, not once each field."""
    titles = {"scope": _("Some details are hidden."), "protected_data": _("Names and addresses are hidden.")}
    reasons = {item.reason for item in denied}
    return [
        Banner("idle", "info", title, str(meanings.of(reason).agents))
        for reason, title in titles.items()
        if reason in reasons
    ]


def _clock(moment: object) -> str:
    """14:02 today, "Nov 20, 14:02" before, in the reader's zone."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)  # type: ignore[arg-type]
    recent = timezone.now() - local < timedelta(hours=12)
    return formats.date_format(local, "H:i" if recent else "M j, H:i")
