"""Saved replies: whose they are, what stands in their places, and that a place without a value blocks all of it."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from inbox import drafts, filling, placeholders, saved_replies
from inbox.models import Contact, Conversation, SavedReply
from inbox.placeholders import Value
from integrations.shopify.sandbox import RunningSandbox
from tenants.models import AuditEvent, Membership
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.saying import names, writes
from tests.walking import signed_in, soup_of, text_of, work

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PICK, SETTINGS = "/acme/inbox/1/saved-replies/", "/acme/settings/replies/"


@pytest.fixture
def thread(cast: Cast) -> Conversation:
    found = writes(cast)
    with tenant_context(cast.acme.pk):
        Contact.objects.update(name="Maya Lindqvist")
    return found


def add(cast: Cast, text: str, by: Membership, *, name: str = "Greeting", shared: bool = False) -> SavedReply:
    with tenant_context(cast.acme.pk):
        return saved_replies.add(name=name, text=text, shared=shared, by=by)


def filled(cast: Cast, text: str) -> placeholders.Filled:
    with tenant_context(cast.acme.pk):
        found = Conversation.objects.select_related("contact").get(number=1)
        row = SavedReply(text=text)
        return filling.fill([row], conversation=found, by=cast.ava, workspace="Acme Goods")[0][1]


# --- Filled in --------------------------------------------------------------------------------------------------------
def test_names_are_filled_in(cast: Cast, thread: Conversation) -> None:
    text = "Hi {{contact.first_name}} ({{ contact.name }}), {{ agent.name }} of {{ workspace.name }}"
    assert filled(cast, text).text == "Hi Maya (Maya Lindqvist), Ava of Acme Goods"


def test_a_missing_value_blocks_all_of_it_with_a_word_why(cast: Cast, thread: Conversation) -> None:
    with tenant_context(cast.acme.pk):
        Contact.objects.update(name="\u200b")
    blocked = filled(cast, "Hi {{ contact.first_name }}, {{ order.name }} of {{ contact.name }}")
    assert blocked.text == ""
    assert blocked.why_not == (
        "It is not known what this contact is called.",
        "No order of this contact’s is named in the conversation.",
    )


def test_a_value_is_never_a_place_and_nothing_is_evaluated(cast: Cast, thread: Conversation) -> None:
    with tenant_context(cast.acme.pk):
        Contact.objects.update(name="{{ workspace.name }} {% now %} \\1 \\g<0>")
    assert filled(cast, "Hi {{ contact.name }}").text == "Hi {{ workspace.name }} {% now %} \\1 \\g<0>"


def test_the_order_is_the_newest_one_that_is_named_and_theirs(
    cast: Cast, thread: Conversation, shopify: RunningSandbox
) -> None:
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
    names(cast, thread, "1042", "1031")
    signed_in(cast.ava).get("/acme/inbox/1/")
    work()
    text = filled(cast, "{{ order.name }}: {{ order.status }}").text
    assert text.startswith("#1042: Order #1042")


@given(st.text(max_size=200))
def test_any_text_is_kept_filled_or_refused_and_never_breaks(text: str) -> None:
    values = {name: Value("v") for name in placeholders.KNOWN}
    if not placeholders.unknown(text):
        assert placeholders.fill(text, values).why_not == ()


# --- Kept -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["{{ order.total }}", "{{ }}", "{{ contact.name", "a }} b", "{{ contact.__class__ }}"])
def test_an_unknown_place_is_refused_with_those_that_are_known(cast: Cast, text: str) -> None:
    with pytest.raises(saved_replies.BadReply) as bad:
        add(cast, text, cast.ava)
    assert "{{ order.tracking_link }}" in bad.value.reason
    page = signed_in(cast.ava).post(f"{SETTINGS}new/", {"name": "x", "text": text})
    assert page.status_code == 422
    assert soup_of(page).select_one("#saved-text").text.strip() == text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "text"), [("", "x"), ("\u200b", "x"), ("n" * 81, "x"), ("n", " "), ("n", "x" * 20_001)]
)
def test_a_name_and_a_text_are_needed(cast: Cast, name: str, text: str) -> None:
    with pytest.raises(saved_replies.BadReply):
        add(cast, text, cast.ava, name=name)


def test_one_name_is_kept_once_for_each_owner(cast: Cast) -> None:
    add(cast, "a", cast.ava)
    with pytest.raises(saved_replies.BadReply):
        add(cast, "b", cast.ava)
    add(cast, "c", cast.adam)
    add(cast, "d", cast.adam, shared=True)
    with pytest.raises(saved_replies.BadReply):
        add(cast, "e", cast.olivia, shared=True)


def test_an_agent_keeps_their_own_and_only_uses_everybodys(cast: Cast) -> None:
    shared = add(cast, "for all", cast.adam, name="All", shared=True)
    others = add(cast, "Adam's", cast.adam, name="Adam's")
    own = add(cast, "mine", cast.ava)
    ava = signed_in(cast.ava)
    assert "Adam's" not in text_of(ava.get(SETTINGS))
    assert "for all" in text_of(ava.get(SETTINGS))
    assert ava.get(f"{SETTINGS}new/?shared=1").status_code == 403
    assert ava.post(f"{SETTINGS}{shared.number}/", {"name": "x", "text": "y"}).status_code == 403
    assert ava.post(f"{SETTINGS}{shared.number}/delete/").status_code == 403
    assert ava.post(f"{SETTINGS}{others.number}/", {"name": "x", "text": "y"}).status_code == 403
    assert signed_in(cast.mallory).get(f"{SETTINGS}{own.number}/").status_code == 404
    assert ava.post(f"{SETTINGS}{own.number}/", {"name": "Mine", "text": "changed"}).status_code == 302
    assert ava.post(f"{SETTINGS}{own.number}/delete/").status_code == 302
    with tenant_context(cast.acme.pk), pytest.raises(PermissionDenied):
        saved_replies.add(name="x", text="y", shared=True, by=cast.ava)


def test_what_is_done_to_everybodys_is_recorded(cast: Cast) -> None:
    adam = signed_in(cast.adam)
    adam.post(f"{SETTINGS}new/?shared=1", {"name": "All", "text": "for all"})
    adam.post(f"{SETTINGS}1/", {"name": "All", "text": "for all of you"})
    adam.post(f"{SETTINGS}1/delete/")
    with tenant_context(cast.acme.pk):
        rows = AuditEvent.objects.filter(action__startswith="saved_reply.").order_by("pk")
        assert [row.action for row in rows] == ["saved_reply.added", "saved_reply.changed", "saved_reply.deleted"]


# --- Picked -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def ava(cast: Cast, thread: Conversation) -> Client:
    add(cast, "Hi {{ contact.first_name }} <b>", cast.ava)
    add(cast, "{{ order.status }}", cast.adam, name="Where is it", shared=True)
    return signed_in(cast.ava)


def test_the_picker_has_each_as_it_would_stand_there_or_why_not(ava: Client) -> None:
    page = soup_of(ava.get(PICK, headers=HTMX))
    assert [each["data-name"] for each in page.select("[data-saved]")] == ["Greeting", "Where is it"]
    first, second = page.select("[data-saved]")
    assert first.select_one("small").text == "Hi Maya <b>"  # type: ignore[union-attr]
    assert second["aria-disabled"] == "true"
    assert "No order of this contact’s" in second.text


def test_without_scripts_one_is_put_behind_what_is_written(cast: Cast, thread: Conversation, ava: Client) -> None:
    ava.post("/acme/inbox/1/draft/", {"text": "Before.", "base": ""})
    page = soup_of(ava.get(PICK))
    numbers = [each["value"] for each in page.select("button[name=saved_reply]")]
    assert len(numbers) == 1
    assert ava.post(f"{PICK}use/", {"saved_reply": numbers[0]}).status_code == 302
    with tenant_context(cast.acme.pk):
        assert drafts.of(thread, writer=cast.ava).text == "Before.\n\nHi Maya <b>"
    assert ava.post(f"{PICK}use/", {"saved_reply": "2"}).status_code == 422
    assert ava.post(f"{PICK}use/", {"saved_reply": "99"}).status_code == 422
