"""`manage.py rotate_keys`: re-seal with the primary key what older keys sealed; `--verify KEY_ID`: may that key be dropped."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.crypto import rotation
from tenants.crypto.holders import Broken


class Command(BaseCommand):
    help = "Re-seal all sealed values with SEALING_PRIMARY_KEY, while everything runs. May be stopped and run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--verify", type=int, metavar="KEY_ID", help="only count what this key still seals")
        parser.add_argument("--batch", type=int, default=rotation.BATCH, help="rows in one transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch"] < 1:
            raise CommandError("A batch has at least one row.")
        if options["verify"] is not None:
            self._verify(options["verify"])
        else:
            self._rotate(options["batch"])

    def _verify(self, key_id: int) -> None:
        left = {table: count[key_id] for table, count in rotation.tallies().items()}
        for table, number in sorted(left.items()):
            self.stdout.write(f"{table}: {number:,} sealed with key {key_id}")
        if total := sum(left.values()):
            raise CommandError(f"{total:,} values are still sealed with key {key_id}: do not drop it.")
        self.stdout.write(
            f"Nothing in this database is sealed with key {key_id}. Backups may be: keep it as long as they."
        )

    def _rotate(self, batch: int) -> None:
        outcome = rotation.reseal_all(batch=batch, progress=self._progress, on_broken=self._name)
        primary = settings.SEALING_PRIMARY_KEY
        if outcome.left:
            raise CommandError(
                f"{outcome.left:,} values are not sealed with key {primary}: {len(outcome.broken):,} rows named above do "
                "not open, and what else there is was held by somebody all the time. Run it again."
            )
        self.stdout.write(f"{outcome.resealed:,} values re-sealed. Everything is sealed with key {primary}.")

    def _progress(self, done: int, total: int) -> None:
        self.stdout.write(f"{done:,} of {max(done, total):,} ...")
        self.stdout.flush()

    def _name(self, broken: Broken) -> None:
        self.stderr.write(
            f"{broken.place} of row {broken.row} does not open: its key is missing, or it was damaged or moved"
        )
