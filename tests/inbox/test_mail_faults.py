"""Hundreds of mails in and hundreds out at the same time, while workers, the web server, the broker and the database are killed
and the mail server fails at each step.

0 may be lost, and 0 filed or sent twice where the server can tell. What is not known is listed as that, and nothing else is.
"""

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Q
from django.db.models.functions import Now
from pytest_django import DjangoDbBlocker

from inbox import sending
from inbox.models import Message, OutgoingMail, RawMail
from tenants import doors
from tenants.models import Membership
from tenants.outbox import delivery
from tenants.outbox.events import without_pokes
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests import factories
from tests.acceptance import prepare
from tests.inbox import mailing
from tests.inbox.mortal import Mortal, mortal
from tests.inbox.senders import Flow, Writer, door_of, flowing, mail_sender
from tests.inbox.smtp_server import Fault, SmtpServer, smtp_server
from tests.telling import Tell
from tests.walking import signed_in

State = OutgoingMail.State
SMTP_FAULTS = [
    Fault(step, kind)
    for step in ("connect", "ehlo", "mail", "rcpt", "data", "half", "content", "accepted", "quit")
    for kind in ("die", "hang", "later")
    if (step, kind) not in (("half", "later"), ("accepted", "later"))  # of a server that contradicts itself
]
# Which kinds of faults there are, in turns, so that a short run has each.
KINDS = (
    "smtp",
    "workers: kill -9",
    "smtp",
    "connections cut",
    "smtp",
    "Valkey: kill -9, started again",
    "smtp",
    "PostgreSQL: immediate shutdown, started again",
    "web server: kill -9, started again",
    "FLUSHALL",
    "smtp",
    "PostgreSQL: kill -9, started again",
)
THREADS, CONVERSATIONS = 60, 10
PATIENCE = 300.0  # seconds without any progress
# What nobody has let go of by then, nobody holds any more: it is as if its two minutes were over.
FORGOTTEN = timedelta(seconds=6)


@dataclass
class Damage:
    """What was seen between one kind of fault and the next fault."""

    times: int = 0
    turned_away: int = 0
    not_known: int = 0
    seconds: float = 0.0  # at most


@dataclass
class Run:
    """One workspace whose mail comes and goes while things break."""

    here: Mortal
    server: SmtpServer
    acme: int
    count: int
    chance: random.Random
    incoming: Flow
    replies: Flow
    broken: dict[str, "Damage"] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)  # parts that nobody killed
    rescued: float = 0.0
    _now: tuple[str, int, int, float] = ("", 0, 0, 0.0)

    def begin(self, kind: str) -> None:
        """A fault comes: what happened since the last is that one's."""
        turned_away = sum(self.incoming.turned_away.values()) + sum(self.replies.turned_away.values())
        unknown, now = self.states()[State.UNKNOWN], time.monotonic()
        if self._now[0]:
            damage = self.broken.setdefault(self._now[0], Damage())
            damage.times += 1
            damage.turned_away += turned_away - self._now[1]
            damage.not_known += unknown - self._now[2]
            damage.seconds = max(damage.seconds, now - self._now[3])
        self._now = (kind, turned_away, unknown, now)

    def admit(self, many: int) -> None:
        self.incoming.admit(many)
        self.replies.admit(many)

    def waiting(self) -> int:
        """Mail that is kept and not filed."""
        with tenant_context(self.acme):
            return RawMail.objects.filter(state=RawMail.State.NEW).count()

    def check(self) -> None:
        """Nobody was told a final no, and every part lives that nobody killed, or is started again as it would be."""
        for flow in (self.incoming, self.replies):
            if flow.error is not None:
                raise flow.error
        self.ended.extend(self.here.revive())
        for name, child in self.here.parts.items():
            assert not child.died(), f"{name} died\n{child.last_words(300)}"

    def states(self) -> Counter[str]:
        with tenant_context(self.acme):
            return Counter(OutgoingMail.objects.values_list("state", flat=True))

    def filed(self) -> int:
        with tenant_context(self.acme):
            return Message.objects.filter(kind=Message.Kind.RECEIVED, message_id__startswith="in-").count()

    def over(self) -> int:
        states = self.states()
        return self.filed() + states[State.SENT] + states[State.UNKNOWN] + states[State.FAILED]

    def time_passes(self) -> None:
        """The waits between tries are over, and what was left lying is found."""
        with tenant_context(self.acme), without_pokes():
            waiting = OutgoingMail.objects.filter(state=State.QUEUED)
            waiting.filter(attempts__gt=0).update(next_run_at=Now())
            left = OutgoingMail.objects.filter(state=State.SENDING)
            left.filter(claimed_until__lt=Now() + sending.CLAIM - FORGOTTEN).update(claimed_until=Now())
            if time.monotonic() > self.rescued + 5:
                self.rescued = time.monotonic()
                waiting.update(next_run_at=Now() - timedelta(minutes=2))
                sending.rescue()
        held = Q(held_until__lt=Now() + delivery.CLAIM - FORGOTTEN)
        poked = Q(held_until=None, next_run_at__lt=Now() + delivery.POKE_AGAIN - FORGOTTEN)
        pending = Event.objects.filter(held | poked, done_at=None, dead_at=None, next_run_at__gt=Now())
        pending.update(next_run_at=Now(), held_until=None)

    def claims_end(self) -> None:
        """All workers are dead: two minutes pass, and what they held is found."""
        with tenant_context(self.acme), without_pokes():
            OutgoingMail.objects.filter(state=State.SENDING).update(claimed_until=Now())
            sending.rescue(limit=self.count)
            OutgoingMail.objects.filter(state=State.QUEUED).update(next_run_at=Now() - timedelta(minutes=2))
            sending.rescue(limit=self.count)
        Event.objects.filter(done_at=None).update(next_run_at=Now(), held_until=None)


def break_something(run: Run, kind: str, fault: Fault) -> None:
    here = run.here
    match kind.partition(":")[0], kind:
        case "smtp", _:
            run.server.faults.append(fault)
        case "FLUSHALL", _:
            here.flush()
        case "connections cut", _:
            here.cut_connections()
        case "Valkey", _:
            here.restart_redis()
        case "web server", _:
            here.restart_web()
        case "workers", _:
            here.restart_workers()
            run.claims_end()
        case _, "PostgreSQL: kill -9, started again":
            here.restart_postgres(signal.SIGKILL)
        case _:
            here.restart_postgres(signal.SIGQUIT)


def drive(run: Run, faults: int) -> None:
    """One fault after the other, each once some more mails have come and gone since the last."""
    smtp_faults = SMTP_FAULTS.copy()
    run.chance.shuffle(smtp_faults)
    with flowing(run.incoming, run.replies):
        for number in range(faults):
            await_progress(run, 2 * run.count * number // (faults + 1))
            kind = KINDS[number % len(KINDS)]
            fault = smtp_faults[
                sum(1 for each in range(number) if KINDS[each % len(KINDS)] == "smtp") % len(smtp_faults)
            ]
            run.begin(kind if kind != "smtp" else f"smtp: {fault.kind} at {fault.step}")
            # Into the midst of the next ones, of which each flow has enough to get there.
            run.admit(run.count * (number + 1) // (faults + 1) + 4)
            time.sleep(run.chance.random() * 0.3)
            break_something(run, kind, fault)
        run.begin("")
        run.admit(run.count)
        run.here.restart_workers()  # whatever was in somebody's hands is found, as after two minutes
        run.claims_end()
        await_progress(run, 2 * run.count, whole=True)


def await_progress(run: Run, wanted: int, *, whole: bool = False) -> None:
    """`whole`: nothing waits any more either."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if run.over() >= wanted and not (whole and run.waiting()):
                return
            run.time_passes()
        except (DatabaseError, InterfaceError):
            connection.close()
        run.check()
        assert time.monotonic() < end, (wanted, run.filed(), run.states(), run.waiting())
        time.sleep(0.25)


# --- Verdict --------------------------------------------------------------------------------------------------------
def judge(run: Run, tell: Tell) -> None:
    with tenant_context(run.acme):
        sent = {row.message.message_id: row for row in OutgoingMail.objects.select_related("message")}
        received = list(Message.objects.filter(kind=Message.Kind.RECEIVED, message_id__startswith="in-"))
        refused = RawMail.objects.count()
    tell_table(run, tell)
    _judge_in(run, received, refused, tell)
    _judge_out(run, sent, tell)


def tell_table(run: Run, tell: Tell) -> None:
    tell(f"mail in and out: {run.count} in, {run.count} out, {sum(each.times for each in run.broken.values())} faults")
    tell("  times  turned away  not known  longest until the next  fault")
    for kind, each in sorted(run.broken.items()):
        tell(f"  {each.times:5}  {each.turned_away:11}  {each.not_known:9}  {each.seconds:20.1f} s  {kind}")
    tell(f"  ended by themselves, and started again as their supervisor does: {', '.join(run.ended) or 'none'}")


def _judge_in(run: Run, received: list[Message], refused: int, tell: Tell) -> None:
    numbers = Counter(int(each.text.split()[3].rstrip(".")) for each in received)
    lost = [number for number in run.incoming.taken if not numbers[number]]
    twice = [number for number, times in numbers.items() if times > 1]
    of: dict[int, set[int]] = {}
    for each in received:
        of.setdefault(int(each.message_id.removeprefix("in-").partition("@")[0]) % THREADS, set()).add(
            each.conversation_id
        )
    astray = [thread for thread, found in of.items() if len(found) > 1]
    doors = Counter(map(door_of, run.incoming.taken))
    tell(
        f"  in: {doors['door']} by the mail server's door, {doors['provider']} by the provider's call, {doors['command']} by the "
        f"command; turned away and handed in again {sum(run.incoming.turned_away.values())} times"
    )
    tell(
        f"  in: {len(received)} filed in {len(of)} conversations, lost {len(lost)}, twice {len(twice)}, astray {len(astray)}"
    )
    assert (lost, twice, astray, refused) == ([], [], [], 0)
    assert len(run.incoming.taken) == len(received) == run.count
    assert len({frozenset(found) for found in of.values()}) == len(of) == min(THREADS, run.count)


def _judge_out(run: Run, rows: dict[str, OutgoingMail], tell: Tell) -> None:
    kept = Counter(run.server.ids())
    states = Counter(row.state for row in rows.values())
    lost = [mid for mid, row in rows.items() if row.state == State.SENT and not kept[mid]]
    stuck = [mid for mid, row in rows.items() if row.state not in (State.SENT, State.UNKNOWN, State.FAILED)]
    twice = [mid for mid, times in kept.items() if times > 1 and mid in rows]
    unsaid = [mid for mid, row in rows.items() if row.state == State.FAILED and kept[mid]]
    unknown = [mid for mid, row in rows.items() if row.state == State.UNKNOWN]
    texts = Counter(row.message.text for row in rows.values())
    tell(
        f"  out: sent {states[State.SENT]}, failed {states[State.FAILED]}, not known {len(unknown)}, of which the server has "
        f"{sum(1 for mid in unknown if kept[mid])}; forms sent once more {sum(run.replies.turned_away.values())} times"
    )
    tell(f"  out: lost {len(lost) + len(stuck)}, sent twice {len(twice)}, said to have failed and sent {len(unsaid)}")
    assert (lost, stuck, twice, unsaid) == ([], [], [], [])
    # Beside the replies, members may have been told by mail of those that are not known.
    assert {to for each in run.server.kept if each.message_id not in rows for to in each.recipients} <= {prepare.AGENT}
    assert texts == Counter({f"This is reply {number}.": 1 for number in range(run.count)})


@pytest.mark.parametrize(
    ("mails", "faults"),
    [
        pytest.param(300, 20, marks=pytest.mark.long, id="20 faults"),
        pytest.param(300, 200, marks=pytest.mark.nightly, id="200 faults"),
    ],
)
def test_no_mail_is_lost_and_none_is_filed_or_sent_twice(
    tell: Tell, django_db_setup: None, django_db_blocker: DjangoDbBlocker, mails: int, faults: int
) -> None:
    with smtp_server() as server, django_db_blocker.unblock(), mortal(server) as here:
        run = set_up(here, server, mails)
        drive(run, faults)
        judge(run, tell)


def set_up(here: Mortal, server: SmtpServer, mails: int) -> Run:
    """Acme writes as its support address, and Ava sits before conversations with people who do not write back."""
    acme = doors.tenant_of_slug("acme")
    assert acme
    with tenant_context(acme):
        members = Membership.objects.select_related("user")
        mailing.set_up(members.get(role=Role.OWNER))
        numbers = tuple(factories.conversation(email=f"quiet{n}@example.com").number for n in range(CONVERSATIONS))
        browser = signed_in(members.get(role=Role.AGENT))
    writer = Writer(f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}", numbers)
    incoming = Flow("mail in", mails, mail_sender(here, threads=THREADS))
    replies = Flow("replies", mails, writer.sender(here))
    return Run(here, server, acme, mails, random.Random(6), incoming, replies)
