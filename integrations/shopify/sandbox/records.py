"""Completes the rows of a store file: what a real shop would answer where the file says nothing."""

from decimal import Decimal
from typing import Any

from integrations.shopify.sandbox.clock import parse_time
from integrations.shopify.sandbox.identity import identity, stable_number
from integrations.shopify.sandbox.money import current_total
from integrations.shopify.sandbox.parcels import complete_line, complete_parcels, progress, settle_lines
from integrations.shopify.sandbox.row_checks import (
    StoreFileError,
    amount,
    choice,
    count,
    flag,
    moment,
    optional_moment,
    optional_text,
    rows,
    text,
    texts,
)
from integrations.shopify.sandbox.stores import Row


def complete_customer(raw: Row, *, where: str, domain: str) -> Row:
    email = optional_text(raw, "email", where)
    phone = optional_text(raw, "phone", where)
    first, last = optional_text(raw, "firstName", where), optional_text(raw, "lastName", where)
    # displayName falls back to the e-mail and then the phone, as Shopify's does.
    shown = " ".join(part for part in (first, last) if part) or email or phone or "Customer"
    created = moment(raw, "createdAt", where, "2024-01-01T00:00:00Z")
    return identity(raw, "Customer", where, domain, email or phone or shown) | {
        "firstName": first,
        "lastName": last,
        "displayName": text(raw, "displayName", where, shown),
        "createdAt": created,
        "updatedAt": moment(raw, "updatedAt", where, created),
        "defaultEmailAddress": {
            "emailAddress": email,
            "marketingState": "NOT_SUBSCRIBED",
            "openTrackingLevel": "UNKNOWN",
            "validFormat": True,
        }
        if email
        else None,
        "defaultPhoneNumber": {"phoneNumber": phone, "marketingState": "NOT_SUBSCRIBED"} if phone else None,
        "email": email,
        "phone": phone,
        "tags": texts(raw, "tags", where),
        "note": optional_text(raw, "note", where),
        "state": choice(raw, "state", "CustomerState", where, "ENABLED"),
        "locale": text(raw, "locale", where, "en"),
        "verifiedEmail": flag(raw, "verifiedEmail", where, True),
        "validEmailAddress": bool(email),
        "_where": where,
        "_raw": raw,
        "_email": email,
        "_phone": phone,
        "_address": raw.get("defaultAddress"),
        "_orders": raw.get("numberOfOrdersByShop", {}).get(domain)
        if isinstance(raw.get("numberOfOrdersByShop", {}), dict)
        else None,
        "_spent": raw.get("amountSpentByShop", {}).get(domain)
        if isinstance(raw.get("amountSpentByShop", {}), dict)
        else None,
    }


def settle_customer(row: Row, orders: list[Row], domain: str, currency: str) -> None:
    """Fill in the lifetime figures: as the file says, or counted and summed from this store's orders."""
    number = len(orders) if row["_orders"] is None else count(row, "_orders", row["_where"])
    spent = sum((order["_total"] for order in orders if order["cancelledAt"] is None), Decimal(0))
    if row["_spent"] is not None:
        spent = amount(row["_spent"], f"{row['_where']}.amountSpentByShop")
    row["numberOfOrders"] = str(number)
    row["amountSpent"] = {"amount": f"{spent:.2f}", "currencyCode": currency}


def complete_order(raw: Row, *, where: str, domain: str, currency: str, customer: Row | None) -> Row:
    name = text(raw, "name", where)
    times = _times(raw, where)
    lines = [
        complete_line(item, f"{where}.lineItems[{index}]", domain, name, str(index))
        for index, item in enumerate(rows(raw, "lineItems", where))
    ]
    parcels = complete_parcels(raw, where, domain, name, times["createdAt"], lines)
    currency = choice(raw, "currencyCode", "CurrencyCode", where, currency)
    prices = current_total(raw, where, currency, lines)
    cancelled = times["cancelledAt"] is not None
    financial = choice(raw, "displayFinancialStatus", "OrderDisplayFinancialStatus", where, "PAID")
    settle_lines(lines, parcels, cancelled=cancelled, given_back=cancelled and financial in {"REFUNDED", "VOIDED"})
    changes = [time for time in (*times.values(), *(parcel["updatedAt"] for parcel in parcels)) if time]
    address = raw.get("shippingAddress") or (customer or {}).get("_address")
    return (
        identity(raw, "Order", where, domain, name)
        | times
        | _contact(raw, where, customer)
        | {
            "name": name,
            "number": int("".join(filter(str.isdecimal, name))[-9:] or 0),
            "updatedAt": moment(raw, "updatedAt", where, max(changes)),
            "cancelReason": choice(raw, "cancelReason", "OrderCancelReason", where, "OTHER") if cancelled else None,
            "closed": times["closedAt"] is not None,
            "confirmed": True,
            "test": flag(raw, "test", where, False),
            "displayFinancialStatus": financial,
            "displayFulfillmentStatus": choice(
                raw, "displayFulfillmentStatus", "OrderDisplayFulfillmentStatus", where, progress(lines, parcels)
            ),
            "returnStatus": choice(raw, "returnStatus", "OrderReturnStatus", where, "NO_RETURN"),
            "currencyCode": currency,
            "presentmentCurrencyCode": prices["presentmentMoney"]["currencyCode"],
            "currentTotalPriceSet": prices,
            "totalPrice": prices["shopMoney"]["amount"],
            "shippingAddress": _address(address, where, domain, name),
            "lineItems": lines,
            "fulfillments": parcels,
            "riskLevel": "LOW",
            "_raw": raw,
            "_created": parse_time(times["createdAt"]),
            "_total": amount(prices["shopMoney"]["amount"], where),
        }
    )


def _times(raw: Row, where: str) -> Row:
    created = moment(raw, "createdAt", where)
    return {
        "createdAt": created,
        "processedAt": moment(raw, "processedAt", where, created),
        "cancelledAt": optional_moment(raw, "cancelledAt", where),
        "closedAt": optional_moment(raw, "closedAt", where),
    }


def _contact(raw: Row, where: str, customer: Row | None) -> Row:
    """Whose order it is; a guest's has an e-mail and no customer."""
    return {
        "email": optional_text(raw, "email", where) or (customer["_email"] if customer else None),
        "phone": optional_text(raw, "phone", where),
        "note": optional_text(raw, "note", where),
        "tags": texts(raw, "tags", where),
        "_customer": customer["id"] if customer else None,
    }


def _address(raw: Any, where: str, *key: str) -> Row | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise StoreFileError(f"{where}.shippingAddress: must be an object")
    names = (
        "address1",
        "address2",
        "city",
        "company",
        "country",
        "firstName",
        "lastName",
        "name",
        "phone",
        "province",
        "provinceCode",
        "zip",
    )
    row: Row = {name: optional_text(raw, name, f"{where}.shippingAddress") for name in names}
    row["countryCodeV2"] = (
        choice(raw, "countryCodeV2", "CountryCode", f"{where}.shippingAddress") if raw.get("countryCodeV2") else None
    )
    return row | {
        "id": f"gid://shopify/MailingAddress/{stable_number('MailingAddress', *key)}",
        "countryCode": row["countryCodeV2"],
    }
