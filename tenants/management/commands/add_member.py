"""`manage.py add_member SLUG EMAIL --role ROLE`: put a person into a workspace without inviting them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from tenants import doors, provisioning
from tenants.management.commands.create_tenant import address, person
from tenants.members import MemberError
from tenants.models import User
from tenants.rls.context import tenant_context
from tenants.roles import Role


class Command(BaseCommand):
    help = "Add a person to a workspace. Somebody new is made; the password is asked for, or read from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("email")
        parser.add_argument("--role", choices=Role.values, default=Role.AGENT)
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant_id = doors.tenant_of_slug(options["slug"])
        if tenant_id is None:
            raise CommandError(f"There is no workspace “{options['slug']}”.")
        email = address(options["email"])
        with transaction.atomic():
            user = User.objects.filter(email_norm=email).first() or person(options["email"], options["name"])
            with tenant_context(tenant_id):
                try:
                    provisioning.add_member(user=user, role=Role(options["role"]), by=None)
                except MemberError:
                    raise CommandError(f"{options['email']} is a member already.") from None
        self.stdout.write(f"{options['email']} is {options['role']} in {options['slug']}.")
