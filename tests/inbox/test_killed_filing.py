"""Real workers that file mail and are killed without a word, again and again: each mail is a message once, and none is left."""

import time

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from inbox.email import doorstep
from inbox.email.parsing import parse
from inbox.models import Message, RawMail
from tenants.outbox.delivery import sweep
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.email.test_inbound import mail
from tests.workers import kill, worker

pytestmark = pytest.mark.nightly
COUNT, KILLS = 60, 4


def filed(cast: Cast) -> int:
    with tenant_context(cast.acme.pk):
        return Message.objects.count()


def waiting(cast: Cast) -> int:
    with tenant_context(cast.acme.pk):
        return RawMail.objects.count()


def waited(cast: Cast, count: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while filed(cast) < count and time.monotonic() < end:
        time.sleep(0.02)
    return filed(cast) >= count


def hand_in(first: int, last: int) -> None:
    for n in range(first, last):
        response = Client().post(
            "/mail/in/",
            mail(f"m{n}", from_=f"person{n % 9}@example.com", minutes=n, text=f"order {n}"),
            content_type="message/rfc822",
            HTTP_AUTHORIZATION=f"Bearer {settings.MAIL_DOOR_SECRET}",
            HTTP_X_ENVELOPE_TO="acme@in.example.com",
        )
        assert response.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_killed_workers_lose_no_mail_and_file_none_twice(
    test_database_name: str, settings: object, tell: object
) -> None:
    settings.INBOUND_DOMAIN, settings.MAIL_DOOR_SECRET = "in.example.com", "s" * 30  # type: ignore[attr-defined]
    redis.Redis.from_url(settings.REDIS_URL).flushall()  # type: ignore[attr-defined]
    cast = factories.team()
    seen = []
    for round_ in range(KILLS):
        before = filed(cast)
        with worker(test_database_name, processes=2) as victim:
            hand_in(round_ * COUNT // KILLS, (round_ + 1) * COUNT // KILLS)
            assert waited(cast, before + 3, 60)
            kill(victim)
        seen.append(filed(cast))
        held_no_longer()
    assert seen[0] < COUNT // KILLS, "killed too late to prove anything"
    with worker(test_database_name, processes=2):
        sweep()
        assert waited(cast, COUNT, 60)
        end = time.monotonic() + 20
        while waiting(cast) and time.monotonic() < end:
            time.sleep(0.05)
    assert (filed(cast), waiting(cast)) == (COUNT, 0)
    tell(f"mail in: {COUNT} handed in, {KILLS} workers killed at {seen}, {filed(cast)} filed, 0 lost, 0 twice")  # type: ignore[operator]


def held_no_longer() -> None:
    """As if the two minutes had passed for which a dead worker holds an event."""
    Event.objects.filter(done_at=None).update(next_run_at=Now(), held_until=None)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_between_the_message_and_the_end_of_its_row_has_done_neither() -> None:
    """The two are one transaction: what a connection that breaks there leaves is what was before."""
    cast = factories.team()
    with tenant_context(cast.acme.pk):
        row = doorstep.take(raw=mail("a"), source=RawMail.Source.DOOR)

    def file_and_die() -> None:
        with tenant_context(cast.acme.pk):
            doorstep._file(row, parse(mail("a")))
            assert (Message.objects.count(), RawMail.objects.count()) == (1, 0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        file_and_die()
    connection.close()
    assert (filed(cast), waiting(cast)) == (0, 1)
