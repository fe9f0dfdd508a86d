"""What of an order can be put into a reply: its name, where it is, where to follow it. Pure but for localisation.

What Shopify does not say is no text: the entry stays, without one, and says why. These words go to a customer, so they tell
no more than the customer may know: not why an order was cancelled, and no address of Shopify's admin.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.shopify.sections import Insert
from integrations.shopify.types import Order, Parcel
from integrations.shopify.vocabulary import UNKNOWN, fulfillment_badge, parcel_badge

_NOT_BEGUN = frozenset({"UNFULFILLED", "OPEN", "SCHEDULED", "PENDING_FULFILLMENT", "ON_HOLD", "IN_PROGRESS"})


def inserts(order: Order, *, zone: ZoneInfo) -> tuple[Insert, ...]:
    """The entries of one order's menu, each with its text or the reason why there is none."""
    day = formats.date_format(order.created_at.astimezone(zone), "DATE_FORMAT")
    return (
        Insert(_("Order name"), order.name),
        _status(order, zone),
        *_tracking(order),
        Insert(_("Order and day"), _("order %(name)s of %(day)s") % {"name": order.name, "day": day}),
    )


def by_name(order: Order, *, zone: ZoneInfo) -> dict[str, Insert]:
    """What a text with places for it asks for by these names: `name`, `status`, `tracking_link` (one a line)."""
    links = tuple(_tracking(order))
    found = [entry.text for entry in links if entry.text]
    link = Insert(_("Tracking link"), "\n".join(dict.fromkeys(found)), "" if found else links[0].why_not)
    return {"name": Insert(_("Order name"), order.name), "status": _status(order, zone), "tracking_link": link}


def _status(order: Order, zone: ZoneInfo) -> Insert:
    text = _sentence(order, zone)
    return Insert(_("Status"), text, "" if text else _("Shopify does not say where this order is."))


def _sentence(order: Order, zone: ZoneInfo) -> str:
    """ "Order #1042: parcel 1 of 2 (UPS): in transit, expected Tue, Nov 24; 2 items not shipped yet." """
    if order.cancelled_at:
        told = {"name": order.name, "day": _day(order.cancelled_at, zone)}
        return _("Order %(name)s was cancelled on %(day)s.") % told
    alive = [parcel for parcel in order.parcels if parcel.status != "CANCELLED"]
    if not alive:
        return _without_parcels(order)
    if any(parcel_badge(parcel) == UNKNOWN for parcel in alive):
        return ""
    facts = [_of_parcel(parcel, zone, position, len(alive)) for position, parcel in enumerate(alive, 1)]
    waiting = sum(max(line.unfulfilled_quantity, 0) for line in order.lines)
    if waiting:
        facts.append(ngettext("%(n)d item not shipped yet", "%(n)d items not shipped yet", waiting) % {"n": waiting})
    return _("Order %(name)s: %(facts)s.") % {"name": order.name, "facts": "; ".join(facts)}


def _without_parcels(order: Order) -> str:
    if not order.fulfillment_status:
        return ""
    if order.fulfillment_status in _NOT_BEGUN:
        return _("Order %(name)s has not shipped yet.") % {"name": order.name}
    word = fulfillment_badge(order.fulfillment_status).word.lower()
    return _("Order %(name)s: %(facts)s.") % {"name": order.name, "facts": word}


def _of_parcel(parcel: Parcel, zone: ZoneInfo, position: int, count: int) -> str:
    where = parcel_badge(parcel).word.lower()
    if parcel.delivered_at:
        where = _("delivered %(day)s") % {"day": _day(parcel.delivered_at, zone)}
    elif parcel.estimated_delivery_at:
        where = _("%(where)s, expected %(day)s") % {"where": where, "day": _day(parcel.estimated_delivery_at, zone)}
    carrier = next((entry.company for entry in parcel.tracking if entry.company), "")
    with_carrier = _("%(where)s with %(carrier)s") % {"where": where, "carrier": carrier} if carrier else where
    if count == 1:
        return with_carrier
    return _("parcel %(n)d of %(all)d %(where)s") % {"n": position, "all": count, "where": with_carrier}


def _tracking(order: Order) -> Iterator[Insert]:
    """Each parcel's link; one entry with the reason where there is none at all."""
    alive = [parcel for parcel in order.parcels if parcel.status != "CANCELLED"]
    entries = [entry for parcel in alive for entry in parcel.tracking]
    for entry in entries:
        what = " ".join(part for part in (entry.company, entry.number) if part)
        label = _("Tracking link: %(what)s") % {"what": what} if what else _("Tracking link")
        yield Insert(label, entry.url or "", "" if entry.url else _("The carrier gives no link for this number."))
    if not entries:
        why = _("Nothing was sent with a tracking number.") if alive else _("Nothing has shipped yet.")
        yield Insert(_("Tracking link"), "", _("The order was cancelled.") if order.cancelled_at and not alive else why)


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return formats.date_format(moment.astimezone(zone), "D, M j")
