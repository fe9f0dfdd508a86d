"""Which workspace this transaction works for. The only module that tells Postgres so.

The setting is local to the transaction: it survives neither COMMIT nor ROLLBACK, so a pooled connection (PgBouncer in
transaction mode included) never carries one workspace into another's request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, connections, transaction
from django.db.backends.utils import CursorWrapper

_current: ContextVar[int | None] = ContextVar("tenant", default=None)
_expected: ContextVar[int | None] = ContextVar("expected_tenant", default=None)


class TenantError(Exception):
    """A tenant context was missing, malformed, or about to be mixed with another."""


def current_tenant_id() -> int:
    """The workspace in whose context the code runs. Raises TenantError outside of one."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise TenantError("no tenant context")
    return tenant_id


@contextmanager
def tenant_context(tenant_id: int) -> Iterator[None]:
    """Open a transaction in which Postgres shows and accepts the rows of `tenant_id` alone.

    Nested use is allowed for the same tenant only: after RELEASE SAVEPOINT an outer block would read the inner tenant.
    """
    if type(tenant_id) is not int or tenant_id <= 0:
        raise TenantError("a tenant id is a positive integer")
    outer, expected = _current.get(), _expected.get()
    if outer not in (None, tenant_id) or expected not in (None, tenant_id):
        raise TenantError("no switching inside a tenant context")
    nested_in_foreign_transaction = connection.in_atomic_block and outer is None
    with transaction.atomic():
        _tell_postgres(str(tenant_id))
        token = _current.set(tenant_id)
        try:
            yield
        finally:
            _current.reset(token)
    # Inside somebody else's transaction (a TestCase) the value would outlive this block. Not on the way of an exception:
    # there the rollback restores it, and a statement would only hide the real error.
    if nested_in_foreign_transaction:
        _tell_postgres("")


@contextmanager
def owner_context(tenant_id: int) -> Iterator[CursorWrapper]:
    """The same on the schema owner's connection, for what no request and no task may do (tenants/rls/removal.py)."""
    if type(tenant_id) is not int or tenant_id <= 0:
        raise TenantError("a tenant id is a positive integer")
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id)])
        yield cursor


@contextmanager
def patience(*, milliseconds: int) -> Iterator[None]:
    """Statements inside are ended after so long (OperationalError), and the transaction around goes on."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Given back by hand, for a savepoint that ends well keeps it; when the time is up the rollback does.
        cursor.execute("SELECT current_setting('statement_timeout')")
        usual = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
        yield
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [usual])


def task_tenant_id() -> int:
    """The workspace to which this task or event is bound. Raises TenantError when it is bound to none."""
    tenant_id = _expected.get()
    if tenant_id is None:
        raise TenantError("this work is bound to no tenant")
    return tenant_id


@contextmanager
def expected_tenant(tenant_id: int) -> Iterator[None]:
    """Bind a task to one workspace without opening a transaction: any other `tenant_context` inside raises."""
    token = _expected.set(tenant_id)
    try:
        yield
    finally:
        _expected.reset(token)


def _tell_postgres(value: str) -> None:
    with connection.cursor() as cursor:
        # set_config and not SET: SET takes no bind parameters.
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [value])
