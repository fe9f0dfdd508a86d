"""Notes: among colleagues, with whom they name; deleted by their writer, or by an administrator on the record."""

import pytest
from django.test import Client

from inbox import conversations, notes
from inbox.models import Conversation, Note, Notification
from tenants import members
from tenants.models import AuditEvent, Membership
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.inbox.saying import writes
from tests.walking import signed_in, soup_of

pytestmark = pytest.mark.django_db
PATH = "/acme/inbox/1/"


@pytest.fixture
def thread(cast: Cast) -> Conversation:
    return writes(cast)


def add(thread: Conversation, text: str, by: Membership) -> Note:
    with tenant_context(thread.tenant_id):
        return notes.add(conversation=thread, text=text, by=by)


def told(cast: Cast) -> list[int]:
    with tenant_context(cast.acme.pk):
        return list(Notification.objects.filter(kind="mentioned").order_by("pk").values_list("member_id", flat=True))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Over to @Ava, I am off", ["ava"]),
        ("@ava and @ADAM: look", ["ava", "adam"]),
        ("@Ava @Ava", ["ava"]),
        ("write to ava@acme.example", []),
        ("me@Ava", []),
        ("@Avatar", []),
        ("nobody", []),
        ("@", []),
    ],
)
def test_whoever_is_named_is_told(cast: Cast, thread: Conversation, text: str, names: list[str]) -> None:
    add(thread, text, cast.olivia)
    assert told(cast) == [getattr(cast, name).pk for name in names]


def test_of_two_with_one_first_name_the_whole_name_is_needed(cast: Cast, thread: Conversation) -> None:
    for member, name in ((cast.ava, "Ava Brandt"), (cast.adam, "Ava Jones")):
        type(member.user).objects.filter(pk=member.user_id).update(name=name)
    add(thread, "@Ava?", cast.olivia)
    assert told(cast) == []
    add(thread, "@Ava Jones", cast.olivia)
    assert told(cast) == [cast.adam.pk]


def test_who_left_and_oneself_are_not_told(cast: Cast, thread: Conversation) -> None:
    with tenant_context(cast.acme.pk):
        members.remove(member=cast.ava, by=cast.olivia)
    add(thread, "@Ava and @Olivia", cast.olivia)
    assert told(cast) == []


def test_a_note_that_is_sent_twice_is_one(cast: Cast, thread: Conversation) -> None:
    assert add(thread, "Call them\r\n", cast.ava).pk == add(thread, "Call them", cast.ava).pk
    assert add(thread, "Call them", cast.adam).pk != add(thread, "Call them", cast.ava).pk


@pytest.mark.parametrize("text", ["", " \n", "\x00", "x" * 20_001])
def test_what_is_no_note_is_refused_with_a_reason(cast: Cast, thread: Conversation, text: str) -> None:
    with pytest.raises(notes.BadNote) as bad:
        add(thread, text, cast.ava)
    assert bad.value.reason
    answer = signed_in(cast.ava).post(f"{PATH}notes/", {"text": text}, headers={"HX-Request": "true"})
    assert answer["HX-Retarget"] == "#note-state"
    assert soup_of(answer).select_one("[role=alert]") is not None


def test_an_erased_conversation_takes_no_note(cast: Cast, thread: Conversation) -> None:
    with tenant_context(cast.acme.pk):
        Conversation.objects.update(erased_at="2026-01-01T00:00Z")
    with pytest.raises(conversations.Erased):
        add(thread, "Hello", cast.ava)


def deleted(client: Client, note: Note) -> int:
    return int(client.post(f"{PATH}notes/delete/", {"note": note.pk}).status_code)


def test_an_agent_deletes_their_own_note_and_no_other(cast: Cast, thread: Conversation) -> None:
    own, other = add(thread, "mine", cast.ava), add(thread, "yours", cast.adam)
    ava = signed_in(cast.ava)
    assert len(soup_of(ava.get(PATH)).select(".note-delete")) == 1
    assert (deleted(ava, own), deleted(ava, other)) == (302, 403)
    assert deleted(signed_in(cast.mallory), other) == 404
    assert deleted(ava, own) == 302  # a second click
    with tenant_context(cast.acme.pk):
        assert not AuditEvent.objects.filter(action="note.deleted").exists()


def test_an_administrator_deletes_anybodys_note_on_the_record(cast: Cast, thread: Conversation) -> None:
    note = add(thread, "a secret", cast.ava)
    assert deleted(signed_in(cast.adam), note) == 302
    with tenant_context(cast.acme.pk):
        event = AuditEvent.objects.get(action="note.deleted")
        assert "secret" not in str(event.__dict__)
        assert not Note.objects.exists()


def test_a_note_of_another_conversation_is_not_deleted_through_this_one(cast: Cast, thread: Conversation) -> None:
    other = writes(cast, email="other@x.example")
    note = add(other, "there", cast.ava)
    assert deleted(signed_in(cast.ava), note) == 302
    with tenant_context(cast.acme.pk):
        assert Note.objects.filter(pk=note.pk).exists()
