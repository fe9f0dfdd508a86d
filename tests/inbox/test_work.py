"""The head of a thread: what a member presses there, what comes back, what the thread tells."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inbox import conversations, drafts, labels, snoozing
from inbox.models import Conversation, ConversationEvent, Message, Note, OutgoingMail
from integrations.shopify.models import OrderContext
from tenants import members
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.saying import writes
from tests.walking import signed_in, soup_of, text_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PATH = "/acme/inbox/1/"
# What a test's one transaction needs at the end of each request; a request's own ends with it.
UNNAMED = "SELECT set_config('app.tenant_id', '', true)"


@pytest.fixture
def thread(cast: Cast) -> Conversation:
    return writes(cast)


@pytest.fixture
def ava(cast: Cast) -> Iterator[Client]:
    return signed_in(cast.ava)  # type: ignore[return-value]


def now(cast: Cast) -> Conversation:
    with tenant_context(cast.acme.pk):
        return Conversation.objects.select_related("assignee__user").get(number=1)


# --- Pressed --------------------------------------------------------------------------------------------------------
def test_a_thread_tells_notes_and_deeds_between_its_messages(cast: Cast, thread: Conversation, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        conversations.assign(conversation=thread, to=cast.ava, by=cast.olivia)
        conversations.set_priority(conversation=thread, priority=3, by=cast.ava)
        Note.objects.create(conversation=thread, writer=cast.olivia, text="Aprons are back <b>on Monday</b>.")
    page = soup_of(ava.get(PATH))
    assert [line.select_one("[dir]").get_text() for line in page.select(".event")] == [  # type: ignore[union-attr]
        "Olivia assigned this to Ava",
        "Ava changed the priority from Normal to Urgent",
    ]
    assert "Aprons are back <b>on Monday</b>." in page.select_one(".message.note").get_text()  # type: ignore[union-attr]
    entries = page.select("#thread-entries > *")
    assert [each["class"][0] for each in entries] == ["message", "event", "event", "message"]


def test_what_was_pressed_comes_back_with_what_it_did(cast: Cast, thread: Conversation, ava: Client) -> None:
    answer = ava.post(f"{PATH}assign/?view=all", {"member": cast.ava.number}, headers=HTMX)
    page = soup_of(answer)
    assert page.select_one("#thread-standing[hx-swap-oob] .whose").get_text(strip=True) == "AVAva"  # type: ignore[union-attr]
    assert page.select_one("[hx-swap-oob='beforeend:#thread-entries'] .event [dir]").get_text() == "Ava took this"  # type: ignore[union-attr]
    assert answer["HX-Trigger"] == "conversation-changed"
    again = soup_of(ava.post(f"{PATH}assign/?view=all", {"member": cast.ava.number}, headers=HTMX))
    assert again.select(".event") == []


@pytest.mark.parametrize(
    ("deed", "state"), [("close", "closed"), ("spam", "spam"), ("snooze", "snoozed"), ("reopen", "open")]
)
def test_without_scripts_a_button_leads_back_to_the_thread(
    cast: Cast, thread: Conversation, ava: Client, deed: str, state: str
) -> None:
    answer = ava.post(f"{PATH}state/?view=all", {"deed": deed, "until": "tomorrow"})
    assert (answer.status_code, answer["Location"]) == (302, f"{PATH}?view=all")
    assert now(cast).state == state


def test_it_sleeps_until_a_time_that_the_member_names_in_the_zone_of_the_workspace(
    cast: Cast, thread: Conversation, ava: Client
) -> None:
    with tenant_context(cast.acme.pk):
        type(cast.acme).objects.filter(pk=cast.acme.pk).update(time_zone="Asia/Tokyo")
    day = (timezone.now() + timedelta(days=3)).date()
    ava.post(f"{PATH}state/", {"deed": "snooze", "at": f"{day}T07:30"})
    assert now(cast).snoozed_until == datetime(day.year, day.month, day.day, 7, 30, tzinfo=ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize(
    "given",
    [
        {"deed": "snooze"},
        {"deed": "snooze", "until": "yesterday"},
        {"deed": "snooze", "at": "2020-01-01T09:00"},
        {"deed": "snooze", "at": "9999-12-31T23:59"},
        {"deed": "snooze", "at": "nonsense"},
        {"deed": "explode"},
        {},
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_changed(
    cast: Cast, thread: Conversation, ava: Client, given: dict[str, str]
) -> None:
    answer = ava.post(f"{PATH}state/", given)
    assert answer.status_code == 422
    assert soup_of(answer).select_one(".work-problem[role=alert]") is not None
    by_htmx = ava.post(f"{PATH}state/", given, headers=HTMX)
    assert soup_of(by_htmx).select_one(".work-problem[role=alert]") is not None
    assert now(cast).state == "open"


def test_a_member_who_left_meanwhile_is_not_there(cast: Cast, thread: Conversation) -> None:
    with tenant_context(cast.acme.pk):
        members.remove(member=cast.ava, by=cast.olivia)
    adam = signed_in(cast.adam)
    assert adam.post(f"{PATH}assign/", {"member": cast.ava.number}).status_code == 404
    for number in ("0", "-1", "x", "9" * 30, "٣"):
        assert adam.post(f"{PATH}assign/", {"member": number}).status_code == 404


def test_tags_are_put_on_and_taken_off(cast: Cast, thread: Conversation, ava: Client) -> None:
    ava.post(f"{PATH}tag/", {"name": "<b>gift</b>"})
    page = ava.get(PATH)
    assert "<b>gift</b>" in text_of(page)
    assert b"<b>gift</b>" not in page.content
    number = soup_of(page).select_one(".tag button")["value"]  # type: ignore[index]
    ava.post(f"{PATH}untag/", {"tag": number})
    assert soup_of(ava.get(PATH)).select(".tag") == []
    assert ava.post(f"{PATH}tag/", {"name": "  "}).status_code == 422
    assert ava.post(f"{PATH}untag/", {"tag": "999"}).status_code == 422
    assert ava.post(f"{PATH}priority/", {"priority": "7"}).status_code == 422


def test_a_name_of_an_event_that_is_hostile_is_text(cast: Cast, thread: Conversation, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        ConversationEvent.objects.create(
            conversation=thread, kind="tagged", by=cast.ava, detail={"tag": "%(by)s <i>%d</i> %"}
        )
        ConversationEvent.objects.create(
            conversation=thread, kind="snoozed", by=None, detail={"until": "x", "member": "y"}
        )
    page = ava.get(PATH)
    assert "Ava added the tag %(by)s <i>%d</i> %" in text_of(page)
    assert b"<i>%d" not in page.content


def test_an_erased_conversation_has_nothing_to_press(cast: Cast, thread: Conversation, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        Conversation.objects.filter(pk=thread.pk).update(erased_at=timezone.now())
    assert soup_of(ava.get(PATH)).select("#thread-actions") == []
    assert ava.post(f"{PATH}state/", {"deed": "close"}).status_code == 404


def test_a_thread_asks_the_database_at_most_fifteen_times_however_long_it_is(cast: Cast, ava: Client) -> None:
    """The whole request: session, person and workspace too. As it is opened from a list, and with the list beside it."""
    whole, opened = {}, {"HX-Request": "true", "HX-Target": "conversation"}

    def statements(number: int, headers: dict[str, str] = whole) -> int:
        ava.get(f"/acme/inbox/{number}/?view=all", headers=headers)
        with CaptureQueriesContext(connection) as asked:
            assert ava.get(f"/acme/inbox/{number}/?view=all", headers=headers).status_code == 200
        return sum(not each["sql"].startswith(("SAVEPOINT", "RELEASE", UNNAMED)) for each in asked)

    writes(cast)
    long = writes(cast, email="long@x.example", texts=[f"message {n}" for n in range(30)])
    with tenant_context(cast.acme.pk):
        for _ in range(20):
            Note.objects.create(conversation=long, writer=cast.ava, text="a note")
            conversations.set_priority(conversation=long, priority=3, by=cast.ava)
            conversations.set_priority(conversation=long, priority=1, by=cast.adam)
            conversations.assign(conversation=long, to=cast.adam, by=cast.olivia)
            conversations.assign(conversation=long, to=cast.ava, by=cast.olivia)
            factories.attachment(long.messages.first())
        factories.many_stores(3, by=cast.olivia)
        answers = long.messages.order_by("pk")[:9]
        Message.objects.filter(pk__in=answers).update(kind="sent", writer=cast.ava)
        OutgoingMail.objects.bulk_create(OutgoingMail(message=each, state="sent") for each in answers)
        for topic in ("refund", "cancel"):
            labels.correct(conversation=long, topic=topic, holds=True, by=cast.adam)
        drafts.save(conversation=long, text="begun", base="", by=cast.ava)
    for number in (1, long.number):
        ava.get(f"/acme/inbox/{number}/")
    nobody = {"customer": None, "orders": [], "more_orders": False, "denied": []}
    with tenant_context(cast.acme.pk):  # what the stores know is there and fresh: nothing is asked for
        OrderContext.objects.update(fetched_at=timezone.now(), leased_until=None, head=nobody)
    for headers, most in ((whole, 15), (opened, 13)):
        assert statements(long.number, headers) == statements(1, headers) <= most


# --- Until when it sleeps ---------------------------------------------------------------------------------------------
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kolkata", "Australia/Lord_Howe"]


@given(st.integers(0, 3 * 366 * 86_400), st.sampled_from(ZONES))
def test_every_time_that_is_offered_is_to_come_and_in_the_morning(seconds: int, name: str) -> None:
    moment = datetime(2025, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(seconds=seconds)
    zone = ZoneInfo(name)
    offered = snoozing.choices(moment, zone)
    for choice in offered:
        assert moment < choice.when < moment + timedelta(days=32)
        assert choice.key == "later" or choice.when.astimezone(zone).strftime("%H:%M") == "09:00"
        assert snoozing.time_of(choice.key, moment, zone) == choice.when
    monday = next(choice.when for choice in offered if choice.key == "monday")
    assert monday.astimezone(zone).weekday() == 0
    assert snoozing.time_of("never", moment, zone) is None
