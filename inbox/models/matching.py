"""What members said of who a contact is in a store."""

from django.db import models
from django.utils import timezone

from inbox.models.contacts import Contact
from tenants.models import Membership, TenantOwned
from tenants.rls.constraints import SameTenantKey


class CustomerLink(TenantOwned):
    """Which customer of a store a contact is, because somebody said so. The store is named by its number, which it keeps."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="links"
    )
    store_number = models.BigIntegerField()
    customer_id = models.CharField(max_length=20)  # Shopify's digits
    linked_by = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    linked_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_customerlink_contact", field="contact"),
            SameTenantKey(name="inbox_customerlink_by", field="linked_by"),
            models.UniqueConstraint(fields=["tenant", "contact", "store_number"], name="inbox_customerlink_once"),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"


class OrderConfirmation(TenantOwned):
    """That an order under another address is this contact's, because an agent made sure, and how. Never for automation."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="confirmations"
    )
    store_number = models.BigIntegerField()
    order_id = models.CharField(max_length=20)  # Shopify's digits
    reason = models.CharField(max_length=500)
    confirmed_by = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    confirmed_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_orderconfirmation_contact", field="contact"),
            SameTenantKey(name="inbox_orderconfirmation_by", field="confirmed_by"),
            models.UniqueConstraint(
                fields=["tenant", "contact", "store_number", "order_id"], name="inbox_orderconfirmation_once"
            ),
        ]

    def __str__(self) -> str:
        return f"confirmation {self.pk}"


class RuledOut(TenantOwned):
    """That a customer or an order of a store is not this contact's, because somebody said so. Nobody is asked that again."""

    class Kind(models.TextChoices):
        CUSTOMER = "customer", "A customer"
        ORDER = "order", "An order"

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="ruled_out"
    )
    store_number = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    shopify_id = models.CharField(max_length=20)  # Shopify's digits
    ruled_out_by = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    ruled_out_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_ruledout_contact", field="contact"),
            SameTenantKey(name="inbox_ruledout_by", field="ruled_out_by"),
            models.UniqueConstraint(
                fields=["tenant", "contact", "store_number", "kind", "shopify_id"], name="inbox_ruledout_once"
            ),
        ]

    def __str__(self) -> str:
        return f"ruled out {self.pk}"
