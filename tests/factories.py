"""Rows and stores for tests, each made by one function; what a test does not name is filled in.

Everything but `team` and the store file is made in the current workspace: call it inside `tenant_context`.
"""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from inbox.models import Attachment, Contact, ContactAddress, Conversation, Message
from integrations.shopify import parsing, stores
from integrations.shopify.models import Store
from integrations.shopify.sandbox import RunningSandbox
from tenants import provisioning
from tenants.addresses import normalise
from tenants.crypto.secret import Secret
from tenants.models import Membership, User
from tenants.numbering import next_number
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests.conftest import Cast

SHOP = "harbor.myshopify.com"  # shares the last 60 days
ALL_ORDERS_SHOP = "pine.myshopify.com"
THIRD_SHOP = "cove.myshopify.com"
MAYA = "maya@lindqvist.example"
MAYA_ID = "gid://shopify/Customer/7100000000017"
GUEST = "guest@example.com"
_serial = itertools.count(1)


# --- People ---------------------------------------------------------------------------------------------------------
def team() -> Cast:
    """The cast, unable to sign in by password: hashing six of them takes longer than a test."""
    acme = provisioning.open_workspace(
        slug="acme",
        name="Acme Goods",
        owner=_person("Olivia", "acme.example"),
        support_addresses=["support@shop.example"],
    )
    with tenant_context(acme.pk):
        olivia = Membership.objects.select_related("user").get()
        adam = provisioning.add_member(user=_person("Adam", "acme.example"), role=Role.ADMINISTRATOR, by=olivia)
        ava = provisioning.add_member(user=_person("Ava", "acme.example"), role=Role.AGENT, by=olivia)
    door = provisioning.open_workspace(slug="nextdoor", name="Next Door", owner=_person("Mallory", "nextdoor.example"))
    with tenant_context(door.pk):
        mallory = Membership.objects.select_related("user").get()
    return Cast(acme, olivia, adam, ava, door, mallory)


def _person(name: str, domain: str) -> User:
    return User.objects.create_user(email=f"{name.lower()}@{domain}", name=name)


# --- The inbox ------------------------------------------------------------------------------------------------------
def contact(*, email: str = "", name: str = "") -> Contact:
    """A contact; without an address when `email` is empty."""
    row = Contact.objects.create(number=next_number("contact"), name=name)
    if email:
        ContactAddress.objects.create(contact=row, email=email, email_norm=normalise(email))
    return row


def conversation(
    *,
    of: Contact | None = None,
    email: str = MAYA,
    subject: str = "Where is my order?",
    texts: Sequence[str] = ("Hello, where is it?",),
    needs_reply: bool = True,
    last_at: datetime | None = None,
) -> Conversation:
    """A conversation with one received message for each text."""
    last = last_at or timezone.now()
    row = Conversation.objects.create(
        number=next_number("conversation"),
        contact=of or contact(email=email),
        subject=subject,
        snippet=texts[-1][:200] if texts else "",
        needs_reply=needs_reply,
        last_message_at=last,
    )
    for minutes, text in zip(range(len(texts) - 1, -1, -1), texts, strict=True):
        message(row, text=text, sent_at=last - timedelta(minutes=minutes))
    return row


def message(of: Conversation, *, text: str = "Hello", **fields: Any) -> Message:
    given = {
        "kind": Message.Kind.RECEIVED,
        "from_email": MAYA,
        "sent_at": timezone.now(),
        "message_id": f"{next(_serial)}@mail.example",
        **fields,
    }
    return Message.objects.create(conversation=of, text=text, **given)


def attachment(
    of: Message, *, name: str = "photo.jpg", content: bytes = b"\xff\xd8 a photo", **fields: Any
) -> Attachment:
    given = {"content_type": "image/jpeg", "size": len(content), **fields}
    return Attachment.objects.create(message=of, name=name, content=content, **given)


# --- Stores ---------------------------------------------------------------------------------------------------------
def connected_store(shopify: RunningSandbox, shop: str = SHOP, *, by: Membership, **asked: Any) -> Store:
    """A store connected with tokens that the sandbox really accepts."""
    return stores.connect(shop_domain=shop, grant=parsing.token_grant(shopify.grant(shop, **asked)), by=by)


def many_stores(count: int, *, by: Membership) -> list[Store]:
    """Connected stores with tokens that nobody accepts: for what asks no store."""
    rows = [
        Store(
            number=number, shop_domain=f"shop-{number}.myshopify.com", state=Store.State.CONNECTED, connected_by=by,
            access_token=Secret("shpat_nobody_s"), scopes=["read_customers", "read_orders"],
        )
        for number in range(1, count + 1)
    ]  # fmt: skip
    return list(Store.objects.bulk_create(rows))


def ago(**length: float) -> str:
    """An ISO time before now."""
    return (datetime.now(UTC) - timedelta(**length)).strftime("%Y-%m-%dT%H:%M:%SZ")


def line(title: str = "Wool throw", quantity: int = 1, **fields: Any) -> dict[str, Any]:
    number = 10_800_000_000_000 + next(_serial)
    price = {"shopMoney": {"amount": "10.00", "currencyCode": "USD"}}
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "title": title,
        "quantity": quantity,
        "originalUnitPriceSet": price,
        **fields,
    }


def order(
    name: str, *, days: float = 1, shop: str = SHOP, customer: str | None = MAYA_ID, **fields: Any
) -> dict[str, Any]:
    """An order of a store file, of Maya's unless told otherwise. Its id is as long as a real one's."""
    given = {"lineItems": [line()], **fields}
    number = 5_400_000_000_000 + next(_serial)
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": name,
        "createdAt": ago(days=days),
        "suggestedShop": shop,
        "customerId": customer,
        **given,
    }


def store_file(*orders: dict[str, Any], **maya: Any) -> dict[str, Any]:
    """Three shops; Maya is a customer of the first two."""
    customer = {
        "id": MAYA_ID,
        "email": MAYA,
        "firstName": "Maya",
        "lastName": "Lindqvist",
        "shops": [SHOP, ALL_ORDERS_SHOP],
        "tags": ["VIP"],
        "phone": "+46 70 123",
        **maya,
    }
    return {
        "shops": [
            {"domain": SHOP, "name": "Harbor Goods", "currencyCode": "USD", "ianaTimezone": "America/New_York"},
            {"domain": ALL_ORDERS_SHOP, "name": "Pine Outlet", "currencyCode": "EUR", "allOrders": True},
            {"domain": THIRD_SHOP, "name": "Cove Wholesale"},
        ],
        "customers": [customer],
        "orders": list(orders),
    }


def usual_orders() -> list[dict[str, Any]]:
    """Two recent ones and an old one of Maya's, and a guest's."""
    return [
        order("#1042", days=3),
        order("#1041", days=20),
        order("#0900", days=100),
        order("#2001", days=2, customer=None, email=GUEST),
        order("P-1", days=200, shop=ALL_ORDERS_SHOP),
    ]


def put_orders(shopify: RunningSandbox, *orders: dict[str, Any], **maya: Any) -> None:
    """Let the running sandbox play these orders from now on."""
    played = shopify.sandbox.settings.stores
    if not isinstance(played, dict):
        raise TypeError("this sandbox plays a file")
    played.update(store_file(*orders, **maya))
    shopify.sandbox.reload()
