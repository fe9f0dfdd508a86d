"""Attempts to connect a store, and installations that wait for an owner to say where they belong."""

from django.db import models
from django.utils import timezone

from tenants.crypto.fields import SealedTextField


class ConnectionAttempt(models.Model):
    """One try to connect a store: the pending authorisation, and afterwards the record that support finds by `reference`.

    Global, because Shopify's callback comes before a workspace is known. Holds hashes instead of the state and the session.
    """

    class Kind(models.TextChoices):
        CONNECT = "connect", "Begun here"
        INSTALL = "install", "Begun in Shopify"

    reference = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CONNECT)
    state_hash = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001 - null: an attempt without a state of ours
    # Of the session; of an installation, of a token in it that outlives signing in, which changes the session's own key.
    session_hash = models.CharField(max_length=64, blank=True)
    user_id = models.BigIntegerField(null=True)  # of an installation: who claimed it in the end
    tenant_id = models.BigIntegerField(null=True)
    app_id = models.BigIntegerField(null=True)  # a ShopifyApp of that workspace; null: the installation's own
    shop_domain = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["started_at"], name="shopify_attempt_started")]

    def __str__(self) -> str:
        return self.reference


class PendingInstallation(models.Model):
    """An installation begun on Shopify's side: its access, sealed, until an owner says which workspace it is for.

    Global, because nobody knows the workspace yet. Found by the hash of a token that only the browser has; deleted when it is
    used, and a quarter of an hour after it was made.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    reference = models.CharField(max_length=20)  # of the attempt
    shop_domain = models.CharField(max_length=255)
    access = SealedTextField(bind_to=("shop_domain", "token_hash"))  # the whole grant, as JSON
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="shopify_pending_created")]

    def __str__(self) -> str:
        return self.reference
