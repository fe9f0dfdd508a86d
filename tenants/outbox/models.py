"""The outbox's rows: events, and mails waiting to be sent. Global tables (tenants/rls/tables.py says why)."""

from django.db import models
from django.utils import timezone


class Event(models.Model):
    """One event, pending until `done_at` or `dead_at` is set.

    `next_run_at` is when the sweep looks at it again. Before `held_until` nobody delivers it, poked or not: somebody is at
    work on it, or it waits after a failure. One column for both would let the sweep's own note hold back what it pokes for.
    """

    tenant_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=120)
    payload = models.JSONField()
    queue = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now)
    next_run_at = models.DateTimeField(default=timezone.now)
    held_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=120, blank=True)
    done_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_run_at"], name="outbox_event_due", condition=models.Q(done_at=None, dead_at=None)
            ),
            models.Index(fields=["done_at"], name="outbox_event_done"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class QueuedMail(models.Model):
    """A mail of ours on its way out, as bytes. Deleted once it is handed over."""

    message = models.BinaryField()
    sender = models.CharField(max_length=320)
    recipients = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"mail {self.pk}"
