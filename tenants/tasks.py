"""Periodic work of this package that belongs to no workspace."""

from importlib import import_module

from celery import shared_task
from django.conf import settings


@shared_task(name="tenants.tasks.clear_sessions")
def clear_sessions() -> None:
    """Delete the sessions that have ended."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
