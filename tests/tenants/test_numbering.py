"""Public numbers: in order, none twice, none missing, each workspace its own."""

import threading

import pytest
from django.db import connection, connections

from tenants.models import Counter
from tenants.numbering import next_number
from tenants.rls.context import TenantError, tenant_context
from tests.isolation.rows import workspace


def test_numbers_start_at_one_and_go_up(db: None) -> None:
    with tenant_context(workspace("acme").pk):
        assert [next_number("conversation") for _ in range(3)] == [1, 2, 3]


def test_nouns_and_workspaces_count_for_themselves(db: None) -> None:
    one, two = workspace("one"), workspace("two")
    with tenant_context(one.pk):
        assert [next_number("conversation"), next_number("store"), next_number("conversation")] == [1, 1, 2]
    with tenant_context(two.pk):
        assert next_number("conversation") == 1


def test_without_a_workspace_there_is_no_number(db: None) -> None:
    with pytest.raises(TenantError):
        next_number("conversation")


def test_a_number_that_was_rolled_back_is_given_again(db: None) -> None:
    tenant = workspace("acme").pk
    with pytest.raises(ZeroDivisionError), tenant_context(tenant):
        next_number("conversation") / 0
    with tenant_context(tenant):
        assert next_number("conversation") == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("started", [False, True], ids=["the first numbers of all", "a running counter"])
def test_simultaneous_takers_get_different_numbers_without_gaps(started: bool) -> None:
    tenant = workspace("acme").pk
    if started:
        with tenant_context(tenant):
            Counter.objects.create(noun="conversation", last=41)
    taken: list[int] = []
    failures: list[BaseException] = []
    together = threading.Barrier(6)

    def take() -> None:
        try:
            together.wait(timeout=10)
            for _ in range(5):
                with tenant_context(tenant):
                    taken.append(next_number("conversation"))
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert failures == []
    first = 42 if started else 1
    assert sorted(taken) == list(range(first, first + 30))
    assert connection.alias == "default"
