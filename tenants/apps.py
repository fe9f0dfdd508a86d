"""Django app of people and workspaces. Its start checks the database role; after migrations it applies the grants."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from tenants.crypto import keyring


class TenantsConfig(AppConfig):
    name = "tenants"
    label = "tenants"
    verbose_name = "Workspaces and people"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added, authenticator_removed  # noqa: PLC0415 - models exist only now

        from tenants import accounts, factors  # noqa: PLC0415 - models exist only now
        from tenants.rls import checks  # noqa: PLC0415 - models exist only now

        keyring.self_test()
        connection_created.connect(checks.refuse_wrong_role, dispatch_uid="refuse_wrong_role")
        authenticator_added.connect(accounts.factor_added, dispatch_uid="end_other_sessions")
        authenticator_removed.connect(factors.note_removal, dispatch_uid="note_removal")
        post_migrate.connect(_apply_grants, sender=self, dispatch_uid="apply_grants")


def _apply_grants(using: str, **kwargs: Any) -> None:
    from tenants.rls import grants  # noqa: PLC0415 - models exist only now

    if using == "owner" or "owner" not in settings.DATABASES:
        grants.apply(using)
