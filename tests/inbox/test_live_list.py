"""An open list asks what is new: nothing while nothing is, the list anew once mail has come or something was done."""

from datetime import timedelta

import pytest
from django.test import Client

from inbox import conversations, labels, listing, tags
from inbox.models import Conversation
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.test_list import LIST, NOW, fill
from tests.walking import cast, signed_in, soup_of

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ava(cast: Cast) -> Client:
    fill(cast, [NOW - timedelta(minutes=n) for n in range(50)])
    return signed_in(cast.ava)


def seen(client: Client) -> str:
    return str(soup_of(client.get(LIST)).select_one("#list-scroll")["data-seen"])


def test_nothing_new_is_no_content_and_every_change_is_told(cast: Cast, ava: Client) -> None:
    def row() -> Conversation:
        return Conversation.objects.get(number=3)

    changes = (
        lambda: factories.message(row()),
        lambda: conversations.close(conversation=row(), by=cast.olivia),
        lambda: conversations.assign(conversation=row(), to=cast.adam, by=cast.olivia),
        lambda: conversations.set_priority(conversation=row(), priority=3, by=cast.olivia),
        lambda: tags.add(conversation=row(), name="gift", by=cast.olivia),
        lambda: labels.correct(conversation=row(), topic="refund", holds=True, by=cast.olivia),
    )
    for change in changes:
        before = seen(ava)
        assert ava.get(f"{LIST}live/?view=open&seen={before}").status_code == 204
        with tenant_context(cast.acme.pk):
            change()
        answer = ava.get(f"{LIST}live/?view=open&seen={before}")
        assert answer.status_code == 200
        assert soup_of(answer).select_one("[data-seen]")["data-seen"] == seen(ava)


def test_a_new_conversation_is_told(cast: Cast) -> None:
    client = signed_in(cast.ava)
    before = seen(client)
    with tenant_context(cast.acme.pk):
        factories.conversation(email="new@example.com")
    answer = client.get(f"{LIST}live/?view=open&seen={before}")
    assert [entry["id"] for entry in soup_of(answer).select(".entry")] == ["entry-1"]


def test_a_change_with_a_smaller_number_that_shows_late_is_told(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        rows = list(Conversation.objects.order_by("number")[:2])
        first, second = factories.message(rows[0]), factories.message(rows[1])
        late = type(first).objects.filter(pk=first.pk)
        kept = late.values().get()
        late.delete()
    before = seen(ava)
    with tenant_context(cast.acme.pk):
        type(first).objects.create(**kept)
        assert first.pk < second.pk
    assert ava.get(f"{LIST}live/?view=open&seen={before}").status_code == 200


def test_the_list_comes_as_long_as_it_is_there(cast: Cast, ava: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(asked: int) -> int:
        return len(soup_of(ava.get(f"{LIST}live/?view=all&rows={asked}")).select(".entry"))

    assert (rows(1), rows(45), rows(50)) == (40, 45, 50)
    monkeypatch.setattr(listing, "MOST", 42)
    assert rows(999_999) == 42


def test_a_question_that_is_none_is_refused(cast: Cast, ava: Client) -> None:
    for query in ("rows=x", "rows=0", "rows=-1", "rows=99999999999", "seen=" + "x" * 41):
        assert ava.get(f"{LIST}live/?view=all&{query}").status_code == 400, query
    assert ava.post(f"{LIST}live/").status_code == 405
    assert signed_in(cast.mallory).get(f"{LIST}live/").status_code == 404
    assert "entry-1" not in signed_in(cast.mallory).get("/nextdoor/inbox/live/").content.decode()


def test_what_happens_next_door_is_no_news(cast: Cast, ava: Client) -> None:
    before = seen(ava)
    with tenant_context(cast.next_door.pk):
        factories.conversation(email="x@example.com")
    assert ava.get(f"{LIST}live/?view=open&seen={before}").status_code == 204
