"""What stands at the top of a list that somebody looks at is looked up before it is opened."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import conversations, watched
from inbox.events import ViewLookedAt
from inbox.models import Conversation, ConversationTopic, Mention, WatchedView
from integrations.shopify.models import OrderContext
from integrations.shopify.sandbox import RunningSandbox
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.walking import cast, pending, shopify, signed_in, work

__all__ = ["cast", "shopify"]
pytestmark = pytest.mark.django_db
ALL = "/acme/inbox/?view=all"
BESIDE = {"HX-Request": "true", "HX-Target": "conversation"}


@pytest.fixture
def ava(cast: Cast, shopify: RunningSandbox) -> Client:
    """A connected store, and twelve conversations with twelve people: person0 wrote last, the even ones wait for a reply."""
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
        for n in range(12):
            at = timezone.now() - timedelta(minutes=n)
            factories.conversation(email=f"person{n}@example.com", needs_reply=n % 2 == 0, last_at=at)
    work()
    shopify.clear_calls()
    return signed_in(cast.ava)


def finish() -> None:
    """Until nothing waits: one event brings about the next."""
    for _ in range(2 * watched.TOP):
        work()


def asked_for(cast: Cast) -> list[str]:
    with tenant_context(cast.acme.pk):
        return sorted(OrderContext.objects.values_list("key", flat=True))


def people(*numbers: int) -> list[str]:
    return sorted(f"person{n}@example.com" for n in numbers)


def a_minute_later(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        WatchedView.objects.update(warmed_at=Now() - watched.AGAIN)


def about(cast: Cast, number: int, *topics: ConversationTopic.Topic, confirmed: bool | None = None) -> None:
    with tenant_context(cast.acme.pk):
        row = Conversation.objects.get(contact__addresses__email_norm=f"person{number}@example.com")
        for topic in topics:
            ConversationTopic.objects.create(conversation=row, topic=topic, confidence=0.9, confirmed=confirmed)


# --- Who and how many -----------------------------------------------------------------------------------------------
def test_the_first_ten_are_looked_up_and_the_others_are_not(cast: Cast, ava: Client, shopify: RunningSandbox) -> None:
    ava.get(ALL)
    assert shopify.calls == [], "nobody waits for it"
    finish()
    assert asked_for(cast) == people(*range(10))
    assert len(shopify.calls) == 10


def test_each_view_has_a_top_of_its_own(cast: Cast, ava: Client) -> None:
    ava.get("/acme/inbox/?view=replied")
    finish()
    assert asked_for(cast) == people(1, 3, 5, 7, 9, 11)
    ava.get("/acme/inbox/?view=needs-reply")
    finish()
    assert asked_for(cast) == people(*range(12))


def test_what_is_mine_has_a_top_of_its_own_for_each_of_us(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        row = Conversation.objects.get(contact__addresses__email_norm="person11@example.com")
        conversations.assign(conversation=row, to=cast.ava, by=cast.olivia)
    signed_in(cast.olivia).get("/acme/inbox/?view=mine")
    finish()
    assert asked_for(cast) == []
    ava.get("/acme/inbox/?view=mine")
    finish()
    assert asked_for(cast) == people(11)


def test_a_list_that_is_narrowed_by_filters_is_left_alone(cast: Cast, ava: Client) -> None:
    ava.get("/acme/inbox/?view=open&priority=3")
    assert pending("ViewLookedAt") == 0


def test_many_looks_within_a_minute_are_one(cast: Cast, ava: Client) -> None:
    for client in (ava, signed_in(cast.olivia), signed_in(cast.adam)):
        client.get(ALL)
        client.get(f"{ALL}&after=x")
        client.get("/acme/inbox/1/?view=all", headers=BESIDE)
    assert pending("ViewLookedAt") == 1
    a_minute_later(cast)
    ava.get(ALL)
    ava.get(ALL)
    assert pending("ViewLookedAt") == 2


def test_what_is_fresh_or_being_asked_for_is_not_asked_for_again(
    cast: Cast, ava: Client, shopify: RunningSandbox
) -> None:
    ava.get(ALL)
    finish()
    shopify.clear_calls()
    a_minute_later(cast)
    ava.get(ALL)
    finish()
    assert shopify.calls == []


def test_a_contact_who_stands_there_twice_is_looked_up_once(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        first = Conversation.objects.order_by("-last_message_at")[0]
        factories.conversation(of=first.contact)
        view = WatchedView.objects.create(name="all")
        assert len(watched.top(view_id=view.pk)) == 9


def test_what_is_foreseen_goes_behind_what_somebody_waits_for(cast: Cast, ava: Client) -> None:
    ava.get(ALL)
    work()
    ava.get("/acme/inbox/12/")
    queues = {
        kind.rpartition(".")[2]: queue
        for kind, queue in Event.objects.filter(done_at=None).values_list("kind", "queue")
    }
    assert queues["OrderContextDue"] == "background"
    assert queues["OrderContextWanted"] == "interactive"


def test_a_list_beside_which_conversations_are_opened_is_looked_at_and_a_lone_conversation_is_no_list(
    cast: Cast, ava: Client
) -> None:
    ava.get("/acme/inbox/1/")
    assert pending("ViewLookedAt") == 0
    ava.get("/acme/inbox/1/", headers=BESIDE)
    assert pending("ViewLookedAt") == 1


# --- Where orders matter --------------------------------------------------------------------------------------------
def test_conversations_that_are_not_about_orders_are_left_alone(cast: Cast, ava: Client) -> None:
    topic = ConversationTopic.Topic
    about(cast, 0, topic.PRODUCT_QUESTION)
    about(cast, 1, topic.OTHER)
    about(cast, 2, topic.PRODUCT_QUESTION, topic.REFUND)
    about(cast, 3, topic.OTHER)
    with tenant_context(cast.acme.pk):
        row = Conversation.objects.get(contact__addresses__email_norm="person3@example.com")
        Mention.objects.create(conversation=row, kind=Mention.Kind.ORDER, value="1042", typed="#1042")
    ava.get(ALL)
    finish()
    assert asked_for(cast) == sorted([*people(2, 3, 4, 5, 6, 7, 8, 9), "1042"])


def test_a_topic_that_an_agent_took_away_counts_no_more(cast: Cast, ava: Client) -> None:
    about(cast, 0, ConversationTopic.Topic.REFUND, confirmed=False)
    about(cast, 0, ConversationTopic.Topic.OTHER)
    ava.get(ALL)
    finish()
    assert people(0)[0] not in asked_for(cast)


# --- Bad days -------------------------------------------------------------------------------------------------------
def test_a_view_or_a_contact_that_is_gone_meanwhile_is_passed_over(cast: Cast, ava: Client) -> None:
    with tenant_context(cast.acme.pk):
        assert watched.top(view_id=9_999_999) == []
        view = WatchedView.objects.create(name="all")
        watched.warm(ViewLookedAt(view_id=view.pk, position=99))
        factories.conversation(of=factories.contact(name="Voice Mail"))
        watched.warm(ViewLookedAt(view_id=view.pk))
        assert not OrderContext.objects.exists()


def test_without_a_store_nothing_is_looked_up(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        factories.conversation()
    signed_in(cast.ava).get(ALL)
    finish()
    assert asked_for(cast) == []


def test_a_list_costs_one_statement_more_for_it(cast: Cast, ava: Client) -> None:
    ava.get(ALL)
    with CaptureQueriesContext(connection) as queries:
        ava.get(ALL)
    assert len([each for each in queries if "inbox_watchedview" in each["sql"]]) == 1
