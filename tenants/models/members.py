"""Who belongs to a workspace, who is asked to, and who is about to own it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.models.people import User
from tenants.rls.constraints import SameTenantKey
from tenants.rls.owned import TenantOwned
from tenants.roles import Role


class Membership(TenantOwned):
    """A person's place in a workspace. Removed people keep their row, so that what they did keeps a name."""

    number = models.BigIntegerField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, db_index=False, related_name="+")
    role = models.CharField(max_length=16, choices=Role.choices)
    joined_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "user"], name="tenants_membership_once"),
            models.UniqueConstraint(fields=["tenant", "number"], name="tenants_membership_number"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="tenants_membership_role"),
        ]
        # Not led by the tenant: sign-in asks for the workspaces of a person (doors.py).
        indexes = [models.Index(fields=["user"], name="tenants_membership_of")]

    def __str__(self) -> str:
        return f"membership {self.pk}"


class Invitation(TenantOwned):
    """An address that is asked to join. The token itself is in the mail alone; here is its hash.

    Open until it is accepted or revoked; after `expires_at` it must be sent anew, with another token.
    """

    number = models.BigIntegerField()
    email = models.CharField(max_length=254)
    email_norm = models.CharField(max_length=254)
    role = models.CharField(max_length=16, choices=Role.choices)
    token_hash = models.CharField(max_length=64)
    invited_by = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        Membership, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="tenants_invitation_inviter", field="invited_by"),
            SameTenantKey(name="tenants_invitation_accepter", field="accepted_by"),
            models.UniqueConstraint(fields=["tenant", "number"], name="tenants_invitation_number"),
            models.UniqueConstraint(
                fields=["tenant", "email_norm"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="tenants_invitation_open_once",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="tenants_invitation_role"),
        ]
        # Not led by the tenant: whoever follows the link is in no workspace yet (doors.py).
        indexes = [models.Index(fields=["token_hash"], name="tenants_invitation_by_token")]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class Handover(TenantOwned):
    """An owner offers the workspace to a member, who becomes its owner by accepting. One at a time."""

    number = models.BigIntegerField()
    giver = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    taker = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # declined, withdrawn, or overtaken by another change

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="tenants_handover_giver", field="giver"),
            SameTenantKey(name="tenants_handover_taker", field="taker"),
            models.UniqueConstraint(fields=["tenant", "number"], name="tenants_handover_number"),
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(accepted_at=None, ended_at=None), name="tenants_handover_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"handover {self.pk}"
