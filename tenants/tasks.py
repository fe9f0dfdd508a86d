"""Periodic work of this package that belongs to no workspace."""

from importlib import import_module

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tenants.models import CacheRow


@shared_task(name="tenants.tasks.clear_sessions")
def clear_sessions() -> None:
    """Delete the sessions that have ended, and the counters of sign-in that no longer count."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    CacheRow.objects.filter(expires__lt=timezone.now()).delete()
