"""Django app of the wiring: template tags and local-run commands."""

from django.apps import AppConfig


class VersanaConfig(AppConfig):
    name = "versana"
    label = "versana"
    default_auto_field = "django.db.models.BigAutoField"
