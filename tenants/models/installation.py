"""What belongs to the installation as a whole: its first run, its switches, and what platform staff did."""

from django.db import models
from django.utils import timezone


class FirstRun(models.Model):
    """A one-time link by which whoever reads the console opens the first workspace. Only the hash is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"first run {self.pk}"


class Switch(models.Model):
    """A platform switch. What a missing row means is said where the switch is read (tenants/switches.py)."""

    name = models.CharField(max_length=40, unique=True)
    on = models.BooleanField()
    reason = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return self.name


class StaffAction(models.Model):
    """What a person of the platform did in its administration. The role may add rows and change none; kept for 400 days."""

    at = models.DateTimeField(default=timezone.now)
    user_id = models.BigIntegerField(null=True)  # null where nobody was recognised
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)
    client = models.CharField(max_length=8, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="tenants_staffaction_at")]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"
