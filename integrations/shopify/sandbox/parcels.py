"""The lines of an order, its fulfilments with their contents, and what they leave open."""

from integrations.shopify.sandbox.identity import identity, stable_number
from integrations.shopify.sandbox.row_checks import (
    StoreFileError,
    amount,
    choice,
    count,
    moment,
    optional_moment,
    optional_text,
    rows,
    text,
)
from integrations.shopify.sandbox.stores import Row


def complete_line(raw: Row, where: str, *key: str) -> Row:
    title, variant = text(raw, "title", where), optional_text(raw, "variantTitle", where)
    quantity = count(raw, "quantity", where)
    unit = amount(
        (raw.get("originalUnitPriceSet") or {}).get("shopMoney", {}).get("amount", "0"), f"{where}.originalUnitPriceSet"
    )
    return identity(raw, "LineItem", where, *key) | {
        "name": text(raw, "name", where, f"{title} - {variant}" if variant else title),
        "title": title,
        "variantTitle": variant,
        "sku": optional_text(raw, "sku", where),
        "vendor": optional_text(raw, "vendor", where),
        "quantity": quantity,
        "currentQuantity": count(raw, "currentQuantity", where, quantity),
        "unfulfilledQuantity": count(raw, "unfulfilledQuantity", where, quantity),
        "requiresShipping": True,
        "originalUnitPrice": f"{unit:.2f}",
        "_unit": unit,
        "_given": frozenset(raw) & {"currentQuantity", "unfulfilledQuantity"},
    }


def complete_parcels(raw: Row, where: str, domain: str, order: str, created: str, lines: list[Row]) -> list[Row]:
    found = rows(raw, "fulfillments", where)
    by_id = {line["id"]: line for line in lines}
    return [
        _parcel(
            item, f"{where}.fulfillments[{index}]", (domain, order, str(index)), created, by_id, sole=len(found) == 1
        )
        for index, item in enumerate(found)
    ]


def _parcel(raw: Row, where: str, key: tuple[str, str, str], created: str, lines: dict[str, Row], *, sole: bool) -> Row:
    row = identity(raw, "Fulfillment", where, *key)
    created = moment(raw, "createdAt", where, created)
    times = {name: optional_moment(raw, name, where) for name in ("estimatedDeliveryAt", "inTransitAt", "deliveredAt")}
    contents = rows(raw, "fulfillmentLineItems", where)
    if sole and "fulfillmentLineItems" not in raw:
        contents = [{"lineItemId": line["id"], "quantity": line["quantity"]} for line in lines.values()]
    items = [
        _item(item, f"{where}.fulfillmentLineItems[{index}]", (row["id"], str(index)), lines)
        for index, item in enumerate(contents)
    ]
    changed = times["deliveredAt"] or times["inTransitAt"] or created
    shown = choice(raw, "displayStatus", "FulfillmentDisplayStatus", where) if raw.get("displayStatus") else None
    return (
        row
        | times
        | {
            "name": text(raw, "name", where, f"{key[1]}-F{int(key[2]) + 1}"),
            "status": choice(raw, "status", "FulfillmentStatus", where, "SUCCESS"),
            "displayStatus": shown,
            "createdAt": created,
            "updatedAt": moment(raw, "updatedAt", where, changed),
            "requiresShipping": True,
            "totalQuantity": count(raw, "totalQuantity", where, sum(item["quantity"] for item in items)),
            "trackingInfo": [_tracking(entry, f"{where}.trackingInfo") for entry in rows(raw, "trackingInfo", where)],
            "fulfillmentLineItems": items,
        }
    )


def _item(raw: Row, where: str, key: tuple[str, str], lines: dict[str, Row]) -> Row:
    if raw.get("lineItemId") not in lines:
        raise StoreFileError(f"{where}.lineItemId: {raw.get('lineItemId')!r} is no line of this order")
    return {
        "id": f"gid://shopify/FulfillmentLineItem/{stable_number('FulfillmentLineItem', *key)}",
        "quantity": count(raw, "quantity", where, 1),
        "lineItem": lines[raw["lineItemId"]],
    }


def _tracking(raw: Row, where: str) -> Row:
    return {name: optional_text(raw, name, where) for name in ("company", "number", "url")}


def settle_lines(lines: list[Row], parcels: list[Row], *, cancelled: bool, given_back: bool) -> None:
    """Work out what is left of each line, where the file does not say it itself."""
    shipped = _shipped(parcels)
    for line in lines:
        if "currentQuantity" not in line["_given"] and given_back:
            line["currentQuantity"] = 0
        if "unfulfilledQuantity" not in line["_given"]:
            left = line["currentQuantity"] - shipped.get(line["id"], 0)
            line["unfulfilledQuantity"] = 0 if cancelled else max(0, left)


def progress(lines: list[Row], parcels: list[Row]) -> str:
    """How far the order has been shipped."""
    if not sum(_shipped(parcels).values()):
        return "UNFULFILLED"
    return "PARTIALLY_FULFILLED" if any(line["unfulfilledQuantity"] for line in lines) else "FULFILLED"


def _shipped(parcels: list[Row]) -> dict[str, int]:
    """Pieces per line in parcels that were really sent."""
    pieces: dict[str, int] = {}
    for parcel in parcels:
        if parcel["status"] == "SUCCESS":
            for item in parcel["fulfillmentLineItems"]:
                pieces[item["lineItem"]["id"]] = pieces.get(item["lineItem"]["id"], 0) + item["quantity"]
    return pieces
