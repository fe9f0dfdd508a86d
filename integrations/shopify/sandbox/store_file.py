"""Reads a store file (a path or the same thing as a dict) and says plainly which entry is wrong.

The form: `meta.clock`, `shops[]`, `customers[]` with `shops`, `orders[]` with `suggestedShop` and `customerId`, in the
vocabulary of Shopify's Admin API. What a row leaves out is completed in `records`.
"""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from integrations.shopify.sandbox.clock import parse_time
from integrations.shopify.sandbox.identity import stable_number
from integrations.shopify.sandbox.records import complete_customer, complete_order, settle_customer
from integrations.shopify.sandbox.row_checks import StoreFileError, choice, moment, text
from integrations.shopify.sandbox.stores import Row, Store, StoreFile, email_key

DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


def load(source: Path | str | dict[str, Any]) -> StoreFile:
    """Read stores from a file or a dict. Raises StoreFileError."""
    data = source if isinstance(source, dict) else _read(Path(source))
    shops = {shop["domain"]: shop for shop in _shops(data)}
    customers = _customers(data, shops)
    orders = _orders(data, shops, customers)
    return StoreFile(
        clock=_clock(data),
        stores={domain: _store(shop, customers[domain], orders[domain]) for domain, shop in shops.items()},
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StoreFileError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise StoreFileError(f"{path}: not JSON ({error})") from error
    if not isinstance(data, dict):
        raise StoreFileError(f"{path}: the file must be a JSON object with shops, customers and orders")
    return data


def _clock(data: dict[str, Any]) -> datetime | None:
    meta = data.get("meta", {})
    if not isinstance(meta, dict):
        raise StoreFileError("meta: must be an object")
    if meta.get("clock") is None:
        return None
    try:
        return parse_time(meta["clock"])
    except (TypeError, ValueError) as error:
        raise StoreFileError("meta.clock: not an ISO time") from error


def _rows(data: dict[str, Any], key: str) -> list[tuple[str, Row]]:
    rows = data.get(key, [])
    if not isinstance(rows, list):
        raise StoreFileError(f"{key}: must be a list")
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise StoreFileError(f"{key}[{index}]: must be an object")
    return [(f"{key}[{index}]", row) for index, row in enumerate(rows)]


def _shops(data: dict[str, Any]) -> list[Row]:
    shops: list[Row] = []
    for where, raw in _rows(data, "shops"):
        domain = text(raw, "domain", where)
        if not DOMAIN.fullmatch(domain):
            raise StoreFileError(f"{where}.domain: {domain!r} is not a name like example.myshopify.com")
        if domain in {shop["domain"] for shop in shops}:
            raise StoreFileError(f"{where}.domain: {domain} is there twice")
        if raw.get("currencyCode") is not None:
            choice(raw, "currencyCode", "CurrencyCode", where)
        shops.append(raw)
    if not shops:
        raise StoreFileError("shops: at least one is needed")
    return shops


def _shop_of(raw: Row, shops: dict[str, Row], where: str) -> str:
    domain = raw.get("suggestedShop") or raw.get("shop") or (next(iter(shops)) if len(shops) == 1 else None)
    if domain not in shops:
        raise StoreFileError(f"{where}.suggestedShop: {domain!r} is none of the shops")
    return str(domain)


def _customers(data: dict[str, Any], shops: dict[str, Row]) -> dict[str, dict[str, Row]]:
    found: dict[str, dict[str, Row]] = {domain: {} for domain in shops}
    emails: set[tuple[str, str]] = set()
    for where, raw in _rows(data, "customers"):
        for domain in raw.get("shops") or list(shops):
            if domain not in shops:
                raise StoreFileError(f"{where}.shops: {domain!r} is none of the shops")
            row = complete_customer(raw, where=where, domain=domain)
            if row["id"] in found[domain]:
                raise StoreFileError(f"{where}.id: {row['id']} is there twice")
            address = (domain, email_key(row["_email"] or ""))
            # E-mail is unique in a shop, regardless of case ("Email has already been taken").
            if address[1] and address in emails:
                raise StoreFileError(f"{where}.email: another customer of {domain} has it")
            emails.add(address)
            found[domain][row["id"]] = row
    return found


def _orders(data: dict[str, Any], shops: dict[str, Row], customers: dict[str, dict[str, Row]]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {domain: [] for domain in shops}
    seen: set[str] = set()
    for index_name, raw in _rows(data, "orders"):
        where = f"{index_name} ({raw['name']})" if isinstance(raw.get("name"), str) else index_name
        domain = _shop_of(raw, shops, where)
        customer = None
        if raw.get("customerId") is not None:
            customer = customers[domain].get(raw["customerId"])
            if customer is None:
                raise StoreFileError(f"{where}.customerId: {raw['customerId']!r} is no customer of {domain}")
        currency = shops[domain].get("currencyCode", "USD")
        row = complete_order(raw, where=where, domain=domain, currency=currency, customer=customer)
        if row["id"] in seen:
            raise StoreFileError(f"{where}.id: {row['id']} is there twice")
        seen.add(row["id"])
        found[domain].append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row["_created"], int(row["legacyResourceId"])))
    return found


def _store(shop: Row, customers: dict[str, Row], orders: list[Row]) -> Store:
    where = f"shops ({shop['domain']})"
    currency = shop.get("currencyCode", "USD")
    for customer in customers.values():
        settle_customer(
            customer, [order for order in orders if order["_customer"] == customer["id"]], shop["domain"], currency
        )
    name = text(shop, "name", where, shop["domain"].removesuffix(".myshopify.com"))
    owner = text(shop, "owner", where, "")
    if not isinstance(shop.get("allOrders", False), bool):
        raise StoreFileError(f"{where}.allOrders: must be true or false")
    return Store(
        domain=shop["domain"],
        name=name,
        owner=owner,
        all_orders=shop.get("allOrders", False),
        row=_shop_row(shop, name, owner, currency, where),
        customers=customers,
        orders=orders,
    )


def _shop_row(shop: Row, name: str, owner: str, currency: str, where: str) -> Row:
    domain = shop["domain"]
    number = stable_number("Shop", domain)
    host = text(shop, "primaryDomain", where, domain)
    return {
        "id": f"gid://shopify/Shop/{number}",
        "name": name,
        "shopOwnerName": owner or name,
        "myshopifyDomain": domain,
        "currencyCode": currency,
        "enabledPresentmentCurrencies": [currency],
        "ianaTimezone": text(shop, "ianaTimezone", where, "UTC"),
        "email": text(shop, "email", where, f"owner@{domain}"),
        "contactEmail": text(shop, "email", where, f"owner@{domain}"),
        "createdAt": moment(shop, "createdAt", where, "2024-01-01T00:00:00Z"),
        "updatedAt": moment(shop, "createdAt", where, "2024-01-01T00:00:00Z"),
        "url": f"https://{host}",
        "orderNumberFormatPrefix": "#",
        "primaryDomain": {
            "id": f"gid://shopify/Domain/{number}",
            "host": host,
            "url": f"https://{host}",
            "sslEnabled": True,
        },
        "plan": {
            "displayName": "Development",
            "publicDisplayName": "Development",
            "partnerDevelopment": True,
            "shopifyPlus": False,
        },
    }
