"""The texts of our GraphQL queries, their sizes, and the search strings we build.

Written for the Admin API 2026-10 and checked in tests against its schema; no field in them is deprecated. What is asked
for is what is shown: no street, no name parts, no status page link (that one would let anybody in).
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

API_VERSION: Final = "2026-10"

_LINES: Final = "nodes { id title variantTitle sku quantity currentQuantity unfulfilledQuantity } pageInfo { hasNextPage endCursor }"

_CUSTOMER_CARD: Final = """
fragment CustomerCard on Customer {
  id
  legacyResourceId
  displayName
  createdAt
  numberOfOrders
  amountSpent { amount currencyCode }
  tags
  note
  defaultEmailAddress { emailAddress }
  defaultPhoneNumber { phoneNumber }
}
"""

# As much as it takes to tell one person from another.
_PERSON_CARD: Final = """
fragment PersonCard on Customer {
  id
  legacyResourceId
  displayName
  createdAt
  numberOfOrders
  defaultEmailAddress { emailAddress }
  defaultPhoneNumber { phoneNumber }
}
"""

# Each parcel lists its own items, so that a split line shows where its pieces are; no more than there are lines to name.
_ORDER_CARD: Final = (
    """
fragment OrderCard on Order {
  id
  legacyResourceId
  name
  createdAt
  processedAt
  updatedAt
  cancelledAt
  cancelReason
  closedAt
  test
  displayFulfillmentStatus
  displayFinancialStatus
  returnStatus
  currentTotalPriceSet {
    shopMoney { amount currencyCode }
    presentmentMoney { amount currencyCode }
  }
  shippingAddress @include(if: $destinations) { city provinceCode countryCodeV2 }
  lineItems(first: $lines) { """
    + _LINES
    + """ }
  fulfillments(first: 10) {
    id
    status
    displayStatus
    createdAt
    estimatedDeliveryAt
    inTransitAt
    deliveredAt
    totalQuantity
    trackingInfo(first: 5) { company number url }
    fulfillmentLineItems(first: $lines) { nodes { quantity lineItem { id } } }
  }
}
"""
)

# The address travels as a variable: nothing in it can become part of a search. Guest orders have no such look-up.
CUSTOMER_ORDERS: Final = (
    """
query CustomerOrders(
  $email: String!, $search: String!, $guests: Boolean!, $destinations: Boolean!,
  $orders: Int!, $lines: Int!, $guestOrders: Int!
) {
  customer: customerByIdentifier(identifier: {emailAddress: $email}) {
    ...CustomerCard
    orders(first: $orders, sortKey: CREATED_AT, reverse: true) {
      nodes { ...OrderCard }
      pageInfo { hasNextPage }
    }
  }
  guests: orders(first: $guestOrders, query: $search, sortKey: CREATED_AT, reverse: true) @include(if: $guests) {
    nodes { ...OrderCard email }
    pageInfo { hasNextPage }
  }
}
"""
    + _CUSTOMER_CARD
    + _ORDER_CARD
)

# Of a customer who was merged into another one, or deleted, Shopify knows nothing under the old number.
CUSTOMER_BY_ID: Final = (
    """
query CustomerById($id: ID!, $destinations: Boolean!, $orders: Int!, $lines: Int!) {
  customer(id: $id) {
    ...CustomerCard
    orders(first: $orders, sortKey: CREATED_AT, reverse: true) {
      nodes { ...OrderCard }
      pageInfo { hasNextPage }
    }
  }
}
"""
    + _CUSTOMER_CARD
    + _ORDER_CARD
)

# With whose they are: whether that is the person who writes is for us to find out.
ORDERS_NAMED: Final = (
    """
query OrdersNamed($search: String!, $destinations: Boolean!, $namesakes: Int!, $lines: Int!) {
  orders(first: $namesakes, query: $search, sortKey: CREATED_AT, reverse: true) {
    nodes { ...OrderCard email customer { legacyResourceId } }
    pageInfo { hasNextPage }
  }
}
"""
    + _ORDER_CARD
)

CUSTOMER_BY_PHONE: Final = (
    """
query CustomerByPhone($phone: String!) {
  customer: customerByIdentifier(identifier: {phoneNumber: $phone}) { ...PersonCard }
}
"""
    + _PERSON_CARD
)

# An agent's words may be any of these. An address and a number travel as variables.
PEOPLE: Final = (
    """
query People(
  $email: String!, $phone: String!, $named: String!, $called: String!,
  $byEmail: Boolean!, $byPhone: Boolean!, $byOrder: Boolean!, $byName: Boolean!, $people: Int!
) {
  email: customerByIdentifier(identifier: {emailAddress: $email}) @include(if: $byEmail) { ...PersonCard }
  phone: customerByIdentifier(identifier: {phoneNumber: $phone}) @include(if: $byPhone) { ...PersonCard }
  orders(first: $people, query: $named, sortKey: CREATED_AT, reverse: true) @include(if: $byOrder) {
    nodes { name customer { ...PersonCard } }
  }
  customers(first: $people, query: $called, sortKey: RELEVANCE) @include(if: $byName) { nodes { ...PersonCard } }
}
"""
    + _PERSON_CARD
)

# One order with as many lines as a page holds, and whose it is; those after them by ORDER_LINES.
ORDER_WHOLE: Final = (
    """
query OrderWhole($id: ID!, $destinations: Boolean!, $lines: Int!) {
  order(id: $id) { ...OrderCard email customer { legacyResourceId } }
}
"""
    + _ORDER_CARD
)

ORDER_LINES: Final = (
    """
query OrderLines($id: ID!, $after: String) {
  order(id: $id) { id lineItems(first: 250, after: $after) { """
    + _LINES
    + """ } }
}
"""
)

CONNECT_PROBE: Final = """
query ConnectProbe {
  shop { id name myshopifyDomain currencyCode ianaTimezone }
  currentAppInstallation { id accessScopes { handle } }
}
"""

# For *Check connection*: whether anybody's address, and any order, may be read at all. What comes back is dropped.
CUSTOMER_SAMPLE: Final = """
query CustomerSample {
  customers(first: 1) { nodes { id displayName defaultEmailAddress { emailAddress } } }
}
"""
ORDER_SAMPLE: Final = """
query OrderSample {
  orders(first: 1) { nodes { id name displayFulfillmentStatus email } }
}
"""

APP_UNINSTALL: Final = """
mutation AppUninstall {
  appUninstall { app { id } userErrors { code message } }
}
"""

WEBHOOKS: Final = """
query Webhooks {
  webhookSubscriptions(first: 100) { nodes { id topic uri includeFields filter } }
}
"""

WEBHOOK_CREATE: Final = """
mutation WebhookCreate($topic: WebhookSubscriptionTopic!, $webhookSubscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhookSubscription) { userErrors { message } }
}
"""

WEBHOOK_UPDATE: Final = """
mutation WebhookUpdate($id: ID!, $webhookSubscription: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $webhookSubscription) { userErrors { message } }
}
"""

WEBHOOK_DELETE: Final = """
mutation WebhookDelete($id: ID!) {
  webhookSubscriptionDelete(id: $id) { userErrors { message } }
}
"""

# Ids and times alone: these lists are about everybody, and we show only who wrote.
ORDERS_UPDATED: Final = """
query OrdersUpdated($search: String!, $after: String) {
  orders(first: 250, after: $after, query: $search, sortKey: UPDATED_AT) {
    nodes { legacyResourceId updatedAt customer { legacyResourceId } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

CUSTOMERS_UPDATED: Final = """
query CustomersUpdated($search: String!, $after: String) {
  customers(first: 250, after: $after, query: $search, sortKey: UPDATED_AT) {
    nodes { legacyResourceId updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}
"""

# Requested cost by the formula that fits Shopify's answers: 282 of 1,000 allowed. SMALL is for the day they change it.
FULL: Final = {"orders": 50, "lines": 25, "guestOrders": 10}
SMALL: Final = {"orders": 25, "lines": 10, "guestOrders": 5}
# One order alone. 250 is the most that a page may hold (shopify.dev/docs/api/usage/pagination-graphql, read 2026-11-22).
WHOLE: Final = {"lines": 250}
WHOLE_SMALL: Final = {"lines": 100}
# Pages of lines of one order. Whoever orders more kinds of things than a thousand is shown the rest in Shopify.
MOST_PAGES: Final = 4

# A name is unique but for orders that apps create: more than a handful of one name is nobody's.
NAMESAKES: Final = 10
# Whoever is not among so many is looked for by more words.
PEOPLE_FOUND: Final = 10

# Characters that mean something in Shopify's search syntax (shopify.dev, search syntax) are not among these.
_SEARCHABLE = re.compile(r"[A-Za-z0-9.!#$%&+/=?^_{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_MAX_ADDRESS = 254
_NAMEABLE = re.compile(r"\w[\w./-]{0,49}")
# Everything but letters, digits, and what stands within names.
_UNCALLABLE = re.compile(r"[^\w .,'’-]|_")
_MAX_WORDS = 80


def email_search(address: str) -> str | None:
    """The search for orders by e-mail, or None for an address that cannot be put into a search safely.

    The field is tokenised: without the quotes other people's orders match too. With them, they still may: compare.
    """
    if len(address) > _MAX_ADDRESS or not _SEARCHABLE.fullmatch(address):
        return None
    return f'email:"{address}"'


def order_search(names: Iterable[str]) -> str | None:
    """The search for orders that are called one of these, or None when no name is one that an order can have.

    Shopify finds `1042` under `#1042` too. The names that come back are to be compared.
    """
    fit = dict.fromkeys(name for name in names if is_order_name(name))
    return " OR ".join(f'name:"{name}"' for name in fit) or None


def is_order_name(name: str) -> bool:
    """Whether an order can be called so, as far as we look for it: letters, digits, and what joins them."""
    return bool(_NAMEABLE.fullmatch(name)) and any(character.isdigit() for character in name)


def person_search(words: str) -> str | None:
    """The search for people by their name: one phrase of letters and digits, whatever else stood in the words."""
    kept = " ".join(_UNCALLABLE.sub(" ", words[:_MAX_WORDS]).split())
    letters = sum(character.isalpha() for character in kept)
    return f'"{kept}"' if letters >= 2 else None


def updated_since(moment: datetime) -> str:
    """The search for what was updated at or after a moment, in UTC. Quoted: without, the time is torn at its colons."""
    return f'updated_at:>="{moment:%Y-%m-%dT%H:%M:%SZ}"'
