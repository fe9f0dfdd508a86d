"""Answers in Shopify's form, for tests to change."""

import json
from collections.abc import Iterator
from typing import Any

from tests.integrations.hostile_server import HostileServer
from tests.integrations.hostile_server import answer as http_answer

EMAIL = "maya@lindqvist.example"


def order(number: int = 1042, **changes: Any) -> dict[str, Any]:
    base = {
        "id": f"gid://shopify/Order/{number}",
        "legacyResourceId": str(number),
        "name": f"#{number}",
        "createdAt": f"2026-11-{number % 28 + 1:02}T09:12:00Z",
        "processedAt": "2026-11-18T09:12:00Z",
        "updatedAt": "2026-11-20T09:12:00Z",
        "cancelledAt": None,
        "cancelReason": None,
        "closedAt": None,
        "test": False,
        "displayFulfillmentStatus": "PARTIALLY_FULFILLED",
        "displayFinancialStatus": "PAID",
        "returnStatus": "NO_RETURN",
        "currentTotalPriceSet": {
            "shopMoney": {"amount": "236.00", "currencyCode": "USD"},
            "presentmentMoney": {"amount": "2190.50", "currencyCode": "SEK"},
        },
        "shippingAddress": {"city": "Göteborg", "provinceCode": None, "countryCodeV2": "SE"},
        "lineItems": {
            "nodes": [
                {
                    "id": "gid://shopify/LineItem/1",
                    "title": "Wool throw",
                    "variantTitle": "Moss",
                    "sku": "WT",
                    "quantity": 2,
                    "currentQuantity": 1,
                    "unfulfilledQuantity": 1,
                }
            ],
            "pageInfo": {"hasNextPage": False, "endCursor": "abc"},
        },
        "fulfillments": [
            {
                "id": "gid://shopify/Fulfillment/1",
                "status": "SUCCESS",
                "displayStatus": "IN_TRANSIT",
                "createdAt": "2026-11-19T09:12:00Z",
                "estimatedDeliveryAt": "2026-11-24T17:00:00Z",
                "inTransitAt": None,
                "deliveredAt": None,
                "totalQuantity": 1,
                "trackingInfo": [
                    {"company": "UPS", "number": "1Z999", "url": "https://www.ups.com/track?tracknum=1Z999"}
                ],
                "fulfillmentLineItems": {"nodes": [{"quantity": 1, "lineItem": {"id": "gid://shopify/LineItem/1"}}]},
            }
        ],
    }
    return {**base, **changes}


def customer(**changes: Any) -> dict[str, Any]:
    base = {
        "id": "gid://shopify/Customer/7",
        "legacyResourceId": "7",
        "displayName": "Maya Lindqvist",
        "createdAt": "2024-03-11T08:20:00Z",
        "numberOfOrders": "13",
        "amountSpent": {"amount": "1482.20", "currencyCode": "USD"},
        "tags": ["Gift club"],
        "note": "Prefers parcels at the pick-up point.",
        "defaultEmailAddress": {"emailAddress": "Maya@Lindqvist.example"},
        "defaultPhoneNumber": {"phoneNumber": "+46700000142"},
        "orders": {"nodes": [order(1042), order(1031)], "pageInfo": {"hasNextPage": True}},
    }
    return {**base, **changes}


def guests(*orders: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"nodes": list(orders), "pageInfo": {"hasNextPage": more}}


def data(**changes: Any) -> dict[str, Any]:
    base = {
        "customer": customer(),
        "guests": guests(order(1042, email=EMAIL), order(990, email=EMAIL.upper()), order(5, email="eve@evil.example")),
    }
    return {**base, **changes}


PROBE = {
    "shop": {
        "id": "gid://shopify/Shop/1",
        "name": "Harbor Goods",
        "myshopifyDomain": "harbor-goods.myshopify.com",
        "currencyCode": "USD",
        "ianaTimezone": "America/New_York",
    },
    "currentAppInstallation": {
        "id": "gid://shopify/AppInstallation/1",
        "accessScopes": [{"handle": "read_customers"}, {"handle": "read_orders"}],
    },
}


def says(*each: tuple[str, object], headers: str = "") -> Any:
    """A server that gives these answers by turn, and the last one for ever."""

    def pieces(server: HostileServer) -> list[bytes]:
        class Turns(list[bytes]):
            def __iter__(self) -> Iterator[bytes]:
                status, body = each[min(len(server.requests), len(each)) - 1]
                return iter([http_answer(json.dumps(body).encode(), status=status, headers=headers)])

        return Turns()

    return pieces
