"""`manage.py read_conversations --workspace acme`: topics, order numbers and telephones of what is already stored.

For conversations that came in before the rules did, or under older rules. Each has a transaction of its own and comes out
the same when it is read again, so an interrupted run is simply run again, or goes on with `--after`.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inbox import gist
from inbox.models import Conversation
from tenants.doors import tenant_of_slug
from tenants.rls.context import tenant_context

BATCH = 200


class Command(BaseCommand):
    help = "Read the stored conversations of a workspace by the rules: topics, order numbers, telephone numbers."

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
                _read(tenant_id, number)
            after, count = numbers[-1], count + len(numbers)
            self.stdout.write(f"{count} conversations read, up to number {after}")
            self.stdout.flush()
        self.stdout.write(f"{count} read")


def _following(tenant_id: int, after: int) -> list[int]:
    with tenant_context(tenant_id):
        numbers = Conversation.objects.filter(number__gt=after, erased_at=None).order_by("number")
        return list(numbers.values_list("number", flat=True)[:BATCH])


def _read(tenant_id: int, number: int) -> None:
    """One by one: mail that arrives meanwhile locks several conversations, in an order of its own."""
    with tenant_context(tenant_id):
        conversation = Conversation.objects.filter(number=number).first()
        if conversation is not None:
            gist.refresh(conversation=conversation)
