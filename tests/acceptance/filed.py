"""What must be painted, worked out from the raw store file. Knows none of the product's code.

The words of the statuses, the dates and the money are this module's own, so that a mistake of the product cannot hide.
"""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
MOST_ORDERS, MOST_GUEST_ORDERS = 50, 10

FULFILLMENT = {
    "FULFILLED": "Fulfilled", "UNFULFILLED": "Unfulfilled", "PARTIALLY_FULFILLED": "Partially fulfilled",
    "IN_PROGRESS": "In progress", "ON_HOLD": "On hold", "SCHEDULED": "Scheduled", "RESTOCKED": "Restocked",
}  # fmt: skip
PAYMENT = {
    "PAID": "Paid", "REFUNDED": "Refunded", "PARTIALLY_REFUNDED": "Partially refunded", "PENDING": "Payment pending",
    "AUTHORIZED": "Authorized", "VOIDED": "Voided", "PARTIALLY_PAID": "Partially paid",
}  # fmt: skip
PARCEL = {
    "DELIVERED": "Delivered", "IN_TRANSIT": "In transit", "OUT_FOR_DELIVERY": "Out for delivery", "CANCELED": "Cancelled",
    "LABEL_PRINTED": "Label printed", "LABEL_PURCHASED": "Label purchased", "LABEL_VOIDED": "Label voided",
    "CONFIRMED": "Confirmed", "SUBMITTED": "Submitted", "CARRIER_PICKED_UP": "Picked up by carrier", "DELAYED": "Delayed",
    "ATTEMPTED_DELIVERY": "Delivery attempted", "NOT_DELIVERED": "Not delivered", "FAILURE": "Delivery failed",
    "READY_FOR_PICKUP": "Ready for pickup", "PICKED_UP": "Picked up", "FULFILLED": "Fulfilled",
    "MARKED_AS_FULFILLED": "Marked as fulfilled",
}  # fmt: skip
RETURN = {"RETURNED": "Returned", "IN_PROGRESS": "Return in progress", "RETURN_REQUESTED": "Return requested"}
REASON = {"CUSTOMER": "by the customer", "DECLINED": "payment declined", "FRAUD": "suspected fraud",
          "INVENTORY": "items unavailable", "OTHER": "other reason", "STAFF": "by staff"}  # fmt: skip
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


class Shop:
    """One store of the file, and what it lets an app see."""

    def __init__(self, data: Json, row: Json, *, all_orders: bool) -> None:
        self.domain, self.all_orders = str(row["domain"]), all_orders
        self.handle = self.domain.partition(".")[0]
        self.zone = ZoneInfo(row.get("ianaTimezone", "UTC"))
        self.currency = row.get("currencyCode", "USD")
        self.customers = [c for c in data["customers"] if self.domain in (c.get("shops") or [self.domain])]
        mine = [o for o in data["orders"] if o.get("suggestedShop", self.domain) == self.domain]
        self.orders = sorted(mine, key=lambda order: str(order["createdAt"]), reverse=True)
        self.since = moment(data["meta"]["clock"]) - timedelta(days=60)

    def section(self, address: str, named: frozenset[str] = frozenset()) -> Json:
        """What must be painted for an address, when its orders of these names stand apart, before the others."""
        customer = next((c for c in self.customers if (c.get("email") or "").casefold() == address), None)
        own = [o for o in self.orders if customer and o.get("customerId") == customer["id"]]
        by_mail = [o for o in self.orders if (o.get("email") or "").casefold() == address and o not in own]
        seen, guest = (
            [o for o in each if self.all_orders or moment(o["createdAt"]) >= self.since] for each in (own, by_mail)
        )
        shown = sorted(
            seen[:MOST_ORDERS] + guest[:MOST_GUEST_ORDERS], key=lambda order: str(order["createdAt"]), reverse=True
        )
        cut = len(seen) > MOST_ORDERS if customer else len(guest) > MOST_GUEST_ORDERS
        return {
            "kind": "customer" if customer else "guest" if shown else "none",
            "banners": [],
            "remark": self.remark(customer, own, len(shown), cut=cut),
            "customer": self.profile(customer, own) if customer else None,
            "orders": [
                self.order(order, place) for place, order in enumerate(o for o in shown if o["name"] not in named)
            ],
            "named": [self.order(order, 0) for order in shown if order["name"] in named],
        }

    def called(self, name: str) -> list[Json]:
        return [order for order in self.orders if order["name"] == name]

    def belongs(self, order: Json, address: str) -> bool:
        """Whether an order is this address' own, by its customer or by its own e-mail."""
        customer = next((c for c in self.customers if c["id"] == order.get("customerId")), {})
        return address in {(customer.get("email") or "").casefold(), (order.get("email") or "").casefold()}

    def remark(self, customer: Json | None, own: list[Json], shown: int, *, cut: bool) -> str:
        if cut:
            return f"The newest {shown} orders"
        if customer and self.count(customer, own) > shown:
            why = "" if self.all_orders else ": this store shares the last 60 days"
            return f"{shown} of {self.count(customer, own)} orders{why}"
        if customer or not shown:
            return ""
        window = "" if self.all_orders else " of the last 60 days"
        return f"{plural(shown, 'guest order')}{window} under this e-mail, no account"

    def count(self, customer: Json, own: list[Json]) -> int:
        return int(customer.get("numberOfOrdersByShop", {}).get(self.domain, len(own)))

    def profile(self, customer: Json, own: list[Json]) -> Json:
        kept = sum((Decimal(total(o, self.currency)[0]["amount"]) for o in own if not o.get("cancelledAt")), Decimal(0))
        spent = customer.get("amountSpentByShop", {}).get(self.domain, kept)
        number = customer["id"].rpartition("/")[2]
        names = " ".join(filter(None, (customer.get("firstName"), customer.get("lastName"))))
        return {
            "name": customer.get("displayName") or names,
            "email, phone": " · ".join(filter(None, (customer.get("email"), customer.get("phone")))),
            "orders": plural(self.count(customer, own), "order"),
            "spent": money({"amount": spent, "currencyCode": self.currency}),
            "since": customer.get("createdAt", "2024-01-01T00:00:00Z"),
            "tags": customer.get("tags", []),
            "note": " ".join((customer.get("note") or "").split()),
            "link": f"https://admin.shopify.com/store/{self.handle}/customers/{number}",
        }

    def order(self, order: Json, place: int) -> Json:
        customer = next((c for c in self.customers if c["id"] == order.get("customerId")), None)
        layout = "full" if place == 0 else "brief" if place < 3 else "line"
        shop_money, shown_money = total(order, self.currency)
        there = moment(order["createdAt"]).astimezone(self.zone)
        other = money(shop_money) if shop_money["currencyCode"] != shown_money["currencyCode"] else ""
        return {
            "name": order["name"],
            "layout": layout,
            "created": order["createdAt"],
            "day": f"{there:%b} {there.day}, {there.year}",
            "total": money(shown_money),
            "badges": line_badge(order) if layout == "line" else badges(order),
            "marks": marks(order),
            "sentence": self.sentence(order) if layout == "brief" else "",
            "link": f"https://admin.shopify.com/store/{self.handle}/orders/{order['id'].rpartition('/')[2]}",
            "parcels": self.parcels(order),
            "not shipped": [] if order.get("cancelledAt") else pieces(order, left(order)),
            "taken off": pieces(order, taken_off(order)),
            "foot": [
                each for each in (destination(order, customer), other and f"{other} in the store's currency") if each
            ],
        }

    def parcels(self, order: Json) -> list[Json]:
        alive = [parcel for parcel in order.get("fulfillments", []) if parcel["status"] != "CANCELLED"]
        dead = [parcel for parcel in order.get("fulfillments", []) if parcel["status"] == "CANCELLED"]
        many = len(alive) > 1
        out = [self.parcel(order, p, f"Parcel {n} of {len(alive)}" if many else "") for n, p in enumerate(alive, 1)]
        return out + [self.parcel(order, parcel, "") for parcel in dead]

    def parcel(self, order: Json, parcel: Json, position: str) -> Json:
        word, when = parcel_moment(order, parcel)
        there = moment(when).astimezone(self.zone)
        tracking = [
            [t.get("company") or "", t.get("number") or "", t.get("url") or ""] for t in parcel.get("trackingInfo", [])
        ]
        badge = parcel_word(parcel)
        return {
            "position": position,
            "badge": badge,
            "tracking": tracking or [["No tracking number", "", ""]],
            "word": "" if word == badge else word,
            "when": when,
            "on": f"{there:%b} {there.day}",
            "items": pieces(order, contents(order, parcel)),
        }

    def sentence(self, order: Json) -> str:
        items = plural(sum(line["quantity"] for line in order["lineItems"]), "item")
        if order.get("cancelledAt"):
            there = moment(order["cancelledAt"]).astimezone(self.zone)
            return f"{items}, cancelled {REASON[order.get('cancelReason') or 'OTHER']} {there:%a, %b} {there.day}"
        sent = order.get("fulfillments", [])
        if not sent:
            return f"{items}, not shipped yet"
        arrived = [moment(parcel["deliveredAt"]) for parcel in sent if parcel.get("deliveredAt")]
        if len(arrived) < len(sent):
            return f"{items}, {plural(len(sent), 'parcel')}"
        there = max(arrived).astimezone(self.zone)
        return f"{items}, {plural(len(sent), 'parcel')} delivered {there:%a, %b} {there.day}"


def moment(value: str) -> datetime:
    return datetime.fromisoformat(value)


def plural(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def money(value: Json) -> str:
    amount, code = f"{Decimal(value['amount']):,.2f}", value["currencyCode"]
    return f"{SIGNS[code]}{amount}" if code in SIGNS else f"{amount} {code}"


def total(order: Json, currency: str) -> tuple[Json, Json]:
    """What the order costs now: in the shop's currency, and in the one the customer paid in."""
    if given := order.get("currentTotalPriceSet"):
        return given["shopMoney"], given.get("presentmentMoney") or given["shopMoney"]
    amount = sum(
        (Decimal(ln["originalUnitPriceSet"]["shopMoney"]["amount"]) * ln["quantity"] for ln in order["lineItems"]),
        Decimal(0),
    )
    if given := order.get("totalPriceSet"):
        amount = Decimal(given["shopMoney"]["amount"])
    if refunded := order.get("totalRefundedSet"):
        amount -= Decimal(refunded["shopMoney"]["amount"])
    value = {"amount": amount, "currencyCode": order.get("currencyCode", currency)}
    return value, value


def badges(order: Json) -> list[str]:
    first = "Cancelled" if order.get("cancelledAt") else FULFILLMENT[progress(order)]
    return [first, PAYMENT[order.get("displayFinancialStatus", "PAID")]]


def line_badge(order: Json) -> list[str]:
    """The most final thing that can be said of a folded order."""
    if order.get("cancelledAt"):
        return ["Cancelled"]
    if order.get("displayFinancialStatus") == "REFUNDED":
        return ["Refunded"]
    words = {parcel_word(parcel) for parcel in order.get("fulfillments", [])} - {"Cancelled"}
    return [*words] if progress(order) == "FULFILLED" and len(words) == 1 else [FULFILLMENT[progress(order)]]


def marks(order: Json) -> list[str]:
    found = [RETURN.get(order.get("returnStatus", "NO_RETURN"))]
    return [
        *filter(None, [*found, "Archived" if order.get("closedAt") else "", "Test order" if order.get("test") else ""])
    ]


def progress(order: Json) -> str:
    if given := order.get("displayFulfillmentStatus"):
        return str(given)
    if not sum(shipped(order).values()):
        return "UNFULFILLED"
    return "PARTIALLY_FULFILLED" if any(left(order).values()) else "FULFILLED"


def parcel_word(parcel: Json) -> str:
    if parcel["status"] == "CANCELLED":
        return "Cancelled"
    return PARCEL[parcel["displayStatus"]] if parcel.get("displayStatus") else "Fulfilled"


def parcel_moment(order: Json, parcel: Json) -> tuple[str, str]:
    for word, name in (("Delivered", "deliveredAt"), ("Expected", "estimatedDeliveryAt"), ("Shipped", "inTransitAt")):
        if parcel.get(name):
            return word, parcel[name]
    return "Shipped", parcel.get("createdAt") or order["createdAt"]


def contents(order: Json, parcel: Json) -> Counter[str]:
    if "fulfillmentLineItems" not in parcel:
        return Counter({line["id"]: line["quantity"] for line in order["lineItems"]})
    return Counter({item["lineItemId"]: item.get("quantity", 1) for item in parcel["fulfillmentLineItems"]})


def shipped(order: Json) -> Counter[str]:
    sent = [parcel for parcel in order.get("fulfillments", []) if parcel["status"] == "SUCCESS"]
    return sum((contents(order, parcel) for parcel in sent), Counter())


def taken_off(order: Json) -> Counter[str]:
    given_back = order.get("cancelledAt") and order.get("displayFinancialStatus") in ("REFUNDED", "VOIDED")
    lost = {
        ln["id"]: ln["quantity"] - ln.get("currentQuantity", 0 if given_back else ln["quantity"])
        for ln in order["lineItems"]
    }
    return Counter(lost)


def left(order: Json) -> Counter[str]:
    gone = shipped(order) + taken_off(order)
    return Counter(
        {ln["id"]: ln.get("unfulfilledQuantity", ln["quantity"] - gone[ln["id"]]) for ln in order["lineItems"]}
    )


def pieces(order: Json, wanted: Counter[str]) -> list[str]:
    """ "2 × Tea Kettle, glass / 2 liters", in the order of the lines."""
    lines = {line["id"]: line for line in order["lineItems"]}
    names = {key: ", ".join(filter(None, (line["title"], line.get("variantTitle")))) for key, line in lines.items()}
    return [" ".join(f"{number} × {names[key]}".split()) for key, number in wanted.items() if number > 0]


def destination(order: Json, customer: Json | None) -> str:
    address = order.get("shippingAddress") or (customer or {}).get("defaultAddress") or {}
    place = ", ".join(filter(None, (address.get(part) for part in ("city", "provinceCode", "countryCodeV2"))))
    return f"Ships to {place}" if place else ""
