"""The list of notices, the bell's number, and what a member wants by mail."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import notice_pages, notice_rules, notices
from inbox.models import Conversation, Notification
from inbox.notice_rules import Rule
from tenants.models import Membership
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import signed_in, soup_of, text_of

pytestmark = pytest.mark.django_db
LIST, BELL, READ, RULES = "/acme/notices/", "/acme/notices/bell/", "/acme/notices/read/", "/acme/notices/settings/"
ASSIGNED, MENTIONED, REPLIED = Notification.Kind.ASSIGNED, Notification.Kind.MENTIONED, Notification.Kind.REPLIED


def told(member: Membership, *, kind: str = ASSIGNED, by: Membership | None = None, subject: str = "Rug") -> None:
    contact = factories.contact(name="Maya Lindqvist")
    notices.tell(member=member, kind=kind, conversation=factories.conversation(of=contact, subject=subject), by=by)


@pytest.fixture
def ava(cast: Cast) -> Client:
    with tenant_context(cast.acme.pk):
        told(cast.ava, by=cast.olivia, subject="Given")
        told(cast.ava, by=cast.adam, kind=MENTIONED, subject="Named")
        told(cast.ava, kind=REPLIED, subject="Answered")
        told(cast.adam, by=cast.olivia, subject="Adam's")
    return signed_in(cast.ava)


def test_the_list_says_what_happened_the_newest_first_to_whom_it_is_about_alone(ava: Client) -> None:
    rows = soup_of(ava.get(LIST)).select("a.row")
    assert [(row.select(".clip")[0].text, row.select_one(".subject").text, row["href"]) for row in rows] == [
        ("There is a new message in a conversation of yours", "Answered", "/acme/inbox/3/"),
        ("Adam mentioned you in a note", "Named", "/acme/inbox/2/"),
        ("Olivia gave you a conversation", "Given", "/acme/inbox/1/"),
    ]
    assert all("unread" in row["class"] for row in rows)
    assert rows[0].select_one(".face").text == "ML"
    assert "colleague" in rows[1].select_one(".face")["class"]


def test_opening_a_conversation_reads_its_notices(ava: Client) -> None:
    assert ava.get(BELL).json()["unread"] == 3
    ava.get("/acme/inbox/2/")
    assert ava.get(BELL).json()["unread"] == 2
    ava.get("/acme/inbox/3/", headers={"HX-Request": "true", "HX-Target": "conversation"})
    assert ava.get(BELL).json()["unread"] == 1
    assert [row["class"] for row in soup_of(ava.get(LIST)).select("a.row")] == [["row"], ["row"], ["row", "unread"]]


def test_all_of_them_can_be_marked_read(ava: Client) -> None:
    assert "Mark all read" in text_of(ava.get(LIST))
    assert ava.post(READ)["Location"] == LIST
    assert ava.get(BELL).json() == {"unread": 0, "shown": "", "label": "", "said": ""}
    assert "Mark all read" not in text_of(ava.get(LIST))
    assert ava.get(READ).status_code == 405


def test_the_bell_says_how_many_and_what_the_newest_is(ava: Client) -> None:
    assert ava.get(BELL).json() == {
        "unread": 3,
        "shown": "3",
        "label": "3 unread",
        "said": "There is a new message in a conversation of yours: Answered",
    }


def test_the_bell_counts_no_further_than_it_can_show(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        contact = factories.contact(name="Maya")
        rows = [Conversation(number=n, contact=contact) for n in range(1, 121)]
        Conversation.objects.bulk_create(rows)
        Notification.objects.bulk_create(
            [Notification(member=cast.ava, kind=ASSIGNED, conversation=row) for row in rows]
        )
    assert signed_in(cast.ava).get(BELL).json()["shown"] == "99+"


def test_the_bell_asks_two_questions_of_its_own_at_most(ava: Client) -> None:
    ava.get(BELL)
    with CaptureQueriesContext(connection) as captured:
        ava.get(BELL)
    assert sum("inbox_notification" in one["sql"] for one in captured.captured_queries) == 2
    assert len(captured.captured_queries) <= 10


def test_a_long_list_has_further_pages_and_skips_nothing(cast: Cast) -> None:
    now, count = timezone.now(), notice_pages.PAGE + 10
    with tenant_context(cast.acme.pk):
        contact = factories.contact(name="Maya")
        rows = [Conversation(number=n, contact=contact, subject=f"Subject {n}") for n in range(1, count + 1)]
        Conversation.objects.bulk_create(rows)
        Notification.objects.bulk_create(
            [
                Notification(
                    member=cast.ava, kind=ASSIGNED, conversation=row, at=now - timedelta(minutes=row.number // 3)
                )
                for row in rows
            ]
        )
    browser, path, found = signed_in(cast.ava), LIST, []
    while path:
        soup = soup_of(browser.get(path))
        found += [row["href"] for row in soup.select("a.row")]
        path = (soup.select_one(".more-rows") or {}).get("href", "")
        path = f"{path}"
    assert len(found) == len(set(found)) == count


@pytest.mark.parametrize("after", ["x", "AAAA", "%00"])
def test_a_position_that_is_none_is_not_found(ava: Client, after: str) -> None:
    assert ava.get(f"{LIST}?after={after}").status_code == 404


def test_who_was_told_nothing_yet_reads_what_they_would_be_told(cast: Cast) -> None:
    assert "Nothing to tell you yet" in text_of(signed_in(cast.olivia).get(LIST))


def test_an_erased_conversation_is_named_as_that(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        Conversation.objects.update(erased_at=timezone.now(), subject="")
        Conversation.objects.first().contact.__class__.objects.update(name="")
    words = text_of(ava.get(LIST))
    assert "Erased conversation" in words
    assert "Lindqvist" not in words


def test_nobody_reads_or_marks_those_of_another_workspace(cast: Cast, ava: Client) -> None:
    mallory = signed_in(cast.mallory)
    for path in (LIST, BELL, RULES):
        assert mallory.get(path).status_code == 404
    assert mallory.post(READ).status_code == 404
    assert mallory.get("/nextdoor/notices/bell/").json()["unread"] == 0
    mallory.post("/nextdoor/notices/read/")
    assert ava.get(BELL).json()["unread"] == 3


# --- By mail --------------------------------------------------------------------------------------------------------
def rule(cast: Cast, member: Membership) -> Rule:
    with tenant_context(cast.acme.pk):
        return notice_rules.of(member)


def test_a_member_says_what_they_want_by_mail(cast: Cast, ava: Client) -> None:
    assert rule(cast, cast.ava) == Rule()
    chosen = {"replied": "on", "mentioned": "on", "quiet_from": "22", "quiet_until": "7"}
    assert ava.post(RULES, chosen)["Location"] == f"{RULES}?saved=1"
    assert rule(cast, cast.ava) == Rule(
        assigned=False, mentioned=True, replied=True, unsent=False, quiet_from=22, quiet_until=7
    )
    assert rule(cast, cast.olivia) == Rule()
    soup = soup_of(ava.get(f"{RULES}?saved=1"))
    assert "Saved" in soup.text
    assert [box.has_attr("checked") for box in soup.select("main input[type=checkbox]")] == [False, True, True, False]
    assert [one["value"] for one in soup.select("main option[selected]")] == ["22", "7"]
    ava.post(RULES, {"assigned": "on", "unsent": "on", "quiet_from": "", "quiet_until": ""})
    assert rule(cast, cast.ava) == Rule(assigned=True, mentioned=False, replied=False)


@pytest.mark.parametrize(
    ("start", "end"),
    [("22", ""), ("", "7"), ("7", "7"), ("24", "7"), ("-1", "7"), ("x", "7"), ("1.5", "7"), ("99999999999", "7"), ("22\x00", "7")],
)  # fmt: skip
def test_hours_that_are_none_are_refused_in_words(cast: Cast, ava: Client, start: str, end: str) -> None:
    response = ava.post(RULES, {"quiet_from": start, "quiet_until": end})
    assert response.status_code == 422
    assert soup_of(response).select(".errorlist")
    assert rule(cast, cast.ava) == Rule()
