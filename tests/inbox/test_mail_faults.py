"""Hundreds of mails out while workers are killed, connections cut, the broker emptied and the mail server fails at each step.

0 may be lost, and 0 sent twice where the server can tell. What is not known is listed as that, and nothing else is.
"""

import random
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from inbox import sending
from inbox.events import ReplyQueued
from inbox.models import OutgoingMail
from tenants.outbox.delivery import sweep
from tenants.outbox.events import publish
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox import mailing
from tests.inbox.smtp_server import Fault, SmtpServer, smtp_server
from tests.telling import Tell
from tests.workers import kill, worker

State = OutgoingMail.State
SMTP_FAULTS = [
    Fault(step, kind)
    for step in ("connect", "ehlo", "mail", "rcpt", "data", "half", "content", "accepted", "quit")
    for kind in ("die", "hang", "later")
    if (step, kind) not in (("half", "later"), ("accepted", "later"))  # of a server that contradicts itself
]
# Which kinds of faults there are, in turns, so that a short run has each.
KINDS = ("smtp", "kill -9 of the workers", "smtp", "connections cut", "smtp", "FLUSHALL")


@dataclass
class Run:
    """One workspace whose replies leave while things break."""

    cast: Cast
    server: SmtpServer
    database: str
    superuser_url: str
    chance: random.Random
    broken: Counter[str] = field(default_factory=Counter)
    rescued: float = 0.0

    def write(self, count: int) -> dict[str, int]:
        """So many replies as the composer leaves them. Message-ID -> row."""
        rows = {}
        with tenant_context(self.cast.acme.pk):
            of = factories.conversation()
            for _ in range(count):
                row = mailing.reply(of=of, writer=self.cast.ava)
                publish(ReplyQueued(outgoing_id=row.pk))
                rows[row.message.message_id] = row.pk
        return rows

    def states(self) -> Counter[str]:
        with tenant_context(self.cast.acme.pk):
            return Counter(OutgoingMail.objects.values_list("state", flat=True))

    def over(self) -> int:
        states = self.states()
        return states[State.SENT] + states[State.UNKNOWN] + states[State.FAILED]

    def time_passes(self) -> None:
        """The waits between tries are over, and beat does its work. Claims are left alone: somebody may hold them."""
        with tenant_context(self.cast.acme.pk):
            waiting = OutgoingMail.objects.filter(state=State.QUEUED)
            waiting.filter(attempts__gt=0).update(next_run_at=Now())
            if time.monotonic() > self.rescued + 5:
                self.rescued = time.monotonic()
                waiting.update(next_run_at=Now() - timedelta(minutes=2))
                sending.rescue()
        Event.objects.filter(done_at=None, attempts=0).update(next_run_at=Now(), held_until=None)
        sweep()

    def claims_end(self) -> None:
        """All workers are dead: two minutes pass, and what they held is found."""
        with tenant_context(self.cast.acme.pk):
            OutgoingMail.objects.filter(state=State.SENDING).update(claimed_until=Now())
            sending.rescue()
            OutgoingMail.objects.filter(state=State.QUEUED).update(next_run_at=Now() - timedelta(minutes=2))
            sending.rescue()
        Event.objects.filter(done_at=None).update(next_run_at=Now(), held_until=None)

    def cut_connections(self) -> int:
        """Those of the workers: everybody's of the application but this test's own."""
        with psycopg.connect(self.superuser_url, autocommit=True) as server:
            cut = server.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND usename = 'versana_app'",
                [self.database],
            ).fetchone()
        return int(cut[0]) if cut else 0


def break_things(run: Run, workers: "Workers", faults: int, mails: int) -> None:
    """One fault after the other, each once some more mails have left since the last."""
    smtp_faults = SMTP_FAULTS.copy()
    run.chance.shuffle(smtp_faults)
    for number in range(faults):
        await_progress(run, mails * number // (faults + 1))
        kind = KINDS[number % len(KINDS)]
        if kind == "smtp":
            fault = smtp_faults[number // 2 % len(smtp_faults)]
            run.server.faults.append(fault)
            kind = f"smtp: {fault.kind} at {fault.step}"
        elif kind == "FLUSHALL":
            workers.broker.flushall()
        elif kind == "connections cut":
            run.cut_connections()
            connection.close()
        else:
            time.sleep(run.chance.random() * 0.05)
            workers.replace(run)
        run.broken[kind] += 1


def await_progress(run: Run, wanted: int, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while run.over() < wanted:
        assert time.monotonic() < end, run.states()
        run.time_passes()
        time.sleep(0.25)


class Workers:
    """Two processes that work, and others when those were killed."""

    def __init__(self, run: Run) -> None:
        self.broker = redis.Redis.from_url(settings.REDIS_URL)
        self.broker.flushall()
        self.started = ExitStack()
        self.start(run)

    def start(self, run: Run) -> None:
        address = f"smtp://127.0.0.1:{run.server.port}"
        patience = {"MAIL_STEP_TIMEOUT": "0.7", "MAIL_ANSWER_TIMEOUT": "0.7"}
        started = worker(run.database, processes=2, MAIL_TRANSPORT=mailing.SMTP, EMAIL_URL=address, **patience)
        self.process = self.started.enter_context(started)

    def replace(self, run: Run) -> None:
        kill(self.process)
        run.claims_end()
        self.start(run)

    def close(self) -> None:
        self.started.close()
        self.broker.close()


def drive(run: Run, *, mails: int, faults: int) -> dict[str, int]:
    workers = Workers(run)
    rows = run.write(mails)
    try:
        break_things(run, workers, faults, mails)
        workers.replace(run)  # whatever was in somebody's hands is found, as after two minutes
        await_progress(run, mails)
    finally:
        workers.close()
    return rows


def judge(run: Run, rows: dict[str, int], tell: Tell) -> None:
    with tenant_context(run.cast.acme.pk):
        state_of = dict(OutgoingMail.objects.values_list("pk", "state"))
    kept = Counter(run.server.ids())
    states = Counter(state_of[pk] for pk in rows.values())
    lost = [mid for mid, pk in rows.items() if state_of[pk] == State.SENT and not kept[mid]]
    stuck = [mid for mid, pk in rows.items() if state_of[pk] not in (State.SENT, State.UNKNOWN, State.FAILED)]
    twice = [mid for mid, times in kept.items() if times > 1]
    unsaid = [mid for mid, pk in rows.items() if state_of[pk] == State.FAILED and kept[mid]]
    unknown = [mid for mid, pk in rows.items() if state_of[pk] == State.UNKNOWN]
    tell(f"mail out: {len(rows)} mails, {sum(run.broken.values())} faults")
    for kind, times in sorted(run.broken.items()):
        tell(f"  {times:4} × {kind}")
    tell(
        f"  sent {states[State.SENT]}, failed {states[State.FAILED]}, not known {len(unknown)}",
    )
    tell(f"  of those not known the server has {sum(1 for mid in unknown if kept[mid])}")
    tell(f"  lost {len(lost) + len(stuck)}, sent twice {len(twice)}, said to have failed and sent {len(unsaid)}")
    assert (lost, stuck, twice, unsaid) == ([], [], [], [])
    assert set(kept) <= set(rows)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("mails", "faults"),
    [
        pytest.param(300, 20, marks=pytest.mark.long, id="20 faults"),
        pytest.param(300, 200, marks=pytest.mark.nightly, id="200 faults"),
    ],
)
def test_no_mail_is_lost_and_none_is_sent_twice(
    tell: Tell, test_database_name: str, superuser_url: str, mails: int, faults: int
) -> None:
    cast = factories.team()
    with tenant_context(cast.acme.pk):
        mailing.set_up(cast.adam)
    with smtp_server() as server:
        run = Run(cast, server, test_database_name, superuser_url, random.Random(6))
        judge(run, drive(run, mails=mails, faults=faults), tell)
