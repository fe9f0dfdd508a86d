"""How long it is kept what platform staff did, and that nobody can make it shorter."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import DatabaseError, transaction

from tenants import tasks
from tenants.models import StaffAction
from tenants.rls.database import STAFF_RECORD_DAYS
from versana.work import BEAT_SCHEDULE

pytestmark = pytest.mark.django_db(transaction=True)
_WRITE = "INSERT INTO tenants_staffaction (at, action, target, detail, client) VALUES (now() - %s::interval, 'x', %s, '{}', '')"


@pytest.fixture
def superuser(superuser_url: str, db: None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(superuser_url, autocommit=True) as session:
        yield session


def kept(superuser: psycopg.Connection) -> list[str]:
    return [row[0] for row in superuser.execute("SELECT target FROM tenants_staffaction ORDER BY at").fetchall()]


def test_what_staff_did_is_kept_for_400_days_and_no_longer(superuser: psycopg.Connection) -> None:
    assert STAFF_RECORD_DAYS == 400
    for age in ("2000 days", "400 days 1 minute", "399 days 23 hours", "0 days", "-1 days"):
        superuser.execute(_WRITE, [age, age])
    tasks.forget_staff_actions()
    assert kept(superuser) == ["399 days 23 hours", "0 days", "-1 days"]
    tasks.forget_staff_actions()
    assert len(kept(superuser)) == 3


def test_it_is_forgotten_daily() -> None:
    assert BEAT_SCHEDULE["forget-staff-actions"]["schedule"] == 86_400.0


def test_the_application_deletes_no_row_of_it_by_itself(superuser: psycopg.Connection) -> None:
    superuser.execute(_WRITE, ["2000 days", "old"])
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        StaffAction.objects.all().delete()
    assert kept(superuser) == ["old"]


def test_the_administration_cannot_forget_what_was_done_in_it(superuser: psycopg.Connection) -> None:
    superuser.execute(_WRITE, ["2000 days", "old"])
    superuser.execute("SET SESSION AUTHORIZATION versana_platform")
    for statement in ("SELECT forget_staff_actions()", "DELETE FROM tenants_staffaction"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            superuser.execute(statement)
    superuser.execute("RESET SESSION AUTHORIZATION")
    assert kept(superuser) == ["old"]
