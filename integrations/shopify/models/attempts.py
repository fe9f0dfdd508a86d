"""Attempts to connect a store."""

from django.db import models
from django.utils import timezone


class ConnectionAttempt(models.Model):
    """One try to connect a store: the pending authorisation, and afterwards the record that support finds by `reference`.

    Global, because Shopify's callback comes before a workspace is known. Holds hashes instead of the state and the session.
    """

    reference = models.CharField(max_length=20, unique=True)
    state_hash = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001 - null: an attempt without a state of ours
    session_hash = models.CharField(max_length=64, blank=True)
    user_id = models.BigIntegerField(null=True)
    tenant_id = models.BigIntegerField(null=True)
    shop_domain = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["started_at"], name="shopify_attempt_started")]

    def __str__(self) -> str:
        return self.reference
