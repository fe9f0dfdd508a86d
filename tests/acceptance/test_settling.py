"""When an installation has come to rest: what the tests that wait for it rely on."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.utils import timezone

from tenants import closing
from tenants.models import Tenant
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests.acceptance.stack import Installation
from tests.conftest import Cast
from tests.walking import cast, work

__all__ = ["cast"]  # a fixture
pytestmark = pytest.mark.django_db(transaction=True)


class Resting(Installation):
    """An installation as far as its database goes: that of this test."""

    def __init__(self, url: str) -> None:
        super().__init__(Path(), {}, Path(), ())
        self.url = url

    def database(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True)


@pytest.fixture
def closed(cast: Cast) -> Tenant:
    """Its stores are told, its owners' mails are on their way, and two reminders wait for their days."""
    with tenant_context(cast.acme.pk):
        return closing.close(by=cast.olivia)


def test_a_closed_workspace_comes_to_rest_though_its_reminders_wait(closed: Tenant, superuser_url: str) -> None:
    here = Resting(superuser_url)
    with pytest.raises(TimeoutError):
        here.settle(0.2)
    work()
    assert Event.objects.filter(done_at=None, held_until__gt=timezone.now(), attempts=0).count() == 2
    here.settle(0.2)


def test_a_reminder_whose_day_has_come_is_waited_for(closed: Tenant, superuser_url: str) -> None:
    work()
    due = Event.objects.filter(done_at=None).order_by("held_until")[:1]
    Event.objects.filter(pk__in=[row.pk for row in due]).update(held_until=timezone.now(), next_run_at=timezone.now())
    with pytest.raises(TimeoutError):
        Resting(superuser_url).settle(0.2)


def test_what_failed_and_waits_for_its_next_attempt_is_waited_for(closed: Tenant, superuser_url: str) -> None:
    work()
    late = timezone.now() + timedelta(minutes=5)
    Event.objects.filter(pk=Event.objects.filter(done_at=None).first().pk).update(attempts=3, held_until=late)
    with pytest.raises(TimeoutError):
        Resting(superuser_url).settle(0.2)
