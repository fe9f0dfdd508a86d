"""Who is beside one in a conversation: told to the others, cheap while nothing changes, over half a minute after the last word."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import presence
from inbox.models import Conversation, Presence
from tenants.models import Membership
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.inbox.saying import writes
from tests.walking import signed_in

pytestmark = pytest.mark.django_db
PATH = "/acme/inbox/1/presence/"


@pytest.fixture
def thread(cast: Cast) -> Conversation:
    return writes(cast)


def look(cast: Cast, by: Membership, *, typing: bool = False) -> str:
    with tenant_context(cast.acme.pk):
        return presence.words(presence.look(number=1, by=by, typing=typing))


def test_two_who_look_are_told_of_each_other(cast: Cast, thread: Conversation) -> None:
    assert look(cast, cast.ava) == ""
    assert look(cast, cast.adam) == "Ava is looking at this"
    assert look(cast, cast.ava) == "Adam is looking at this"
    look(cast, cast.olivia)
    assert look(cast, cast.ava) in ("Adam, Olivia are looking at this", "Olivia, Adam are looking at this")


def test_whoever_writes_is_named_first(cast: Cast, thread: Conversation) -> None:
    look(cast, cast.adam)
    look(cast, cast.ava, typing=True)
    assert look(cast, cast.olivia) == "Ava is replying"


def test_half_a_minute_later_nobody_is_there(cast: Cast, thread: Conversation) -> None:
    look(cast, cast.ava, typing=True)
    with tenant_context(cast.acme.pk):
        Presence.objects.update(typed_at=timezone.now() - timedelta(seconds=20))
    assert look(cast, cast.adam) == "Ava is looking at this"
    with tenant_context(cast.acme.pk):
        Presence.objects.update(seen_at=timezone.now() - timedelta(seconds=31))
    assert look(cast, cast.adam) == ""


def test_while_nothing_changes_it_is_one_statement(cast: Cast, thread: Conversation) -> None:
    look(cast, cast.ava, typing=True)
    look(cast, cast.adam)
    with tenant_context(cast.acme.pk), CaptureQueriesContext(connection) as asked:
        presence.look(number=1, by=cast.ava, typing=True)
    assert [each["sql"][:6] for each in asked if "inbox" in each["sql"]] == ["SELECT"]


def test_the_door_tells_what_is_new_and_is_closed_to_others(cast: Cast, thread: Conversation) -> None:
    ava, adam = signed_in(cast.ava), signed_in(cast.adam)
    assert ava.post(PATH, {"typing": "1"}).status_code == 204
    assert adam.post(PATH).json() == {"words": "Ava is replying", "typing": True}
    assert adam.post(PATH, {"said": "Ava is replying"}).status_code == 204
    assert ava.post(PATH, {"gone": "1"}).status_code == 204
    assert adam.post(PATH, {"said": "Ava is replying"}).json()["words"] == ""
    assert adam.get(PATH).status_code == 405
    assert signed_in(cast.mallory).post(PATH).status_code == 404
    assert ava.post("/acme/inbox/999/presence/").status_code == 404
