"""Topics in the head of a conversation: seen by everybody, corrected by those who work there, with one click."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from inbox import gist
from inbox.models import Conversation, ConversationTopic
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import signed_in, soup_of

pytestmark = pytest.mark.django_db
THREAD, TOPICS = "/acme/inbox/1/", "/acme/inbox/1/topics/?view=all"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ava(cast: Cast) -> Client:
    with tenant_context(cast.acme.pk):
        gist.refresh(conversation=factories.conversation(texts=["Please cancel my order"], subject="hi"))
    return signed_in(cast.ava)


def chips(soup: BeautifulSoup) -> dict[str, str]:
    return {each.find("span").get_text(): each["title"] for each in soup.select(".chip.topic")}


def kept(cast: Cast) -> dict[str, bool | None]:
    with tenant_context(cast.acme.pk):
        return dict(ConversationTopic.objects.values_list("topic", "confirmed"))


def test_a_topic_is_a_chip_that_says_how_sure_it_is(cast: Cast, ava: Client) -> None:
    assert chips(soup_of(ava.get(THREAD))) == {"Cancellation": "Recognised by rules, confidence 90 %"}


def test_one_click_takes_a_wrong_one_away(cast: Cast, ava: Client) -> None:
    soup = soup_of(ava.post(TOPICS, {"topic": "cancel", "holds": "no"}, headers=HTMX))
    assert chips(soup) == {}
    choice = soup.select_one("button[value=cancel]")
    assert choice["title"].startswith("Taken away by Ava, ")
    assert kept(cast) == {"cancel": False}


def test_a_missing_one_is_added_and_says_by_whom(cast: Cast, ava: Client) -> None:
    soup = soup_of(ava.post(TOPICS, {"topic": "refund", "holds": "yes"}, headers=HTMX))
    found = chips(soup)
    assert list(found) == ["Refund", "Cancellation"]
    assert found["Refund"].startswith("Set by Ava, ")
    assert not soup.select("button[value=refund].menu-item")
    assert kept(cast) == {"cancel": None, "refund": True}


def test_the_buttons_do_what_they_say_without_a_script(cast: Cast, ava: Client) -> None:
    form = soup_of(ava.get(f"{THREAD}?view=all")).select_one(".chip.topic form")
    response = ava.post(form["action"], {each["name"]: each["value"] for each in form.select("[name]") if each["name"] != "csrfmiddlewaretoken"})  # fmt: skip
    assert (response.status_code, response["Location"]) == (302, f"{THREAD}?view=all")
    assert kept(cast) == {"cancel": False}


@pytest.mark.parametrize("said", [{}, {"topic": "cancel"}, {"topic": "nonsense", "holds": "yes"}, {"topic": "cancel", "holds": "perhaps"}, {"topic": "cancel\x00", "holds": "no"}])  # fmt: skip
def test_nonsense_is_refused(cast: Cast, ava: Client, said: dict[str, str]) -> None:
    assert ava.post(TOPICS, said).status_code == 400
    assert kept(cast) == {"cancel": None}


def test_a_view_that_is_none_of_ours_leads_nowhere(cast: Cast, ava: Client) -> None:
    assert ava.post("/acme/inbox/1/topics/?view=//evil.example", {"topic": "cancel", "holds": "no"}).status_code == 404


def test_a_page_asked_for_by_get_changes_nothing(cast: Cast, ava: Client) -> None:
    assert ava.get(TOPICS).status_code == 405


def test_mallory_next_door_cannot_correct_it(cast: Cast, ava: Client) -> None:
    assert signed_in(cast.mallory).post(TOPICS, {"topic": "cancel", "holds": "no"}).status_code == 404
    assert kept(cast) == {"cancel": None}


def test_an_erased_conversation_has_no_chips(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        Conversation.objects.update(erased_at=timezone.now())
    assert not soup_of(ava.get(THREAD)).select("#topics")
