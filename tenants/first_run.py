"""The first run of an installation: whoever reads its console opens the first workspace, by a link that works once.

A link is alive for a day, until a newer one is made, and while no person exists. Only the hash of its token is kept.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants import accounts, provisioning
from tenants.models import FirstRun, Tenant, User

LIFE = timedelta(hours=24)


class SomebodyExists(Exception):
    """The installation has people: more of them come by invitation, more workspaces by command."""


class LinkRefused(Exception):
    """The link is unknown, used, too old, or too late. Which of these, nobody is told."""


@dataclass(frozen=True, slots=True)
class Opened:
    user: User
    tenant: Tenant


def nobody_yet() -> bool:
    """Whether the installation waits for its first person."""
    return not User.objects.exists()


def new_link() -> str:
    """A link for the console; those made before are dead from now on. Raises SomebodyExists."""
    if not nobody_yet():
        raise SomebodyExists
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        FirstRun.objects.all().delete()
        FirstRun.objects.create(token_hash=hash_of(token))
    return f"{settings.PUBLIC_URL}/welcome/{token}/"


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def check(token_hash: str) -> None:
    """Raises LinkRefused unless the link is alive."""
    if not FirstRun.objects.filter(token_hash=token_hash, **_alive()).exists() or not nobody_yet():
        raise LinkRefused


def complete(
    *, token_hash: str, slug: str, workspace_name: str, time_zone: str, name: str, email: str, password: str
) -> Opened:
    """The first person and their workspace, in one transaction. The form has validated the password.

    Raises LinkRefused, ProvisioningError for the slug, AddressError for the e-mail; then nothing has happened.
    """
    with transaction.atomic():
        # Whoever comes second with the same link waits here, and finds it used.
        link = FirstRun.objects.select_for_update().filter(token_hash=token_hash, **_alive()).first()
        if link is None or not nobody_yet():
            raise LinkRefused
        link.used_at = timezone.now()
        link.save(update_fields=["used_at"])
        user = accounts.create(email=email, password=password, name=name)
        tenant = provisioning.open_workspace(slug=slug, name=workspace_name, owner=user, time_zone=time_zone)
    return Opened(user, tenant)


def _alive() -> dict[str, object]:
    return {"used_at": None, "created_at__gt": timezone.now() - LIFE}
