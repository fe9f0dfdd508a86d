"""Celery's side of the outbox."""

from celery import shared_task

from tenants.outbox import delivery


@shared_task(name="tenants.outbox.tasks.deliver", queue="interactive")
def deliver(*, event_id: int) -> None:
    """One event. The row knows its workspace, and binds the handlers to it."""
    delivery.deliver(event_id)


@shared_task(name="tenants.outbox.tasks.sweep", queue="background")
def sweep() -> None:
    delivery.sweep()


@shared_task(name="tenants.outbox.tasks.tidy", queue="background")
def tidy() -> None:
    delivery.tidy()
