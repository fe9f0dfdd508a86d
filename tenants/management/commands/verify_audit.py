"""`manage.py verify_audit`: compute the chain of the audit log anew, of the live database or of an exported file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import audit_chain, audit_file, doors
from tenants.audit_links import Finding
from tenants.models import Tenant
from tenants.rls.context import tenant_context


class Command(BaseCommand):
    help = "Verify the audit log's chain: of every workspace, of one (--workspace), or of an exported FILE, which needs no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", type=Path, help="an export of the audit page")
        parser.add_argument("--workspace", metavar="SLUG")
        parser.add_argument("--head", default="", metavar="HASH", help="noted earlier: it must be in the chain")

    def handle(self, *args: Any, **options: Any) -> None:
        head = options["head"].strip().lower()
        if options["file"]:
            faults = self._file(options["file"], head)
        elif head and not options["workspace"]:
            raise CommandError("A head belongs to one chain: name it with --workspace, or give a file.")
        else:
            faults = sum(self._live(tenant_id, head) for tenant_id in _wanted(options["workspace"]))
        if faults:
            raise CommandError(f"{faults} faults")

    def _live(self, tenant_id: int, head: str) -> int:
        with tenant_context(tenant_id):
            finding = audit_chain.verify(expected_head=head)
            waiting = audit_chain.unsealed().count()
            slug = Tenant.objects.values_list("slug", flat=True).get(pk=tenant_id)
        return self._say(slug, finding, waiting)

    def _file(self, path: Path, head: str) -> int:
        try:
            with path.open(encoding="utf-8") as rows:
                return self._say(*audit_file.verify(rows, expected_head=head))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {type(error).__name__}.") from None
        except audit_file.FileError as error:
            raise CommandError(f"{path}: {error}.") from None

    def _say(self, slug: str, finding: Finding, waiting: int) -> int:
        """One line for a whole chain; for a broken one, a line for each fault."""
        state = "chain whole" if finding.whole else f"chain BROKEN in {len(finding.faults)} places"
        self.stdout.write(f"{slug}: {finding.length} events, {state}, head {finding.head}, {waiting} not yet sealed")
        for fault in finding.faults:
            self.stderr.write(f"{slug}: {fault}")
        return len(finding.faults)


def _wanted(slug: str | None) -> list[int]:
    if slug is None:
        return doors.tenant_ids()
    tenant_id = doors.tenant_of_slug(slug)
    if tenant_id is None:
        raise CommandError(f"There is no workspace “{slug}”.")
    return [tenant_id]
