"""Makes the database of a test installation in one process: roles, tables, the workspace with its people, its mailboxes."""

import os
import sys

import django
from django.core.management import call_command
from django.db import transaction

from tenants.rls.database import Address
from tests import template

PASSWORD = "correct horse battery staple"
OWNER, AGENT = "olivia@acme.example", "ava@acme.example"
SUPPORT = ["support@shop.example", "support@harborpine.example"]


def main(mailboxes: list[str]) -> None:
    django.setup()
    template.copy(Address.parse(os.environ["DATABASE_URL"]).database)
    call_command("setup_database", verbosity=0)
    with transaction.atomic():
        open_acme()
    for mailbox in mailboxes:
        call_command("import_mail", mailbox, workspace="acme")


def open_acme() -> None:
    from tenants import accounts, provisioning  # noqa: PLC0415 - models can be imported only after setup()
    from tenants.models import Membership  # noqa: PLC0415
    from tenants.rls.context import tenant_context  # noqa: PLC0415
    from tenants.roles import Role  # noqa: PLC0415

    people = [accounts.create(email=e, password=PASSWORD, name=e.partition("@")[0].title()) for e in (OWNER, AGENT)]
    acme = provisioning.open_workspace(
        slug="acme", name="Acme Goods", owner=people[0], time_zone="America/New_York", support_addresses=SUPPORT
    )
    with tenant_context(acme.pk):
        provisioning.add_member(user=people[1], role=Role.AGENT, by=Membership.objects.select_related("user").get())


if __name__ == "__main__":
    main(sys.argv[1:])
