"""Many conversations at once: every deed, what is told of it, the way back, and whose conversations they are."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import bulk, conversations, tags
from inbox.bulk import Deed
from inbox.models import Conversation, ConversationEvent, ConversationTag, Notification, Tag
from tenants import members
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.test_list import LIST, NOW, fill
from tests.tenants.joining import together
from tests.walking import cast, signed_in, soup_of

__all__ = ["cast"]
pytestmark = pytest.mark.django_db
BULK, UNDO = f"{LIST}bulk/?view=open", f"{LIST}bulk/undo/?view=open"
HTMX = {"HX-Request": "true"}
State = Conversation.State


@pytest.fixture
def ava(cast: Cast) -> Client:
    fill(cast, [NOW - timedelta(minutes=n) for n in range(6)])
    return signed_in(cast.ava)


def states(cast: Cast) -> list[str]:
    with tenant_context(cast.acme.pk):
        return list(Conversation.objects.order_by("number").values_list("state", flat=True))


def press(client: Client, deed: str, *numbers: object, **more: object) -> tuple[str, str]:
    """What the page says, and the word that takes it back."""
    answer = client.post(BULK, {"deed": deed, "number": [str(n) for n in numbers], **more}, headers=HTMX)
    assert answer.status_code == 200, answer.status_code
    soup = soup_of(answer)
    back = soup.select_one("button[name=undo]")
    return " ".join(soup.get_text(" ", strip=True).split()).removesuffix(" Undo"), back["value"] if back else ""


def take_back(client: Client, word: str) -> str:
    answer = client.post(UNDO, {"undo": word}, headers=HTMX)
    return " ".join(soup_of(answer).get_text(" ", strip=True).split())


def test_many_are_closed_at_once_and_each_thread_tells_it(cast: Cast, ava: Client) -> None:
    said, word = press(ava, "close", 1, 2, 3)
    assert said == "3 conversations closed."
    assert states(cast) == ["closed"] * 3 + ["open"] * 3
    with tenant_context(cast.acme.pk):
        assert ConversationEvent.objects.filter(kind="closed", by=cast.ava).count() == 3
    assert take_back(ava, word) == "3 conversations are as before."
    assert states(cast) == ["open"] * 6


def test_every_deed_is_done_and_can_be_taken_back(cast: Cast, ava: Client) -> None:
    wake = timezone.now() + timedelta(days=3)
    with tenant_context(cast.acme.pk):
        rows = list(Conversation.objects.order_by("number"))
        conversations.close(conversation=rows[1], by=cast.olivia)
        conversations.snooze(conversation=rows[2], until=wake, by=cast.olivia)
        conversations.mark_spam(conversation=rows[3], by=cast.olivia)
        conversations.assign(conversation=rows[4], to=cast.olivia, by=cast.olivia)
        tags.add(conversation=rows[5], name="gift", by=cast.olivia)
    before = snapshot(cast)
    every = range(1, 7)
    for deed, more, said in (
        ("close", {}, "5 conversations closed."),
        ("reopen", {}, "3 conversations opened again."),
        ("spam", {}, "5 conversations marked as spam."),
        ("snooze tomorrow", {}, "6 conversations snoozed."),
        ("snooze", {"at": (timezone.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")}, "6 conversations snoozed."),
        (f"assign {cast.ava.number}", {}, "6 conversations assigned."),
        ("assign", {}, "1 conversation assigned."),
        ("tag", {"tag": "GIFT"}, "5 conversations tagged."),
    ):
        told, word = press(ava, deed, *every, **more)
        assert told == said, deed
        assert snapshot(cast) != before, deed
        take_back(ava, word)
        assert snapshot(cast) == before, deed


def snapshot(cast: Cast) -> list[object]:
    with tenant_context(cast.acme.pk):
        rows = Conversation.objects.order_by("number").values_list("number", "state", "snoozed_until", "assignee")
        return [*rows, *ConversationTag.objects.order_by("pk").values_list("conversation__number", "tag__name")]


def test_without_scripts_the_list_tells_it_and_offers_the_way_back(cast: Cast, ava: Client) -> None:
    page = soup_of(ava.get(LIST))
    assert [box["form"] for box in page.select("input[name=number]")] == ["bulk"] * 6
    answer = ava.post(page.select_one("#bulk")["action"], {"deed": "close", "number": ["1", "2"]}, follow=True)
    assert answer.redirect_chain[0][0].startswith(f"{LIST}?view=open&said=")
    told = soup_of(answer).select_one("#list-said")
    assert "2 conversations closed." in told.get_text()
    form = told.select_one("form")
    undone = ava.post(form["action"], {"undo": form.button["value"]}, follow=True)
    assert "2 conversations are as before." in soup_of(undone).select_one("#list-said").get_text()
    assert states(cast) == ["open"] * 6


def test_what_cannot_be_changed_is_told_and_keeps_the_others_from_nothing(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        Conversation.objects.filter(number=2).update(erased_at=timezone.now())
    said, _ = press(ava, "close", 1, 2, 3, 99, "x", "-4", "١")
    assert said == "2 conversations closed. 3 could not be changed."  # one erased, one unknown, and what is no number
    assert states(cast)[:3] == ["closed", "open", "closed"]


def test_the_neighbours_conversations_are_not_there(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.next_door.pk):
        for n in range(9):
            factories.conversation(email=f"x{n}@example.com")
    said, _ = press(ava, "close", 7, 8, 9)
    assert said == "They were so already. Nothing was changed. 3 could not be changed."
    with tenant_context(cast.next_door.pk):
        assert set(Conversation.objects.values_list("state", flat=True)) == {"open"}
    assert signed_in(cast.mallory).post(BULK, {"deed": "close", "number": "1"}).status_code == 404
    assert ava.post(BULK, {"deed": "assign 999", "number": "1"}).status_code == 404
    assert states(cast) == ["open"] * 6


def test_a_word_of_undo_is_its_members_own_and_good_once(cast: Cast, ava: Client) -> None:
    _, word = press(ava, "close", 1, 2)
    for client in (signed_in(cast.olivia), ava):
        for bad in ("", "x", word[:-1], f"{word}x", "é\x00"):
            assert take_back(client, bad) == "That can be undone no more."
    assert take_back(signed_in(cast.olivia), word) == "That can be undone no more."
    assert states(cast)[:2] == ["closed", "closed"]
    assert take_back(ava, word) == "2 conversations are as before."
    assert take_back(ava, word) == "Nothing was left to undo. 2 were changed since and stay."
    assert signed_in(cast.mallory).post(UNDO.replace("acme", "nextdoor"), {"undo": word}).status_code == 422


def test_undo_leaves_alone_what_somebody_has_changed_since(cast: Cast, ava: Client) -> None:
    _, word = press(ava, "close", 1, 2)
    with tenant_context(cast.acme.pk):
        conversations.mark_spam(conversation=Conversation.objects.get(number=1), by=cast.olivia)
    assert take_back(ava, word) == "1 conversation is as before. 1 was changed since and stays."
    assert states(cast)[:2] == ["spam", "open"]


def test_what_would_have_woken_meanwhile_is_open_when_a_deed_is_taken_back(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        row = Conversation.objects.get(number=1)
        conversations.snooze(conversation=row, until=timezone.now() + timedelta(hours=1), by=cast.ava)
        outcome = bulk.act(numbers=[1], deed=Deed("close"), by=cast.ava)
        late = bulk.Outcome("close", "", ((1, ["snoozed", (timezone.now() - timedelta(hours=1)).isoformat()]),))
        assert outcome.changed[0][1][0] == "snoozed"
        bulk.undo(outcome=late, by=cast.ava)
        assert Conversation.objects.get(number=1).state == State.OPEN


def test_a_colleague_who_has_left_gets_nothing_back(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        conversations.assign(conversation=Conversation.objects.get(number=1), to=cast.adam, by=cast.ava)
    _, word = press(ava, f"assign {cast.ava.number}", 1)
    with tenant_context(cast.acme.pk):
        members.remove(member=cast.adam, by=cast.olivia)
    assert take_back(ava, word) == "Nothing was left to undo. 1 was changed since and stays."


def test_two_hundred_are_done_at_once_and_not_one_more(cast: Cast, ava: Client) -> None:
    fill(cast, [NOW - timedelta(hours=n) for n in range(195)])
    # In one field, as the page sends them: so many fields are refused by the framework.
    assert press(ava, "close", ",".join(map(str, range(1, 202))))[0] == "At most 200 conversations at once."
    assert set(states(cast)) == {"open"}
    assert press(ava, "close", ",".join(map(str, range(1, 201))))[0] == "200 conversations closed."


@pytest.mark.parametrize(
    ("deed", "more", "said"),
    [
        ("snooze", {}, "A conversation sleeps until a time to come, within a year."),
        ("snooze", {"at": "2001-01-01T00:00"}, "A conversation sleeps until a time to come, within a year."),
        ("snooze never", {}, "A conversation sleeps until a time to come, within a year."),
        ("snooze", {"at": "soon"}, "That cannot be done to conversations. Choose something else."),
        ("tag", {"tag": ""}, "A tag needs a letter or a digit."),
        ("tag", {"tag": "x" * 900}, "A tag has at most 40 characters."),
        ("", {}, "That cannot be done to conversations. Choose something else."),
        ("close" * 100, {}, "That cannot be done to conversations. Choose something else."),
    ],
)
def test_what_cannot_be_done_is_told_in_plain_words(
    cast: Cast, ava: Client, deed: str, more: dict[str, str], said: str
) -> None:
    assert press(ava, deed, 1, **more)[0] == said
    whole = ava.post(BULK, {"deed": deed, "number": ["1"], **more})
    assert whole.status_code == 422
    assert said in soup_of(whole).select_one("#list-said").get_text()
    assert states(cast) == ["open"] * 6


def test_a_deed_that_no_button_says_is_refused(cast: Cast, ava: Client) -> None:
    for deed in ("erase", "delete 1", "__class__", "close\x00"):
        assert ava.post(BULK, {"deed": deed, "number": "1"}).status_code in (400, 422), deed
    assert press(ava, "close")[0] == "Choose conversations first."
    assert ava.get(BULK).status_code == 405
    assert states(cast) == ["open"] * 6


# --- By how many statements ---------------------------------------------------------------------------------------------
DEEDS = {
    "close": Deed("close"),
    "spam": Deed("spam"),
    "snooze": Deed("snooze", until=NOW + timedelta(days=3)),
    "tag": Deed("tag", tag="gift"),
}


def scattered(cast: Cast, many: int) -> None:
    """So many conversations that stand differently, so that a way back leads each to somewhere else."""
    fill(cast, [NOW - timedelta(minutes=n) for n in range(many)])
    people = (cast.ava.pk, cast.adam.pk, None)
    with tenant_context(cast.acme.pk):
        for row in Conversation.objects.all():
            row.assignee_id = people[row.number % 3]
            if row.number % 4 == 0:
                row.state, row.snoozed_until = State.SNOOZED, NOW + timedelta(days=1, minutes=row.number)
            row.save()


@pytest.mark.parametrize("kind", [*DEEDS, "assign"])
def test_what_is_done_to_many_takes_no_more_statements_than_to_few(cast: Cast, kind: str) -> None:
    deed = DEEDS.get(kind) or Deed("assign", to=cast.olivia)
    scattered(cast, 60)
    costs = []
    with tenant_context(cast.acme.pk):
        tags.add(conversation=Conversation.objects.get(number=1), name="the first", by=cast.ava)
        before = snapshot(cast)
        for numbers in (range(1, 9), range(1, 61)):
            Tag.objects.filter(name="gift").delete()  # each begins with a tag that is not known yet,
            Notification.objects.all().delete()  # and with nobody told of anything
            with CaptureQueriesContext(connection) as acting:
                outcome = bulk.act(numbers=numbers, deed=deed, by=cast.ava)
            assert len(outcome.changed) == len(numbers)
            with CaptureQueriesContext(connection) as undoing:
                back = bulk.undo(outcome=outcome, by=cast.ava)
            assert len(back.changed) == len(numbers)
            assert snapshot(cast) == before
            costs.append((len(acting), len(undoing)))
    few, many = costs
    assert many == few
    assert max(few) <= 16


def test_what_many_threads_tell_is_what_each_tells_alone(cast: Cast) -> None:
    scattered(cast, 12)
    with tenant_context(cast.acme.pk):
        bulk.undo(outcome=bulk.act(numbers=range(1, 13), deed=Deed("spam"), by=cast.ava), by=cast.ava)
        bulk.act(numbers=range(1, 13), deed=Deed("assign", to=cast.adam), by=cast.olivia)
        told = {
            number: [
                (each.kind, each.detail)
                for each in ConversationEvent.objects.filter(conversation__number=number).order_by("pk")
            ]
            for number in (1, 2, 4)
        }
        rows = Notification.objects.filter(kind="assigned")
        notified = sorted(rows.values_list("conversation__number", "member", "by"))
    wake = (NOW + timedelta(days=1, minutes=4)).isoformat()
    adam = {"member": cast.adam.pk}
    assert told == {
        1: [("spam", {}), ("not_spam", {})],  # was Adam's already
        2: [("spam", {}), ("not_spam", {}), ("assigned", adam)],
        4: [
            ("spam", {}),
            ("snoozed", {"until": wake}),
        ],
    }
    assert notified == [(n, cast.adam.pk, cast.olivia.pk) for n in range(1, 13) if n % 3 != 1]


def test_a_tag_is_not_put_where_there_are_too_many_nor_on_an_erased_one(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        full, erased = Conversation.objects.filter(number__in=[1, 2]).order_by("number")
        for n in range(tags.MOST):
            tags.add(conversation=full, name=f"tag {n}", by=cast.ava)
        Conversation.objects.filter(pk=erased.pk).update(erased_at=timezone.now())
        with pytest.raises(conversations.Erased):
            tags.add(conversation=erased, name="gift", by=cast.ava)
    assert press(ava, "tag", 1, 2, 3, 4, tag="gift")[0] == "2 conversations tagged. 2 could not be changed."
    with tenant_context(cast.acme.pk):
        tagged = ConversationTag.objects.filter(tag__name="gift").values_list("conversation__number", flat=True)
        assert sorted(tagged) == [3, 4]


@pytest.mark.django_db(transaction=True)
def test_two_who_do_the_same_to_the_same_ones_wait_for_each_other_and_not_crosswise(cast: Cast) -> None:
    fill(cast, [NOW - timedelta(minutes=n) for n in range(60)])

    def done(numbers: list[int], by: object) -> int:
        with tenant_context(cast.acme.pk):
            outcome = bulk.act(numbers=numbers, deed=Deed("assign", to=cast.olivia), by=by)  # type: ignore[arg-type]
            bulk.act(numbers=numbers, deed=Deed("close"), by=by)  # type: ignore[arg-type]
            return len(outcome.changed)

    there, back = list(range(1, 61)), list(range(60, 0, -1))
    changed = together(lambda: done(there, cast.ava), lambda: done(back, cast.adam), lambda: done(there[::2], cast.ava))
    assert all(isinstance(each, int) for each in changed), changed
    assert sum(changed) == 60
    assert states(cast) == ["closed"] * 60
    with tenant_context(cast.acme.pk):
        assert ConversationEvent.objects.filter(kind="closed").count() == 60
        assert Notification.objects.filter(member=cast.olivia, read_at=None).count() == 60
    connection.close()
