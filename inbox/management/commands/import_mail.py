"""`manage.py import_mail --workspace acme FILE...`: mails from mailbox files into a workspace.

Each mail has a transaction of its own: a bad one is reported by its number and its neighbours are imported. What was
imported before is left as it is, so an interrupted import is simply run again. A closed workspace takes nothing in.
"""

import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DataError, IntegrityError
from django.utils import timezone

from inbox.email.files import FoundMail, UnreadableFile, mails_in
from inbox.email.inbound import ClosedWorkspace, receive
from inbox.email.parsing import BadMail, parse
from tenants.doors import tenant_of_slug
from tenants.models import Tenant
from tenants.rls.context import tenant_context

SOME_REFUSED, NOTHING_READ, CLOSED = 1, 2, 3
PROGRESS_EVERY = 100


@dataclass(slots=True)
class Tally:
    """How many mails went which way."""

    imported: int = 0
    there: int = 0
    refused: int = 0
    unreadable_files: int = 0

    @property
    def status(self) -> int:
        if not self.imported + self.there:
            return NOTHING_READ
        return SOME_REFUSED if self.refused or self.unreadable_files else 0


class Command(BaseCommand):
    help = "Import mails from .mbox or .eml files into a workspace. Mails that are already there are left as they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--workspace", required=True, metavar="SLUG", help="the workspace's address, for instance acme"
        )
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant_id = tenant_of_slug(options["workspace"])
        if tenant_id is None:
            raise CommandError(f"There is no workspace “{options['workspace']}”.", returncode=NOTHING_READ)
        files: list[Path] = options["files"]
        tally = Tally()
        try:
            _refuse_closed(tenant_id)
            for path in files:
                self._import_file(path, tenant_id=tenant_id, tally=tally, prefix=f"{path}: " if len(files) > 1 else "")
        except ClosedWorkspace:
            before = f" {tally.imported} mails were imported before it was." if tally.imported else ""
            raise CommandError(
                f"The workspace “{options['workspace']}” is closed: no mail comes in unless an owner opens it again.{before}",
                returncode=CLOSED,
            ) from None
        self.stdout.write(f"{tally.imported} imported, {tally.there} already there, {tally.refused} refused")
        if tally.status:
            sys.exit(tally.status)

    def _import_file(self, path: Path, *, tenant_id: int, tally: Tally, prefix: str) -> None:
        try:
            for count, item in enumerate(mails_in(path), start=1):
                try:
                    if not isinstance(item, FoundMail):
                        raise BadMail(item.reason)
                    self._import_mail(item, tenant_id=tenant_id, tally=tally)
                except BadMail as refusal:
                    tally.refused += 1
                    self.stderr.write(f"{prefix}mail {item.number}: {refusal.reason}")
                if count % PROGRESS_EVERY == 0:
                    self.stdout.write(f"{prefix}{count} mails ...")
                    self.stdout.flush()
        except UnreadableFile as error:
            tally.unreadable_files += 1
            self.stderr.write(f"{path}: {error.reason}")

    def _import_mail(self, item: FoundMail, *, tenant_id: int, tally: Tally) -> None:
        mail = parse(item.raw)
        try:
            with tenant_context(tenant_id):
                is_new = receive(mail=mail, now=timezone.now()).is_new
        except (DataError, IntegrityError) as error:
            # The database's words would quote the mail.
            raise BadMail(f"the database does not take it ({type(error).__name__})") from error
        if is_new:
            tally.imported += 1
        else:
            tally.there += 1


def _refuse_closed(tenant_id: int) -> None:
    """Before a file is read. Each mail asks again behind the workspace's lock."""
    with tenant_context(tenant_id):
        if Tenant.objects.filter(pk=tenant_id, closed_at__isnull=False).exists():
            raise ClosedWorkspace
