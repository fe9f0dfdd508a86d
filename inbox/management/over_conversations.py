"""A command that goes over the stored conversations of a workspace, one transaction each.

Each comes out the same when it is gone over again, so an interrupted run is simply run again, or goes on with `--after`.
"""

from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError

from inbox.models import Conversation
from tenants.doors import tenant_of_slug
from tenants.rls.context import tenant_context

BATCH = 200


class OverConversations(BaseCommand):
    """`done`: what happened to each, as the command says it: "42 conversations read"."""

    done: ClassVar[str]

    def each(self, conversation: Conversation) -> None:
        """Inside the workspace, with the conversation's row locked: what is being erased is not read meanwhile."""
        raise NotImplementedError

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
                self._one(tenant_id, number)
            after, count = numbers[-1], count + len(numbers)
            self.stdout.write(f"{count} conversations {self.done}, up to number {after}")
            self.stdout.flush()
        self.stdout.write(f"{count} {self.done}")

    def _one(self, tenant_id: int, number: int) -> None:
        """One by one: mail that arrives meanwhile locks several conversations, in an order of its own."""
        with tenant_context(tenant_id):
            rows = Conversation.objects.select_for_update(no_key=True)
            conversation = rows.filter(number=number, erased_at=None).first()
            if conversation is not None:
                self.each(conversation)


def _following(tenant_id: int, after: int) -> list[int]:
    with tenant_context(tenant_id):
        rows = Conversation.objects.filter(number__gt=after, erased_at=None).order_by("number")
        return list(rows.values_list("number", flat=True)[:BATCH])
