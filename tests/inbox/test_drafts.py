"""The reply as far as it is written: kept for its writer alone, in whichever window, and never silently replaced."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from inbox import drafts
from inbox.email import joining
from inbox.models import Conversation, ReplyDraft
from tenants.models import AuditEvent, Membership
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import signed_in, soup_of, text_of

pytestmark = pytest.mark.django_db
THREAD, DRAFT = "/acme/inbox/1/", "/acme/inbox/1/draft/"
WINDOW = "5f0c3f0e6a0b4f3c8a6d1e2f3a4b5c6d"


@pytest.fixture
def ava(cast: Cast) -> Client:
    with tenant_context(cast.acme.pk):
        factories.conversation()
    return signed_in(cast.ava)


def saved(client: Client, text: str, base: str = "", **more: str) -> object:
    """What the line below the box says, after an autosave."""
    return soup_of(client.post(DRAFT, {"text": text, "base": base, **more}, headers={"HX-Request": "true"}))


def base_of(soup: object) -> str:
    return str(soup.select_one("input[name=base]")["value"])  # type: ignore[attr-defined]


def kept(cast: Cast, member: Membership) -> str:
    with tenant_context(cast.acme.pk):
        return drafts.of(Conversation.objects.get(number=1), writer=member).text


def test_what_is_written_stands_in_the_box_again(cast: Cast, ava: Client) -> None:
    assert "Draft saved" in saved(ava, "\n  Hello Maya,\r\nit is on its way <b>\n").text
    box = soup_of(ava.get(THREAD)).select_one("#reply-text")
    assert box.text.removeprefix("\n") == "\n  Hello Maya,\nit is on its way <b>\n"
    assert "Draft saved" in soup_of(ava.get(THREAD)).select_one("#reply-state").text


def test_a_draft_is_its_writer_s_alone(cast: Cast, ava: Client) -> None:
    saved(ava, "Ava's words")
    assert "Ava's words" not in text_of(signed_in(cast.olivia).get(THREAD))
    assert kept(cast, cast.olivia) == ""
    assert signed_in(cast.mallory).post(DRAFT, {"text": "x"}).status_code == 404
    assert signed_in(cast.mallory).post("/nextdoor/inbox/1/draft/", {"text": "x"}).status_code == 404
    assert kept(cast, cast.ava) == "Ava's words"


def test_each_save_goes_on_from_the_last(cast: Cast, ava: Client) -> None:
    first = base_of(saved(ava, "one"))
    second = base_of(saved(ava, "one two", first))
    assert first != second
    assert "Draft saved" in saved(ava, "one two three", second).text
    assert kept(cast, cast.ava) == "one two three"


def test_of_two_windows_the_newer_text_stays_and_the_older_window_is_told(cast: Cast, ava: Client) -> None:
    base = base_of(saved(ava, "both windows"))
    saved(ava, "the newer", base)
    told = saved(ava, "the older", base)
    assert "changed in another window" in told.select_one("[role=alert]").text
    assert told.select_one("a")["href"] == THREAD
    assert base_of(told) == base
    assert kept(cast, cast.ava) == "the newer"
    assert "Draft saved" in saved(ava, "the older", base, anyway="1").text
    assert kept(cast, cast.ava) == "the older"


def test_a_window_that_began_with_an_empty_box_replaces_nothing(cast: Cast, ava: Client) -> None:
    saved(ava, "from the other window")
    assert "changed in another window" in saved(ava, "from here").text
    assert kept(cast, cast.ava) == "from the other window"


def test_the_same_text_twice_is_no_other_window(cast: Cast, ava: Client) -> None:
    first = base_of(saved(ava, "sent twice"))
    assert base_of(saved(ava, "sent twice")) == first


def test_a_window_goes_on_with_its_own_text_though_the_answer_was_lost(cast: Cast, ava: Client) -> None:
    saved(ava, "Dear Dee", window=WINDOW, turn="1")
    assert "Draft saved" in saved(ava, "Dear Dee, it left", window=WINDOW, turn="2").text
    assert kept(cast, cast.ava) == "Dear Dee, it left"
    other = saved(ava, "from elsewhere", window="0" * 32, turn="9")
    assert "changed in another window" in other.text
    assert kept(cast, cast.ava) == "Dear Dee, it left"


def test_a_saving_that_was_overtaken_takes_nothing_back(cast: Cast, ava: Client) -> None:
    saved(ava, "all of it", window=WINDOW, turn="2")
    saved(ava, "all", window=WINDOW, turn="1")
    assert kept(cast, cast.ava) == "all of it"


def test_what_was_thrown_away_does_not_come_back_from_a_window_that_only_looks(cast: Cast, ava: Client) -> None:
    base = base_of(saved(ava, "better not"))
    ava.post(f"{DRAFT}discard/")
    told = saved(ava, "better not", base, looking="1")
    assert "thrown away in another window" in told.select_one("[role=alert]").text
    assert kept(cast, cast.ava) == ""
    assert "Draft saved" in saved(ava, "better not", base, looking="1", anyway="1").text
    assert kept(cast, cast.ava) == "better not"


def test_what_somebody_wrote_is_not_kept_for_who_signed_in_after_them(cast: Cast, ava: Client) -> None:
    answer = signed_in(cast.olivia).post(DRAFT, {"text": "Ava's words", "base": "", "writer": str(cast.ava.pk)})
    assert answer.status_code == 403
    assert kept(cast, cast.olivia) == ""


def test_a_part_of_a_page_is_refused_to_who_is_signed_out_and_not_replaced_by_the_sign_in_page(ava: Client) -> None:
    for method, address in (("post", DRAFT), ("get", THREAD), ("get", f"{THREAD}stores/1/")):
        answer = getattr(Client(), method)(address, headers={"HX-Request": "true"})
        assert (answer.status_code, answer["Content-Type"]) == (401, "text/plain")
    assert Client().get(THREAD).status_code == 302


def test_an_emptied_box_ends_the_draft(cast: Cast, ava: Client) -> None:
    base = base_of(saved(ava, "not needed"))
    assert base_of(saved(ava, " \n", base)) == ""
    with tenant_context(cast.acme.pk):
        assert not ReplyDraft.objects.exists()


def test_a_hundred_thousand_characters_are_kept_and_one_more_is_refused(cast: Cast, ava: Client) -> None:
    long = "é" * drafts.MAX_LENGTH
    base = base_of(saved(ava, long))
    refused = saved(ava, long + "é", base)
    assert "has 100001 characters; at most 100000" in refused.select_one("[role=alert]").text
    assert base_of(refused) == base
    assert kept(cast, cast.ava) == long


@pytest.mark.parametrize("text", ["nul \x00 byte", "lone \ud800 half"])
def test_what_cannot_be_stored_is_refused_in_words(text: str, cast: Cast, ava: Client) -> None:
    raw = f"text={''.join(f'%{byte:02x}' for byte in text.encode('utf-8', 'surrogatepass'))}"
    answer = ava.post(DRAFT, raw, content_type="application/x-www-form-urlencoded", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert kept(cast, cast.ava) in ("", "lone \ufffd\ufffd\ufffd half")


def test_a_base_that_nobody_gave_is_an_older_window(cast: Cast, ava: Client) -> None:
    saved(ava, "kept")
    for odd in ("x" * 40, "0", "' OR 1=1", "2026-11-22"):
        assert "changed in another window" in saved(ava, "new", odd).text
    assert kept(cast, cast.ava) == "kept"


def test_without_scripts_a_button_saves_and_leads_back(cast: Cast, ava: Client) -> None:
    page = soup_of(ava.get(THREAD))
    assert "Save draft" in page.select_one("#reply").text
    answer = ava.post(DRAFT, {"text": "plain", "base": ""})
    assert (answer.status_code, answer["Location"]) == (302, f"{THREAD}#composer")
    assert kept(cast, cast.ava) == "plain"


def test_without_scripts_a_refused_text_comes_back_with_the_reason(cast: Cast, ava: Client) -> None:
    ava.post(DRAFT, {"text": "kept", "base": ""})
    answer = ava.post(DRAFT, {"text": "mine", "base": ""})
    page = soup_of(answer)
    assert answer.status_code == 409
    assert page.select_one("#reply-text").text.strip() == "mine"
    assert "changed in another window" in page.select_one("#reply").text
    answer = ava.post(DRAFT, {"text": "x" * (drafts.MAX_LENGTH + 1), "base": ""})
    assert answer.status_code == 422
    assert soup_of(answer).select_one("#reply-text")["aria-invalid"] == "true"


def test_a_draft_is_thrown_away_in_whichever_window(cast: Cast, ava: Client) -> None:
    saved(ava, "away with it")
    assert ava.post(f"{DRAFT}discard/")["Location"] == THREAD
    assert kept(cast, cast.ava) == ""


def test_looking_keeps_nothing_and_throws_nothing_away(cast: Cast, ava: Client) -> None:
    saved(ava, "stays")
    for address in (DRAFT, f"{DRAFT}discard/"):
        assert ava.get(address).status_code == 405
    assert kept(cast, cast.ava) == "stays"


def test_in_an_erased_conversation_nothing_is_written(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        Conversation.objects.update(erased_at="2026-11-22T12:00:00Z")
    assert ava.post(DRAFT, {"text": "too late"}).status_code == 404
    assert soup_of(ava.get(THREAD)).select_one("#reply") is None


def test_the_words_of_a_draft_are_in_no_record(cast: Cast, ava: Client) -> None:
    saved(ava, "a secret present")
    ava.post(f"{DRAFT}discard/")
    with tenant_context(cast.acme.pk):
        assert "present" not in "".join(map(str, AuditEvent.objects.values()))


def test_when_two_conversations_become_one_no_draft_is_lost(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        first = Conversation.objects.get(number=1)
        second = factories.conversation(of=first.contact)
        for conversation, text, by in (
            (first, "one", cast.ava),
            (second, "two", cast.ava),
            (second, "other", cast.adam),
        ):
            drafts.save(conversation=conversation, text=text, base="", by=by)
        joining.join(into=first, others=[second])
    assert kept(cast, cast.ava) == "one\n\ntwo"
    assert kept(cast, cast.adam) == "other"


@pytest.mark.django_db(transaction=True)
def test_of_two_windows_that_save_at_once_one_wins_and_one_is_told(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        conversation = factories.conversation()

    def save(text: str) -> str:
        try:
            with tenant_context(cast.acme.pk):
                return drafts.save(conversation=conversation, text=text, base="", by=cast.ava).text
        except drafts.NewerDraft:
            return "told"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        came_out = sorted(pool.map(save, ("a", "b", "c", "d")))
    assert came_out.count("told") == 3
    assert kept(cast, cast.ava) in came_out
