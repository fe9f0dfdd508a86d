"""`manage.py first_run`: print the one-time link by which the first workspace of an installation is opened."""

from typing import Any

from django.core.management.base import BaseCommand

from tenants import first_run


class Command(BaseCommand):
    help = "Print a new link to the page that opens the first workspace. Links printed before stop working."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            link = first_run.new_link()
        except first_run.SomebodyExists:
            # No error: the containers run this at each start.
            self.stdout.write("People exist already. Open another workspace with: manage.py create_tenant")
            return
        self.stdout.write(f"Open your first workspace here, once and within 24 hours:\n\n    {link}\n")
