"""The page that a workspace begins with: what waits for whom, and what wants attention."""

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox.models import Conversation, MailIdentity, Message, OutgoingMail
from integrations.shopify.models import Store
from tenants.models import Membership
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import signed_in, soup_of, text_of

pytestmark = pytest.mark.django_db
HOME = "/acme/"
NOW = timezone.now()


def conversation(*, hours: float = 1, **fields: Any) -> Conversation:
    """An open conversation whose last message is so old."""
    given = {
        "texts": (),
        "email": f"person{Conversation.objects.count()}@example.com",
        "last_at": NOW - timedelta(hours=hours),
    }
    known = {key: fields.pop(key) for key in ("subject", "needs_reply") if key in fields}
    row = factories.conversation(**given, **known)
    Conversation.objects.filter(pk=row.pk).update(**fields)
    return row


def seen_by(member: Membership) -> BeautifulSoup:
    response = signed_in(member).get(HOME)
    assert response.status_code == 200
    return soup_of(response)


def tiles(soup: BeautifulSoup) -> dict[str, str]:
    return {one.select_one("span").text: one.select_one("b").text for one in soup.select(".tiles li")}


def queue(soup: BeautifulSoup) -> list[str]:
    return [row.select_one(".subject").text for row in soup.select(".home a.row")]


def outgoing(state: str) -> OutgoingMail:
    message = factories.message(Conversation.objects.first() or conversation(), kind=Message.Kind.SENT)
    return OutgoingMail.objects.create(message=message, state=state)


def test_signing_in_leads_to_it(cast: Cast) -> None:
    assert signed_in(cast.ava).get("/")["Location"] == HOME


def test_it_shows_one_s_own_open_conversations_those_that_wait_first_and_the_oldest_of_them(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        conversation(subject="New", assignee=cast.ava, hours=1)
        conversation(subject="Old", assignee=cast.ava, hours=9)
        conversation(subject="Answered", assignee=cast.ava, hours=20, needs_reply=False)
        conversation(subject="Adam's", assignee=cast.adam)
        conversation(subject="Nobody's")
        conversation(subject="Closed", assignee=cast.ava, state="closed", closed_at=NOW)
        conversation(subject="Asleep", assignee=cast.ava, state="snoozed", snoozed_until=NOW + timedelta(days=1))
    soup = seen_by(cast.ava)
    assert queue(soup) == ["Old", "New", "Answered"]
    assert tiles(soup) == {"Need a reply": "4", "Unassigned": "1", "Yours": "3"}
    assert queue(seen_by(cast.adam)) == ["Adam's"]
    assert queue(seen_by(cast.olivia)) == []


def test_of_a_long_queue_the_first_are_shown_and_a_way_to_the_others(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        for n in range(9):
            conversation(subject=f"Subject {n}", assignee=cast.ava, hours=n)
    soup = seen_by(cast.ava)
    assert queue(soup) == [f"Subject {n}" for n in (8, 7, 6, 5, 4, 3)]
    assert soup.find("a", string="All of it")


def test_counts_stop_where_nobody_counts_further(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        contact = factories.contact(email="one@example.com")
        rows = [Conversation(number=n, contact=contact, last_message_at=NOW) for n in range(1, 1003)]
        Conversation.objects.bulk_create(rows)
    assert tiles(seen_by(cast.ava))["Unassigned"] == "999+"


def test_mail_that_did_not_leave_is_said_and_leads_to_the_queue(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        for state in ("unknown", "failed", "failed", "sent", "queued", "cancelled"):
            outgoing(state)
    soup = seen_by(cast.ava)
    words = [(one.select_one("b").text, one.select_one("a")["href"]) for one in soup.select(".alerts li")]
    assert words == [
        ("1 reply may not have been sent", "/acme/settings/mail/queue/"),
        ("2 replies could not be sent", "/acme/settings/mail/queue/"),
    ]


def broken_store(cast: Cast, **fields: Any) -> None:
    (store,) = factories.many_stores(1, by=cast.olivia)
    Store.objects.filter(pk=store.pk).update(
        **{
            "shop_name": "Harbor",
            "state": "needs_attention",
            "problem": "access_revoked",
            "problem_since": NOW,
            **fields,
        }
    )


def test_a_store_that_needs_attention_has_a_button_for_owners_and_a_sentence_for_agents(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        broken_store(cast)
    olivia, adam, ava = (seen_by(one).select_one(".alerts li") for one in (cast.olivia, cast.adam, cast.ava))
    assert "Harbor: Shopify no longer accepts our access" in olivia.text
    assert olivia.select_one("a")["href"] == "/acme/settings/general/"
    assert "Harbor: Shopify no longer accepts our access" in adam.text
    assert adam.select_one("a") is None
    assert "no longer accepts" not in ava.text
    assert "An owner of this workspace can reconnect it." in ava.text
    assert ava.select_one("a") is None


def test_a_store_that_only_stutters_needs_nobody_s_attention(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        broken_store(
            cast,
            state="connected",
            problem="",
            failing_since=timezone.now() - timedelta(minutes=2),
            failure="timed_out",
        )
    assert "Stores and mail are in order." in text_of(signed_in(cast.olivia).get(HOME))
    with tenant_context(cast.acme.pk):
        Store.objects.update(failing_since=timezone.now() - timedelta(hours=2))
    assert "Harbor: Shopify has not answered" in text_of(signed_in(cast.olivia).get(HOME))


def test_of_many_broken_stores_some_are_named_and_the_others_counted(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        factories.many_stores(5, by=cast.olivia)
        Store.objects.update(state="needs_attention", problem="store_frozen", problem_since=NOW)
    soup = seen_by(cast.olivia)
    assert len(soup.select(".alerts li")) == 4
    assert "2 more stores" in soup.select(".alerts li")[-1].text


def test_a_new_workspace_is_shown_its_first_steps_and_which_are_done(cast: Cast) -> None:
    def steps(member: Membership) -> list[tuple[str, bool, bool]]:
        found = seen_by(member).select(".steps li")
        return [(one.b.find(string=True), "done" in one.get("class", []), bool(one.a)) for one in found]

    assert steps(cast.olivia) == [
        ("Connect a store", False, True),
        ("Set the address you write as", False, True),
        ("Get mail in", False, True),
    ]
    assert [button for _, _, button in steps(cast.adam)] == [False, True, True]
    assert [button for _, _, button in steps(cast.ava)] == [False, False, False]
    with tenant_context(cast.acme.pk):
        factories.many_stores(1, by=cast.olivia)
        conversation()
    assert [done for _, done, _ in steps(cast.olivia)] == [True, False, True]
    with tenant_context(cast.acme.pk):
        MailIdentity.objects.create(from_email="support@shop.example")
    assert steps(cast.olivia) == []


def test_it_takes_at_most_twelve_statements_however_full_the_workspace_is(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        broken_store(cast)
        for n in range(30):
            conversation(assignee=cast.ava if n % 2 else None)
            outgoing("failed")
    ava = signed_in(cast.ava)
    ava.get(HOME)
    with CaptureQueriesContext(connection) as captured:
        ava.get(HOME)
    # A test is inside a transaction of its own, which adds these.
    around = ("SAVEPOINT", "RELEASE", "SELECT set_config('app.tenant_id', '', true)")
    real = [one["sql"] for one in captured.captured_queries if not one["sql"].startswith(around)]
    assert len(real) <= 12, "\n".join(real)


def test_nobody_sees_another_workspace_s(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        conversation(subject="Ours")
    assert signed_in(cast.mallory).get(HOME).status_code == 404
    assert tiles(soup_of(signed_in(cast.mallory).get("/nextdoor/")))["Unassigned"] == "0"
