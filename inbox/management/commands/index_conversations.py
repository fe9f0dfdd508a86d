"""`manage.py index_conversations --workspace acme`: has search find what is older than search.

Each conversation has a transaction of its own and comes out the same when it is read again, so an interrupted run is simply
run again, or goes on with `--after`.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inbox import indexing
from inbox.models import Conversation
from tenants.doors import tenant_of_slug
from tenants.rls.context import tenant_context

BATCH = 200


class Command(BaseCommand):
    help = "Index the stored conversations of a workspace for search."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--workspace", required=True, metavar="SLUG", help="the workspace's address, for instance acme"
        )
        parser.add_argument("--after", type=int, default=0, metavar="NUMBER", help="go on behind this conversation")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant_id = tenant_of_slug(options["workspace"])
        if tenant_id is None:
            raise CommandError(f"There is no workspace “{options['workspace']}”.")
        after, count = max(options["after"], 0), 0
        while numbers := _following(tenant_id, after):
            for number in numbers:
                _index(tenant_id, number)
            after, count = numbers[-1], count + len(numbers)
            self.stdout.write(f"{count} conversations indexed, up to number {after}")
            self.stdout.flush()
        self.stdout.write(f"{count} indexed")


def _following(tenant_id: int, after: int) -> list[int]:
    with tenant_context(tenant_id):
        rows = Conversation.objects.filter(number__gt=after).order_by("number")
        return list(rows.values_list("number", flat=True)[:BATCH])


def _index(tenant_id: int, number: int) -> None:
    """Behind the conversation's row, as an erasure: what is being erased is not read meanwhile."""
    with tenant_context(tenant_id):
        row = Conversation.objects.select_for_update(no_key=True).filter(number=number).first()
        if row is not None:
            indexing.whole(conversation=row)
