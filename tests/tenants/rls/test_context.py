"""The context in which Postgres shows one workspace: how it opens, how it ends, and that it never leaks."""

import threading
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, InternalError, connection, transaction

from tenants.models import Counter
from tenants.rls.context import TenantError, current_tenant_id, expected_tenant, tenant_context
from tests.isolation.rows import workspace


def told() -> str | None:
    """What Postgres believes at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.tenant_id', true)")
        value: str | None = cursor.fetchone()[0]
        return value or None


@pytest.fixture
def pair(db: None) -> tuple[int, int]:
    return workspace("one").pk, workspace("two").pk


@pytest.mark.parametrize("wrong", [None, 0, -1, "1", 1.0, True, b"1", [1], "1; DROP TABLE tenants_user"], ids=repr)
def test_only_a_positive_integer_names_a_workspace(wrong: object) -> None:
    with pytest.raises(TenantError), tenant_context(wrong):  # type: ignore[arg-type]
        pass


def test_outside_of_a_context_there_is_no_workspace() -> None:
    with pytest.raises(TenantError):
        current_tenant_id()


def test_inside_python_and_postgres_agree_and_afterwards_both_forget(pair: tuple[int, int]) -> None:
    with tenant_context(pair[0]):
        assert current_tenant_id() == pair[0]
        assert told() == str(pair[0])
    assert told() is None
    with pytest.raises(TenantError):
        current_tenant_id()


def test_the_same_workspace_may_be_opened_inside_itself(pair: tuple[int, int]) -> None:
    with tenant_context(pair[0]):
        with tenant_context(pair[0]):
            Counter.objects.create(noun="inner")
        assert told() == str(pair[0])
        assert Counter.objects.filter(noun="inner").exists()


def test_another_workspace_cannot_be_opened_inside_one(pair: tuple[int, int]) -> None:
    with tenant_context(pair[0]):
        with pytest.raises(TenantError, match="no switching"), tenant_context(pair[1]):
            pass
        assert told() == str(pair[0])
        assert not Counter.objects.filter(tenant_id=pair[1]).exists()


def test_one_after_the_other_works(pair: tuple[int, int]) -> None:
    for tenant_id in (*pair, *pair):
        with tenant_context(tenant_id):
            assert current_tenant_id() == tenant_id
            assert told() == str(tenant_id)


def test_an_exception_ends_the_context_and_undoes_its_work(pair: tuple[int, int]) -> None:
    def work() -> None:
        with tenant_context(pair[0]):
            Counter.objects.create(noun="undone")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert told() is None
    with tenant_context(pair[0]):
        assert not Counter.objects.filter(noun="undone").exists()


def test_the_error_of_the_database_is_not_hidden_by_the_way_out(pair: tuple[int, int]) -> None:
    def work() -> None:
        with tenant_context(pair[0]), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    with pytest.raises(DatabaseError, match="division by zero"):
        work()
    assert told() is None


def test_an_inner_failure_leaves_the_outer_context_whole(pair: tuple[int, int]) -> None:
    def inner() -> None:
        with tenant_context(pair[0]):
            Counter.objects.create(noun="inner")
            raise ZeroDivisionError

    with tenant_context(pair[0]):
        Counter.objects.create(noun="outer")
        with pytest.raises(ZeroDivisionError):
            inner()
        assert told() == str(pair[0])
        assert not Counter.objects.filter(noun="inner").exists()
        assert Counter.objects.filter(noun="outer").exists()


def test_a_bound_task_can_open_its_own_workspace_alone(pair: tuple[int, int]) -> None:
    with expected_tenant(pair[0]):
        with pytest.raises(TenantError), tenant_context(pair[1]):
            pass
        with tenant_context(pair[0]):
            assert told() == str(pair[0])
    with tenant_context(pair[1]):
        assert told() == str(pair[1])


def test_another_thread_starts_outside_of_the_context(pair: tuple[int, int]) -> None:
    seen: list[object] = []

    def look() -> None:
        try:
            seen.append(current_tenant_id())
        except TenantError:
            seen.append(None)

    with tenant_context(pair[0]):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [None]


def test_a_query_that_outlives_its_context_is_refused(pair: tuple[int, int]) -> None:
    """A generator or a lazy template would otherwise read whatever workspace comes next."""

    def numbers() -> Iterator[str]:
        yield from Counter.objects.values_list("noun", flat=True)

    with tenant_context(pair[0]):
        Counter.objects.create(noun="store")
        lazily, query = numbers(), Counter.objects.all()
    with pytest.raises(TenantError):
        next(lazily)
    with pytest.raises(DatabaseError), transaction.atomic():
        list(query)


def test_a_query_made_in_one_workspace_finds_nothing_in_another(pair: tuple[int, int]) -> None:
    with tenant_context(pair[0]):
        Counter.objects.create(noun="store")
        query = Counter.objects.all()
    with tenant_context(pair[1]):
        assert list(query) == []


@pytest.mark.django_db(transaction=True)
class TestWithRealCommits:
    """Without the test's own transaction around it: what a web process lives through."""

    def test_the_connection_forgets_at_commit(self) -> None:
        tenant = workspace("one").pk
        with tenant_context(tenant):
            Counter.objects.create(noun="kept")
        assert told() is None
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM tenants_counter")

    def test_the_connection_forgets_at_rollback_and_serves_the_next_workspace(self) -> None:
        one, two = workspace("one").pk, workspace("two").pk
        session = connection.connection
        for _ in range(3):
            with pytest.raises(InternalError), tenant_context(one):
                _spoil()
            assert told() is None
            with tenant_context(two):
                assert told() == str(two)
                assert set(Counter.objects.values_list("tenant_id", flat=True)) == {two}
        assert connection.connection is session

    def test_a_lost_connection_loses_the_context_with_it(self) -> None:
        tenant = workspace("one").pk
        with pytest.raises(DatabaseError), tenant_context(tenant):
            _end_this_session()
        connection.close()
        assert told() is None
        with tenant_context(tenant):
            assert told() == str(tenant)

    def test_work_after_commit_runs_outside_of_the_context(self) -> None:
        seen: list[str | None] = []
        with tenant_context(workspace("one").pk):
            transaction.on_commit(lambda: seen.append(told()))
        assert seen == [None]


def _spoil() -> None:
    """A statement fails, somebody swallows it, and the next one meets the aborted transaction."""
    Counter.objects.create(noun="undone")
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT 1/0")
        except DatabaseError:
            cursor.execute("SELECT 1")


def _end_this_session() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
