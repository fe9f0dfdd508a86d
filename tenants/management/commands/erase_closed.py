"""`manage.py erase_closed`: erase the workspaces that were closed long enough ago. Run daily; needs MIGRATION_DATABASE_URL."""

import logging
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tenants import erasing

log = logging.getLogger("versana.erasing")


class Command(BaseCommand):
    help = "Erase everything of the workspaces whose time to be opened again is over. Can be stopped and begun again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say which, and how many rows")

    def handle(self, *args: Any, **options: Any) -> None:
        if "owner" not in settings.DATABASES:
            raise CommandError("MIGRATION_DATABASE_URL is not set: only the schema's owner may erase a record.")
        due = list(erasing.due(at=timezone.now()))
        if options["dry_run"]:
            for doomed in due:
                self.stdout.write(f"{doomed.slug}: would be erased, {erasing.size_of(doomed)} rows")
            return
        failed = [doomed.slug for doomed in due if not self._erase(doomed)]
        erasing.sweep()
        self.stdout.write(f"{len(due) - len(failed)} of {len(due)} closed workspaces erased.")
        if failed:
            raise CommandError(f"Not finished: {', '.join(failed)}. The log says why; the next run goes on.")

    def _erase(self, doomed: erasing.Doomed) -> bool:
        """One that fails does not keep the others."""
        try:
            erased = erasing.erase(doomed)
        except Exception:
            log.exception("workspace %s is not erased", doomed.tenant_id)
            return False
        kept = f", {erased.accounts_kept} kept" if erased.accounts_kept else ""
        self.stdout.write(f"{erased.slug}: {erased.rows} rows, {erased.accounts} accounts erased{kept}")
        return True
