"""What an open page is told every few seconds: nothing while it shows what is stored, else which sections to ask for again."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.shopify import interface, order_context, stores
from integrations.shopify.models import Store
from integrations.shopify.person import Confirmation, Link, Person, Ruling
from integrations.shopify.sandbox import RunningSandbox
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, MAYA, THIRD_SHOP
from tests.integrations.shopify.test_order_context import later
from tests.integrations.shopify.test_sections import HTMX, ava
from tests.walking import signed_in, soup_of, work

__all__ = ["ava"]
pytestmark = pytest.mark.django_db
NEWS = "/acme/inbox/1/news/"


def told(client: Client, seen: str) -> dict[str, object] | None:
    """None: nothing is new."""
    response = client.get(NEWS, {"seen": seen})
    if response.status_code == 204:
        return None
    assert response.status_code == 200
    return response.json()


def painted(client: Client) -> str:
    """Opens the page and lets Shopify answer; the state that the page would hand over by then."""
    client.get("/acme/inbox/1/")
    work()
    return current(client)


def current(client: Client) -> str:
    side = soup_of(client.get("/acme/inbox/1/")).select_one("#side")
    assert side["data-news"] == NEWS
    return side["data-seen"]


def changed(client: Client, seen: str) -> object:
    news = told(client, seen)
    return news and news["changed"]


# --- Nothing, and something ------------------------------------------------------------------------------------------
def test_a_page_that_shows_what_is_stored_is_told_nothing(ava: Client) -> None:
    seen = painted(ava)
    assert told(ava, seen) is None
    assert told(ava, seen) is None


def test_an_answer_that_arrived_after_the_page_was_painted_is_told_once(ava: Client) -> None:
    ava.get("/acme/inbox/1/")
    seen = current(ava)
    assert told(ava, seen) is None, "its answer is on its way"
    work()
    news = told(ava, seen)
    assert news["changed"] == [1]
    assert news["due"] == []
    assert told(ava, news["seen"]) is None


def test_what_shopify_told_of_is_news_at_once_and_again_when_it_was_read(cast: Cast, ava: Client) -> None:
    seen = painted(ava)
    with tenant_context(cast.acme.pk):
        assert order_context.drop(store=Store.objects.get(), email_norm=MAYA) == 1
    news = told(ava, seen)
    assert (news["changed"], news["due"]) == ([1], [1])
    ava.get("/acme/inbox/1/stores/1/", headers=HTMX)
    asked = told(ava, news["seen"])
    assert asked is None, "somebody asks already"
    work()
    assert changed(ava, news["seen"]) == [1]


def test_what_is_older_than_a_minute_is_due_until_somebody_asks(cast: Cast, ava: Client) -> None:
    seen = painted(ava)
    later(cast, 45)
    seen = current(ava)
    assert told(ava, seen) is None
    later(cast, 16)
    with tenant_context(cast.acme.pk):
        seen = interface.news(person=Person(emails=(MAYA,))).state
    assert told(ava, seen) == {"seen": seen, "changed": [], "due": [1]}
    ava.get("/acme/inbox/1/stores/1/", headers=HTMX)
    assert told(ava, seen) is None


def test_a_failure_is_news_and_does_not_make_an_open_page_press_on(
    cast: Cast, ava: Client, shopify: RunningSandbox
) -> None:
    painted(ava)
    later(cast, 120)
    shopify.close()
    seen = painted(ava)
    work()
    seen = current(ava)
    later(cast, 20)
    with tenant_context(cast.acme.pk):
        seen = interface.news(person=Person(emails=(MAYA,))).state
    assert told(ava, seen) is None
    later(cast, 45)
    news = told(ava, seen)
    assert news is not None
    assert news["due"] == [1]


def test_a_store_that_is_gone_or_stopped_is_told_of(cast: Cast, ava: Client) -> None:
    seen = painted(ava)
    with tenant_context(cast.acme.pk):
        Store.objects.update(state="needs_attention", problem="access_revoked")
    news = told(ava, seen)
    assert (news["changed"], news["due"]) == ([1], [])
    with tenant_context(cast.acme.pk):
        stores.disconnect(store=Store.objects.get(), by=cast.olivia)
    assert changed(ava, news["seen"]) == [1]
    assert ava.get("/acme/inbox/1/stores/1/", headers=HTMX).status_code == 404
    assert told(ava, "") is None


def test_each_store_is_told_of_by_itself(cast: Cast, ava: Client, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        for shop in (ALL_ORDERS_SHOP, THIRD_SHOP):
            factories.connected_store(shopify, shop, by=cast.olivia)
    seen = painted(ava)
    with tenant_context(cast.acme.pk):
        order_context.drop(store=Store.objects.get(number=2), email_norm=MAYA)
    assert changed(ava, seen) == [2]


# --- Who may ask, and with what ---------------------------------------------------------------------------------------
def test_mallory_is_told_nothing_about_a_conversation_next_door(cast: Cast, ava: Client) -> None:
    painted(ava)
    assert signed_in(cast.mallory).get(NEWS).status_code == 404
    assert ava.get("/acme/inbox/99/news/").status_code == 404
    assert Client().get(NEWS).status_code == 302


@pytest.mark.parametrize(
    "seen", ["", "1", "1.", ".1", "1.zz_1.yy", "_", "._.", "²³.ab", "-1.ab", "\x00", "0.ab", "1." + "a" * 9000]
)
def test_what_is_no_state_of_ours_differs_from_all_of_them(ava: Client, seen: str) -> None:
    right = painted(ava)
    news = told(ava, seen)
    assert news is not None
    assert news["seen"] == right
    assert set(news["changed"]) == {1}


def test_a_contact_without_an_address_has_no_news(ava: Client) -> None:
    assert ava.get("/acme/inbox/4/news/", {"seen": ""}).status_code == 204


def test_links_and_orders_in_messages_are_looked_at_in_the_same_query(cast: Cast, ava: Client) -> None:
    painted(ava)
    link = Link(customer_id="7100000000017", by="Ava", at=cast.acme.created_at)
    person = Person(emails=(MAYA, "other@example.com"), orders=("1042",), phones=("+4670123",), links={2: link})
    with tenant_context(cast.acme.pk), CaptureQueriesContext(connection) as queries:
        found = interface.news(person=person)
    assert found.changed == (1,)
    assert len(queries) == 1


def test_an_order_that_a_member_confirms_or_no_longer_does_is_news_of_its_store_alone(cast: Cast, ava: Client) -> None:
    painted(ava)
    said = Confirmation(by="Ava", at=cast.acme.created_at, reason="Named the street")
    nobody = Person(emails=(MAYA,))
    here = Person(emails=(MAYA,), confirmed={(1, "820982911946154508"): said})
    elsewhere = Person(emails=(MAYA,), confirmed={(2, "820982911946154508"): said})
    is_news(cast, nobody, here, elsewhere)


@pytest.mark.parametrize("what", ["not_customers", "not_orders"])
def test_whom_or_what_a_member_rules_out_or_takes_back_is_news_of_its_store_alone(
    cast: Cast, ava: Client, what: str
) -> None:
    painted(ava)
    said = Ruling(by="Ava", at=cast.acme.created_at)
    here, elsewhere = ({what: {(store, "820982911946154508"): said}} for store in (1, 2))
    nobody = Person(emails=(MAYA,))
    is_news(cast, nobody, replace(nobody, **here), replace(nobody, **elsewhere))  # type: ignore[arg-type]


def is_news(cast: Cast, nobody: Person, here: Person, elsewhere: Person) -> None:
    with tenant_context(cast.acme.pk):
        before, then = interface.news(person=nobody).state, interface.news(person=here).state
        assert interface.news(person=here, seen=before).changed == (1,)
        assert interface.news(person=nobody, seen=then).changed == (1,)
        assert interface.news(person=elsewhere, seen=before).changed == ()


def test_a_question_costs_few_statements_however_many_stores_there_are(
    cast: Cast, ava: Client, shopify: RunningSandbox
) -> None:
    with CaptureQueriesContext(connection) as one_store:
        ava.get(NEWS)
    with tenant_context(cast.acme.pk):
        for shop in (ALL_ORDERS_SHOP, THIRD_SHOP):
            factories.connected_store(shopify, shop, by=cast.olivia)
    painted(ava)
    with CaptureQueriesContext(connection) as three:
        ava.get(NEWS)
    assert len(three) == len(one_store)


def test_the_state_of_hundreds_of_stores_still_fits_an_address(cast: Cast, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        factories.many_stores(300, by=cast.olivia)
        contexts = [order_context.OrderContext(store=store, key=MAYA) for store in Store.objects.all()]
        order_context.OrderContext.objects.bulk_create(contexts)
        found = interface.news(person=Person(emails=(MAYA,)))
        assert len(found.state) < 100
        assert len(found.changed) == 300
        assert interface.news(person=Person(emails=(MAYA,)), seen=found.state).changed == ()
        order_context.drop(store=Store.objects.get(number=7), email_norm=MAYA)
        assert len(interface.news(person=Person(emails=(MAYA,)), seen=found.state).changed) == 300
