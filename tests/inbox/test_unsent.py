"""What does not leave, or not to everybody: its writer is told; an address that cannot be written to costs nobody else the mail;
and to whoever was erased nothing leaves any more."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from inbox import deliveries, notice_mails, notice_rules, personal, sending, unsent
from inbox.models import Conversation, Delivery, Message, Notification, OutgoingMail
from inbox.notice_rules import Rule
from tenants.personal import Subject
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA, team
from tests.inbox import mailing
from tests.inbox.mailing import again, queued, send
from tests.inbox.smtp_server import Fault, SmtpServer
from tests.walking import signed_in, text_of

State = OutgoingMail.State
FAILED, UNKNOWN = Notification.Kind.FAILED, Notification.Kind.UNKNOWN
JOERG, PRIYA = "jörg@beispiel.example", "priya@rao.example"
RULES = "/acme/notices/settings/"
ERASED = Subject(emails=frozenset({MAYA}))


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


def told(cast: Cast) -> list[tuple[str, str]]:
    """What is unread, and by whom."""
    with tenant_context(cast.acme.pk):
        rows = Notification.objects.filter(read_at=None).select_related("member__user").order_by("pk")
        return [(row.kind, row.member.user.name) for row in rows]


def refused(cast: Cast, server: SmtpServer, **fields: object) -> OutgoingMail:
    server.unwanted[MAYA] = 550
    row = send(cast, queued(cast, **fields))
    assert row.state == State.FAILED
    server.unwanted.clear()
    return row


def lost(cast: Cast, server: SmtpServer) -> OutgoingMail:
    server.faults.append(Fault("accepted", "die"))
    row = send(cast, queued(cast))
    assert row.state == State.UNKNOWN
    return row


# --- Who is told ----------------------------------------------------------------------------------------------------
def test_the_writer_of_a_reply_that_failed_is_told_and_nobody_else(cast: Cast, server: SmtpServer) -> None:
    refused(cast, server)
    assert told(cast) == [(FAILED, "Ava")]
    page = text_of(signed_in(cast.ava).get("/acme/notices/"))
    assert "A reply of yours could not be sent" in page


def test_the_writer_of_a_reply_of_which_it_is_not_known_is_told_so(cast: Cast, server: SmtpServer) -> None:
    lost(cast, server)
    assert told(cast) == [(UNKNOWN, "Ava")]
    assert "It is not known whether a reply of yours was sent" in text_of(signed_in(cast.ava).get("/acme/notices/"))


def test_what_a_dead_worker_held_is_told_too(cast: Cast) -> None:
    row = queued(cast, state=State.SENDING)
    with tenant_context(cast.acme.pk):
        before = timezone.now() - timedelta(minutes=3)
        OutgoingMail.objects.filter(pk=row.pk).update(claimed_until=before, handed_over_at=before)
        sending.rescue()
    assert told(cast) == [(UNKNOWN, "Ava")]


def test_a_reply_that_is_tried_again_by_itself_is_nobodys_news(cast: Cast, server: SmtpServer) -> None:
    server.faults.append(Fault("rcpt", "later"))
    assert send(cast, queued(cast)).state == State.QUEUED
    assert told(cast) == []


def test_of_what_nobody_wrote_and_of_whoever_left_nobody_is_told(cast: Cast, server: SmtpServer) -> None:
    refused(cast, server, writer=None)
    with tenant_context(cast.acme.pk):
        cast.ava.removed_at = timezone.now()
        cast.ava.save(update_fields=["removed_at"])
    refused(cast, server)
    assert told(cast) == []


def test_once_it_is_over_the_notice_is_read(cast: Cast, server: SmtpServer) -> None:
    row = refused(cast, server)
    with tenant_context(cast.acme.pk):
        sending.retry(mail=row, by=cast.adam)
    assert told(cast) == []
    assert send(cast, row).state == State.SENT
    other = lost(cast, server)
    with tenant_context(cast.acme.pk):
        sending.settle(mail=other, sent=True, by=cast.adam)
    assert told(cast) == []


def test_a_provider_that_has_the_mail_is_the_end_of_not_knowing(cast: Cast, server: SmtpServer) -> None:
    row = lost(cast, server)
    with tenant_context(cast.acme.pk):
        deliveries.note(outgoing=row, recipient=MAYA, state=Delivery.State.DELIVERED, at=timezone.now())
    assert (again(cast, row).state, told(cast)) == (State.SENT, [])


def test_of_two_that_failed_the_notice_stays_until_both_are_over(cast: Cast, server: SmtpServer) -> None:
    first, second = refused(cast, server), refused(cast, server)
    assert told(cast) == [(FAILED, "Ava")]
    for row, left in ((first, [(FAILED, "Ava")]), (second, [])):
        with tenant_context(cast.acme.pk):
            sending.retry(mail=row, by=cast.adam)
        assert told(cast) == left


def test_it_is_mailed_unless_the_writer_does_not_want_that(cast: Cast, server: SmtpServer) -> None:
    refused(cast, server)
    with tenant_context(cast.acme.pk):
        assert notice_mails.send(member_id=cast.ava.pk, now=timezone.now() + timedelta(minutes=5)) == 1
    (mailed,) = mail.outbox
    assert (mailed.to, "could not be sent" in mailed.subject) == ([cast.ava.user.email], True)
    assert MAYA not in f"{mailed.subject} {mailed.body}"
    with tenant_context(cast.acme.pk):
        notice_rules.change(rule=Rule(unsent=False), by=cast.ava)
        Notification.objects.all().delete()
    lost(cast, server)
    with tenant_context(cast.acme.pk):
        assert Notification.objects.get().mail_at is None


def test_the_choice_stands_among_the_rules(cast: Cast) -> None:
    ava = signed_in(cast.ava)
    assert "A reply of mine was not sent" in text_of(ava.get(RULES))
    assert ava.post(RULES, {"assigned": "on"}).status_code in (200, 302)
    with tenant_context(cast.acme.pk):
        assert notice_rules.of(cast.ava) == Rule(mentioned=False, unsent=False)


def test_a_reply_of_next_door_is_not_found(cast: Cast, server: SmtpServer) -> None:
    row = refused(cast, server)
    with tenant_context(cast.next_door.pk), pytest.raises(OutgoingMail.DoesNotExist):
        unsent.note(outgoing_id=row.pk)


# --- An address that no mail can name ----------------------------------------------------------------------------------
def test_others_get_the_mail_and_the_one_who_does_not_is_listed(cast: Cast, server: SmtpServer) -> None:
    row = send(cast, queued(cast, to=[["Maya", MAYA], ["Jörg", JOERG]], cc=[["Jörg", JOERG.title()]]))
    assert row.state == State.SENT
    (kept,) = server.kept
    assert kept.recipients == (MAYA,)
    assert b"beispiel" not in kept.data
    with tenant_context(cast.acme.pk):
        assert list(Delivery.objects.values_list("recipient", "state")) == [(JOERG, "rejected")]


def test_where_nobody_else_is_it_fails_with_the_reason(cast: Cast, server: SmtpServer) -> None:
    row = send(cast, queued(cast, to=[["Jörg", JOERG]]))
    assert (row.state, row.error, server.kept) == (State.FAILED, "not_writable", [])
    assert told(cast) == [(FAILED, "Ava")]


def test_whoever_types_such_an_address_is_told_at_once(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        number = factories.conversation().number
    ava: Client = signed_in(cast.ava)
    answer = ava.post(f"/acme/inbox/{number}/send/", {"text": "hello", "to": f"{MAYA}, {JOERG}", "seen": "999999"})
    assert answer.status_code == 422
    assert "cannot be written to: before the @" in text_of(answer)
    with tenant_context(cast.acme.pk):
        assert not OutgoingMail.objects.exists()


# --- Erased -----------------------------------------------------------------------------------------------------------
def erase(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        subject = personal.widen(ERASED)
        personal.sweep_conversations(subject, 0)
        personal.sweep_mentions(subject, 0)
        personal.forget(subject, True)


def test_nothing_that_waits_for_an_erased_contact_leaves(cast: Cast, server: SmtpServer) -> None:
    own, tried = queued(cast), queued(cast)
    server.faults.append(Fault("rcpt", "later"))
    assert send(cast, tried).state == State.QUEUED
    erase(cast)
    for row in (own, tried):
        assert send(cast, row).state == State.CANCELLED
    assert server.kept == []


def test_in_somebody_elses_conversation_the_others_get_it_and_the_erased_one_does_not(
    cast: Cast, server: SmtpServer
) -> None:
    with tenant_context(cast.acme.pk):
        factories.contact(email=MAYA)
        of = factories.conversation(email=PRIYA)
    both = queued(cast, of=of, to=[["Priya", PRIYA]], cc=[["Maya", MAYA]])
    alone = queued(cast, of=of, to=[["Maya", MAYA]])
    erase(cast)
    assert send(cast, both).state == State.SENT
    assert send(cast, alone).state == State.CANCELLED
    (kept,) = server.kept
    assert kept.recipients == (PRIYA,)
    assert MAYA.encode() not in kept.data


@pytest.mark.parametrize("outcome", ["failed", "unknown"])
def test_what_was_not_sent_is_not_sent_to_them_by_hand_either(cast: Cast, server: SmtpServer, outcome: str) -> None:
    row = refused(cast, server) if outcome == "failed" else lost(cast, server)
    had = len(server.kept)
    erase(cast)
    with tenant_context(cast.acme.pk):
        if outcome == "failed":
            sending.retry(mail=row, by=cast.adam)
        else:
            sending.settle(mail=row, sent=False, by=cast.adam)
    row = send(cast, row)
    assert (row.state, row.error, len(server.kept)) == (State.FAILED, "no_receiver", had)
    with tenant_context(cast.acme.pk):
        assert Conversation.objects.exclude(erased_at=None).exists()
        assert not Message.objects.exclude(text="").exists()
