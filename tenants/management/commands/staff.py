"""`manage.py staff add|remove|list [EMAIL]`: who may open the platform's administration. As the schema's owner."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import staff
from tenants.management.commands.create_tenant import address, person
from tenants.models import User

OWNER = "owner"


class Command(BaseCommand):
    help = "Make a person platform staff, or no longer. Somebody new is made; the password is asked for, or read from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["add", "remove", "list"])
        parser.add_argument("email", nargs="?", default="")
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        if OWNER not in settings.DATABASES:
            raise CommandError("MIGRATION_DATABASE_URL is not set: only the schema's owner decides who is staff.")
        if options["what"] == "list":
            for one in staff.everybody(using=OWNER):
                self.stdout.write(one.email)
            return
        email = address(options["email"])
        user = User.objects.filter(email_norm=email).first()
        if options["what"] == "add":
            staff.add(user or person(options["email"], options["name"]), using=OWNER)
            self.stdout.write(
                f"{options['email']} is platform staff, and needs a second factor: Your account, then Second factor."
            )
        elif user is None:
            raise CommandError(f"Nobody has the address {options['email']}.")
        else:
            staff.remove(user, using=OWNER)
            self.stdout.write(f"{options['email']} is no platform staff.")
