"""A workspace's own Shopify apps: one custom app serves one merchant, so unrelated stores need one each."""

from django.db import models
from django.utils import timezone

from tenants.crypto.fields import SealedTextField
from tenants.models import Membership, TenantOwned
from tenants.rls.constraints import SameTenantKey


class ShopifyApp(TenantOwned):
    """An app that an owner entered. While its secret is being rotated, signatures by the previous one count too."""

    number = models.BigIntegerField()
    name = models.CharField(max_length=100)
    client_id = models.CharField(max_length=64)
    client_secret = SealedTextField(bind_to=("tenant_id", "client_id"))
    previous_secret = SealedTextField(null=True, bind_to=("tenant_id", "client_id"))
    entered_by = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    secret_changed_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="shopify_app_entered_by", field="entered_by"),
            models.UniqueConstraint(fields=["tenant", "number"], name="shopify_app_number"),
            models.UniqueConstraint(fields=["tenant", "client_id"], name="shopify_app_client"),
        ]

    def __str__(self) -> str:
        return f"app {self.number}"
