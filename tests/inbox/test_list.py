"""The list of conversations: its views, its counts, and its pages while new mail pushes rows down."""

import base64
import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from inbox import listing, looking
from inbox.models import Contact, Conversation
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import signed_in, soup_of, text_of
from versana import keyset

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LIST = "/acme/inbox/"


def fill(cast: Cast, moments: list[datetime], *, needs_reply: bool = True) -> list[int]:
    """Conversations of one contact without messages; their numbers."""
    with tenant_context(cast.acme.pk):
        contact = Contact.objects.order_by("pk").first() or factories.contact(
            email="someone@example.com", name="Someone"
        )
        first = Conversation.objects.count() + 1
        rows = [
            Conversation(number=n, contact=contact, subject=f"Subject {n}", needs_reply=needs_reply, last_message_at=at)
            for n, at in enumerate(moments, first)
        ]
        Conversation.objects.bulk_create(rows)
    return [row.number for row in rows]


def minutes_ago(*minutes: float) -> list[datetime]:
    return [NOW - timedelta(minutes=m) for m in minutes]


def numbers(client: Client, path: str) -> tuple[list[int], str]:
    """The rows of a page, and the address of the next one."""
    response = client.get(path)
    assert response.status_code == 200
    soup = soup_of(response)
    more = soup.select_one("#more-rows")
    return [int(row["id"].removeprefix("row-")) for row in soup.select("a.row")], more["href"] if more else ""


def all_pages(client: Client, path: str = LIST, *, between: object = None) -> list[int]:
    out: list[int] = []
    while path:
        rows, path = numbers(client, path)
        out += rows
        if between:
            between()  # type: ignore[operator]
    return out


def test_the_newest_activity_comes_first(cast: Cast) -> None:
    fill(cast, minutes_ago(30, 10, 20))
    assert numbers(signed_in(cast.ava), LIST) == ([2, 3, 1], "")


def test_an_empty_list_says_so_in_words_of_its_own(cast: Cast) -> None:
    client, said = signed_in(cast.ava), set()
    for view in looking.VIEWS:
        page = soup_of(client.get(f"{LIST}?view={view}"))
        said.add(page.select_one("#list-empty b").get_text())
    assert {"Nothing waits for a reply", "No conversations yet", "Nothing sleeps"} < said
    assert len(said) == len(looking.VIEWS), "each view says something of its own"
    assert "Nothing matches these filters" in text_of(client.get(f"{LIST}?view=open&priority=3"))


def test_all_pages_together_are_complete_and_without_repeats(cast: Cast) -> None:
    # Threes with the same moment: pages end in the middle of one.
    made = fill(cast, [NOW - timedelta(minutes=n // 3) for n in range(2 * listing.PAGE + 7)])
    found = all_pages(signed_in(cast.ava))
    assert sorted(found) == sorted(made)
    assert len(set(found)) == len(found)


def test_pages_stay_whole_while_new_mail_arrives(cast: Cast) -> None:
    made = fill(cast, [NOW - timedelta(minutes=n) for n in range(2 * listing.PAGE + 5)])
    found = all_pages(signed_in(cast.ava), between=lambda: fill(cast, [timezone.now()] * 3))
    assert found == made, "rows that arrive meanwhile neither hide nor repeat an older one"


def test_a_page_that_is_exactly_full_has_no_next_one(cast: Cast) -> None:
    fill(cast, [NOW - timedelta(minutes=n) for n in range(listing.PAGE)])
    rows, more = numbers(signed_in(cast.ava), LIST)
    assert (len(rows), more) == (listing.PAGE, "")


def test_the_next_rows_come_alone_when_the_page_asks_for_them(cast: Cast) -> None:
    fill(cast, [NOW - timedelta(minutes=n) for n in range(listing.PAGE + 2)])
    client = signed_in(cast.ava)
    _, more = numbers(client, LIST)
    part = client.get(more, headers={"HX-Request": "true"})
    assert [row["id"] for row in soup_of(part).select("a.row")] == ["row-41", "row-42"]
    assert b"<html" not in part.content


def test_views_divide_what_waits_from_what_is_answered(cast: Cast) -> None:
    waiting = fill(cast, minutes_ago(1, 2))
    answered = fill(cast, minutes_ago(3, 4, 5), needs_reply=False)
    client = signed_in(cast.ava)
    assert numbers(client, LIST)[0] == waiting + answered
    assert numbers(client, f"{LIST}?view=needs-reply")[0] == waiting
    assert numbers(client, f"{LIST}?view=replied")[0] == answered
    assert numbers(client, f"{LIST}?view=all")[0] == waiting + answered
    assert (
        counts(client) == "Mine 0, Unassigned 5, All open 5, Snoozed 0, Needs reply 2, Closed 0, Spam 0, Everything 5"
    )


def counts(client: Client) -> str:
    links = soup_of(client.get(LIST)).select("a.view, #views-menu a")
    return ", ".join(" ".join(link.get_text(" ", strip=True).split()) for link in links)


def test_a_view_keeps_its_pages_to_itself(cast: Cast) -> None:
    fill(cast, [NOW - timedelta(minutes=n) for n in range(listing.PAGE + 3)])
    answered = fill(cast, [NOW - timedelta(minutes=n) for n in range(listing.PAGE + 3)], needs_reply=False)
    assert all_pages(signed_in(cast.ava), f"{LIST}?view=replied") == answered


def test_counting_stops_at_its_limit(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "COUNT_LIMIT", 5)
    fill(cast, minutes_ago(*range(6)))
    fill(cast, minutes_ago(*range(5)), needs_reply=False)
    assert "All open 5+, Snoozed 0, Needs reply 5+," in counts(signed_in(cast.ava))


def test_a_view_that_is_none_is_not_found(cast: Cast) -> None:
    client = signed_in(cast.ava)
    for view in ("nothing", "", "needs-reply%00", "ALL", "x" * 3000):
        assert client.get(f"{LIST}?view={view}").status_code == 404, view


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


BAD_CURSORS = (
    "x",
    "=",
    "%00",
    "ⓧ",
    "a" * 5000,
    encoded("|"),
    encoded("2026-01-01T00:00:00|1"),  # without a zone
    encoded("2026-01-01T00:00:00+00:00|"),
    encoded("2026-01-01T00:00:00+00:00|x"),
    encoded("2026-01-01T00:00:00+00:00|0"),
    encoded("2026-01-01T00:00:00+00:00|-1"),
    encoded(f"2026-01-01T00:00:00+00:00|{2**63}"),
    encoded(f"2026-01-01T00:00:00+00:00|{'9' * 5000}"),
    encoded("' OR 1=1 --|1"),
    encoded("2026-01-01T00:00:00+00:00\x00|1"),
    base64.urlsafe_b64encode(b"\xff\xfe|1").decode(),
    # Postgres would choke on these.
    encoded("0001-01-01T00:00:00+23:59|1"),
    encoded("9999-12-31T23:59:59-23:59|1"),
    encoded("2026-01-01T00:00:00+23:59|1"),
    encoded("0001-01-01T00:00:00+00:00|1"),
)


def test_a_cursor_that_is_none_of_ours_is_not_found(cast: Cast) -> None:
    fill(cast, minutes_ago(1))
    client = signed_in(cast.ava)
    for cursor in BAD_CURSORS:
        assert client.get(f"{LIST}?{urlencode({'after': cursor})}").status_code == 404, cursor


def test_a_cursor_of_the_neighbours_shows_our_rows_only(cast: Cast) -> None:
    with tenant_context(cast.next_door.pk):
        theirs = factories.conversation(email="x@example.com", subject="Theirs")
    made = fill(cast, [theirs.last_message_at - timedelta(minutes=1)])
    rows, _ = numbers(signed_in(cast.ava), f"{LIST}?after={keyset.position_of(theirs.last_message_at, theirs.pk)}")
    assert rows == made


def test_the_neighbours_conversations_are_not_in_the_list(cast: Cast) -> None:
    with tenant_context(cast.next_door.pk):
        factories.conversation(email="x@example.com", subject="Theirs")
    page = signed_in(cast.ava).get(f"{LIST}?view=all")
    assert "Theirs" not in page.content.decode()


def test_mallory_finds_no_such_workspace(cast: Cast) -> None:
    client = signed_in(cast.mallory)
    for path in (LIST, "/acme/", "/acme/inbox/1/", "/nosuch/inbox/"):
        assert client.get(path).status_code == 404, path


def test_a_stranger_signs_in_first(cast: Cast) -> None:
    response = Client().get("/acme/inbox/?view=all")
    assert response["Location"] == "/account/login/?next=/acme/inbox/%3Fview%3Dall"


def test_the_list_is_only_for_reading(cast: Cast) -> None:
    client = signed_in(cast.ava)
    for method in ("post", "put", "delete", "patch"):
        assert getattr(client, method)(LIST).status_code == 405, method


def test_hostile_subjects_and_names_are_text(cast: Cast) -> None:
    evil = "<script>alert(1)</script>\"'&\u202eمرحبا"
    with tenant_context(cast.acme.pk):
        of = factories.contact(email="a@example.com", name=evil)
        factories.conversation(of=of, subject=evil, texts=[evil])
        factories.conversation(of=factories.contact(name=""), subject="", texts=[])
    soup = soup_of(signed_in(cast.ava).get("/acme/inbox/1/"))
    assert not [tag for tag in soup.select("script") if "alert" in tag.get_text()]
    assert soup.select_one("#row-1 .subject").get_text() == evil
    assert "(no subject)" in soup.select_one("#row-2").get_text()


def test_a_late_page_does_not_read_what_stands_before_it(cast: Cast) -> None:
    fill(cast, [NOW - timedelta(minutes=n // 2) for n in range(3_000)])
    with tenant_context(cast.acme.pk):
        rows = looking.rows(looking.Looking("open"), member=cast.ava)
        last = rows.order_by("-last_message_at", "-pk")[2_900]
        position = keyset.position_of(last.last_message_at, last.pk)
        page = keyset.after(rows, position, by="last_message_at")[: listing.PAGE]
        plan = page.explain(analyze=True, timing=False)
        assert [row.number for row in page] == [
            row.number for row in rows.order_by("-last_message_at", "-pk")[2_901 : 2_901 + listing.PAGE]
        ]
    removed = sum(int(found) for found in re.findall(r"Rows Removed by Filter: (\d+)", plan))
    assert "Seq Scan" not in plan, plan
    assert "Sort" not in plan, plan
    assert removed <= 2, plan
