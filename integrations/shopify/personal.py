"""What this package keeps about people, and how it is collected and erased: stored orders, requests about data, stores."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import F, Func, JSONField, Q, QuerySet
from django.utils import timezone

from integrations.shopify.events import DataRequestContinues
from integrations.shopify.models import ComplianceRequest, DataRequestPart, OrderContext
from tenants.addresses import AddressError, normalise
from tenants.contents import Section, Table
from tenants.outbox.events import publish
from tenants.personal import Counts, Kept, Package, Plain, Subject, Who

Kind = OrderContext.Kind
# A page that read an address just before it was erased is long done after this.
STRAGGLERS = timedelta(hours=1)
ROWS_A_BATCH = 1_000
# The numbers of the orders that a row holds, as a list of texts.
_NUMBERS = "jsonb_path_query_array(%(expressions)s, '$.orders[*].legacy_id'::jsonpath)"


# --- Who it is ------------------------------------------------------------------------------------------------------
def widen(subject: Subject) -> Subject:
    """Under which address a customer is known here, which customer an address is, what Shopify told of them.

    An order alone leads to no address: whoever is named on it may be somebody else.
    """
    rows = OrderContext.objects.filter(_same_person(subject)) if subject.emails or subject.customers else ()
    for row in rows.defer("rest") if rows else ():
        profile = (row.head or {}).get("customer") or {}
        own = row.key if row.kind == Kind.EMAIL else _normal(profile.get("email"))
        subject |= Subject(
            emails=frozenset(_texts(own)),
            phones=frozenset(_texts(profile.get("phone"))),
            names=frozenset(_texts(profile.get("display_name"))),
            customers=frozenset((row.store_id, digits) for digits in _texts(row.customer_id, profile.get("legacy_id"))),
        )
    return subject


def _texts(*values: object) -> Iterator[str]:
    yield from (value for value in values if isinstance(value, str) and value)


def _normal(address: object) -> str:
    try:
        return normalise(address) if isinstance(address, str) else ""
    except AddressError:
        return ""


def _same_person(subject: Subject) -> Q:
    same = Q(kind=Kind.EMAIL, key__in=subject.emails)
    for store, digits in sorted(subject.customers):
        asked_for = Q(kind=Kind.CUSTOMER, key=digits)  # whether or not it was ever answered
        same |= Q(store=store) & (asked_for | Q(customer_id=digits) | Q(head__customer__legacy_id=digits))
    return same


def _orders(subject: Subject) -> Q:
    """Answers in which an order of theirs stands: by its number, or by whose it is where it was asked for itself."""
    theirs = Q(pk__in=_holding(subject.orders)) | _lines_of(_same_person(subject))
    alone = Q(kind__in=[Kind.ORDER, Kind.LINES])
    for store, digits in sorted(subject.customers):
        theirs |= alone & Q(store=store, head__orders__contains=[{"customer_id": digits}])
    for email in sorted(subject.emails):
        theirs |= alone & Q(head__orders__contains=[{"email": email}])
    return theirs


def _lines_of(rows: Q) -> Q:
    """All items of the orders that stand in these rows. Where a store hides addresses and customers, no answer says whose
    they are."""
    found = Q(pk__in=[])
    for store, numbers in OrderContext.objects.filter(rows).annotate(held=_held()).values_list("store", "held"):
        found |= Q(kind=Kind.LINES, store=store, key__in=numbers or [])
    return found


def _rows(subject: Subject) -> QuerySet[OrderContext]:
    """Everything that was stored of their orders, in every store of the workspace, and whatever else may name them: what
    agents searched for is kept for a day and may name anybody."""
    others = Q(kind=Kind.PHONE, key__in=subject.phones) | Q(kind=Kind.SEARCH)
    found: QuerySet[OrderContext] = OrderContext.objects.filter(_same_person(subject) | _orders(subject) | others)
    return found


def _own_rows(subject: Subject) -> QuerySet[OrderContext]:
    """What is about them alone: a search, and a name that two orders have, are about others too."""
    shared = Q(kind=Kind.SEARCH) | Q(kind=Kind.ORDER, head__orders__1__isnull=False)
    found: QuerySet[OrderContext] = OrderContext.objects.filter(_same_person(subject) | _orders(subject)).exclude(
        shared
    )
    return found


def _holding(orders: Collection[tuple[int, str]]) -> list[int]:
    """The rows that hold one of these orders. Shopify may name tens of thousands, and no index finds one: each store's rows
    are gone through once, a batch at a time, however many are named."""
    found: list[int] = []
    for store in sorted({store for store, _ in orders}):
        wanted = {digits for of, digits in orders if of == store}
        rows, after = OrderContext.objects.filter(store=store).annotate(held=_held()).order_by("pk"), 0
        while batch := list(rows.filter(pk__gt=after).values_list("pk", "held")[:ROWS_A_BATCH]):
            found += [pk for pk, numbers in batch if not wanted.isdisjoint(numbers or ())]
            after = batch[-1][0]
    return found


def _held() -> Func:
    return Func(F("head"), template=_NUMBERS, output_field=JSONField())


def _requests(subject: Subject) -> QuerySet[ComplianceRequest]:
    """Requests about them. Shopify's number of a customer means somebody in one store only."""
    about = Q(email__in=[*subject.emails, *subject.spellings]) & ~Q(email="")
    for store, digits in sorted(subject.customers):
        about |= Q(store=store, customer_id=digits)
    found: QuerySet[ComplianceRequest] = ComplianceRequest.objects.filter(about)
    return found


# --- Collected and erased -------------------------------------------------------------------------------------------
def collect(subject: Subject) -> Iterable[tuple[str, Section]]:
    yield "stored orders", Table(OrderContext, partial(_own_rows, subject))
    yield "requests about data", Table(ComplianceRequest, partial(_requests, subject))


def forget(subject: Subject, touched: bool) -> Counts:
    """The rows themselves: a refresh that is under way finds its row gone, and stores nothing.

    A request for their data that is still open can no longer be answered: its file goes, and it ends.
    """
    contexts, _ = _rows(subject).delete()
    asked = _requests(subject).filter(kind=ComplianceRequest.Kind.DATA_REQUEST)
    files, _ = DataRequestPart.objects.filter(request__in=asked).delete()
    asked.exclude(state=ComplianceRequest.State.DONE).update(state=ComplianceRequest.State.DONE, done_at=timezone.now())
    asked.update(email="", phone="", order_ids=[], size=0, file_until=None)
    if touched or contexts:
        _make_anew(ComplianceRequest.objects.exclude(pk__in=asked.values("pk")))
    return {"stored orders": contexts, "files of data requests": int(files > 0)}


def _make_anew(requests: QuerySet[ComplianceRequest]) -> None:
    """The files for others: a mail of theirs may have named the person who is erased."""
    begun = Q(state=ComplianceRequest.State.WAITING, size__gt=0) | Q(
        state=ComplianceRequest.State.READY, file_until__isnull=False
    )
    for request in requests.filter(begun, kind=ComplianceRequest.Kind.DATA_REQUEST).select_for_update():
        DataRequestPart.objects.filter(request=request).delete()
        ComplianceRequest.objects.filter(pk=request.pk).update(
            state=ComplianceRequest.State.WAITING, size=0, file_until=None
        )
        publish(DataRequestContinues(request_id=request.pk))


def settle(erased_at: Callable[[str], datetime | None]) -> Counts:
    """A page that had read the address before it was erased may have asked for its orders right after."""
    begun = timezone.now() - STRAGGLERS
    late = [
        row.pk
        for row in OrderContext.objects.filter(looked_at__gte=begun).defer("rest")
        if any((moment := erased_at(email)) is not None and moment >= begun for email in _addresses_in(row))
    ]
    return {"stored orders": OrderContext.objects.filter(pk__in=late).delete()[0]}


def _addresses_in(row: OrderContext) -> set[str]:
    """Every address under which somebody stands in a row."""
    head = row.head or {}
    people = [head.get("customer"), *head.get("orders", []), *(one["customer"] for one in head.get("people", []))]
    found = {_normal(one.get("email")) for one in people if one}
    return (found | {row.key if row.kind == Kind.EMAIL else ""}) - {""}


def blanked() -> dict[str, Any]:
    """What a request loses when it is done."""
    return {"email": "", "phone": "", "order_ids": []}


# --- Declared -------------------------------------------------------------------------------------------------------
_OURS, _SHOP = "A value of our own.", "Names a store, and nobody."
_WITH_STORE = "Blanked at Shopify’s request after the app was uninstalled; deleted with the workspace."

PACKAGE = Package(
    kept=(
        Kept(
            "shopify.OrderContext", ("key", "customer_id", "head", "rest"), Who.CONTACT,
            "The customer’s profile, orders and parcels as the store told them, and what was asked for: name, mail address, telephone number, tags, note, city of delivery, items, tracking numbers",
            "To show them beside the conversation.",
            "Deleted when the customer or contact is erased, when the store is disconnected, and 30 days after the last look; a day after it, where an agent searched or nothing was found.",
        ),
        Kept(
            "shopify.ComplianceRequest", ("email", "phone", "order_ids"), Who.CONTACT,
            "Whose data Shopify or an owner asked about", "To carry the request out.", "Blanked as soon as the request is done.",
        ),
        Kept(
            "shopify.ComplianceRequest", ("customer_id", "request_id"), Who.CONTACT, "Shopify’s numbers of a customer and of their request",
            "To show Shopify, or a supervisory authority, that the request was carried out.", "Deleted with the workspace.",
        ),
        Kept(
            "shopify.DataRequestPart", ("content",), Who.CONTACT, "The file that answers a customer’s request for their data",
            "For an owner to hand over.", "Deleted when the request is marked as done, when the customer is erased, and when its time is over.",
        ),
        Kept(
            "shopify.Store", ("shop_name", "shop_gid", "time_zone", "currency", "order_prefix", "order_suffix"), Who.STORE, "What a store says of itself",
            "To show which store it is, and times as the store counts them.", _WITH_STORE,
        ),
        Kept(
            "shopify.Store", ("shop_domain",), Who.STORE, "A store’s address at Shopify",
            "To tell stores apart, and to know one again that is connected anew.", "Deleted with the workspace.",
        ),
        Kept(
            "shopify.ConnectionAttempt", ("session_hash",), Who.MEMBER, "A hash of the session of whoever connected a store",
            "So that nobody else ends what they began.", "Deleted with the attempt; with the workspace at the latest.",
        ),
    ),
    plain=(
        Plain("shopify.ComplianceRequest", ("kind", "state", "counts"), _OURS),
        Plain("shopify.ComplianceRequest", ("body_hash",), "A hash of a whole request of Shopify’s, whose secret parts cannot be guessed one by one; of no use without it."),
        Plain("shopify.OrderContext", ("kind", "failure"), _OURS),
        Plain("shopify.Store", ("state", "problem", "scopes", "hidden", "failure", "webhooks_problem", "check_results"), _OURS),
        Plain("shopify.Store", ("access_token", "refresh_token"), "The store’s access, sealed; it names no person."),
        Plain("shopify.Farewell", ("shop_domain",), _SHOP),
        Plain("shopify.Farewell", ("access_token",), "The store’s access, sealed."),
        Plain("shopify.ShopifyApp", ("name", "client_id"), "An app, as its owner called it."),
        Plain("shopify.ShopifyApp", ("client_secret", "previous_secret"), "The app’s secret, sealed."),
        Plain("shopify.ConnectionAttempt", ("reference", "kind", "outcome", "state_hash"), "What became of an attempt, and by which word it is found."),
        Plain("shopify.ConnectionAttempt", ("shop_domain",), _SHOP),
        Plain("shopify.PendingInstallation", ("token_hash", "reference"), "By which word it is found."),
        Plain("shopify.PendingInstallation", ("shop_domain",), _SHOP),
        Plain("shopify.PendingInstallation", ("access",), "The store’s access, sealed, for a quarter of an hour."),
        Plain("shopify.WebhookReceipt", ("shop_domain", "topic", "delivery_id", "event_id", "effect"), "That Shopify delivered something, and nothing of what."),
        Plain("shopify.WebhookReceipt", ("resource_id",), "Shopify’s number of an order or a customer, which says who that is to nobody but the store."),
    ),
    widen=widen,
    collect=collect,
    forget=forget,
    settle=settle,
)  # fmt: skip
