"""Connected stores, and the access that outlives a disconnected one for its farewell."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.shopify.models.apps import ShopifyApp
from tenants.crypto.fields import SealedTextField
from tenants.models import Membership, TenantOwned
from tenants.rls.constraints import SameTenantKey


class Store(TenantOwned):
    """One Shopify store of a workspace. `generation` grows with every connect and disconnect: work begun before is refused."""

    class State(models.TextChoices):
        CONNECTED = "connected", "Connected"
        NEEDS_ATTENTION = "needs_attention", "Needs attention"
        UNINSTALLED = "uninstalled", "Uninstalled in Shopify"
        DISCONNECTED = "disconnected", "Disconnected"

    class Problem(models.TextChoices):
        ACCESS_REVOKED = "access_revoked", "Shopify no longer accepts our access"
        SCOPES_MISSING = "scopes_missing", "Permissions are missing"
        PROTECTED_DATA = "protected_data", "Customer data is not approved"
        FORBIDDEN = "forbidden", "The store does not allow this access"
        STORE_FROZEN = "store_frozen", "The store is frozen because a bill is unpaid"
        STORE_LOCKED = "store_locked", "The store is locked by Shopify"
        STORE_GONE = "store_gone", "Shopify no longer knows this store"
        KEY_MISSING = "key_missing", "The sealed access does not open"

    number = models.BigIntegerField()
    shop_domain = models.CharField(max_length=255)
    shop_gid = models.CharField(max_length=100, blank=True)
    shop_name = models.CharField(max_length=255, blank=True)
    currency = models.CharField(max_length=8, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    # What stands before and after the number in the names of its orders ("UK-", "-B"), learnt from those it showed us.
    order_prefix = models.CharField(max_length=20, blank=True)
    order_suffix = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=20, choices=State.choices)
    problem = models.CharField(max_length=20, choices=Problem.choices, blank=True)
    problem_since = models.DateTimeField(null=True)
    scopes = models.JSONField(default=list)
    hidden = models.JSONField(default=list)  # reasons ("scope", "protected_data") for which the last read lacked fields
    app = models.ForeignKey(
        ShopifyApp, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="stores"
    )  # null: the installation's own
    connected_by = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    connected_at = models.DateTimeField(default=timezone.now)
    disconnected_at = models.DateTimeField(null=True)
    last_read_at = models.DateTimeField(null=True)
    # What passes by itself: since when every read has failed, and how. Not a state: reading goes on.
    failing_since = models.DateTimeField(null=True)
    failure = models.CharField(max_length=40, blank=True)
    probed_at = models.DateTimeField(null=True)  # when we last looked whether `problem`, or a failure, is over
    told_at = models.DateTimeField(null=True)  # when the owners were told of `problem`; once for each
    generation = models.PositiveIntegerField(default=1)
    access_token = SealedTextField(null=True, bind_to=("tenant_id", "shop_domain"))
    access_expires_at = models.DateTimeField(null=True)
    refresh_token = SealedTextField(null=True, bind_to=("tenant_id", "shop_domain"))
    refresh_expires_at = models.DateTimeField(null=True)
    refresh_leased_until = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)  # when the pair of tokens was last renewed
    webhooks_checked_at = models.DateTimeField(null=True)
    webhooks_problem = models.CharField(max_length=40, blank=True)
    reconciled_at = models.DateTimeField(null=True)  # up to when what webhooks may have missed was looked for
    check_asked_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    check_results = models.JSONField(default=list)  # of "Check connection": one entry for each probe
    clock: datetime  # no column: the database's time when the row was read, where that was asked for (tokens.py)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="shopify_store_connected_by", field="connected_by"),
            SameTenantKey(name="shopify_store_app", field="app"),
            models.UniqueConstraint(fields=["tenant", "number"], name="shopify_store_number"),
            models.UniqueConstraint(fields=["tenant", "shop_domain"], name="shopify_store_domain"),
            models.UniqueConstraint(
                fields=["shop_domain"], condition=Q(disconnected_at=None), name="shopify_store_one_workspace"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["disconnected", "uninstalled"])
                | Q(access_token__isnull=True, refresh_token__isnull=True, disconnected_at__isnull=False),
                name="shopify_store_disconnected_without_tokens",
            ),
        ]

    def __str__(self) -> str:
        return f"store {self.number}"


# A store that is ours to speak for, whether or not it can be read at the moment.
LIVE = (Store.State.CONNECTED, Store.State.NEEDS_ATTENTION)


class Farewell(TenantOwned):
    """The access of a store that was disconnected, until Shopify was told to uninstall the app, and at most a day."""

    shop_domain = models.CharField(max_length=255)
    access_token = SealedTextField(
        bind_to=("tenant_id", "shop_domain")
    )  # packed: both tokens, and whose app's they are
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"farewell {self.pk}"
