"""Work on a conversation: given to somebody, closed, asleep, urgent, spam; told in its thread, and opened by new mail."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from inbox import conversations, tasks
from inbox.email.inbound import receive
from inbox.email.parsing import parse
from inbox.models import Conversation, ConversationEvent, Notification
from tenants import members
from tenants.models import Membership
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.saying import writes
from tests.tenants.joining import together
from tests.walking import work

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
Kind, State = ConversationEvent.Kind, Conversation.State


def do(cast: Cast, deed: Callable[..., bool], thread: Conversation, by: Membership, **given: object) -> bool:
    with tenant_context(cast.acme.pk):
        return deed(conversation=thread, by=by, **given)


def now(cast: Cast, thread: Conversation) -> Conversation:
    with tenant_context(cast.acme.pk):
        return Conversation.objects.select_related("assignee__user").get(pk=thread.pk)


def told(cast: Cast, thread: Conversation) -> list[tuple[str, str]]:
    """What the thread tells, and who did it."""
    with tenant_context(cast.acme.pk):
        rows = ConversationEvent.objects.filter(conversation=thread).select_related("by__user").order_by("pk")
        return [(row.kind, row.by.user.name if row.by else "") for row in rows]


def notices(cast: Cast) -> list[tuple[str, str]]:
    with tenant_context(cast.acme.pk):
        rows = Notification.objects.select_related("member__user").order_by("pk")
        return [(row.member.user.name, row.kind) for row in rows]


def arrives(cast: Cast, *, after: str, sent: datetime, late: timedelta = timedelta(), header: str = "") -> Conversation:
    """Another mail of the contact's in the thread of the mail `after`."""
    raw = (
        f"From: Maya <{factories.MAYA}>\nTo: support@shop.example\nSubject: Re\nMessage-ID: <{sent.timestamp()}@x>\n"
        f"In-Reply-To: <{after}>\nDate: {sent:%a, %d %b %Y %H:%M:%S} +0000\n{header}\nAnd now?\n"
    )
    with tenant_context(cast.acme.pk):
        return receive(mail=parse(raw.encode()), now=sent + late).message.conversation


def first_mail(cast: Cast) -> Conversation:
    raw = f"From: Maya <{factories.MAYA}>\nTo: support@shop.example\nSubject: Hi\nMessage-ID: <first@x>\nDate: Fri, 27 Nov 2026 09:00:00 +0000\n\nHello\n"
    with tenant_context(cast.acme.pk):
        return receive(mail=parse(raw.encode()), now=NOON).message.conversation


# --- Whose it is ----------------------------------------------------------------------------------------------------
def test_a_conversation_is_given_to_somebody_who_is_told(cast: Cast) -> None:
    thread = writes(cast)
    assert do(cast, conversations.assign, thread, cast.olivia, to=cast.ava)
    assert now(cast, thread).assignee == cast.ava
    assert told(cast, thread) == [("assigned", "Olivia")]
    assert notices(cast) == [("Ava", "assigned")]


def test_taking_it_oneself_tells_nobody(cast: Cast) -> None:
    thread = writes(cast)
    do(cast, conversations.assign, thread, cast.ava, to=cast.ava)
    assert (told(cast, thread), notices(cast)) == ([("assigned", "Ava")], [])


def test_giving_it_to_whoever_has_it_changes_nothing(cast: Cast) -> None:
    thread = writes(cast)
    do(cast, conversations.assign, thread, cast.olivia, to=cast.ava)
    assert not do(cast, conversations.assign, thread, cast.adam, to=cast.ava)
    assert told(cast, thread) == [("assigned", "Olivia")]


def test_it_is_nobodys_again(cast: Cast) -> None:
    thread = writes(cast)
    do(cast, conversations.assign, thread, cast.olivia, to=cast.ava)
    do(cast, conversations.assign, thread, cast.ava, to=None)
    assert now(cast, thread).assignee is None
    assert told(cast, thread)[-1] == ("unassigned", "Ava")


def test_nobody_who_left_is_given_one_and_what_was_theirs_is_nobodys(cast: Cast) -> None:
    threads = [writes(cast, email=f"{n}@x.example") for n in range(3)]
    for thread in threads[:2]:
        do(cast, conversations.assign, thread, cast.olivia, to=cast.ava)
    with tenant_context(cast.acme.pk):
        members.remove(member=cast.ava, by=cast.olivia)
    work()
    assert [now(cast, thread).assignee for thread in threads] == [None, None, None]
    assert told(cast, threads[0])[-1] == ("unassigned", "")
    with pytest.raises(conversations.NotAMember), tenant_context(cast.acme.pk):
        conversations.assign(conversation=threads[2], to=Membership.objects.get(pk=cast.ava.pk), by=cast.olivia)


# --- In which state -------------------------------------------------------------------------------------------------
def test_it_is_closed_once_and_opened_again(cast: Cast) -> None:
    thread = writes(cast)
    assert do(cast, conversations.close, thread, cast.ava)
    assert not do(cast, conversations.close, thread, cast.adam)
    assert now(cast, thread).closed_at is not None
    assert do(cast, conversations.reopen, thread, cast.adam)
    assert (now(cast, thread).state, now(cast, thread).closed_at) == (State.OPEN, None)
    assert told(cast, thread) == [("closed", "Ava"), ("reopened", "Adam")]


def test_it_sleeps_until_its_time_and_wakes_by_itself(cast: Cast) -> None:
    thread, until = writes(cast), timezone.now() + timedelta(hours=2)
    assert do(cast, conversations.snooze, thread, cast.ava, until=until)
    with tenant_context(cast.acme.pk):
        assert conversations.wake() == 0
        Conversation.objects.filter(pk=thread.pk).update(snoozed_until=timezone.now() - timedelta(seconds=1))
    tasks.wake_everywhere()
    row = now(cast, thread)
    assert (row.state, row.snoozed_until) == (State.OPEN, None)
    assert told(cast, thread) == [("snoozed", "Ava"), ("woke", "")]


@pytest.mark.parametrize("by", [timedelta(seconds=-1), timedelta(0), timedelta(days=400), timedelta(days=-4000)])
def test_it_sleeps_until_a_time_to_come_within_a_year(cast: Cast, by: timedelta) -> None:
    thread = writes(cast)
    with pytest.raises(conversations.BadTime):
        do(cast, conversations.snooze, thread, cast.ava, until=timezone.now() + by)
    assert now(cast, thread).state == State.OPEN


def test_a_sleeping_one_that_is_closed_sleeps_no_more(cast: Cast) -> None:
    thread = writes(cast)
    do(cast, conversations.snooze, thread, cast.ava, until=timezone.now() + timedelta(hours=1))
    do(cast, conversations.close, thread, cast.ava)
    assert (now(cast, thread).state, now(cast, thread).snoozed_until) == (State.CLOSED, None)


def test_how_urgent_it_is_is_told_from_and_to(cast: Cast) -> None:
    thread = writes(cast)
    assert do(cast, conversations.set_priority, thread, cast.ava, priority=3)
    assert not do(cast, conversations.set_priority, thread, cast.ava, priority=3)
    with tenant_context(cast.acme.pk):
        assert ConversationEvent.objects.get(conversation=thread).detail == {"before": 1, "after": 3}
    with pytest.raises(ValueError, match="9"):
        do(cast, conversations.set_priority, thread, cast.ava, priority=9)


def test_nothing_is_done_to_an_erased_one(cast: Cast) -> None:
    thread = writes(cast)
    with tenant_context(cast.acme.pk):
        Conversation.objects.filter(pk=thread.pk).update(erased_at=timezone.now())
    for deed, given in (
        (conversations.close, {}),
        (conversations.assign, {"to": cast.ava}),
        (conversations.mark_spam, {}),
        (conversations.set_priority, {"priority": 2}),
    ):
        with pytest.raises(conversations.Erased):
            do(cast, deed, thread, cast.olivia, **given)
    assert told(cast, thread) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_it_at_once_one_is_told_in_the_thread(cast: Cast) -> None:
    thread = writes(cast)
    done = together(*(lambda by=by: do(cast, conversations.close, thread, by) for by in (cast.ava, cast.adam)))
    assert sorted(done) == [False, True]
    assert len(told(cast, thread)) == 1
    connection.close()


# --- Mail that arrives ----------------------------------------------------------------------------------------------
def test_a_new_mail_opens_what_was_closed_and_tells_whose_it_is(cast: Cast) -> None:
    thread = first_mail(cast)
    do(cast, conversations.assign, thread, cast.ava, to=cast.ava)
    do(cast, conversations.close, thread, cast.ava)
    arrives(cast, after="first@x", sent=NOON)
    assert now(cast, thread).state == State.OPEN
    assert told(cast, thread)[-1] == ("reopened", "")
    assert notices(cast) == [("Ava", "replied")]


def test_a_new_mail_wakes_what_sleeps(cast: Cast) -> None:
    thread = first_mail(cast)
    do(cast, conversations.snooze, thread, cast.ava, until=timezone.now() + timedelta(days=3))
    arrives(cast, after="first@x", sent=NOON)
    assert now(cast, thread).state == State.OPEN
    assert told(cast, thread)[-1] == ("woke", "")


def test_an_absence_note_an_old_mail_and_mail_to_spam_open_nothing(cast: Cast) -> None:
    thread = first_mail(cast)
    do(cast, conversations.close, thread, cast.ava)
    arrives(cast, after="first@x", sent=NOON, header="Auto-Submitted: auto-replied\n")
    arrives(cast, after="first@x", sent=NOON + timedelta(minutes=1), late=timedelta(days=40))
    assert now(cast, thread).state == State.CLOSED
    do(cast, conversations.mark_spam, thread, cast.ava)
    arrives(cast, after="first@x", sent=NOON + timedelta(minutes=2))
    assert now(cast, thread).state == State.SPAM


def test_when_the_shop_first_answered_is_known(cast: Cast) -> None:
    thread = first_mail(cast)
    assert now(cast, thread).answered_at is None
    for minute in (5, 9):
        sent = NOON + timedelta(minutes=minute)
        raw = (
            f"From: support@shop.example\nTo: {factories.MAYA}\nSubject: Re\nMessage-ID: <a{minute}@x>\n"
            f"In-Reply-To: <first@x>\nDate: {sent:%a, %d %b %Y %H:%M:%S} +0000\n\nIt is on its way\n"
        )
        with tenant_context(cast.acme.pk):
            receive(mail=parse(raw.encode()), now=sent)
    assert now(cast, thread).answered_at == NOON + timedelta(minutes=5)
