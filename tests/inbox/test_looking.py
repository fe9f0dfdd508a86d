"""Views and filters of the list: what each shows, that they combine, hostile addresses, and what a page costs."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import conversations, looking, tags
from inbox.looking import Looking
from inbox.models import Contact, Conversation, ConversationTopic, CustomerLink, Presence, Tag
from integrations.shopify.models import OrderContext
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.inbox.test_list import LIST, NOW, fill, numbers
from tests.walking import cast, signed_in, soup_of

__all__ = ["cast"]
pytestmark = pytest.mark.django_db
Topic = ConversationTopic.Topic


@pytest.fixture
def ava(cast: Cast) -> Client:
    return signed_in(cast.ava)


@pytest.fixture
def six(cast: Cast) -> list[Conversation]:
    """The first is the newest."""
    fill(cast, [NOW - timedelta(minutes=n) for n in range(6)])
    with tenant_context(cast.acme.pk):
        return list(Conversation.objects.order_by("number"))


def shown(client: Client, query: str) -> list[int]:
    return numbers(client, f"{LIST}?{query}")[0]


def test_each_view_shows_what_its_name_says(cast: Cast, ava: Client, six: list[Conversation]) -> None:
    with tenant_context(cast.acme.pk):
        conversations.assign(conversation=six[0], to=cast.ava, by=cast.olivia)
        conversations.assign(conversation=six[1], to=cast.olivia, by=cast.olivia)
        conversations.close(conversation=six[2], by=cast.ava)
        conversations.snooze(conversation=six[3], until=timezone.now() + timedelta(hours=1), by=cast.ava)
        conversations.mark_spam(conversation=six[4], by=cast.ava)
        Conversation.objects.filter(pk=six[5].pk).update(needs_reply=False)
    assert {view: shown(ava, f"view={view}") for view in looking.VIEWS} == {
        "mine": [1], "unassigned": [6], "open": [1, 2, 6], "needs-reply": [1, 2], "replied": [6],
        "snoozed": [4], "closed": [3], "spam": [5], "all": [1, 2, 3, 4, 5, 6],
    }  # fmt: skip
    assert shown(signed_in(cast.olivia), "view=mine") == [2], "mine is each one's own"
    assert shown(ava, "") == [1, 2, 6], "one begins with what is open"


def test_filters_narrow_and_combine(cast: Cast, ava: Client, six: list[Conversation]) -> None:
    with tenant_context(cast.acme.pk):
        for row in six[:4]:
            tags.add(conversation=row, name="Gift", by=cast.ava)
        for row in six[2:]:
            ConversationTopic.objects.create(conversation=row, topic=Topic.REFUND, confidence=0.9)
        conversations.assign(conversation=six[2], to=cast.olivia, by=cast.ava)
        conversations.set_priority(conversation=six[3], priority=3, by=cast.ava)
        gift = Tag.objects.get().number
    assert shown(ava, f"view=open&tag={gift}") == [1, 2, 3, 4]
    assert shown(ava, "view=open&topic=refund") == [3, 4, 5, 6]
    assert shown(ava, f"view=open&topic=refund&tag={gift}") == [3, 4]
    assert shown(ava, f"view=open&topic=refund&tag={gift}&assignee={cast.olivia.number}") == [3]
    assert shown(ava, f"view=all&topic=refund&tag={gift}&priority=3") == [4]
    assert shown(ava, f"view=closed&tag={gift}") == []


def test_a_topic_that_an_agent_took_away_is_not_found_by_it(cast: Cast, ava: Client, six: list[Conversation]) -> None:
    with tenant_context(cast.acme.pk):
        for row, confirmed in zip(six, (None, True, False), strict=False):
            ConversationTopic.objects.create(conversation=row, topic=Topic.CANCEL, confidence=0.9, confirmed=confirmed)
    assert shown(ava, "topic=cancel") == [1, 2]


@pytest.mark.parametrize("few", [0, looking.FEW], ids=["many", "few"])
def test_a_store_shows_whom_it_knows_by_address_and_whom_somebody_linked(
    cast: Cast, ava: Client, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(looking, "FEW", few)
    with tenant_context(cast.acme.pk):
        one, other = factories.many_stores(2, by=cast.olivia)
        people = [factories.contact(email=f"p{n}@example.com") for n in range(4)]
        for person in people:
            factories.conversation(of=person)
        for store, key, found in ((one, "p0@example.com", True), (one, "p1@example.com", False), (other, "p2@example.com", True)):  # fmt: skip
            OrderContext.objects.create(store=store, kind="email", key=key, found=found)
        CustomerLink.objects.create(contact=people[3], store_number=one.number, customer_id="71", linked_by=cast.ava)
        CustomerLink.objects.create(contact=people[0], store_number=one.number, customer_id="72", linked_by=cast.ava)
    assert sorted(shown(ava, f"store={one.number}")) == [1, 4]
    assert shown(ava, f"store={other.number}") == [3]
    assert shown(ava, "store=77") == []


def test_the_neighbours_tag_store_and_member_find_nothing(cast: Cast, ava: Client, six: list[Conversation]) -> None:
    with tenant_context(cast.next_door.pk):
        theirs = factories.conversation(email="x@example.com")
        tags.add(conversation=theirs, name="Theirs", by=cast.mallory)
        number = Tag.objects.get().number
    for query in (f"tag={number}", "store=1"):
        page = ava.get(f"{LIST}?{query}")
        assert page.status_code == 200
        assert soup_of(page).select("a.row") == []
        assert "Theirs" not in page.content.decode()


def test_what_is_set_stands_as_chips_that_can_be_taken_away_one_by_one(cast: Cast, ava: Client) -> None:
    page = soup_of(ava.get(f"{LIST}?view=closed&topic=refund&priority=3&tag=9"))
    chips = {chip.get_text(strip=True): chip.select_one("a")["href"] for chip in page.select(".list-chips .chip")}
    assert chips == {
        "Topic: Refund": f"{LIST}?view=closed&tag=9&priority=3",
        "Tag: no longer there": f"{LIST}?view=closed&topic=refund&priority=3",
        "Priority: Urgent": f"{LIST}?view=closed&topic=refund&tag=9",
    }
    chosen = {each["name"]: each.select_one("option[selected]")["value"] for each in page.select("#filter-menu select:has(option[selected])")}  # fmt: skip
    assert chosen == {"topic": "refund", "priority": "3", "tag": "9"}


def test_a_thread_keeps_the_filters_of_its_list_in_every_address(
    cast: Cast, ava: Client, six: list[Conversation]
) -> None:
    query = "view=all&topic=refund&priority=1"
    with tenant_context(cast.acme.pk):
        ConversationTopic.objects.create(conversation=six[0], topic=Topic.REFUND, confidence=0.9)
    row = soup_of(ava.get(f"{LIST}?{query}")).select_one("a.row")
    assert row["href"] == f"{LIST}1/?{query}"
    thread = soup_of(ava.get(row["href"]))
    assert [each["id"] for each in thread.select("a.row")] == ["row-1"], "a reload shows the same list"
    assert thread.select_one("a.back")["href"] == f"{LIST}?{query}"
    for form in thread.select("#thread-actions form, .topics form, form.reply"):
        assert form["action"].removesuffix("&write=note").endswith(f"?{query}"), form["action"]
    closed = ava.post(f"{LIST}1/state/?{query}", {"deed": "close"})
    assert closed["Location"] == f"{LIST}1/?{query}"


def test_an_address_says_a_list_in_one_way_however_it_was_written() -> None:
    wanted = Looking("open", topic="refund", tag=3)
    assert looking.at(wanted.words) == wanted
    assert looking.of({"tag": "3", "topic": "refund"}) == wanted
    assert looking.of({"view": "open&topic=refund&tag=3"}) == wanted, "as a whole name that was quoted"
    assert wanted.without("topic").words == "open&tag=3"


HOSTILE = (
    {"topic": "nothing"}, {"topic": "' OR 1=1 --"}, {"topic": "refund\x00"}, {"tag": "x"}, {"tag": "-1"}, {"tag": "1" * 400}, {"tag": "٣"},
    {"tag": "1.5"}, {"tag": "\x00"}, {"store": "1;"}, {"store": "0x1"}, {"assignee": "1 OR 1"}, {"assignee": "²"}, {"tag": "9" * 16},
    {"priority": "4"}, {"priority": "-1"}, {"priority": "high"}, {"view": "open&tag=x"}, {"view": "&"}, {"view": "open&topic=refund&topic=<b>"},
)  # fmt: skip


def test_a_filter_that_is_none_is_not_found_and_breaks_nothing(
    cast: Cast, ava: Client, six: list[Conversation]
) -> None:
    for query in HOSTILE:
        for path in (LIST, f"{LIST}1/", f"{LIST}live/"):
            assert ava.get(f"{path}?{urlencode(query)}").status_code == 404, (path, query)
    assert ava.get(f"{LIST}?view=open&view=closed&tag=&topic=&page=7&utm=x").status_code == 200
    assert ava.get(f"{LIST}?tag={10**14}&store={10**14}&assignee={10**14}").status_code == 200


def test_a_row_shows_what_is_known_of_it_and_is_unread_until_it_was_seen(
    cast: Cast, ava: Client, six: list[Conversation]
) -> None:
    until = timezone.now() + timedelta(days=2)
    with tenant_context(cast.acme.pk):
        for name in ("one", "two", "three", "<b>four</b>"):
            tags.add(conversation=six[0], name=name, by=cast.ava)
        conversations.assign(conversation=six[0], to=cast.olivia, by=cast.ava)
        conversations.set_priority(conversation=six[0], priority=2, by=cast.ava)
        ConversationTopic.objects.create(conversation=six[0], topic=Topic.OTHER, confidence=0.5)
        ConversationTopic.objects.create(conversation=six[0], topic=Topic.REFUND, confidence=0.9)
        conversations.snooze(conversation=six[0], until=until, by=cast.ava)
        Presence.objects.create(conversation=six[1], member=cast.ava, seen_at=six[1].last_message_at)
        Presence.objects.create(conversation=six[2], member=cast.ava, seen_at=NOW - timedelta(hours=1))
        Presence.objects.create(conversation=six[3], member=cast.olivia)
    page = soup_of(ava.get(f"{LIST}?view=all"))
    row = page.select_one("#row-1")
    assert [chip.get_text(strip=True) for chip in row.select(".chip:not(.asleep)")] == ["Refund", "one", "two", "three"]
    assert row.select_one(".asleep time") is not None
    assert row.select_one(".face.colleague")["title"] == "Olivia"
    assert "Priority: High" in row.get_text()
    unread = [each["id"] for each in page.select("a.row.unread")]
    assert unread == ["row-1", "row-3", "row-4", "row-5", "row-6"], "seen by Olivia is not seen by Ava"


def every_statement(client: Client, path: str, **headers: str) -> list[str]:
    """All of them, once it was asked for: session, person, workspace and what the page reads. BEGIN and COMMIT are not seen here:
    each test is one transaction."""
    around = ("SAVEPOINT", "RELEASE", "SELECT set_config('app.tenant_id', '', true)")
    client.get(path, headers=headers)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path, headers=headers).status_code == 200
    return [each["sql"] for each in caught if not each["sql"].startswith(around)]


def statements(client: Client, path: str) -> list[str]:
    """Those beyond the session, the person, the workspace and the transaction."""
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(path).status_code in (200, 204)
    around = (
        "SAVEPOINT",
        "RELEASE",
        "set_config",
        "django_session",
        '"tenants_user" WHERE',
        "workspaces_of",
        "BEGIN",
        "COMMIT",
    )
    return [each["sql"] for each in caught if not any(word in each["sql"] for word in around)]


def test_a_list_costs_at_most_twelve_statements_however_much_it_shows(cast: Cast, ava: Client) -> None:
    fill(cast, [NOW - timedelta(minutes=n) for n in range(60)])
    with tenant_context(cast.acme.pk):
        factories.many_stores(3, by=cast.olivia)
        for n, row in enumerate(Conversation.objects.order_by("number")):
            tags.add(conversation=row, name=f"tag {n % 7}", by=cast.ava)
            conversations.assign(conversation=row, to=(cast.ava, cast.olivia, None)[n % 3], by=cast.adam)
            ConversationTopic.objects.create(conversation=row, topic=Topic.REFUND, confidence=0.9)
        tag, contact = Tag.objects.first(), Contact.objects.first()
        CustomerLink.objects.create(contact=contact, store_number=1, customer_id="71", linked_by=cast.ava)
    full = f"{LIST}?view=open&topic=refund&tag={tag.number}&store=1&assignee={cast.ava.number}&priority=1"
    assert numbers(ava, full)[0], "the filters let some through"
    for path in (LIST, f"{LIST}?view=all", f"{LIST}?view=mine", full):
        found = every_statement(ava, path)
        assert len(found) <= 12, (path, len(found), found)


def test_fifty_rows_cost_no_more_statements_than_five(cast: Cast, ava: Client) -> None:
    costs = []
    for rows in (5, 45):
        numbered = fill(cast, [NOW - timedelta(minutes=n) for n in range(rows)])
        with tenant_context(cast.acme.pk):
            for row in Conversation.objects.filter(number__in=numbered):
                tags.add(conversation=row, name=f"tag {row.number % 7}", by=cast.ava)
                conversations.assign(conversation=row, to=(cast.ava, cast.olivia, None)[row.number % 3], by=cast.adam)
                ConversationTopic.objects.create(conversation=row, topic=Topic.REFUND, confidence=0.9)
        costs.append(len(every_statement(ava, f"{LIST}?view=all")))
    assert costs[0] == costs[1] <= 10


def test_asking_whether_anything_is_new_costs_one_statement_while_nothing_is(
    cast: Cast, ava: Client, six: list[Conversation]
) -> None:
    seen = soup_of(ava.get(LIST)).select_one("#list-scroll")["data-seen"]
    found = statements(ava, f"{LIST}live/?view=open&seen={seen}")
    assert len(found) <= 2, found  # with the membership
