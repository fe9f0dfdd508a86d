"""Celery tasks of one workspace: the tenant travels in a message header, and a task without one fails."""

from typing import Any

from celery import Task

from tenants.rls.context import TenantError, current_tenant_id, expected_tenant, task_tenant_id
from versana.observability import context as log_context

HEADER = "tenant_id"


class TenantTask(Task):
    """Base class: `@shared_task(base=TenantTask)`. Sending takes the tenant of the current context, or of the task or event that sends; running binds the task to it.

    The body opens `tenant_context` itself, and never around a network call; opening another workspace raises.
    """

    abstract = True

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:  # type: ignore[override]
        headers = dict(options.pop("headers", None) or {})
        if headers.get(HEADER) is None:
            headers[HEADER] = _sender()
        return super().apply_async(args, kwargs, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tenant_id = self.request.get(HEADER) or (self.request.headers or {}).get(HEADER)
        if type(tenant_id) is not int or tenant_id <= 0:
            raise TenantError("a tenant task came without a tenant")
        with expected_tenant(tenant_id), log_context.bound(tenant=tenant_id, task=self.request.id):
            return super().__call__(*args, **kwargs)


def _sender() -> int:
    """The workspace of whoever sends: inside its context, or bound to it (an event's handler) without one."""
    try:
        return current_tenant_id()
    except TenantError:
        return task_tenant_id()
