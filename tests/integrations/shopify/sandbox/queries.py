"""Queries in the form an app sends them; `parcels` adds each parcel's own items."""

ORDER_CARD = """
fragment OrderCard on Order {
  id legacyResourceId name createdAt processedAt updatedAt cancelledAt cancelReason closedAt test
  displayFulfillmentStatus displayFinancialStatus returnStatus
  currentTotalPriceSet { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
  shippingAddress { city provinceCode countryCodeV2 }
  lineItems(first: $lines) {
    nodes { id name title variantTitle sku quantity currentQuantity unfulfilledQuantity }
    pageInfo { hasNextPage endCursor }
  }
  fulfillments(first: 10) {
    id status displayStatus createdAt estimatedDeliveryAt inTransitAt deliveredAt totalQuantity
    trackingInfo(first: 5) { company number url }
    PARCEL_ITEMS
  }
}
"""
CUSTOMER = """customer: customerByIdentifier(identifier: {emailAddress: $email}) {
    id legacyResourceId displayName firstName lastName createdAt numberOfOrders
    amountSpent { amount currencyCode } tags note verifiedEmail
    defaultEmailAddress { emailAddress } defaultPhoneNumber { phoneNumber }
    orders(first: $orders, sortKey: CREATED_AT, reverse: true) { nodes { ...OrderCard } pageInfo { hasNextPage endCursor } }
  }"""
GUESTS = """orders(first: $guests, query: $q, sortKey: CREATED_AT, reverse: true) {
    nodes { ...OrderCard email phone customer { id legacyResourceId } } pageInfo { hasNextPage endCursor }
  }"""
PROBE = """query ConnectProbe {
  shop { id name myshopifyDomain currencyCode ianaTimezone primaryDomain { url } plan { publicDisplayName partnerDevelopment shopifyPlus } }
  currentAppInstallation { id accessScopes { handle } }
}"""
ORDER_LINES = """query OrderLines($id: ID!, $after: String, $first: Int = 250) {
  order(id: $id) { id lineItems(first: $first, after: $after) {
    nodes { id name title variantTitle sku quantity currentQuantity unfulfilledQuantity } pageInfo { hasNextPage endCursor } } }
}"""
UNINSTALL = "mutation { appUninstall { app { id } userErrors { code field message } } }"


def order_card(parcels: bool) -> str:
    items = "fulfillmentLineItems(first: 25) { nodes { quantity lineItem { id } } }" if parcels else ""
    return ORDER_CARD.replace("PARCEL_ITEMS", items)


def by_email(*, parcels: bool = True) -> str:
    return (
        "query ByEmail($email: String!, $orders: Int! = 50, $lines: Int! = 25) { "
        + CUSTOMER
        + " }"
        + order_card(parcels)
    )


def by_search(*, parcels: bool = True) -> str:
    return "query BySearch($q: String!, $guests: Int! = 50, $lines: Int! = 25) { " + GUESTS + " }" + order_card(parcels)


def combined(*, parcels: bool = True) -> str:
    return (
        "query Combined($email: String!, $q: String!, $orders: Int! = 50, $guests: Int! = 10, $lines: Int! = 25) { "
        + CUSTOMER
        + " "
        + GUESTS
        + " }"
        + order_card(parcels)
    )
