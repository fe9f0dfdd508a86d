"""Django app of platform administration; installed in its own process only."""

from importlib import import_module

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "versana.platform"
    label = "platform"

    def ready(self) -> None:
        # Not autodiscovered: other packages' admin modules would list tables that this role may not read.
        import_module("versana.platform.admin")
