"""What we last knew of a contact in a store."""

from datetime import datetime

from django.db import models
from django.utils import timezone

from integrations.shopify.models.stores import Store
from tenants.models import TenantOwned
from tenants.rls.constraints import SameTenantKey


class OrderContext(TenantOwned):
    """What we last knew of one address in one store. Fresh for a minute; "nobody" is an answer too.

    `head` holds the profile, one line per order, and the newest orders in full; `rest` the other orders in full by their
    id, read only when one is opened (decoding it at each look would cost more than the page).
    """

    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="contexts"
    )
    email_norm = models.CharField(max_length=254)
    fetched_at = models.DateTimeField(null=True)
    # When Shopify said that something here changed. Not fresh until a read that began later has ended.
    dropped_at = models.DateTimeField(null=True)
    customer_id = models.CharField(max_length=20, blank=True)  # Shopify's digits, by which webhooks name a customer
    found = models.BooleanField(default=False)
    head = models.JSONField(null=True)
    rest = models.JSONField(null=True)
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
            models.UniqueConstraint(fields=["tenant", "store", "email_norm"], name="shopify_ordercontext_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "looked_at"], name="shopify_ordercontext_looked"),
            models.Index(fields=["tenant", "store", "customer_id"], name="shopify_ordercontext_customer"),
        ]

    def __str__(self) -> str:
        return f"order context {self.pk}"
