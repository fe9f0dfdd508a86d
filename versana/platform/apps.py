"""Django app of platform administration; installed in its own process only."""

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "versana.platform"
    label = "platform"
