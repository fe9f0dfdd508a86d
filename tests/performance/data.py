"""A generated store and mailbox: one customer with as much as a section ever holds, and many who wrote once."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

SHOP = "harbor-goods.myshopify.com"
SHOPS = (SHOP, *(f"{name}.myshopify.com" for name in ("pine-outlet", "cove-wholesale", "north-pier", "quay-street")))
HEAVY = "heavy@example.com"
ORDERS, LINES, OTHERS = 50, 25, 200
CLOCK = datetime(2026, 11, 22, 12, tzinfo=UTC)

Json = dict[str, Any]


def write(place: Path, *, shops: Sequence[str] = (SHOP,)) -> tuple[Path, Path]:
    """The store file and the mailbox. The big customer is one of the first store's."""
    stores, mailbox = place / "stores.json", place / "mailbox.mbox"
    stores.write_text(json.dumps(store_file(shops)))
    people = [HEAVY, *(f"person{n}@example.com" for n in range(OTHERS))]
    mails = (mail(address, CLOCK - timedelta(minutes=7 * n)) for n, address in enumerate(people))
    mailbox.write_bytes(b"".join(b"From - Sun Nov 22 12:00:00 2026\n" + each.as_bytes() + b"\n" for each in mails))
    return stores, mailbox


def store_file(shops: Sequence[str] = (SHOP,)) -> Json:
    customer = {
        "id": "gid://shopify/Customer/1",
        "firstName": "Hedda",
        "lastName": "Veland",
        "email": HEAVY,
        "shops": [SHOP],
    }
    about = {"name": "Harbor Goods", "currencyCode": "USD", "ianaTimezone": "America/New_York"}
    return {
        "meta": {"clock": CLOCK.isoformat()},
        "shops": [{"domain": domain, **about} for domain in shops],
        "customers": [customer],
        "orders": [order(number) for number in range(ORDERS)],
    }


def order(number: int) -> Json:
    lines = [line(number * 100 + n) for n in range(LINES)]
    sent = (CLOCK - timedelta(days=number, hours=3)).isoformat()
    return {
        "id": f"gid://shopify/Order/{5000 + number}",
        "name": f"#{1000 + number}",
        "createdAt": (CLOCK - timedelta(days=number + 1)).isoformat(),
        "customerId": "gid://shopify/Customer/1",
        "email": HEAVY,
        "suggestedShop": SHOP,
        "lineItems": lines,
        "fulfillments": [parcel(number * 10 + half, lines[half::2], sent) for half in (0, 1)],
    }


def line(number: int) -> Json:
    price = {"shopMoney": {"amount": "24.50", "currencyCode": "USD"}}
    return {
        "id": f"gid://shopify/LineItem/{100_000 + number}",
        "title": f"Linen apron with pockets {number}",
        "variantTitle": "Natural / Large",
        "sku": f"LA-{number}",
        "quantity": 1 + number % 3,
        "originalUnitPriceSet": price,
    }


def parcel(number: int, lines: list[Json], sent: str) -> Json:
    tracking = {
        "company": "UPS",
        "number": f"1Z{number:08d}",
        "url": f"https://www.ups.com/track?tracknum=1Z{number:08d}",
    }
    return {
        "id": f"gid://shopify/Fulfillment/{200_000 + number}",
        "status": "SUCCESS",
        "displayStatus": "IN_TRANSIT",
        "createdAt": sent,
        "trackingInfo": [tracking],
        "fulfillmentLineItems": [{"lineItemId": each["id"], "quantity": each["quantity"]} for each in lines],
    }


def mail(address: str, sent: datetime) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = f"{address.partition('@')[0].title()} <{address}>", "support@shop.example"
    message["Subject"], message["Date"] = f"Where is my order, {address}?", format_datetime(sent)
    message["Message-ID"] = f"<{address.partition('@')[0]}@mail.example>"
    message.set_content("Hello,\n\nI ordered two weeks ago. Could you tell me where my parcel is?\n\nThank you")
    return message
