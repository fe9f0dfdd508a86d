"""`manage.py migrate`, as the owner of the schema: the application's role may not change it."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState


class OneTransaction(MigrationExecutor):
    """What a migration does and the record that it was done are committed together.

    Django records a migration with deferred statements (ours: the walls) after its COMMIT. Killed between the two, the
    next run would stumble over tables that no migration is known to have made.
    """

    def apply_migration(self, state: ProjectState, migration: Migration, **options: Any) -> ProjectState:  # type: ignore[override]
        if not migration.atomic:
            return super().apply_migration(state, migration, **options)
        with transaction.atomic(using=self.connection.alias):
            return super().apply_migration(state, migration, **options)

    def unapply_migration(self, state: ProjectState, migration: Migration, **options: Any) -> ProjectState:  # type: ignore[override]
        if not migration.atomic:
            return super().unapply_migration(state, migration, **options)
        with transaction.atomic(using=self.connection.alias):
            return super().unapply_migration(state, migration, **options)


# The command looks its executor up by this name and takes it from nowhere else.
migrate.MigrationExecutor = OneTransaction  # type: ignore[attr-defined]


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner" if "owner" in settings.DATABASES else "default")
