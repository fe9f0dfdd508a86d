"""`manage.py seed_demo`: a workspace with its people, and a mailbox in it. Running it again changes nothing."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from inbox import identity
from tenants import accounts, doors, provisioning
from tenants.models import Membership
from tenants.rls.context import tenant_context
from tenants.roles import Role

MAILBOX = Path(settings.BASE_DIR) / "versana" / "devservices" / "demo" / "mailbox.mbox"
SLUG = "acme"
PASSWORD = "try-versana-here"  # noqa: S105 - printed on the console; the demo listens on this machine only
PEOPLE = (
    ("Olivia Chen", "olivia@acme.example", Role.OWNER),
    ("Adam Brandt", "adam@acme.example", Role.ADMINISTRATOR),
    ("Ava Brandt", "ava@acme.example", Role.AGENT),
)
SUPPORT = ["support@harborpine.example", "support@shop.example"]


class Command(BaseCommand):
    help = "Make the demo workspace “acme”: Olivia owns it, Adam administers, Ava answers; import the demo mailbox."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("This is a production installation; the demo's password is public.")
        if doors.tenant_of_slug(SLUG) is None:
            self._make()
        call_command(
            "import_mail", str(MAILBOX), workspace=SLUG, stdout=self.stderr, stderr=self.stderr
        )  # progress, not result
        for name, email, role in PEOPLE:
            self.stdout.write(f"{role.label:<14} {name:<12} {email:<20} password {PASSWORD}")

    def _make(self) -> None:
        with transaction.atomic():
            users = [accounts.create(email=email, password=PASSWORD, name=name) for name, email, _ in PEOPLE]
            tenant = provisioning.open_workspace(
                slug=SLUG, name="Harbor & Pine", owner=users[0], time_zone="America/New_York", support_addresses=SUPPORT
            )
            with tenant_context(tenant.pk):
                owner = Membership.objects.select_related("user").get()
                for user, (_, _, role) in zip(users[1:], PEOPLE[1:], strict=True):
                    provisioning.add_member(user=user, role=role, by=owner)
                identity.change(
                    from_name="Harbor & Pine",
                    from_email=SUPPORT[0],
                    reply_to="",
                    signature="{name}\nHarbor & Pine",
                    undo_seconds=identity.UNDO_SECONDS,
                    by=owner,
                )
