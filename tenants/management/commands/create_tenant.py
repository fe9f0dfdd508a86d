"""`manage.py create_tenant SLUG --name NAME --owner EMAIL`: open a workspace on a new installation."""

import getpass
import sys
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from tenants import accounts, names, provisioning
from tenants.addresses import AddressError, normalise, of_account
from tenants.models import User


class Command(BaseCommand):
    help = "Open a workspace. Its owner is made too, unless that person exists; the password is asked for, or read from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the workspace's address: lower-case letters, digits, hyphens")
        parser.add_argument("--name", required=True)
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--owner-name", default="", metavar="NAME")
        parser.add_argument("--time-zone", default="UTC")
        parser.add_argument("--support-address", action="append", default=[], metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        email = address(options["owner"], read=of_account)
        support = [address(each) for each in options["support_address"]]
        name = readable(options["name"])
        if options["time_zone"] not in zoneinfo.available_timezones():
            raise CommandError(f"“{options['time_zone']}” is not a time zone; one looks like Europe/Vienna.")
        with transaction.atomic():
            owner = User.objects.filter(email_norm=email).first() or person(options["owner"], options["owner_name"])
            try:
                tenant = provisioning.open_workspace(
                    slug=options["slug"],
                    name=name,
                    owner=owner,
                    time_zone=options["time_zone"],
                    support_addresses=support,
                )
            except provisioning.ProvisioningError as error:
                raise CommandError(str(error)) from None
        self.stdout.write(f"Workspace {tenant.slug} is open, and {options['owner']} owns it.")


def address(text: str, *, read: Callable[[str], str] = normalise) -> str:
    """Normalised, or a CommandError."""
    try:
        return read(text)
    except AddressError:
        raise CommandError(f"“{text}” is not an e-mail address.") from None


def readable(name: str) -> str:
    """A name as it is kept, or a CommandError."""
    try:
        return names.clean(name)
    except names.Unseen as error:
        raise CommandError(str(error)) from None


def person(email: str, name: str) -> User:
    """Somebody new, with the password that is typed or read. Without a name they are called by their address."""
    name = readable(name) if name else ""
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return accounts.create(email=email, password=password, name=name)
