"""`manage.py reset_second_factor EMAIL`: for a person who lost phone, passkey and recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import lost_factors
from tenants.addresses import AddressError
from tenants.models import User


class Command(BaseCommand):
    help = "Delete a person's second factors and end their sessions. Make sure it is them who ask: call, do not mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except (User.DoesNotExist, AddressError):
            raise CommandError(f"Nobody has the address {options['email']}.") from None
        count = lost_factors.reset(user=user)
        self.stdout.write(
            f"{user.email}: {count} second factors deleted, recovery codes included; signed out everywhere. "
            "The password still holds; where a second factor is required, a new one is asked for at the next sign-in."
        )
