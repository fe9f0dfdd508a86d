"""Addresses whose data was erased, as hashes: what is older than the erasure must not come back by another way."""

from django.db import models
from django.utils import timezone

from tenants.rls.owned import TenantOwned


class ErasedAddress(TenantOwned):
    """One address, hashed with the installation's key (tenants/personal.py): nobody can read it, and anybody who has the
    address can be told that it was erased, and when."""

    address_hash = models.CharField(max_length=64)
    erased_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "address_hash"], name="tenants_erasedaddress_once"),
        ]

    def __str__(self) -> str:
        return f"erased address {self.pk}"
