"""Compares the sections that the product paints with the raw store file, over HTTP and without any code of the product.

    python -m tests.acceptance.compare_sections --base http://localhost:8000 --workspace acme \\
        --email ava@acme.example --stores stores.json [--domains DOMAIN ...] [--all-orders DOMAIN ...] [--corrupt FIELD]

(the password in the environment, as PASSWORD). Walks the inbox, opens every conversation, polls its sections as a
browser would, opens the folded orders, and holds what stands in the HTML against what stands in the file: nothing more
and nothing less. Ends with status 1 on any mismatch. `--corrupt` damages one field of one order in the copy it compares
with, to see that a difference is found.
"""

import argparse
import copy
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.acceptance.filed import Shop
from tests.acceptance.painted import Browser, conversations, observe

Json = dict[str, Any]


def differences(page: Any, file: Any, where: str) -> list[str]:
    if isinstance(page, dict) and isinstance(file, dict) and page.keys() == file.keys():
        return [line for key in file for line in differences(page[key], file[key], f"{where} / {key}")]
    if isinstance(page, list) and isinstance(file, list) and len(page) == len(file):
        return [d for n, pair in enumerate(zip(page, file, strict=True), 1) for d in differences(*pair, f"{where} {n}")]
    return [] if page == file else [f"{where}: the page says {brief(page)}, the file {brief(file)}"]


def brief(value: Any) -> str:
    shown = (
        [each["name"] for each in value]
        if isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]
        else value
    )
    return repr(shown)[:300]


def judge(
    observed: list[Json], data: Json, *, domains: list[str], all_orders: list[str]
) -> tuple[Counter[str], list[str]]:
    """How much was compared, and every mismatch."""
    shops = [Shop(data, s, all_orders=s["domain"] in all_orders) for s in data["shops"] if s["domain"] in domains]
    addresses = {seen["address"] for seen in observed}
    counts: Counter[str] = Counter({"conversations": len(observed), "contacts": len(addresses), "foreign orders": 0})
    found: list[str] = []
    for seen in observed:
        address, where = seen["address"].casefold(), f"{seen['path']} {seen['address']}"
        painted = {domain: {k: v for k, v in s.items() if k != "covered"} for domain, s in seen["stores"].items()}
        wanted = {shop.domain: shop.section(address, names(painted.get(shop.domain, {}))) for shop in shops}
        for section in painted.values():  # In the order in which the messages name them, which is not in the file.
            section["named"] = sorted(section["named"], key=lambda order: str(order["created"]), reverse=True)
        found += differences(painted, wanted, where)
        for shop in shops:
            strange = strangers(seen["stores"].get(shop.domain, {}), shop, address, seen["messages"])
            counts["foreign orders"] += len(strange)
            found += [f"{where} / {shop.domain}: {line}" for line in strange]
        for section in wanted.values():
            counts["sections"] += 1
            counts["customers"] += section["customer"] is not None
            for order in section["named"] + section["orders"]:
                groups = [*(parcel["items"] for parcel in order["parcels"]), order["not shipped"], order["taken off"]]
                counts["orders"] += 1
                counts["items"] += sum(map(len, groups))
                counts["parcels"] += len(order["parcels"])
                counts["tracking"] += sum(bool(t[1]) for parcel in order["parcels"] for t in parcel["tracking"])
    return counts, found


def summary(counts: Counter[str], mismatches: list[str]) -> str:
    compared = ", ".join(f"{number} {what}" for what, number in counts.items() if what != "foreign orders")
    return f"{compared} compared: {len(mismatches)} mismatches, {counts['foreign orders']} foreign orders"


def names(section: Json) -> frozenset[str]:
    return frozenset(order["name"] for order in section.get("named", []))


def strangers(section: Json, shop: Shop, address: str, messages: str) -> list[str]:
    """Orders of somebody else's that are shown; covered ones that nobody named, or that say more than name and month."""
    shown = [order["name"] for order in section.get("orders", []) + section.get("named", [])]
    theirs = {name for name in shown if any(shop.belongs(each, address) for each in shop.called(name))}
    found = [f"{name} is somebody else's" for name in shown if name not in theirs]
    for covered in section.get("covered", []):
        orders = shop.called(covered["name"])
        if not orders or not set(re.findall(r"\d+", covered["name"])) <= set(re.findall(r"\d+", messages)):
            found.append(f"{covered['name']} is covered, and no message names it")
        told = {word for order in orders for word in secrets_of(order) if word in covered["html"]}
        found += [f"{covered['name']} is covered, and says {sorted(told)}"] if told else []
    return found


def secrets_of(order: Json) -> set[str]:
    """What must not be told of an order before somebody has made sure whose it is."""
    parcels = [tracking.get("number") for p in order.get("fulfillments", []) for tracking in p.get("trackingInfo", [])]
    place = order.get("shippingAddress") or {}
    titles = [line["title"] for line in order["lineItems"]]
    amounts = [(order.get("totalPriceSet") or {}).get("shopMoney", {}).get("amount")]
    return {str(word) for word in (order.get("email"), *parcels, place.get("city"), *titles, *amounts) if word}


# --- A file that is wrong on purpose --------------------------------------------------------------------------------
def _title(order: Json) -> None:
    order["lineItems"][0]["title"] += " (corrupted)"


def _quantity(order: Json) -> None:
    order["lineItems"][0]["quantity"] += 1


def _total(order: Json) -> None:
    order["currentTotalPriceSet"] = {"shopMoney": {"amount": "123456.78", "currencyCode": "USD"}}


def _date(order: Json) -> None:
    order["createdAt"] = (
        order["createdAt"].replace("T1", "T0") if "T1" in order["createdAt"] else order["createdAt"][:11] + "19:00:00Z"
    )


def _payment(order: Json) -> None:
    order["displayFinancialStatus"] = "AUTHORIZED"


def _name(order: Json) -> None:
    order["name"] += "0"


def _tracking(order: Json) -> None:
    order["fulfillments"][0]["trackingInfo"] = [{"company": "UPS", "number": "0000", "url": None}]


def _parcel(order: Json) -> None:
    order["fulfillments"] = []


def _lost_line(order: Json) -> None:
    order["lineItems"].append({**order["lineItems"][0], "id": "gid://shopify/LineItem/1", "title": "Never painted"})


DAMAGES = {
    "title": _title, "quantity": _quantity, "total": _total, "date": _date, "payment": _payment, "name": _name,
    "tracking": _tracking, "parcel": _parcel, "line": _lost_line,
}  # fmt: skip


def corrupted(data: Json, field: str, *, addresses: set[str], domains: list[str]) -> tuple[Json, str]:
    """A copy in which one order of somebody who wrote is wrong, and that order's name. The newest that has parcels."""
    damaged = copy.deepcopy(data)
    seen = [
        order
        for order in damaged["orders"]
        if (order.get("email") or "").casefold() in addresses
        and order["suggestedShop"] in domains
        and order.get("fulfillments")
    ]
    order = max(seen, key=lambda each: str(each["createdAt"]))
    name = str(order["name"])
    DAMAGES[field](order)
    return damaged, name


def main(arguments: list[str]) -> int:
    given = parsed(arguments)
    data = json.loads(given.stores.read_text())
    domains = given.domains or [shop["domain"] for shop in data["shops"]]
    browser = Browser(given.base)
    browser.sign_in(given.email, os.environ.get("PASSWORD", ""))
    observed = observe(browser, conversations(browser, given.workspace))
    if given.corrupt:
        addresses = {seen["address"].casefold() for seen in observed}
        data, name = corrupted(data, given.corrupt, addresses=addresses, domains=domains)
        print(f"corrupted on purpose: the {given.corrupt} of {name}")
    counts, mismatches = judge(observed, data, domains=domains, all_orders=given.all_orders)
    print(summary(counts, mismatches))
    for line in mismatches[:40]:
        print(f"  {line}")
    return 1 if mismatches or not counts["orders"] else 0


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, help="the product's address")
    parser.add_argument("--workspace", default="acme")
    parser.add_argument("--email", default="ava@acme.example", help="who signs in; the password is PASSWORD's value")
    parser.add_argument("--stores", type=Path, required=True, help="the store file that the sandbox serves")
    parser.add_argument("--domains", nargs="+", default=[], help="the connected stores; default: all of the file")
    parser.add_argument("--all-orders", nargs="+", default=[], help="stores that granted orders older than 60 days")
    parser.add_argument("--corrupt", choices=sorted(DAMAGES), help="compare with a file in which this is wrong once")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
