"""What Shopify asks of us about people's data: to hand it over, and to forget it."""

from django.db import models
from django.utils import timezone

from integrations.shopify.models.stores import Store
from tenants.models import TenantOwned
from tenants.rls.constraints import SameTenantKey


class ComplianceRequest(TenantOwned):
    """One request, Shopify's or (CONTACT_ERASE, of no store) an owner's.

    What it says of a person (`email`, `phone`, `order_ids`) is kept until it was done, and not longer.
    """

    class Kind(models.TextChoices):
        DATA_REQUEST = "data_request", "A customer asks for their data"
        CUSTOMER_REDACT = "customer_redact", "A customer’s data must be erased"
        SHOP_REDACT = "shop_redact", "A store’s data must be erased"
        CONTACT_ERASE = "contact_erase", "An owner erases a contact"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        READY = "ready", "Ready to be handed over"
        DONE = "done", "Done"

    number = models.BigIntegerField()
    store = models.ForeignKey(
        Store,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="compliance_requests",
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    body_hash = models.CharField(max_length=64)  # the same words again are the same request
    request_id = models.CharField(max_length=40, blank=True)  # Shopify's, of a data request
    customer_id = models.CharField(max_length=20, blank=True)
    email = models.CharField(max_length=320, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    order_ids = models.JSONField(default=list)
    received_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)  # what was found or erased: kind -> how many
    size = models.BigIntegerField(default=0)  # of the file, so far
    file_until = models.DateTimeField(null=True)  # when the file is deleted, whether it was handed over or not

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="shopify_compliance_store", field="store"),
            models.UniqueConstraint(fields=["tenant", "number"], name="shopify_compliance_number"),
            models.UniqueConstraint(fields=["tenant", "store", "kind", "body_hash"], name="shopify_compliance_once"),
        ]
        indexes = [models.Index(fields=["tenant", "state", "due_at"], name="shopify_compliance_due")]

    def __str__(self) -> str:
        return f"compliance request {self.number}"


class DataRequestPart(TenantOwned):
    """A piece of the file that answers a data request, in order; deleted when the request is done with."""

    request = models.ForeignKey(
        ComplianceRequest, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="parts"
    )
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="shopify_datarequestpart_request", field="request"),
            models.UniqueConstraint(fields=["tenant", "request", "position"], name="shopify_datarequestpart_position"),
        ]

    def __str__(self) -> str:
        return f"part {self.position}"
