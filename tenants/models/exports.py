"""A workspace's data as a file to take away, kept behind the wall until it expires."""

from django.db import models
from django.utils import timezone

from tenants.models.members import Membership
from tenants.rls.constraints import SameTenantKey
from tenants.rls.owned import TenantOwned


class Export(TenantOwned):
    """One export: asked for, made by a task with progress, fetched, and deleted after `expires_at`."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    number = models.BigIntegerField()
    requested_by = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="tenants_export_requester", field="requested_by"),
            models.UniqueConstraint(fields=["tenant", "number"], name="tenants_export_number"),
        ]

    def __str__(self) -> str:
        return f"export {self.number}"


class ExportPart(TenantOwned):
    """A piece of the file, in order. In the database: the wall reaches it, and web and worker share no disk."""

    export = models.ForeignKey(
        Export, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="parts"
    )
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="tenants_exportpart_export", field="export"),
            models.UniqueConstraint(fields=["tenant", "export", "position"], name="tenants_exportpart_position"),
        ]

    def __str__(self) -> str:
        return f"part {self.position}"
