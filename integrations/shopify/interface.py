"""What the rest of the product may ask of Shopify. Reads stored rows and never waits."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from integrations.shopify import (
    answers,
    finding,
    inserting,
    matching,
    order_cards,
    order_context,
    order_details,
    questions,
    sidebar,
)
from integrations.shopify.banners import Viewer
from integrations.shopify.matching import Proof
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.news import News, news
from integrations.shopify.person import Confirmation, Link, Person, Ruling
from integrations.shopify.questions import Kind
from integrations.shopify.sections import Finding, Insert, OrderDetail, Section
from integrations.shopify.sidebar import Addresses

__all__ = [
    "Addresses",
    "Confirmation",
    "Glance",
    "Insert",
    "Link",
    "NamedFact",
    "News",
    "Person",
    "Proof",
    "Ruling",
    "Trouble",
    "Viewer",
    "find",
    "glance",
    "has_store",
    "has_stores",
    "known_addresses",
    "knows_customer",
    "knows_order",
    "named_orders",
    "newest_order",
    "news",
    "order_affixes",
    "order_detail",
    "order_lines",
    "order_words",
    "section",
    "sections",
    "store_names",
    "store_numbers",
    "warm",
]

# Sections that know the contact first; quiet lines after them.
_FIRST = {"customer": 0, "guest": 0, "candidates": 0, "loading": 1, "problem": 1, "none": 2, "no_address": 2}


# So many stores are asked about a person beforehand. What that leaves out is asked when somebody looks.
STORES_WARMED = 20
STORES_GLANCED = 200


@dataclass(frozen=True, slots=True)
class NamedFact:
    """An order that messages name, in a store, and why it is taken for the person's. `proof.for_automation` says whether
    anything may be answered by itself on the strength of it: never on what a member said by hand."""

    store_number: int
    order_id: str
    name: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class Trouble:
    """A store that cannot be read: what is wrong since when, what an owner does about it, and what agents are told."""

    store: str
    title: str
    fix: str
    agents: str
    since: datetime | None
    by_owner: bool  # it ends only when somebody acts


@dataclass(frozen=True, slots=True)
class Glance:
    any_connected: bool
    troubles: tuple[Trouble, ...]


def has_stores() -> bool:
    """Whether the workspace has a store that is, or was until it broke, connected."""
    return _listed().exists()


def order_affixes() -> tuple[tuple[str, str], ...]:
    """What stands before and after the numbers of orders in the stores that have shown a pattern, each once."""
    rows = _listed().exclude(order_prefix="", order_suffix="").order_by()
    return tuple(sorted(set(rows.values_list("order_prefix", "order_suffix"))))


def warm(*, person: Person) -> None:
    """Have what is stale of a person refreshed, where nobody looks yet: as a look does, behind everybody who waits."""
    stores = _listed().filter(state=Store.State.CONNECTED)[:STORES_WARMED]
    order_context.look_up([questions.asked(person, store) for store in stores], waited_for=False)


def store_numbers(*, ids: Iterable[int]) -> dict[int, int]:
    """The numbers by which stores are known outside of here, disconnected ones too."""
    return dict(Store.objects.filter(pk__in=list(ids)).values_list("pk", "number"))


def has_store(*, number: int) -> bool:
    """Whether this is such a store of the workspace."""
    return _listed().filter(number=number).exists()


def sections(*, person: Person, addresses: Addresses, viewer: Viewer) -> tuple[Section, ...]:
    """One section per store of the workspace for a person. Stale ones are being refreshed; of many stores, a few at a time."""
    found = order_context.look_up([questions.asked(person, store) for store in _listed()])
    built = [sidebar.build(one, person, addresses=addresses, viewer=viewer) for one in found]
    return tuple(sorted(built, key=lambda section: 0 if section.named else _FIRST[section.kind]))


def section(
    *, store_number: int, person: Person, addresses: Addresses, viewer: Viewer, attempt: int = 0, force: bool = False
) -> Section | None:
    """One store's section, polled (`attempt`) or asked for by a person (`force`). None for a store that is not there."""
    rows = order_context.rows_with_store(store_number, questions.about(person, store_number=store_number))
    store = rows[0].store if rows else _listed().filter(number=store_number).first()
    if store is None:
        return None
    (found,) = order_context.look_up([questions.asked(person, store)], force=force, rows_at_hand=rows)
    return sidebar.build(found, person, addresses=addresses, viewer=viewer, attempt=attempt)


def order_words(*, store_number: int, person: Person) -> dict[str, str]:
    """What the filter over one section's orders searches: name, items and tracking numbers of each, by the order's digits."""
    answers = order_details.stored_answers(store_number, person)
    if answers is None or not matching.known(answers):
        return {}
    return order_details.words(answers, matching.match(answers, person).head["orders"])


def order_detail(*, store_number: int, person: Person, legacy_id: str, addresses: Addresses) -> OrderDetail | None:
    """One stored order in full, decoded alone. None when it is not (or no longer) among the person's orders."""
    found = order_details.known(store_number, person, legacy_id)
    return order_details.first(found, store_number=store_number, addresses=addresses) if found else None


def order_lines(
    *, store_number: int, person: Person, legacy_id: str, addresses: Addresses, attempt: int = 0
) -> OrderDetail | None:
    """The same with all of its lines, polled (`attempt`) until they are there."""
    found = order_details.known(store_number, person, legacy_id)
    question = questions.by_lines(legacy_id)
    if found is None or question is None:
        return None
    (row, *_) = (*order_context.rows_with_store(store_number, [[question]]), None)
    store = row.store if row else _listed().filter(number=store_number).first()
    if store is None:
        return None
    return order_details.whole(found, store, question, row=row, addresses=addresses, attempt=attempt)


def named_orders(*, person: Person) -> tuple[NamedFact, ...]:
    """The orders that messages name, in every store that knows them, by what is stored: nothing is asked."""
    return tuple(fact for store in _listed() for fact in _facts(person, store.number)) if person.orders else ()


def newest_order(*, person: Person) -> dict[str, Insert] | None:
    """What may be said to the person of the newest order that their messages name and that is taken for theirs, by `name`,
    `status` and `tracking_link`; each without a text says why. None where there is no such order."""
    if not person.orders:
        return None
    found = [known for store in _listed() for known in order_details.named_theirs(store.number, person)]
    newest = max(found, key=lambda known: known.order.created_at, default=None)
    return inserting.by_name(newest.order, zone=order_cards.zone_named(newest.time_zone)) if newest else None


def knows_order(*, store_number: int, person: Person, order_id: str) -> NamedFact | None:
    """The order among those that the person's messages name in this store, for whoever confirms it by hand."""
    return next((fact for fact in _facts(person, store_number) if fact.order_id == order_id), None)


def knows_customer(*, store_number: int, customer_id: str) -> str | None:
    """The name under which a store told us of this customer; None for one we never heard of. For whoever links them by hand."""
    among = {"people": [{"customer": {"legacy_id": customer_id}}]}
    rows = OrderContext.objects.filter(store__number=store_number).exclude(store__state=Store.State.DISCONNECTED)
    about = Q(customer_id=customer_id, kind__in=[Kind.EMAIL, Kind.CUSTOMER, Kind.PHONE]) | Q(
        kind=Kind.SEARCH, head__contains=among
    )
    if not questions.by_customer(customer_id):
        return None
    for head in rows.filter(about, found=True).order_by("-fetched_at").values_list("head", flat=True)[:1]:
        people = [head["customer"], *(found["customer"] for found in head.get("people", []))]
        return next((str(one["display_name"]) for one in people if one and one["legacy_id"] == customer_id), None)
    return None


def find(*, store_number: int, words: str, addresses: Addresses, attempt: int = 0) -> Finding | None:
    """What a member's words find in one store. None for a store that is not there."""
    store = _listed().filter(number=store_number).first()
    return finding.find(store, words, addresses=addresses, attempt=attempt) if store else None


def store_names() -> tuple[tuple[int, str], ...]:
    """Number and name of every store that is, or was until it broke, connected."""
    rows = _listed().values_list("number", "shop_name", "shop_domain")
    return tuple((number, name or domain) for number, name, domain in rows)


def known_addresses(*, store_number: int) -> QuerySet[Any]:
    """The addresses (normalised) that a store knows, of those that were looked up in the last 30 days: a query to be a part of
    others, of which nothing is read here."""
    known = OrderContext.objects.filter(store__number=store_number, kind=Kind.EMAIL, found=True)
    return known.exclude(store__state=Store.State.DISCONNECTED).order_by().values("key")


def glance() -> Glance:
    """How the stores are, in one query: whether there are any, and which of them want attention."""
    with_clock: QuerySet[Store] = Store.objects.annotate(clock=Now()).defer("access_token", "refresh_token")
    rows = list(with_clock.exclude(state=Store.State.DISCONNECTED).order_by("number")[:STORES_GLANCED])
    return Glance(any(row.state == Store.State.CONNECTED for row in rows), tuple(filter(None, map(_trouble, rows))))


def _trouble(store: Store) -> Trouble | None:
    name = store.shop_name or store.shop_domain
    if store.state == Store.State.UNINSTALLED:
        title, agents = _("The app was uninstalled in Shopify"), _("An owner of this workspace can connect it again.")
        return Trouble(name, title, agents, agents, store.disconnected_at, by_owner=True)
    meaning = next((one for one in answers.concerns(store) if one.kind is not answers.Kind.HIDDEN), None)
    if meaning is None:
        return None
    lasting = meaning.kind is answers.Kind.PROBLEM
    since = store.problem_since if lasting else store.failing_since
    return Trouble(name, str(meaning.title), str(meaning.fix), str(meaning.agents), since, by_owner=lasting)


def _facts(person: Person, store_number: int) -> Iterator[NamedFact]:
    answers = order_details.stored_answers(store_number, person)
    for named in matching.named(answers, person) if answers else ():
        yield NamedFact(store_number, named.order["legacy_id"], named.order["name"], named.proof)


def _listed() -> QuerySet[Store]:
    return (
        Store.objects.exclude(state=Store.State.DISCONNECTED).defer("access_token", "refresh_token").order_by("number")
    )
