"""Wiring of the project (settings, URLs, Celery) and its leaves (rendering, observability). No business rule lives here."""

from versana.celery import app as celery_app

__all__ = ["celery_app"]
