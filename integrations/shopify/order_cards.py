"""Orders as cards: what a page shows of an order, at the length at which it is shown. Pure but for localisation."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import formats
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from integrations.shopify import domains, inserting, stored
from integrations.shopify.sections import ItemRow, OrderCard, OrderDetail, ParcelCard, TrackingLink
from integrations.shopify.types import LineItem, Money, Order, OrderLine, Parcel
from integrations.shopify.vocabulary import cancel_reason, line_badge, order_badges, order_marks, parcel_badge

OPEN_ORDERS = 3
# Of how many orders, and of how many lines, the detail is painted with the section (of a long list, the first two): a
# contact with a handful of orders never waits for one. The others fetch theirs when they are opened.
PAINTED_ORDERS, PAINTED_LINES = 6, 40
LONG_LIST = 10
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$"}
_WHOLE = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "HUF"})
_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def cards(
    values: Sequence[dict], *, shop_domain: str, zone: ZoneInfo, detail_url: Callable[[str], str]
) -> tuple[OrderCard, ...]:
    """Cards of stored orders, newest first: the first open, the next two in brief, the others a line each. Those that are
    stored in full (the newest) carry their detail; the others fetch it when they are opened."""
    count = sum(value["full"] for value in values)
    painted = _painted(values[:count], most=PAINTED_ORDERS if len(values) <= LONG_LIST else 2)
    opened = [
        card(
            stored.order(value),
            layout="brief" if position else "full",
            painted=position < painted,
            shop_domain=shop_domain,
            zone=zone,
            detail_url=detail_url,
        )
        for position, value in enumerate(values[:count])
    ]
    opened[OPEN_ORDERS:] = [
        replace(each, layout="line", sentence="", badges=(line_badge(stored.line(value)),))
        for each, value in zip(opened[OPEN_ORDERS:], values[OPEN_ORDERS:count], strict=True)
    ]
    language = get_language() or ""
    folded = [
        line(
            stored.line(value),
            shop_domain=shop_domain,
            language=language,
            detail_url=detail_url,
        )
        for value in values[count:]
    ]
    return (*opened, *folded)


def _painted(values: Sequence[dict], *, most: int) -> int:
    """Of how many of the newest orders; one in any case."""
    lines = accumulate(len(value["lines"]) for value in values)
    return max(1, min(most, sum(total <= PAINTED_LINES for total in lines)))


def card(
    order: Order,
    *,
    layout: str,
    shop_domain: str,
    zone: ZoneInfo,
    detail_url: Callable[[str], str],
    painted: bool = True,
) -> OrderCard:
    """An order, with its detail where that is painted with it."""
    return OrderCard(
        name=order.name,
        legacy_id=order.legacy_id,
        created_at=order.created_at,
        total=money(order.total or order.shop_total),
        badges=order_badges(order),
        sentence=sentence(order, zone=zone) if layout == "brief" else "",
        admin_url=domains.order_link(shop_domain, order.legacy_id) or "",
        layout=layout,
        detail=detail(order, time_zone=zone.key) if painted else None,
        detail_url=detail_url(order.legacy_id),
    )


def line(order: OrderLine, *, shop_domain: str, language: str, detail_url: Callable[[str], str]) -> OrderCard:
    """An order folded to one line; what is in it is fetched when it is opened."""
    return OrderCard(
        name=order.name,
        legacy_id=order.legacy_id,
        created_at=order.created_at,
        total=_money(order.total, language) if order.total else "",
        badges=(line_badge(order),),
        sentence="",
        admin_url=domains.order_link(shop_domain, order.legacy_id) or "",
        layout="line",
        detail=None,
        detail_url=detail_url(order.legacy_id),
    )


def detail(order: Order, *, time_zone: str, whole: bool = False) -> OrderDetail:
    """The items grouped by where they are. An item in two parcels stands in both, each with its own quantity.

    `whole`: all lines are at hand, so that what no parcel lists can be told (Shopify names 25 items of each).
    """
    zone = zone_named(time_zone)
    lines = {line.id: line for line in order.lines}
    alive = _alive(order)
    gone = [parcel for parcel in order.parcels if parcel.status == "CANCELLED"]
    positions = (
        {p.id: _("Parcel %(n)d of %(all)d") % {"n": i, "all": len(alive)} for i, p in enumerate(alive, 1)}
        if len(alive) > 1
        else {}
    )
    return OrderDetail(
        parcels=tuple(_parcel(parcel, positions.get(parcel.id, ""), lines) for parcel in [*alive, *gone]),
        not_shipped=() if order.cancelled_at else _rows(order.lines, lambda line: line.unfulfilled_quantity),
        removed=_rows(order.lines, lambda line: line.quantity - line.current_quantity),
        more_lines=order.more_lines,
        ship_to=order.ship_to or "",
        shop_total=_other_currency(order),
        time_zone=time_zone,
        marks=order_marks(order),
        cancelled=_cancelled(order, zone),
        inserts=inserting.inserts(order, zone=zone),
        elsewhere=_elsewhere(order) if whole else (),
        all_lines=len(order.lines) if whole else 0,
    )


def sentence(order: Order, *, zone: ZoneInfo) -> str:
    """ "2 items, 1 parcel delivered Mon, Nov 2" """
    pieces = sum(line.quantity for line in order.lines)
    items = ngettext("%(n)d item", "%(n)d items", pieces) % {"n": pieces}
    if order.cancelled_at:
        facts = {"items": items, "why": cancel_reason(order.cancel_reason), "when": _day(order.cancelled_at, zone)}
        return (
            _("%(items)s, cancelled %(why)s %(when)s") if facts["why"] else _("%(items)s, cancelled %(when)s")
        ) % facts
    alive = _alive(order)
    count = len(alive)
    if not count:
        return _("%(items)s, not shipped yet") % {"items": items}
    parcels = ngettext("%(n)d parcel", "%(n)d parcels", count) % {"n": count}
    delivered = [parcel.delivered_at for parcel in alive if parcel.delivered_at]
    if len(delivered) == count:
        return _("%(items)s, %(parcels)s delivered %(when)s") % {
            "items": items,
            "parcels": parcels,
            "when": _day(max(delivered), zone),
        }
    return f"{items}, {parcels}"


def money(value: Money | None) -> str:
    """ "$1,482.20"; the currency's code where its sign is not known everywhere."""
    return _money(value, get_language() or "") if value else ""


@lru_cache(maxsize=4096)
def _money(value: Money, language: str) -> str:
    """Kept by language: Django's formatting of one amount takes longer than all else of a folded order."""
    places = 0 if value.currency in _WHOLE else 3 if value.currency in _THOUSANDTHS else 2
    amount = formats.number_format(value.amount, decimal_pos=places, use_l10n=True, force_grouping=True)
    symbol = _SYMBOLS.get(value.currency)
    return f"{symbol}{amount}" if symbol else f"{amount} {value.currency}"


def _parcel(parcel: Parcel, position: str, lines: dict[str, LineItem]) -> ParcelCard:
    word, when = _moment(parcel)
    return ParcelCard(
        position=position,
        badge=parcel_badge(parcel),
        tracking=tuple(
            TrackingLink(t.company or "", t.number or "", t.url or "")
            for t in parcel.tracking
            if t.company or t.number or t.url
        ),
        when_word=word,
        when=when,
        items=tuple(_contents(parcel, lines)),
        more_items=parcel.total_quantity is not None
        and parcel.total_quantity > sum(item.quantity for item in parcel.items),
        promised=parcel.estimated_delivery_at if parcel.delivered_at else None,
    )


def _contents(parcel: Parcel, lines: dict[str, LineItem]) -> Iterator[ItemRow]:
    """What is in it. Lines that are not at hand have no name here: those are one row."""
    further = 0
    for item in parcel.items:
        if line := lines.get(item.line_id):
            yield ItemRow(item.quantity, line.title, line.variant_title or "")
        else:
            further += item.quantity
    if further:
        yield ItemRow(
            further, ngettext("An item further down this order", "Items further down this order", further), ""
        )


def fetched(order: Order, *, time_zone: str, shop_domain: str, lines_url: str = "", whole: bool = False) -> OrderDetail:
    """The detail of an order that stood in a section as a line, with the way out that the line does not carry."""
    link = domains.order_link(shop_domain, order.legacy_id) or ""
    shown = detail(order, time_zone=time_zone, whole=whole)
    return replace(shown, name=order.name, admin_url=link, lines_url=lines_url)


def zone_named(name: str) -> ZoneInfo:
    """A store's zone; UTC for one that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _cancelled(order: Order, zone: ZoneInfo) -> str:
    """Why and when."""
    if not order.cancelled_at:
        return ""
    facts = {"why": cancel_reason(order.cancel_reason), "when": _day(order.cancelled_at, zone)}
    return (_("Cancelled %(why)s, %(when)s") if facts["why"] else _("Cancelled %(when)s")) % facts


def _elsewhere(order: Order) -> tuple[ItemRow, ...]:
    listed = Counter[str]()
    for parcel in _alive(order):
        for item in parcel.items:
            listed[item.line_id] += item.quantity
    return _rows(order.lines, lambda line: line.current_quantity - line.unfulfilled_quantity - listed[line.id])


def _alive(order: Order) -> list[Parcel]:
    return [parcel for parcel in order.parcels if parcel.status != "CANCELLED"]


def _moment(parcel: Parcel) -> tuple[str, datetime | None]:
    if parcel.delivered_at:
        return _("Delivered"), parcel.delivered_at
    if parcel.estimated_delivery_at:
        return _("Expected"), parcel.estimated_delivery_at
    return _("Shipped"), parcel.in_transit_at or parcel.created_at


def _rows(lines: Sequence[LineItem], quantity: Callable[[LineItem], int]) -> tuple[ItemRow, ...]:
    return tuple(ItemRow(quantity(line), line.title, line.variant_title or "") for line in lines if quantity(line) > 0)


def _other_currency(order: Order) -> str:
    if order.total and order.shop_total and order.total.currency != order.shop_total.currency:
        return money(order.shop_total)
    return ""


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return formats.date_format(moment.astimezone(zone), "D, M j")
