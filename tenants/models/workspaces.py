"""Workspaces, their counters, and what is left of one that was erased."""

from django.db import models
from django.utils import timezone

from tenants.rls.constraints import TenantWall
from tenants.rls.owned import TenantOwned


class Tenant(models.Model):
    """A workspace. Its own row stands behind the same wall as what it owns."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    # Mail import tells the shop's own mails from customers' by these (normalised addresses).
    support_addresses = models.JSONField(default=list)
    # The owner's rule: who has no second factor is asked to set one up before anything else.
    require_second_factor = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.CharField(max_length=120, blank=True)
    # Closed: only owners still get in, until everything is erased after `erase_after`.
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=120, blank=True)
    erase_after = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [TenantWall(name="tenants_tenant_wall", column="id")]

    def __str__(self) -> str:
        return self.slug


class Tombstone(models.Model):
    """What is left of an erased workspace: its address, which is never given out again, and how much there was."""

    tenant_id = models.BigIntegerField(unique=True)
    slug = models.SlugField(max_length=40, unique=True)
    erased_at = models.DateTimeField(default=timezone.now)
    rows = models.JSONField(default=dict)  # table -> number of rows erased
    audit_length = models.BigIntegerField(default=0)
    audit_head = models.CharField(max_length=64, blank=True)  # an export taken before can still be verified against it

    def __str__(self) -> str:
        return self.slug


class Counter(TenantOwned):
    """The last public number given to a kind of row in a workspace (conversation 1042, store 3)."""

    noun = models.CharField(max_length=32)
    last = models.BigIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "noun"], name="tenants_counter_noun"),
        ]

    def __str__(self) -> str:
        return self.noun


class CacheRow(models.Model):
    """The table of Django's DatabaseCache, as a model so that migrations make it and its grants are declared."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "versana_cache"

    def __str__(self) -> str:
        return self.cache_key
