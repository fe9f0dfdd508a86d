"""Deliveries of Shopify's that were taken: each once, whatever is sent again."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class WebhookReceipt(models.Model):
    """One delivery whose signature was right. Global: it is written before the workspace is known. No payload.

    Shopify tells deliveries apart by `delivery_id`; `event_id` is the merchant's action, which may touch several resources
    and is told on several topics. Whether a retry keeps its delivery id is disputed, so both count.
    """

    shop_domain = models.CharField(max_length=255)
    topic = models.CharField(max_length=60)
    delivery_id = models.CharField(max_length=100)
    event_id = models.CharField(max_length=100, blank=True)
    resource_id = models.CharField(max_length=20, blank=True)
    triggered_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=timezone.now)
    tenant_id = models.BigIntegerField(null=True)
    effect = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop_domain", "delivery_id"], name="shopify_receipt_delivery"),
            models.UniqueConstraint(
                fields=["shop_domain", "topic", "event_id", "resource_id"],
                condition=~Q(event_id=""),
                name="shopify_receipt_event",
            ),
        ]
        indexes = [models.Index(fields=["received_at"], name="shopify_receipt_received")]

    def __str__(self) -> str:
        return f"{self.topic} {self.delivery_id}"
