"""People who write to the shop, each known by any number of addresses."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate, Lower
from django.utils import timezone

from tenants.models import TenantOwned
from tenants.rls.constraints import SameTenantKey


class Contact(TenantOwned):
    """A person who writes to the shop. Known by any number of addresses."""

    number = models.BigIntegerField()
    name = models.CharField(max_length=200, blank=True)
    # By what contacts are listed and found. Postgres writes it, so no writer of names can forget it; compared byte by byte,
    # because only so is "begins with" a range, which the wall lets an index answer (LIKE it does not).
    name_norm = models.GeneratedField(
        expression=Lower("name"), output_field=models.TextField(db_collation="C"), db_persist=True
    )
    note = models.TextField(blank=True)  # what the team keeps in mind about them
    blocked_at = models.DateTimeField(null=True)  # since then, what they write goes to spam
    pictures_at = models.DateTimeField(null=True)  # since then, pictures that their mails fetch are shown unasked
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_contact_number"),
        ]
        indexes = [models.Index(fields=["tenant", "name_norm", "id"], name="inbox_contact_by_name")]

    def __str__(self) -> str:
        return f"contact {self.number}"


class ContactAddress(TenantOwned):
    """One address of a contact: as typed, and in the form in which addresses are compared."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="addresses"
    )
    email = models.CharField(max_length=320)
    email_norm = models.CharField(max_length=254)
    is_main = models.BooleanField(
        default=False, db_default=False
    )  # the one that is written to, because a member chose it
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_contactaddress_contact", field="contact"),
            models.UniqueConstraint(fields=["tenant", "email_norm"], name="inbox_contactaddress_once"),
            models.UniqueConstraint(
                fields=["tenant", "contact"], condition=Q(is_main=True), name="inbox_contactaddress_main"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "contact"], name="inbox_contactaddress_of"),
            models.Index(F("tenant"), Collate("email_norm", "C"), name="inbox_contactaddress_begins"),
        ]

    def __str__(self) -> str:
        return f"address {self.pk}"


class MovedContact(TenantOwned):
    """A number that a contact had until it was merged into another: addresses with it still lead to the person."""

    number = models.BigIntegerField()
    into = models.ForeignKey(
        Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="former_numbers"
    )

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_movedcontact_into", field="into"),
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_movedcontact_once"),
        ]
        indexes = [models.Index(fields=["tenant", "into"], name="inbox_movedcontact_of")]

    def __str__(self) -> str:
        return f"moved contact {self.number}"
