"""Mail out: once in effect, whatever the server, the database and the worker do; or a person is asked."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from unittest import mock

import psycopg
import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from inbox import sending, tasks
from inbox.email import transport
from inbox.email.answers import NotNow, Sent
from inbox.events import ReplyQueued
from inbox.models import Delivery, MailIdentity, OutgoingMail
from tenants.models import AuditEvent
from tenants.outbox import delivery
from tenants.outbox.models import Event
from tenants.rls.context import expected_tenant, tenant_context
from tests.conftest import Cast
from tests.factories import MAYA, team
from tests.inbox import mailing
from tests.inbox.mailing import again, queued, send
from tests.inbox.smtp_server import Fault, SmtpServer

State = OutgoingMail.State
PRIYA = "priya@rao.example"


@pytest.fixture
def cast(db: None) -> Cast:
    made = team()
    with tenant_context(made.acme.pk):
        mailing.set_up(made.adam)
    return made


@pytest.fixture
def server(settings: Settings) -> Iterator[SmtpServer]:
    with mailing.server(settings) as running:
        yield running


def later(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        mailing.due()


def test_a_reply_that_is_due_is_sent_once(cast: Cast, server: SmtpServer) -> None:
    row = queued(cast)
    sent = send(cast, row)
    assert (sent.state, sent.error, sent.attempts) == (State.SENT, "", 1)
    assert sent.sent_at
    assert sent.handed_over_at
    assert sent.claimed_until is None
    assert server.ids() == [row.message.message_id]
    assert server.kept[0].sender == mailing.SUPPORT
    send(cast, row)
    assert len(server.kept) == 1


def test_the_event_of_a_reply_sends_it(cast: Cast, server: SmtpServer) -> None:
    row = queued(cast)
    with expected_tenant(cast.acme.pk):
        tasks.send_reply(ReplyQueued(outgoing_id=row.pk))
    assert again(cast, row).state == State.SENT


def test_a_reply_that_can_still_be_taken_back_is_called_for_when_it_is_due(cast: Cast, server: SmtpServer) -> None:
    row = queued(cast)
    with tenant_context(cast.acme.pk):
        OutgoingMail.objects.update(next_run_at=Now() + timedelta(seconds=9))
    assert send(cast, row).state == State.QUEUED
    assert server.kept == []
    event = Event.objects.get()
    assert event.held_until == again(cast, row).next_run_at


@pytest.mark.parametrize("state", ["cancelled", "sent", "failed", "unknown", "sending"])
def test_a_reply_in_any_other_state_is_left_alone(cast: Cast, server: SmtpServer, state: str) -> None:
    row = queued(cast, state=state)
    assert send(cast, row).state == state
    assert server.kept == []


def test_a_reply_of_next_door_is_not_found(cast: Cast, server: SmtpServer) -> None:
    row = queued(cast)
    sending.send(tenant_id=cast.next_door.pk, outgoing_id=row.pk)
    assert again(cast, row).state == State.QUEUED
    assert server.kept == []


# --- Servers that do not take it -------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", [Fault("connect", "later"), Fault("rcpt", "later"), Fault("data", "die")])
def test_what_nobody_has_is_tried_again_later(cast: Cast, server: SmtpServer, fault: Fault) -> None:
    server.faults = [fault]
    row = queued(cast)
    waiting = send(cast, row)
    assert (waiting.state, waiting.attempts, waiting.handed_over_at) == (State.QUEUED, 1, None)
    assert waiting.next_run_at > timezone.now() + timedelta(seconds=20)
    assert Event.objects.get().held_until == waiting.next_run_at
    later(cast)
    assert send(cast, row).state == State.SENT
    assert len(server.kept) == 1


def test_each_wait_is_longer_and_there_is_an_end(cast: Cast, server: SmtpServer) -> None:
    server.always = Fault("mail", "later")
    row = queued(cast)
    waits = []
    for _ in range(sending.MOST_ATTEMPTS):
        before = timezone.now()
        row = send(cast, row)
        waits.append(row.next_run_at - before)
        later(cast)
    assert (row.state, row.error, row.attempts) == (State.FAILED, "put_off", sending.MOST_ATTEMPTS)
    wanted = [30, 90, 270, 810, 2430, 7200, 7200]
    late = [wait.total_seconds() - seconds for wait, seconds in zip(waits[:-1], wanted, strict=True)]
    assert min(late) >= 0
    assert max(late) < 20, "what the tries themselves took"


def test_a_refusal_is_final_and_says_in_a_word_why(cast: Cast, server: SmtpServer) -> None:
    server.faults = [Fault("content", "never")]
    row = send(cast, queued(cast))
    assert (row.state, row.error) == (State.FAILED, "content_refused")
    assert not Event.objects.exists()


def test_each_refused_receiver_is_noted(cast: Cast, server: SmtpServer) -> None:
    server.unwanted = {PRIYA: 550}
    row = send(cast, queued(cast, cc=[["Priya", PRIYA]]))
    assert row.state == State.SENT
    with tenant_context(cast.acme.pk):
        assert list(Delivery.objects.values_list("recipient", "state")) == [(PRIYA, "rejected")]


def test_one_receiver_who_is_put_off_for_long_does_not_keep_the_others_waiting(cast: Cast, server: SmtpServer) -> None:
    server.unwanted = {PRIYA: 450}
    row = queued(cast, bcc=[["", PRIYA]])
    for _ in range(sending.PATIENT_ATTEMPTS - 1):
        assert send(cast, row).state == State.QUEUED
        later(cast)
    assert server.kept == []
    assert send(cast, row).state == State.SENT
    assert server.kept[0].recipients == (MAYA,)


@pytest.mark.parametrize(("change", "word"), [("identity", "no_identity"), ("receiver", "no_receiver")])
def test_what_cannot_be_sent_says_why(cast: Cast, server: SmtpServer, change: str, word: str) -> None:
    row = queued(cast, **({"to": []} if change == "receiver" else {}))
    if change == "identity":
        with tenant_context(cast.acme.pk):
            MailIdentity.objects.all().delete()
    assert (send(cast, row).state, again(cast, row).error) == (State.FAILED, word)


# --- What is not known -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["die", "hang"])
@pytest.mark.parametrize("step", ["content", "accepted"])
def test_a_silence_after_the_text_is_not_known_and_not_sent_again(
    cast: Cast, server: SmtpServer, step: str, kind: str
) -> None:
    server.faults = [Fault(step, kind)]
    row = send(cast, queued(cast))
    assert (row.state, row.error) == (State.UNKNOWN, "no_answer")
    later(cast)
    with tenant_context(cast.acme.pk):
        sending.rescue()
    assert send(cast, row).state == State.UNKNOWN
    assert len(server.kept) == int(step == "accepted")


def dead(cast: Cast, *, handed_over: bool) -> OutgoingMail:
    """What a worker leaves that was killed."""
    row = queued(cast, state="sending")
    with tenant_context(cast.acme.pk):
        OutgoingMail.objects.update(
            claimed_until=Now() - timedelta(seconds=1), attempts=1, handed_over_at=Now() if handed_over else None
        )
    return row


def test_a_dead_workers_mail_that_had_not_left_is_sent(cast: Cast, server: SmtpServer) -> None:
    row = dead(cast, handed_over=False)
    tasks.rescue_mail_everywhere()
    assert again(cast, row).state == State.QUEUED
    assert delivery.deliver(Event.objects.get().pk)
    assert again(cast, row).state == State.SENT


def test_a_dead_workers_mail_that_was_handed_over_is_not_known(cast: Cast, server: SmtpServer) -> None:
    row = dead(cast, handed_over=True)
    tasks.rescue_mail_everywhere()
    assert (again(cast, row).state, again(cast, row).error) == (State.UNKNOWN, "worker_lost")
    assert not Event.objects.exists()


def test_a_claim_that_still_runs_is_nobody_elses(cast: Cast) -> None:
    row = queued(cast, state="sending")
    with tenant_context(cast.acme.pk):
        OutgoingMail.objects.update(claimed_until=Now() + timedelta(seconds=60), handed_over_at=Now())
        assert sending.rescue() == 0
    assert again(cast, row).state == State.SENDING


def test_a_reply_that_nobody_was_poked_for_is_found(cast: Cast) -> None:
    row = queued(cast)
    with tenant_context(cast.acme.pk):
        assert sending.rescue() == 0
        OutgoingMail.objects.update(next_run_at=Now() - timedelta(minutes=2))
        assert sending.rescue() == 1
        assert sending.rescue() == 0, "one event a minute, however often it is looked for"
    assert Event.objects.get().payload == {"outgoing_id": row.pk}


def test_a_worker_that_was_asleep_hands_over_nothing_once_its_claim_ran_out(cast: Cast, server: SmtpServer) -> None:
    row, handed = queued(cast), []

    def slow(*, letter: object, whole: bool, handing_over: object) -> Sent:
        later(cast)
        tasks.rescue_mail_everywhere()
        handed.append(handing_over())  # type: ignore[operator]
        raise NotNow("timeout")

    with mock.patch.object(transport, "hand_over", slow):
        send(cast, row)
    assert handed == [False]
    assert (again(cast, row).state, again(cast, row).error) == (State.QUEUED, "")
    assert send(cast, row).state == State.SENT


@pytest.mark.django_db(transaction=True)
def test_a_late_yes_settles_what_was_not_known(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "CLAIM", timedelta(seconds=0.4))
    row = queued(cast)

    def slow(*, letter: object, whole: bool, handing_over: object) -> Sent:
        assert handing_over()  # type: ignore[operator]
        time.sleep(0.5)
        tasks.rescue_mail_everywhere()
        assert again(cast, row).state == State.UNKNOWN
        return Sent(provider_id="p-1")

    with mock.patch.object(transport, "hand_over", slow):
        send(cast, row)
    assert (again(cast, row).state, again(cast, row).provider_id) == (State.SENT, "p-1")


def test_a_late_yes_does_not_undo_what_a_person_decided(cast: Cast) -> None:
    row = queued(cast)

    def slow(*, letter: object, whole: bool, handing_over: object) -> Sent:
        handing_over()  # type: ignore[operator]
        later(cast)
        tasks.rescue_mail_everywhere()
        with tenant_context(cast.acme.pk):
            sending.settle(mail=row, sent=False, by=cast.ava)
        return Sent()

    with mock.patch.object(transport, "hand_over", slow):
        send(cast, row)
    assert again(cast, row).state == State.QUEUED


# --- The database goes away ------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_yes_is_noted_when_the_database_is_back(cast: Cast, server: SmtpServer, superuser_url: str) -> None:
    """Its connection is cut after the server's yes and before our note."""
    row, real = queued(cast), transport.hand_over

    def cut(**given: object) -> Sent:
        answer = real(**given)  # type: ignore[arg-type]
        pid = connection.connection.info.backend_pid
        with psycopg.connect(superuser_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        return answer

    with mock.patch.object(transport, "hand_over", cut):
        sent = send(cast, row)
    assert sent.state == State.SENT
    assert len(server.kept) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_database_nothing_is_handed_over(cast: Cast, server: SmtpServer) -> None:
    row = queued(cast)
    with mock.patch.object(sending, "_handing_over", side_effect=OperationalError("gone")):
        assert send(cast, row).state == State.QUEUED
    assert server.kept == []
    assert again(cast, row).error == "database"


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_sends(cast: Cast, server: SmtpServer) -> None:
    row = queued(cast)

    def work() -> None:
        sending.send(tenant_id=cast.acme.pk, outgoing_id=row.pk)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    [each.start() for each in threads]
    [each.join() for each in threads]
    assert server.ids() == [row.message.message_id]
    assert again(cast, row).attempts == 1


# --- A person decides ------------------------------------------------------------------------------------------------
def test_it_was_sent(cast: Cast) -> None:
    row = dead(cast, handed_over=True)
    tasks.rescue_mail_everywhere()
    with tenant_context(cast.acme.pk):
        sending.settle(mail=row, sent=True, by=cast.ava)
        event = AuditEvent.objects.latest("pk")
    settled = again(cast, row)
    assert (settled.state, settled.sent_at) == (State.SENT, settled.handed_over_at)
    assert settled.settled_by_id == cast.ava.pk
    assert (event.action, event.detail) == ("mail.settled", {"sent": True})


def test_send_again_sends_the_same_mail(cast: Cast, server: SmtpServer) -> None:
    server.faults = [Fault("content", "die")]
    row = queued(cast)
    assert send(cast, row).state == State.UNKNOWN
    with tenant_context(cast.acme.pk):
        sending.settle(mail=row, sent=False, by=cast.ava)
    assert delivery.deliver(Event.objects.get().pk)
    assert again(cast, row).state == State.SENT
    assert server.ids() == [row.message.message_id]


def test_what_failed_is_tried_again_from_the_first_attempt(cast: Cast, server: SmtpServer) -> None:
    server.faults = [Fault("rcpt", "never")]
    row = send(cast, queued(cast))
    assert row.state == State.FAILED
    with tenant_context(cast.acme.pk):
        assert Delivery.objects.get().state == "rejected"
        sending.retry(mail=row, by=cast.ava)
        assert not Delivery.objects.exists()
    assert (send(cast, row).state, again(cast, row).attempts) == (State.SENT, 1)


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "failed", "cancelled"])
def test_nobody_settles_what_is_known(cast: Cast, state: str) -> None:
    row = queued(cast, state=state)
    with tenant_context(cast.acme.pk), pytest.raises(sending.NotSettled):
        sending.settle(mail=row, sent=False, by=cast.ava)


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "unknown", "cancelled"])
def test_nobody_sends_again_what_has_not_failed(cast: Cast, state: str) -> None:
    row = queued(cast, state=state)
    with tenant_context(cast.acme.pk), pytest.raises(sending.NotSettled):
        sending.retry(mail=row, by=cast.ava)
