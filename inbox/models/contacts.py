"""People who write to the shop, each known by any number of addresses."""

from django.db import models
from django.utils import timezone

from tenants.models import TenantOwned
from tenants.rls.constraints import SameTenantKey


class Contact(TenantOwned):
    """A person who writes to the shop. Known by any number of addresses."""

    number = models.BigIntegerField()
    name = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)  # what the team keeps in mind about them
    blocked_at = models.DateTimeField(null=True)  # since then, what they write goes to spam
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_contact_number"),
        ]

    def __str__(self) -> str:
        return f"contact {self.number}"


class ContactAddress(TenantOwned):
    """One address of a contact: as typed, and in the form in which addresses are compared."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="addresses"
    )
    email = models.CharField(max_length=320)
    email_norm = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_contactaddress_contact", field="contact"),
            models.UniqueConstraint(fields=["tenant", "email_norm"], name="inbox_contactaddress_once"),
        ]
        indexes = [models.Index(fields=["tenant", "contact"], name="inbox_contactaddress_of")]

    def __str__(self) -> str:
        return f"address {self.pk}"
