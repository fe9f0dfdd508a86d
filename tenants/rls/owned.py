"""The abstract model of every row that belongs to a workspace, and the manager that refuses to query without one."""

from typing import Any

from django.db import models

from tenants.rls.constraints import TenantKey, TenantWall
from tenants.rls.context import current_tenant_id


class TenantManager(models.Manager[Any]):
    """Adds `tenant_id = N` to every query (the planner likes it) and raises TenantError where there is no N.

    The guarantee is the policy in the database; this is the belt to its braces.
    """

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(tenant_id=current_tenant_id())


class TenantOwned(models.Model):
    """A row of one workspace.

    Subclasses write `class Meta(TenantOwned.Meta)` and extend `constraints` by `[*TenantOwned.Meta.constraints, ...]`; a
    check (rls/checks.py) refuses the start when one forgot.
    """

    tenant = models.ForeignKey(
        "tenants.Tenant",
        on_delete=models.CASCADE,
        default=current_tenant_id,
        editable=False,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    objects = TenantManager()

    class Meta:
        abstract = True
        constraints = [
            TenantWall(name="%(app_label)s_%(class)s_wall"),
            TenantKey(name="%(app_label)s_%(class)s_tenant", field="tenant"),
            models.UniqueConstraint(fields=["tenant", "id"], name="%(app_label)s_%(class)s_tenant_id"),
        ]
