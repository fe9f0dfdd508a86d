"""A small store file for these tests, and its people."""

from typing import Any

SHOP = "one.myshopify.com"
OPEN_SHOP = "two.myshopify.com"
ADA = "Ada.Lovelace@Example.com"
NOW = "2026-11-22T12:00:00Z"


def line(number: int, quantity: int = 1, title: str = "Mug") -> dict[str, Any]:
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "title": title,
        "quantity": quantity,
        "originalUnitPriceSet": {"shopMoney": {"amount": "10.00", "currencyCode": "USD"}},
    }


def small_store() -> dict[str, Any]:
    """Ada with an old, a cancelled and a two-parcel order; a guest; a stranger with a similar address."""
    customer = "gid://shopify/Customer/11"
    return {
        "meta": {"clock": NOW},
        "shops": [
            {"domain": SHOP, "name": "Shop One", "currencyCode": "USD", "owner": "Olga Owner"},
            {"domain": OPEN_SHOP, "name": "Shop Two", "currencyCode": "EUR", "allOrders": True},
        ],
        "customers": [
            {
                "id": customer,
                "email": ADA,
                "firstName": "Ada",
                "lastName": "Lovelace",
                "shops": [SHOP, OPEN_SHOP],
                "tags": ["VIP"],
                "phone": "+43 660 123",
            },
            {"id": "gid://shopify/Customer/12", "email": "mail@other.example", "shops": [SHOP]},
        ],
        "orders": [
            {
                "name": "#1000",
                "createdAt": "2026-08-01T00:00:00Z",
                "suggestedShop": SHOP,
                "customerId": customer,
                "lineItems": [line(1)],
            },
            {
                "name": "#1001",
                "createdAt": "2026-11-01T00:00:00Z",
                "suggestedShop": SHOP,
                "customerId": customer,
                "cancelledAt": "2026-11-02T00:00:00Z",
                "displayFinancialStatus": "REFUNDED",
                "lineItems": [line(2)],
            },
            {
                "id": "gid://shopify/Order/1002",
                "name": "#1002",
                "createdAt": "2026-11-10T00:00:00Z",
                "suggestedShop": SHOP,
                "customerId": customer,
                "lineItems": [line(3, 4), line(4, 2, "Apron"), line(5, 1, "Throw")],
                "fulfillments": [
                    {
                        "fulfillmentLineItems": [{"lineItemId": "gid://shopify/LineItem/3", "quantity": 3}],
                        "trackingInfo": [{"company": "UPS", "number": "1Z", "url": "https://ups.example/1Z"}],
                        "displayStatus": "IN_TRANSIT",
                        "estimatedDeliveryAt": "2026-11-24T00:00:00Z",
                    },
                    {
                        "fulfillmentLineItems": [{"lineItemId": "gid://shopify/LineItem/4", "quantity": 2}],
                        "displayStatus": "DELIVERED",
                        "deliveredAt": "2026-11-21T00:00:00Z",
                    },
                    {
                        "status": "CANCELLED",
                        "displayStatus": "CANCELED",
                        "fulfillmentLineItems": [{"lineItemId": "gid://shopify/LineItem/5", "quantity": 1}],
                    },
                ],
            },
            {
                "name": "G-1",
                "createdAt": "2026-11-12T00:00:00Z",
                "suggestedShop": SHOP,
                "email": "guest@example.com",
                "lineItems": [line(6)],
            },
            {
                "name": "T-1",
                "createdAt": "2026-01-12T00:00:00Z",
                "suggestedShop": OPEN_SHOP,
                "customerId": customer,
                "lineItems": [line(7)],
            },
        ],
    }
