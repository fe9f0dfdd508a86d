"""What we last knew of a contact in a store."""

import json
from datetime import datetime
from typing import Any

import orjson
from django.db import models
from django.utils import timezone

from integrations.shopify.models.stores import Store
from tenants.models import TenantOwned
from tenants.rls.constraints import SameTenantKey


class QuickDecoder(json.JSONDecoder):
    """Reads what is stored: a section is polled, and decoding its head was a sixth of what it took."""

    def decode(self, s: str) -> Any:  # type: ignore[override]  # the standard library's second argument is for itself
        return orjson.loads(s)


class OrderContext(TenantOwned):
    """The last answer to one question about one store. Fresh for a minute; "nobody" is an answer too.

    A question is of a kind and has a key: whose address is this, who is this customer, which order has this name, whose
    telephone number is this, what does an agent's search find, what are all items of this order.

    `head` holds the profile, one line per order, and the newest orders in full; `rest` the other orders in full by their
    id, read only when one is opened (decoding it at each look would cost more than the page).
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "By an address"
        CUSTOMER = "customer", "By Shopify's number of a customer"
        ORDER = "order", "By the name of an order"
        PHONE = "phone", "By a telephone number"
        SEARCH = "search", "By an agent's words"
        LINES = "lines", "All items, by Shopify's number of an order"

    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="contexts"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.EMAIL)
    # In the form in which it is compared: an address normalised, digits, an order's name without "#", a number in E.164.
    key = models.CharField(max_length=254)
    fetched_at = models.DateTimeField(null=True)
    # When Shopify said that something here changed. Not fresh until a read that began later has ended.
    dropped_at = models.DateTimeField(null=True)
    customer_id = models.CharField(max_length=20, blank=True)  # Shopify's digits, by which webhooks name a customer
    found = models.BooleanField(default=False)
    head = models.JSONField(null=True, decoder=QuickDecoder)
    rest = models.JSONField(null=True, decoder=QuickDecoder)
    leased_until = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failure = models.CharField(max_length=40, blank=True)
    looked_at = models.DateTimeField(default=timezone.now)
    clock: datetime  # no column: the database's time when the row was read, where that was asked for (order_context.py)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="shopify_ordercontext_store", field="store"),
            models.UniqueConstraint(fields=["tenant", "store", "kind", "key"], name="shopify_ordercontext_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "looked_at"], name="shopify_ordercontext_looked"),
            models.Index(fields=["tenant", "store", "customer_id"], name="shopify_ordercontext_customer"),
        ]

    def __str__(self) -> str:
        return f"order context {self.pk}"
