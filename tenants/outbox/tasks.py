"""Celery's side of the outbox. Queues: settings.CELERY_TASK_ROUTES (Celery deprecates naming them here)."""

from celery import shared_task

from tenants.outbox import delivery
from tenants.outbox.events import DELIVER


@shared_task(name=DELIVER)
def deliver(*, event_id: int) -> None:
    """One event. The row knows its workspace, and binds the handlers to it."""
    delivery.deliver(event_id)


@shared_task(name="tenants.outbox.tasks.sweep")
def sweep() -> None:
    delivery.sweep()


@shared_task(name="tenants.outbox.tasks.tidy")
def tidy() -> None:
    delivery.tidy()
