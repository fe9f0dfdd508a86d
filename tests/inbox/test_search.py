"""Search: what is found, by whom, and never by whom; and whatever is typed, an answer."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from inbox import contacts, conversations, gist, indexing, personal, tags
from inbox.email import joining
from inbox.email.inbound import receive
from inbox.email.parsing import parse
from inbox.models import Conversation, Mention, Message, Note, SearchEntry
from tenants.doors import SearchTooLong, entries_with
from tenants.personal import Subject
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import signed_in, soup_of

pytestmark = pytest.mark.django_db
SEARCH = "/acme/inbox/search/"


def said(cast: Cast, *texts: str, **fields: object) -> Conversation:
    """A conversation that search knows."""
    with tenant_context(cast.acme.pk):
        row = factories.conversation(texts=texts, **fields)  # type: ignore[arg-type]
        indexing.whole(conversation=row)
    return row


def found(client: Client, words: str, path: str = SEARCH, **more: str) -> list[int]:
    """Numbers of the conversations on the page."""
    response = client.get(f"{path}?{urlencode({'q': words, **more})}")
    assert response.status_code == 200
    return [int(row["href"].split("?")[0].rstrip("/").rpartition("/")[2]) for row in soup_of(response).select("a.row")]


def reason(client: Client, path: str) -> str:
    """Why the page shows no rows."""
    empty = soup_of(client.get(path)).select_one(".list-pane .empty")
    return empty.text if empty else ""


def test_words_of_messages_subjects_people_notes_and_orders_are_found(cast: Cast) -> None:
    row = said(cast, "The mug arrived broken", subject="Crème jug", email="nora@pine.example")
    with tenant_context(cast.acme.pk):
        Mention.objects.create(conversation=row, kind="order", value="UK-1042", typed="#1042")
        indexing.conversation(conversation=row)
        note = Note.objects.create(conversation=row, writer=cast.ava, text="Escalate to warehouse")
        indexing.note(note=note)
    client = signed_in(cast.ava)
    for words in ("broken", "BROK", "creme jug", "nora@pine.example", "UK-1042", "#1042", "warehouse", '"arrived broken"',
                  "mug -plate", "mug maya", "subject:jug", "from:nora"):  # fmt: skip
        assert found(client, words) == [row.number], words
    for words in ("plate", '"broken arrived"', "mug -broken", "subject:mug", "104", "from:broken", '"bro"'):
        assert found(client, words) == [], words


def test_mail_that_comes_in_is_found_at_once(cast: Cast) -> None:
    raw = b"From: Nora <nora@pine.example>\r\nTo: support@shop.example\r\nSubject: Kettle\r\nMessage-ID: <k1@pine.example>\r\n\r\nIt whistles\r\n"
    with tenant_context(cast.acme.pk):
        receive(mail=parse(raw), now=timezone.now())
    client = signed_in(cast.ava)
    assert len(found(client, "whistles")) == len(found(client, "kettle")) == len(found(client, "nora")) == 1


def test_the_words_of_another_workspace_find_nothing(cast: Cast) -> None:
    said(cast, "Zanzibar")
    mallory = signed_in(cast.mallory)
    assert found(mallory, "zanzibar", "/nextdoor/inbox/search/") == []
    assert mallory.get(f"{SEARCH}?q=zanzibar").status_code == 404
    with tenant_context(cast.next_door.pk):
        for words in ("'zanzibar'", f"'~{cast.acme.pk}'", f"'zanzibar') | ('~{cast.acme.pk}'", "!'nothing'"):
            assert entries_with(words=words, since=None, before=None, limit=200, milliseconds=3_000) == []
    with tenant_context(cast.acme.pk):
        assert len(entries_with(words="'zanzibar'", since=None, before=None, limit=200, milliseconds=3_000)) == 1


def test_whatever_the_finder_names_is_read_behind_the_wall(cast: Cast) -> None:
    row = said(cast, "Zanzibar")
    with tenant_context(cast.acme.pk):
        ids = list(SearchEntry.objects.filter(conversation=row).values_list("pk", flat=True))
    with tenant_context(cast.next_door.pk):
        assert list(SearchEntry.objects.filter(pk__in=ids)) == []


@pytest.mark.parametrize(
    "words",
    [
        "&", "|", "!", "!!", "a:*", "(", "((((", "'", "''", '"', '"""', "\\", "%", "_", "%%", "<->", "<5>", "x & !y", "x:ABCD", "a\x00b", "\x00",
        "-", "--", "-x", "from:", "before:", "before:2026-02-31", "after:0001-01-01", ":::", "😀", "\ud7ff\ufffd", "' OR 1=1 --", "~1", "'~1'",
        "ab " * 3_000, "x" * 10_000, '"' + "ab cd " * 2_000, "\u202eabc", "ﷺ" * 400, "a\u0301" * 500,
    ],
)  # fmt: skip
def test_whatever_is_typed_is_answered(cast: Cast, words: str) -> None:
    said(cast, "ab cd x y")
    assert signed_in(cast.ava).get(SEARCH, {"q": words}).status_code == 200


@pytest.mark.parametrize("more", [{"after": "x"}, {"after": "é"}])
def test_a_position_of_nobody_s_is_not_found(cast: Cast, more: dict[str, str]) -> None:
    assert signed_in(cast.ava).get(SEARCH, {"q": "word", **more}).status_code == 404


@pytest.mark.parametrize(
    "more", [{"state": "x"}, {"assignee": "0x1"}, {"assignee": "9" * 30}, {"tag": "-1"}, {"topic": "'"}]
)
def test_a_filter_of_nobody_s_narrows_nothing(cast: Cast, more: dict[str, str]) -> None:
    row = said(cast, "word")
    assert found(signed_in(cast.ava), "word", **more) == [row.number]


def test_filters_narrow_what_is_found(cast: Cast) -> None:
    one, two = said(cast, "kettle one"), said(cast, "kettle two", email="two@example.com")
    with tenant_context(cast.acme.pk):
        conversations.close(conversation=one, by=cast.ava)
        conversations.assign(conversation=two, to=cast.adam, by=cast.ava)
        assert tags.add(conversation=two, name="Urgent", by=cast.ava)
    client = signed_in(cast.ava)
    assert found(client, "kettle", state="closed") == [one.number]
    assert found(client, "kettle", assignee="nobody") == [one.number]
    assert found(client, "kettle", assignee=str(cast.adam.number)) == [two.number]
    assert found(client, "kettle", tag="1") == [two.number]
    assert found(client, "kettle", tag="7") == []


def test_spam_is_found_where_it_is_looked_for(cast: Cast) -> None:
    row = said(cast, "kettle")
    with tenant_context(cast.acme.pk):
        conversations.mark_spam(conversation=row, by=cast.ava)
    assert found(signed_in(cast.ava), "kettle") == []
    assert found(signed_in(cast.ava), "kettle", state="spam") == [row.number]


def test_older_hits_follow_the_newest_and_each_once(cast: Cast) -> None:
    now = timezone.now()
    rows = [
        said(cast, "kettle", email=f"n{n}@example.com", last_at=now - timedelta(days=n, hours=1)) for n in range(60)
    ]
    client, path, seen = signed_in(cast.ava), f"{SEARCH}?q=kettle", []
    while path:
        soup = soup_of(client.get(path))
        seen += [row["href"] for row in soup.select("a.row")]
        more = soup.select_one(".more-rows")
        path = more["href"] if more else ""
    assert len(seen) == len(set(seen)) == 60
    day = timezone.localdate(now - timedelta(days=10)).isoformat()
    dated = found(client, f"kettle after:{day}")
    assert 8 <= len(dated) <= 11
    assert set(dated) < {row.number for row in rows}


def test_nobody_who_was_erased_is_found(cast: Cast) -> None:
    mine = said(cast, "Zanzibar kettle", email="nora@pine.example", subject="Nora asks")
    other = said(cast, "I am with nora@pine.example", email="otto@oak.example")
    subject = Subject(emails=frozenset({"nora@pine.example"}), spellings=frozenset({"nora@pine.example"}))
    client = signed_in(cast.ava)
    assert set(found(client, "nora@pine.example")) == {mine.number, other.number}
    with tenant_context(cast.acme.pk):
        personal.sweep_conversations(subject, 0)
        personal.sweep_mentions(subject, 0)
        personal.forget(subject, True)
        assert not SearchEntry.objects.filter(conversation=mine).exists()
    assert found(client, "nora@pine.example") == found(client, "zanzibar") == []
    assert found(client, "with") == [other.number]


def test_what_was_merged_is_found_in_the_one_that_stays(cast: Cast) -> None:
    into, other = said(cast, "kettle"), said(cast, "teapot", email="two@example.com")
    with tenant_context(cast.acme.pk):
        joining.join(into=into, others=[other])
        gist.refresh(conversation=into)
    assert found(signed_in(cast.ava), "teapot") == found(signed_in(cast.ava), "kettle") == [into.number]


def test_a_contact_is_found_by_a_name_that_is_known_later(cast: Cast) -> None:
    row = said(cast, "kettle", email="nora@pine.example")
    with tenant_context(cast.acme.pk):
        contacts.contact_of(name="Nora Quist", address="nora@pine.example")
    assert found(signed_in(cast.ava), "quist") == [row.number]


def test_hits_are_marked_and_never_markup(cast: Cast) -> None:
    said(cast, "<img src=x onerror=alert(1)> kettle </mark><script>alert(2)</script>", subject="<b>kettle</b>")
    response = signed_in(cast.ava).get(f"{SEARCH}?{urlencode({'q': 'kettle script <script>'})}")
    row = soup_of(response).select_one("a.row")
    assert row is not None
    assert {mark.text for mark in row.select("mark")} == {"kettle", "script"}
    assert row.select("script, img, b") == []
    assert "onerror=alert(1)" in row.text


def test_what_is_older_than_search_is_indexed_by_a_command(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        row = factories.conversation(texts=("kettle",))
    assert found(signed_in(cast.ava), "kettle") == []
    for _turn in range(2):
        call_command("index_conversations", workspace="acme", verbosity=0)
    assert found(signed_in(cast.ava), "kettle") == [row.number]


def test_a_search_that_takes_too_long_is_ended_and_the_request_goes_on(cast: Cast) -> None:
    said(cast, *["kettle teapot " * 500] * 40)
    with tenant_context(cast.acme.pk):
        phrase = " & ".join(["('kettle' <-> 'teapot' <-> 'kettle' <-> 'teapot')"] * 200)
        with pytest.raises(SearchTooLong):
            entries_with(words=phrase, since=None, before=None, limit=200, milliseconds=1)
        assert Message.objects.count() == 40


def test_nothing_typed_and_nothing_found_say_what_to_do(cast: Cast) -> None:
    client = signed_in(cast.ava)
    assert "Search all conversations" in reason(client, SEARCH)
    assert "too short" in reason(client, f"{SEARCH}?q=a")
    assert "Nothing found" in reason(client, f"{SEARCH}?q=zanzibar")
    assert "Name a word" in reason(client, f"{SEARCH}?q=-zanzibar")


def test_the_list_has_a_field_for_it(cast: Cast) -> None:
    form = soup_of(signed_in(cast.ava).get("/acme/inbox/")).select_one("form.finder")
    assert form is not None
    assert form["action"] == SEARCH
