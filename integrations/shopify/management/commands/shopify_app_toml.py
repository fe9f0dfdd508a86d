"""`manage.py shopify_app_toml`: print the configuration of the app at Shopify, made from the code and the settings."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations.shopify import app_configuration, subscriptions


class Command(BaseCommand):
    help = "Print shopify.app.toml for this installation: deploy it with Shopify's command line tool, `shopify app deploy`."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--client-id", default=settings.SHOPIFY_CLIENT_ID, help="of another app than the installation's"
        )
        parser.add_argument("--name", default="VersanaCX", help="how merchants read it (VersanaCX)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["client_id"]:
            raise CommandError("SHOPIFY_CLIENT_ID is not set: create the app at Shopify first, or give --client-id.")
        self.stdout.write(
            app_configuration.toml(
                client_id=options["client_id"], name=options["name"], by_store=subscriptions.by_store()
            ),
            ending="",
        )
