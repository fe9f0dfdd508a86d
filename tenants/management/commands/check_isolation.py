"""`manage.py check_isolation`: prove on the live database that the wall between workspaces stands."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from tenants.rls import checks, tables


class Command(BaseCommand):
    help = "Compare the database's policies, keys and roles with the models, and try to read every table without a workspace."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = [f"{finding.subject}: {finding.fault}" for finding in checks.findings()]
        faults += [
            f"{table}: answered without a workspace"
            for table in [*tables.owned_tables(), tables.TENANT_TABLE]
            if checks.answers(table)
        ]
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} faults in the wall")
        self.stdout.write(
            f"The wall stands: {len(tables.owned_tables()) + 1} tables behind it, {len(tables.GLOBAL)} outside with a reason, "
            f"role {connection.settings_dict['USER']}."
        )
