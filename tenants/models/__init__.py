"""People, workspaces, who belongs where, what happened, and the counters that give rows their public numbers."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone

from tenants.addresses import AddressError, normalise
from tenants.rls.constraints import SameTenantKey, TenantWall
from tenants.rls.owned import TenantOwned
from tenants.roles import Role

__all__ = ["AuditEvent", "CacheRow", "Counter", "Membership", "Tenant", "TenantOwned", "User"]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Platform staff, for `manage.py createsuperuser`. Opens no workspace."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        try:
            return self.get(email_norm=normalise(email or ""))
        except AddressError:
            raise self.model.DoesNotExist from None


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. Belongs to any number of workspaces, in a role each."""

    email = models.EmailField(max_length=254, unique=True)
    email_norm = models.CharField(max_length=254, unique=True, editable=False)
    name = models.CharField(max_length=120, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = UserManager()

    def __str__(self) -> str:
        return f"user {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email_norm = normalise(self.email)
        super().save(*args, **kwargs)

    @property
    def display_name(self) -> str:
        return self.name or self.email.partition("@")[0]


class Tenant(models.Model):
    """A workspace. Its own row stands behind the same wall as what it owns."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    # Mail import tells the shop's own mails from customers' by these (normalised addresses).
    support_addresses = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [TenantWall(name="tenants_tenant_wall", column="id")]

    def __str__(self) -> str:
        return self.slug


class Membership(TenantOwned):
    """A person's place in a workspace. Removed people keep their row, so that what they did keeps a name."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, db_index=False, related_name="+")
    role = models.CharField(max_length=16, choices=Role.choices)
    joined_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "user"], name="tenants_membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="tenants_membership_role"),
        ]
        # Not led by the tenant: sign-in asks for the workspaces of a person (doors.py).
        indexes = [models.Index(fields=["user"], name="tenants_membership_of")]

    def __str__(self) -> str:
        return f"membership {self.pk}"


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

    class Meta(TenantOwned.Meta):
        constraints = [*TenantOwned.Meta.constraints, SameTenantKey(name="tenants_auditevent_actor", field="actor")]
        indexes = [models.Index(fields=["tenant", "-at", "-id"], name="tenants_auditevent_at")]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"


class Counter(TenantOwned):
    """The last public number given to a kind of row in a workspace (conversation 1042, store 3)."""

    noun = models.CharField(max_length=32)
    last = models.BigIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "noun"], name="tenants_counter_noun"),
        ]

    def __str__(self) -> str:
        return self.noun


class CacheRow(models.Model):
    """The table of Django's DatabaseCache, as a model so that migrations make it and its grants are declared."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "versana_cache"

    def __str__(self) -> str:
        return self.cache_key
