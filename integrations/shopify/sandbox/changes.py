"""What a merchant can do to an order or a customer, on the rows of a store file.

Each function takes a row as the file has it and gives the changed one; `records` completes it again. Figures that
follow from others are dropped, so that they are worked out anew.
"""

import copy
from collections.abc import Mapping
from typing import Any

from integrations.shopify.sandbox.stores import Row

_DERIVED = ("displayFulfillmentStatus", "updatedAt")
_ORDER_FIELDS = frozenset(
    {
        "email",
        "phone",
        "note",
        "tags",
        "test",
        "shippingAddress",
        "displayFinancialStatus",
        "displayFulfillmentStatus",
        "returnStatus",
        "closedAt",
        "currentTotalPriceSet",
        "customerId",
    }
)
_CUSTOMER_FIELDS = frozenset(
    {"email", "phone", "firstName", "lastName", "tags", "note", "state", "verifiedEmail", "defaultAddress", "locale"}
)


class ChangeError(ValueError):
    """A change that cannot be made; the message says why."""


def edited_order(raw: Row, now: str, fields: Mapping[str, Any]) -> Row:
    """New values for fields that the file has; line items are changed by `lines`: {line id or title: quantity}."""
    lines = dict(fields.get("lines") or {})
    _known(set(fields) - {"lines"}, _ORDER_FIELDS)
    row = _fresh(raw, now) | {name: value for name, value in fields.items() if name != "lines"}
    for key, quantity in lines.items():
        line = _line(row, key)
        line["currentQuantity"] = quantity
        line["quantity"] = max(quantity, line["quantity"])
        line.pop("unfulfilledQuantity", None)
    return row


def fulfilled_order(raw: Row, now: str, lines: Mapping[str, int] | None, tracking: Mapping[str, Any] | None) -> Row:
    """One more parcel: with these lines, or with all that is left."""
    row = _fresh(raw, now)
    _open(row)
    parcels = row.setdefault("fulfillments", [])
    for parcel in parcels:
        # A sole parcel may leave out its contents; beside another one it has to name them.
        parcel.setdefault("fulfillmentLineItems", [_item(line["id"], line["quantity"]) for line in row["lineItems"]])
    items = [_item(_line(row, key)["id"], quantity) for key, quantity in (lines or _left(row)).items()]
    if not items:
        raise ChangeError("Nothing is left to fulfil.")
    added: Row = {
        "createdAt": now,
        "updatedAt": now,
        "displayStatus": "FULFILLED",
        "fulfillmentLineItems": items,
        "trackingInfo": [_tracking(tracking)] if tracking else [],
    }
    parcels.append(added)
    for line in row["lineItems"]:
        line.pop("unfulfilledQuantity", None)
    return row


def tracked_order(raw: Row, now: str, tracking: Mapping[str, Any], status: str | None) -> Row:
    """Another tracking number, or another state, of the newest parcel."""
    row = _fresh(raw, now)
    if not row.get("fulfillments"):
        raise ChangeError("The order has no parcel to track; fulfil it first.")
    parcel = row["fulfillments"][-1]
    parcel["updatedAt"] = now
    if tracking:
        parcel["trackingInfo"] = [*parcel.get("trackingInfo", []), _tracking(tracking)]
    if status is not None:
        parcel["displayStatus"] = status
        parcel.update({"DELIVERED": {"deliveredAt": now}, "IN_TRANSIT": {"inTransitAt": now}}.get(status, {}))
    return row


def cancelled_order(raw: Row, now: str, reason: str, *, refund: bool) -> Row:
    row = _fresh(raw, now)
    _open(row)
    row |= {"cancelledAt": now, "cancelReason": reason}
    if refund:
        row["displayFinancialStatus"] = "REFUNDED"
    for line in row["lineItems"]:
        line.pop("unfulfilledQuantity", None)
    return row


def edited_customer(raw: Row, now: str, fields: Mapping[str, Any]) -> Row:
    _known(set(fields), _CUSTOMER_FIELDS)
    row = copy.deepcopy(raw) | dict(fields) | {"updatedAt": now}
    row.pop("displayName", None)
    return row


def _fresh(raw: Row, now: str) -> Row:
    row = copy.deepcopy(raw)
    for name in _DERIVED:
        row.pop(name, None)
    return row | {"updatedAt": now}


def _open(row: Row) -> None:
    if row.get("cancelledAt") is not None:
        raise ChangeError("The order is cancelled.")


def _known(given: set[str], known: frozenset[str]) -> None:
    if given - known:
        raise ChangeError(f"{sorted(given - known)[0]!r} cannot be changed; these can: {', '.join(sorted(known))}.")


def _line(row: Row, key: str) -> Row:
    for line in row["lineItems"]:
        if key in (line.get("id"), line.get("title")):
            found: Row = line
            return found
    raise ChangeError(f"{key!r} is no line of this order.")


def _left(row: Row) -> dict[str, int]:
    """Pieces that no sent parcel has, by line."""
    sent: dict[str, int] = {}
    for parcel in row["fulfillments"]:
        if parcel.get("status", "SUCCESS") == "SUCCESS":
            for item in parcel["fulfillmentLineItems"]:
                sent[item["lineItemId"]] = sent.get(item["lineItemId"], 0) + item["quantity"]
    left = {
        line["id"]: line.get("currentQuantity", line["quantity"]) - sent.get(line["id"], 0) for line in row["lineItems"]
    }
    return {key: pieces for key, pieces in left.items() if pieces > 0}


def _item(line: str, quantity: int) -> Row:
    return {"lineItemId": line, "quantity": quantity}


def _tracking(given: Mapping[str, Any]) -> Row:
    _known(set(given), frozenset({"company", "number", "url"}))
    return dict(given)
