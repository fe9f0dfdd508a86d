"""Real worker processes on a real broker: killed in the middle of their work, the broker emptied, and nothing lost."""

import re
import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.mail import EmailMessage

from tenants.outbox.delivery import sweep
from tenants.outbox.mail import OutboxBackend
from tenants.outbox.models import Event, QueuedMail
from tests.tenants.outbox.conftest import later, waited
from tests.workers import kill, worker

pytestmark = pytest.mark.nightly

COUNT = 100


def mailing(database: str, letters: Path) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """Mails end as files, so that every delivery can be counted."""
    transport = "django.core.mail.backends.filebased.EmailBackend"
    return worker(database, processes=2, MAIL_TRANSPORT=transport, MAIL_FILE_PATH=str(letters))


def send(first: int, last: int) -> None:
    for number in range(first, last):
        OutboxBackend().send_messages([EmailMessage(f"letter {number:04}", "x", "a@example.com", ["b@example.com"])])


def arrived(letters: Path) -> list[int]:
    """The number of every letter handed over, repetitions included."""
    return [
        int(n)
        for file in letters.glob("*.log")
        for n in re.findall(rb"^Subject: letter (\d+)", file.read_bytes(), re.MULTILINE)
    ]


def done() -> int:
    return Event.objects.exclude(done_at=None).count()


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_and_an_emptied_broker_lose_no_event(test_database_name: str, tmp_path: Path) -> None:
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.flushall()
    with mailing(test_database_name, tmp_path) as first:
        send(0, COUNT)
        assert waited(lambda: done() >= COUNT // 5, seconds=20)
        kill(first)
    before = done()
    assert before < COUNT, "killed too late to prove anything"
    broker.flushall()
    send(COUNT, COUNT + 10)
    with mailing(test_database_name, tmp_path):
        later()
        end = time.monotonic() + 60
        while done() < COUNT + 10 and time.monotonic() < end:
            sweep()
            time.sleep(0.2)
    broker.close()
    assert done() == COUNT + 10
    assert set(arrived(tmp_path)) == set(range(COUNT + 10))
    assert len(arrived(tmp_path)) <= COUNT + 10 + 2, (
        "at most the two that were in the killed processes' hands went twice"
    )
    assert Event.objects.filter(attempts__gt=2).count() == 0
    assert not QueuedMail.objects.exists()
