"""What happened in a workspace, and the chain of hashes that shows whether any of it was changed since."""

from django.db import models
from django.utils import timezone

from tenants.models.members import Membership
from tenants.rls.constraints import SameTenantKey
from tenants.rls.owned import TenantOwned


class AuditEvent(TenantOwned):
    """What happened, by whom, to what. The application may add rows, and neither change nor delete one."""

    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(
        Membership, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    actor_name = models.CharField(max_length=120)
    actor_role = models.CharField(max_length=16)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    # The family of the client's address (ipv4, ipv6), empty for commands and tasks. The address itself is not kept.
    client = models.CharField(max_length=8, blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [*TenantOwned.Meta.constraints, SameTenantKey(name="tenants_auditevent_actor", field="actor")]
        indexes = [models.Index(fields=["tenant", "-at", "-id"], name="tenants_auditevent_at")]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"


class AuditSeal(TenantOwned):
    """One link of a workspace's chain: the hash of an event and of the link before. Append-only, as the events are.

    A table of its own, because the events may not be changed after they were written, not even to seal them.
    """

    position = models.BigIntegerField()
    event = models.ForeignKey(
        AuditEvent, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="tenants_auditseal_event", field="event"),
            models.UniqueConstraint(fields=["tenant", "position"], name="tenants_auditseal_position"),
            models.UniqueConstraint(fields=["tenant", "event"], name="tenants_auditseal_once"),
        ]

    def __str__(self) -> str:
        return f"seal {self.position}"
