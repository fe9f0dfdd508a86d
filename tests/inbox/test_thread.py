"""A conversation: its messages, its files, the frame of a mail's HTML; and nobody else's."""

import pytest
from django.test import Client

from inbox.models import Conversation, Message
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import signed_in, soup_of, text_of

pytestmark = pytest.mark.django_db
THREAD = "/acme/inbox/1/"


@pytest.fixture
def ava(cast: Cast) -> Client:
    return signed_in(cast.ava)


def given(cast: Cast, **fields: object) -> Conversation:
    with tenant_context(cast.acme.pk):
        return factories.conversation(**fields)  # type: ignore[arg-type]


def add(cast: Cast, conversation: Conversation, **fields: object) -> Message:
    with tenant_context(cast.acme.pk):
        return factories.message(conversation, **fields)  # type: ignore[arg-type]


def attach(cast: Cast, message: Message, **fields: object) -> None:
    with tenant_context(cast.acme.pk):
        factories.attachment(message, **fields)  # type: ignore[arg-type]


def test_messages_stand_in_the_order_in_which_they_were_sent(cast: Cast, ava: Client) -> None:
    given(cast, texts=["first", "second", "third"])
    shown = [part.get_text(strip=True) for part in soup_of(ava.get(THREAD)).select(".message .prose")]
    assert shown == ["first", "second", "third"]


def test_the_older_messages_of_a_long_thread_are_folded(cast: Cast, ava: Client) -> None:
    given(cast, texts=[f"text {n}" for n in range(10)])
    soup = soup_of(ava.get(THREAD))
    assert len(soup.select("details.message")) == 7
    assert len(soup.select("article.message")) == 3


def test_replies_of_the_shop_look_like_a_colleagues(cast: Cast, ava: Client) -> None:
    thread = given(cast)
    add(
        cast,
        thread,
        text="It is on its way.",
        kind="sent",
        from_name="Support",
        from_email="support@shop.example",
        to=[["Maya", "m@x.example"]],
    )
    soup = soup_of(ava.get(THREAD))
    assert [part["class"] for part in soup.select("article.message")] == [["message", "received"], ["message", "sent"]]
    assert soup.select("article.sent .colleague")


def test_a_conversation_without_messages_is_a_page(cast: Cast, ava: Client) -> None:
    given(cast, texts=[])
    assert ava.get(THREAD).status_code == 200


def test_by_htmx_the_thread_comes_alone(cast: Cast, ava: Client) -> None:
    given(cast)
    part = ava.get(THREAD, headers={"HX-Request": "true", "HX-Target": "conversation"})
    assert b"<html" not in part.content
    assert b"list-pane" not in part.content
    assert "Hello, where is it?" in text_of(part)
    whole = ava.get(THREAD, headers={"HX-Request": "true", "HX-Target": "elsewhere"})
    assert b"list-pane" in whole.content


def test_a_conversation_that_is_not_there_is_not_found(cast: Cast, ava: Client) -> None:
    given(cast)
    for number in ("2", "0", "9" * 25):
        assert ava.get(f"/acme/inbox/{number}/").status_code == 404, number


PARTS = ("", "messages/1/html/", "files/", "print/", "merge/", "split/", "stores/1/", "stores/1/orders/1/")


def test_a_conversation_of_the_neighbours_is_not_found(cast: Cast) -> None:
    thread = given(cast)
    attach(cast, add(cast, thread, html="<p>Hello</p>"))
    mallory = signed_in(cast.mallory)
    for part in PARTS:
        assert mallory.get(f"{THREAD}{part}").status_code == 404, part
        assert mallory.get(f"/nextdoor/inbox/1/{part}").status_code == 404, part
        assert Client().get(f"{THREAD}{part}")["Location"].startswith("/account/login/"), part


# --- HTML -----------------------------------------------------------------------------------------------------------
def test_html_is_shown_in_a_frame_that_can_do_nothing(cast: Cast, ava: Client) -> None:
    thread = given(cast, texts=[])
    add(cast, thread, html="<p>Hello <b>there</b></p>")
    frame = soup_of(ava.get(THREAD)).select_one("iframe")
    assert frame["src"].startswith("/acme/inbox/1/messages/1/html/?is=")
    assert "allow-scripts" not in frame["sandbox"]
    document = ava.get(frame["src"])
    policy = document["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "allow-scripts" not in policy
    assert "allow-forms" not in policy
    assert "<b>there</b>" in document.content.decode()
    assert document["X-Content-Type-Options"] == "nosniff"


def test_the_page_around_it_runs_only_its_own_scripts(cast: Cast, ava: Client) -> None:
    given(cast)
    policy = ava.get(THREAD)["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy
    assert "'unsafe-eval'" not in policy


def test_a_message_without_html_has_no_frame(cast: Cast, ava: Client) -> None:
    given(cast)
    assert not soup_of(ava.get(THREAD)).select("iframe")
    assert ava.get(f"{THREAD}messages/1/html/").status_code == 404


def test_a_position_that_is_not_there_is_not_found(cast: Cast, ava: Client) -> None:
    add(cast, given(cast, texts=[]), html="<p>Hello</p>")
    for position in ("0", "2", "1000000", "9" * 25):
        assert ava.get(f"{THREAD}messages/{position}/html/").status_code == 404, position


def test_a_mails_text_is_text(cast: Cast, ava: Client) -> None:
    evil = '<img src=x onerror=alert(1)> https://evil.example/"onmouseover="x javascript:alert(1)'
    given(cast, texts=[evil])
    soup = soup_of(ava.get(THREAD))
    assert not soup.select(".prose img")
    assert [link["href"] for link in soup.select(".prose a")] == ["https://evil.example/"]
    assert evil.split(" https")[0] in soup.select_one(".prose").get_text()
