"""`manage.py setup_database`: roles, database, grants and functions, by a superuser, once. Running it again changes nothing."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.rls.database import ATTRIBUTES, Address, SetupRefused, set_up

ADDRESSES = {
    "MIGRATION_DATABASE_URL": "versana_owner",
    "DATABASE_URL": "versana_app",
    "PLATFORM_DATABASE_URL": "versana_platform",
    "BACKUP_DATABASE_URL": "versana_backup",
}


class Command(BaseCommand):
    help = "Create the database roles, the database, its grants and functions. Needs SUPERUSER_DATABASE_URL and the roles' addresses."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        superuser_url = os.environ.get("SUPERUSER_DATABASE_URL", "")
        if not superuser_url:
            raise CommandError("SUPERUSER_DATABASE_URL is not set: the address of a superuser, for this command alone.")
        addresses = {name: Address.parse(os.environ[name]) for name in ADDRESSES if os.environ.get(name)}
        for name, address in addresses.items():
            if address.role != ADDRESSES[name]:
                raise CommandError(f"{name} must name the role {ADDRESSES[name]}.")
        if not {"DATABASE_URL", "MIGRATION_DATABASE_URL"} <= addresses.keys():
            raise CommandError("DATABASE_URL and MIGRATION_DATABASE_URL must both be set.")
        try:
            set_up(
                superuser_url=superuser_url,
                database=addresses["DATABASE_URL"].database,
                passwords={address.role: address.password for address in addresses.values()},
            )
        except SetupRefused as refused:
            raise CommandError(f"The server refused: {refused}") from None
        self.stdout.write(f"Roles {', '.join(ATTRIBUTES)} and the database are ready. Next: manage.py migrate")
