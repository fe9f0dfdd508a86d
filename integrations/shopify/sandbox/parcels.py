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
    items: list[Row] = []
    for index, item in enumerate(contents):
        spot = f"{where}.fulfillmentLineItems[{index}]"
        if item.get("lineItemId") not in lines:
            raise StoreFileError(f"{spot}.lineItemId: {item.get('lineItemId')!r} is no line of this order")
        number = stable_number("FulfillmentLineItem", row["id"], str(index))
        items.append(
            {
                "id": f"gid://shopify/FulfillmentLineItem/{number}",
                "quantity": count(item, "quantity", spot, 1),
                "lineItem": lines[item["lineItemId"]],
            }
        )
    tracking = [
        {name: optional_text(entry, name, f"{where}.trackingInfo") for name in ("company", "number", "url")}
        for entry in rows(raw, "trackingInfo", where)
    ]
    return (
        row
        | times
        | {
            "name": text(raw, "name", where, f"{key[1]}-F{int(key[2]) + 1}"),
            "status": choice(raw, "status", "FulfillmentStatus", where, "SUCCESS"),
            "displayStatus": choice(raw, "displayStatus", "FulfillmentDisplayStatus", where)
            if raw.get("displayStatus")
            else None,
            "createdAt": created,
            "updatedAt": moment(raw, "updatedAt", where, times["deliveredAt"] or times["inTransitAt"] or created),
            "requiresShipping": True,
            "totalQuantity": count(raw, "totalQuantity", where, sum(item["quantity"] for item in items)),
            "trackingInfo": tracking,
            "fulfillmentLineItems": items,
        }
    )


def settle_lines(lines: list[Row], parcels: list[Row], *, cancelled: bool, given_back: bool) -> None:
    """Work out what is left of each line, where the file does not say it itself."""
    shipped: dict[str, int] = {}
    for parcel in parcels:
        if parcel["status"] == "SUCCESS":
            for item in parcel["fulfillmentLineItems"]:
                shipped[item["lineItem"]["id"]] = shipped.get(item["lineItem"]["id"], 0) + item["quantity"]
    for line in lines:
        if "currentQuantity" not in line["_given"] and given_back:
            line["currentQuantity"] = 0
        if "unfulfilledQuantity" not in line["_given"]:
            line["unfulfilledQuantity"] = (
                0 if cancelled else max(0, line["currentQuantity"] - shipped.get(line["id"], 0))
            )


def progress(lines: list[Row]) -> str:
    open_pieces = sum(line["unfulfilledQuantity"] for line in lines)
    if not lines or open_pieces >= sum(line["currentQuantity"] for line in lines):
        return "UNFULFILLED"
    return "PARTIALLY_FULFILLED" if open_pieces else "FULFILLED"
