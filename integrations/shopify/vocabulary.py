"""Shopify's status values as words, with the tone and the shape of their badge.

The values are those of the Admin API 2026-10 (shopify.dev, read 2026-11-22). Shopify adds values between versions:
one that is not in these tables is shown humanised, in neutral, with the shape that means "unknown".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.shopify.types import Order, OrderLine, Parcel


@dataclass(frozen=True, slots=True)
class Badge:
    """A state: its word, one of five tones (done, move, wait, stop, idle), and one shape per meaning.

    Shapes: check (finished), half (partly), arrow (moving), dashed (not begun), clock (waiting), lock, differs,
    triangle (act now), slashed (cancelled), return (money or goods went back), box (not eligible, unknown).
    """

    word: str
    tone: str
    shape: str


_FULFILLMENT = {
    "FULFILLED": Badge("Fulfilled", "done", "check"),
    "FULFILLMENT_NOT_REQUIRED": Badge("No fulfillment needed", "idle", "box"),
    "IN_PROGRESS": Badge("In progress", "move", "arrow"),
    "ON_HOLD": Badge("On hold", "wait", "clock"),
    "OPEN": Badge("Open", "wait", "dashed"),
    "PARTIALLY_FULFILLED": Badge("Partially fulfilled", "move", "half"),
    "PENDING_FULFILLMENT": Badge("Pending fulfillment", "wait", "clock"),
    "REQUEST_DECLINED": Badge("Request declined", "stop", "triangle"),
    "RESTOCKED": Badge("Restocked", "idle", "return"),
    "SCHEDULED": Badge("Scheduled", "wait", "clock"),
    "UNFULFILLED": Badge("Unfulfilled", "wait", "dashed"),
}

_PAYMENT = {
    "AUTHORIZED": Badge("Authorized", "wait", "clock"),
    "EXPIRED": Badge("Payment expired", "stop", "triangle"),
    "PAID": Badge("Paid", "done", "check"),
    "PARTIALLY_PAID": Badge("Partially paid", "wait", "half"),
    "PARTIALLY_REFUNDED": Badge("Partially refunded", "idle", "return"),
    "PENDING": Badge("Payment pending", "wait", "clock"),
    "REFUNDED": Badge("Refunded", "idle", "return"),
    "VOIDED": Badge("Voided", "idle", "slashed"),
}

_PARCEL = {
    "ATTEMPTED_DELIVERY": Badge("Delivery attempted", "wait", "clock"),
    "CANCELED": Badge("Cancelled", "idle", "slashed"),
    "CARRIER_PICKED_UP": Badge("Picked up by carrier", "move", "arrow"),
    "CONFIRMED": Badge("Confirmed", "wait", "clock"),
    "DELAYED": Badge("Delayed", "wait", "clock"),
    "DELIVERED": Badge("Delivered", "done", "check"),
    "FAILURE": Badge("Delivery failed", "stop", "triangle"),
    "FULFILLED": Badge("Fulfilled", "done", "check"),
    "IN_TRANSIT": Badge("In transit", "move", "arrow"),
    "LABEL_PRINTED": Badge("Label printed", "wait", "clock"),
    "LABEL_PURCHASED": Badge("Label purchased", "wait", "clock"),
    "LABEL_VOIDED": Badge("Label voided", "idle", "slashed"),
    "MARKED_AS_FULFILLED": Badge("Marked as fulfilled", "done", "check"),
    "NOT_DELIVERED": Badge("Not delivered", "stop", "triangle"),
    "OUT_FOR_DELIVERY": Badge("Out for delivery", "move", "arrow"),
    "PICKED_UP": Badge("Picked up", "done", "check"),
    "READY_FOR_PICKUP": Badge("Ready for pickup", "wait", "clock"),
    "SUBMITTED": Badge("Submitted", "wait", "clock"),
}

# `Fulfillment.status`: used where `displayStatus` is null.
_PARCEL_FALLBACK = {
    "CANCELLED": Badge("Cancelled", "idle", "slashed"),
    "ERROR": Badge("Fulfillment error", "stop", "triangle"),
    "FAILURE": Badge("Fulfillment failed", "stop", "triangle"),
    "OPEN": Badge("Open", "wait", "dashed"),
    "PENDING": Badge("Pending", "wait", "clock"),
    "SUCCESS": Badge("Fulfilled", "done", "check"),
}

_RETURN = {
    "INSPECTION_COMPLETE": Badge("Return inspected", "move", "return"),
    "IN_PROGRESS": Badge("Return in progress", "move", "return"),
    "RETURNED": Badge("Returned", "idle", "return"),
    "RETURN_FAILED": Badge("Return failed", "stop", "triangle"),
    "RETURN_REQUESTED": Badge("Return requested", "wait", "return"),
}

_CANCEL_REASON = {
    "CUSTOMER": "by the customer",
    "DECLINED": "payment declined",
    "FRAUD": "suspected fraud",
    "INVENTORY": "items unavailable",
    "OTHER": "other reason",
    "STAFF": "by staff",
}

CANCELLED = Badge("Cancelled", "idle", "slashed")
ARCHIVED = Badge("Archived", "idle", "box")
TEST = Badge("Test order", "idle", "box")
UNKNOWN = Badge("Unknown", "idle", "box")

# All of them, by what they are states of. The help shows them.
STATES: Mapping[str, tuple[Badge, ...]] = {
    "order": (*_FULFILLMENT.values(), CANCELLED),
    "payment": tuple(_PAYMENT.values()),
    "parcel": tuple(dict.fromkeys((*_PARCEL.values(), *_PARCEL_FALLBACK.values()))),
    "return": tuple(_RETURN.values()),
    "mark": (ARCHIVED, TEST),
}


def fulfillment_badge(value: str | None) -> Badge:
    """`Order.displayFulfillmentStatus`."""
    return _look_up(_FULFILLMENT, value) or UNKNOWN


def payment_badge(value: str | None) -> Badge | None:
    """`Order.displayFinancialStatus`, which Shopify leaves empty for some orders."""
    return _look_up(_PAYMENT, value)


def parcel_badge(parcel: Parcel) -> Badge:
    """A parcel's state. A cancelled fulfilment is cancelled, wherever the carrier last saw the parcel."""
    return _parcel_badge(parcel.status, parcel.display_status)


def _parcel_badge(status: str | None, display_status: str | None) -> Badge:
    if status == "CANCELLED":
        return CANCELLED
    return _look_up(_PARCEL, display_status) or _look_up(_PARCEL_FALLBACK, status) or UNKNOWN


def return_badge(value: str | None) -> Badge | None:
    """`Order.returnStatus`; None when nothing is being returned."""
    return None if value == "NO_RETURN" else _look_up(_RETURN, value)


def cancel_reason(value: str | None) -> str:
    """Why an order was cancelled, as the end of a sentence; empty when Shopify does not say."""
    return _CANCEL_REASON.get(value, humanise(value).lower()) if value else ""


def order_badges(order: Order) -> tuple[Badge, ...]:
    """The two badges that matter: is it cancelled or where is it, and is it paid."""
    first = CANCELLED if order.cancelled_at else fulfillment_badge(order.fulfillment_status)
    payment = payment_badge(order.financial_status)
    return (first, payment) if payment else (first,)


def order_marks(order: Order) -> tuple[Badge, ...]:
    """What else is worth saying about an order that has been opened: return, archived, test."""
    marks = (
        return_badge(order.return_status),
        ARCHIVED if order.closed_at else None,
        TEST if order.test else None,
    )
    return tuple(mark for mark in marks if mark)


def line_badge(order: OrderLine) -> Badge:
    """The one badge of an order that is a single line: the most final thing that can be said of it."""
    if order.cancelled:
        return CANCELLED
    if order.financial_status == "REFUNDED":
        return _PAYMENT["REFUNDED"]
    parcels = {_parcel_badge(*states) for states in order.parcels} - {CANCELLED}
    if order.fulfillment_status == "FULFILLED" and len(parcels) == 1:
        return parcels.pop()
    return fulfillment_badge(order.fulfillment_status)


def humanise(value: str | None) -> str:
    """`READY_FOR_COURIER` as "Ready for courier"."""
    words = (value or "").replace("_", " ").split()
    return " ".join(words).lower().capitalize()[:60] or UNKNOWN.word


def _look_up(table: Mapping[str, Badge], value: str | None) -> Badge | None:
    if not value:
        return None
    return table.get(value) or Badge(humanise(value), "idle", "box")
