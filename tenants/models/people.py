"""Who signs in. People belong to no workspace; their memberships do."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone

from tenants.addresses import AddressError, normalise
from tenants.names import shown


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        try:
            return self.get(email_norm=normalise(email or ""))
        except AddressError:
            raise self.model.DoesNotExist from None


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. Belongs to any number of workspaces, in a role each.

    Who is platform staff does not stand here (tenants/staff.py); Django's own permissions grant nothing.
    """

    email = models.EmailField(max_length=254, unique=True)
    email_norm = models.CharField(max_length=254, unique=True, editable=False)
    name = models.CharField(max_length=120, blank=True)
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
        # allauth saves a changed address alone.
        if "email" in (kwargs.get("update_fields") or ()):
            kwargs["update_fields"] = {*kwargs["update_fields"], "email_norm"}
        super().save(*args, **kwargs)

    @property
    def display_name(self) -> str:
        return shown(self.name) or self.email.partition("@")[0]
