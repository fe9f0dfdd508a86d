"""A task of one workspace: the tenant travels in the message's header, and binds what the task may open."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from kombu import Connection

from tenants.rls.context import TenantError, expected_tenant, task_tenant_id, tenant_context
from tenants.rls.tasks import HEADER, TenantTask

SEEN: list[Any] = []


@pytest.fixture
def app() -> Iterator[Celery]:
    """A Celery of this test's own on kombu's in-memory broker, so that real messages are looked at."""
    SEEN.clear()
    application = Celery("test", broker="memory://", set_as_current=False)
    application.conf.update(
        task_default_queue="background", task_ignore_result=True, broker_connection_retry_on_startup=True
    )
    yield application
    application.close()


def made(app: Celery, body: Any) -> TenantTask:
    task = app.task(base=TenantTask, name=f"test.{body.__name__}", ignore_result=True)(body)
    assert isinstance(task._get_current_object(), TenantTask)  # type: ignore[attr-defined]
    return task  # type: ignore[no-any-return]


def sent(app: Celery) -> tuple[dict[str, Any], Any]:
    """The headers and the body of the message that waits."""
    connection: Connection
    with app.connection_for_read() as connection:
        message = connection.default_channel.basic_get("background", no_ack=True)
        assert message is not None
        return dict(message.headers), message.payload


def open_tenant(tenant_id: int) -> None:
    with tenant_context(tenant_id):
        SEEN.append(tenant_id)


def look() -> None:
    SEEN.append(task_tenant_id())


def run(task: Any, *, header: Any, args: tuple[Any, ...] = ()) -> None:
    """As a worker runs it: the request holds the message's headers."""
    task.push_request(id="x", headers={HEADER: header} if header is not None else {}, args=args, kwargs={})
    try:
        task(*args)
    finally:
        task.pop_request()


def test_sending_puts_the_current_workspace_into_the_header_and_not_into_the_body(app: Celery, db: None) -> None:
    with tenant_context(7):
        made(app, look).delay()
    headers, payload = sent(app)
    assert headers[HEADER] == 7
    assert payload[:2] == [[], {}]


def test_sending_without_a_workspace_fails_where_it_is_sent(app: Celery) -> None:
    with pytest.raises(TenantError):
        made(app, look).delay()


def test_a_handler_that_is_bound_to_a_workspace_sends_for_it(app: Celery) -> None:
    with expected_tenant(7):
        made(app, look).delay()
    assert sent(app)[0][HEADER] == 7


def test_a_header_given_by_the_sender_stands(app: Celery) -> None:
    made(app, look).apply_async(headers={HEADER: 9, "other": "kept"})
    headers, _ = sent(app)
    assert (headers[HEADER], headers["other"]) == (9, "kept")


def test_a_task_knows_its_workspace(app: Celery) -> None:
    run(made(app, look), header=7)
    assert SEEN == [7]


@pytest.mark.parametrize("header", [None, "7", 7.0, True, [7], {"id": 7}, "", 0, -7], ids=repr)
def test_a_task_without_a_proper_tenant_does_not_run(header: Any, app: Celery) -> None:
    with pytest.raises(TenantError):
        run(made(app, look), header=header)
    assert SEEN == []


def test_a_task_of_one_workspace_cannot_open_another(app: Celery, db: None) -> None:
    task = made(app, open_tenant)
    run(task, header=7, args=(7,))
    with pytest.raises(TenantError, match="no switching"):
        run(task, header=7, args=(8,))
    assert SEEN == [7]


def test_after_a_task_nothing_is_bound(app: Celery) -> None:
    run(made(app, look), header=7)
    with pytest.raises(TenantError):
        task_tenant_id()


def test_a_task_called_as_a_plain_function_has_no_tenant(app: Celery) -> None:
    with pytest.raises(TenantError):
        made(app, look)()
