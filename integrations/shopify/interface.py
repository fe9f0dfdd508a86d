"""What the rest of the product may ask of Shopify. Reads stored rows and never waits."""

from collections.abc import Sequence

from django.db.models import QuerySet

from integrations.shopify import order_cards, order_context, sidebar, stored
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.news import News, news
from integrations.shopify.person import Confirmation, Link, Person
from integrations.shopify.sections import OrderDetail, Section
from integrations.shopify.sidebar import Addresses, Viewer

__all__ = [
    "Addresses",
    "Confirmation",
    "Link",
    "News",
    "Person",
    "Viewer",
    "has_stores",
    "news",
    "order_detail",
    "section",
    "sections",
    "warm",
]

# Sections that know the contact first; quiet lines after them.
_FIRST = {"customer": 0, "guest": 0, "loading": 1, "problem": 1, "none": 2, "no_address": 2}


# A message has so much asked beforehand. What it leaves out is asked when somebody looks.
STORES_WARMED, ADDRESSES_WARMED = 20, 3


def has_stores() -> bool:
    """Whether the workspace has a store that is, or was until it broke, connected."""
    return _listed().exists()


def warm(*, person: Person) -> None:
    """Have what is stale of a person refreshed, where nobody looks yet: as a look does, behind everybody who waits."""
    stores = list(_listed().filter(state=Store.State.CONNECTED)[:STORES_WARMED])
    for email_norm in person.emails[:ADDRESSES_WARMED]:
        order_context.look(stores=stores, email_norm=email_norm, waited_for=False)


def sections(*, person: Person, addresses: Addresses, viewer: Viewer) -> tuple[Section, ...]:
    """One section per store of the workspace for a person. Stale ones are being refreshed."""
    return _sections(list(_listed()), _email(person), addresses, viewer)


def section(
    *, store_number: int, person: Person, addresses: Addresses, viewer: Viewer, attempt: int = 0, force: bool = False
) -> Section | None:
    """One store's section, polled (`attempt`) or asked for by a person (`force`). None for a store that is not there."""
    email_norm = _email(person)
    row = order_context.row_with_store(store_number=store_number, email_norm=email_norm) if email_norm else None
    stores = [row.store] if row else list(_listed().filter(number=store_number))
    rows = [row] if row else []
    found = _sections(stores, email_norm, addresses, viewer, attempt=attempt, force=force, rows_at_hand=rows)
    return found[0] if found else None


def order_detail(*, store_number: int, person: Person, legacy_id: str) -> OrderDetail | None:
    """One stored order in full, decoded alone. None when it is not (or no longer) among the person's orders."""
    email_norm = _email(person)
    row = (
        OrderContext.objects.filter(store__number=store_number, kind=OrderContext.Kind.EMAIL, key=email_norm)
        .exclude(store__state=Store.State.DISCONNECTED)
        .values_list(f"rest__{stored.rest_key(legacy_id)}", "head", "store__time_zone")
        .order_by("store__number")
        .first()
        if legacy_id.isdigit()
        else None
    )
    if row is None:
        return None
    kept_in_rest, head, zone = row
    value = kept_in_rest or next(
        (o for o in (head or {}).get("orders", []) if o["legacy_id"] == legacy_id and o["full"]), None
    )
    return order_cards.detail(stored.order(value), time_zone=zone) if value else None


def _email(person: Person) -> str:
    return person.emails[0] if person.emails else ""


def _listed() -> QuerySet[Store]:
    return (
        Store.objects.exclude(state=Store.State.DISCONNECTED).defer("access_token", "refresh_token").order_by("number")
    )


def _sections(
    stores: Sequence[Store],
    email_norm: str,
    addresses: Addresses,
    viewer: Viewer,
    *,
    attempt: int = 0,
    force: bool = False,
    rows_at_hand: Sequence[OrderContext] = (),
) -> tuple[Section, ...]:
    if not email_norm:
        return tuple(sidebar.without_address(store, addresses=addresses) for store in stores)
    looks = order_context.look(stores=stores, email_norm=email_norm, force=force, rows_at_hand=rows_at_hand)
    built = [
        sidebar.build(look, addresses=addresses, viewer=viewer, email=email_norm, attempt=attempt) for look in looks
    ]
    return tuple(sorted(built, key=lambda section: _FIRST[section.kind]))
