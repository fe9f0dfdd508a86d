"""The JSON in which an answer of Shopify's is kept between two looks. Pure: types in, plain values out, and back.

The newest orders are kept in full as long as together they hold no more lines than three orders of 25, and three of them in
any case: they are painted at once. Of the others only what one line shows stays at hand; their full form is read when one
is opened. So a contact with a handful of orders never waits for an order that is unfolded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

from integrations.shopify.types import (
    Customer,
    CustomerOrders,
    Denied,
    Found,
    LineItem,
    Money,
    Order,
    OrderLine,
    Parcel,
    ParcelItem,
    Tracking,
)

FULL_ORDERS = 3
FULL_LINES = 75
SEARCH_LENGTH = 600
_LINE_FIELDS = (
    "name",
    "legacy_id",
    "created_at",
    "cancelled_at",
    "financial_status",
    "fulfillment_status",
    "total",
    "shop_total",
    "email",  # of one that is not the customer's, but was found by its address
)

Json = dict[str, Any]


def split(answer: CustomerOrders, *, whole: bool = False) -> tuple[Json, Json]:
    """`head` (profile, newest orders in full, the others as lines) and `rest` (those others in full, by their id).

    `whole`: all orders in full, where there can be but a few.
    """
    count = len(answer.orders) if whole else _kept_in_full(answer.orders)
    newest, folded = answer.orders[:count], answer.orders[count:]
    orders = [{"full": True, **_plain(order)} for order in newest]
    orders += [{"full": False, **_line_of(order)} for order in folded]
    rest = {rest_key(order.legacy_id): _plain(order) for order in folded}
    head = {
        "customer": _plain(answer.customer) if answer.customer else None,
        "orders": orders,
        "more_orders": answer.more_orders,
        "denied": [_plain(denied) for denied in answer.denied],
    }
    if answer.people:
        head["people"] = [_plain(found) for found in answer.people]
    return head, rest


def _kept_in_full(orders: Sequence[Order]) -> int:
    """How many of the newest orders."""
    lines = list(accumulate(len(order.lines) for order in orders))
    return max(FULL_ORDERS, sum(total <= FULL_LINES for total in lines))


def rest_key(legacy_id: str) -> str:
    """Not the bare digits: Django and Postgres would take those for a position in a list."""
    return f"o{legacy_id}"


def search_text(order: Order) -> str:
    """What the filter box matches, word by word: the order's name, its items, its tracking numbers. Each word once."""
    numbers = [t.number or "" for parcel in order.parcels for t in parcel.tracking]
    titles = [f"{line.title} {line.variant_title or ''} {line.sku or ''}" for line in order.lines]
    words = " ".join([order.name, *numbers, *titles]).lower().split()
    return " ".join(dict.fromkeys(words))[:SEARCH_LENGTH]


def customer(value: Json | None) -> Customer | None:
    """The customer back from JSON."""
    if value is None:
        return None
    return Customer(
        **{
            **value,
            "created_at": _moment(value["created_at"]),
            "spent": _money(value["spent"]),
            "tags": tuple(value["tags"]),
        }
    )


def found(value: Json) -> Found:
    """Somebody whom a search found, back from JSON."""
    who = customer(value["customer"])
    if who is None:
        raise ValueError("a find without a customer")
    return Found(who, value["by"])


def denied(values: list[Json]) -> tuple[Denied, ...]:
    return tuple(Denied(**value) for value in values)


def order(value: Mapping[str, Any]) -> Order:
    """An order back from JSON, where it is kept in full."""
    # What an older version did not keep has its default.
    fields = {name: value[name] for name in Order.__dataclass_fields__ if name in value}
    for name in ("created_at", "processed_at", "updated_at", "cancelled_at", "closed_at"):
        fields[name] = _moment(fields[name])
    fields["total"], fields["shop_total"] = _money(fields["total"]), _money(fields["shop_total"])
    fields["lines"] = tuple(LineItem(**line) for line in fields["lines"])
    fields["parcels"] = tuple(_parcel(parcel) for parcel in fields["parcels"])
    return Order(**fields)


def _parcel(value: Json) -> Parcel:
    moments = {n: _moment(value[n]) for n in ("created_at", "estimated_delivery_at", "in_transit_at", "delivered_at")}
    tracking = tuple(Tracking(**entry) for entry in value["tracking"])
    return Parcel(
        **{**value, **moments, "tracking": tracking, "items": tuple(ParcelItem(**item) for item in value["items"])}
    )


def line(value: Mapping[str, Any]) -> OrderLine:
    """What one line shows of an order, from either form: a section has up to fifty, so nothing else is decoded."""
    return OrderLine(
        name=value["name"],
        legacy_id=value["legacy_id"],
        created_at=datetime.fromisoformat(value["created_at"]),
        total=_money(value["total"] or value["shop_total"]),
        cancelled=value["cancelled_at"] is not None,
        financial_status=value["financial_status"],
        fulfillment_status=value["fulfillment_status"],
        parcels=tuple((parcel["status"], parcel["display_status"]) for parcel in value["parcels"]),
    )


def _line_of(order: Order) -> Json:
    """The fields of the full form that `line` reads."""
    plain = _plain(replace(order, lines=(), ship_to=None))
    parcels = [{"status": parcel.status, "display_status": parcel.display_status} for parcel in order.parcels]
    return {name: plain[name] for name in _LINE_FIELDS} | {"parcels": parcels}


def _plain(value: Any) -> Json:
    return {name: _jsonable(item) for name, item in asdict(value).items()}


def _jsonable(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case dict():
            return {key: _jsonable(item) for key, item in value.items()}
        case list() | tuple():
            return [_jsonable(item) for item in value]
        case _:
            return value


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _money(value: Json | None) -> Money | None:
    return Money(Decimal(value["amount"]), value["currency"]) if value else None
