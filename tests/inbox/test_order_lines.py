"""All items of an order, asked for beside a conversation: shown whole, or said why not, and to nobody whose order it is not."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inbox.persons import person_of
from integrations.shopify import interface, lookups, order_context, parsing, personal, queries
from integrations.shopify.client import Connection
from integrations.shopify.models import OrderContext, Store
from integrations.shopify.questions import Kind
from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.sidebar import TRIES
from tenants.personal import Subject
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA_ID, SHOP, line, order
from tests.inbox.saying import names
from tests.integrations.shopify.persons import ADDRESSES, customer, put
from tests.integrations.shopify.reading import kinds
from tests.walking import signed_in, soup_of, work

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
STORE = "/acme/inbox/1/stores/1/"
OTTOS, OTTO = "7100000000099", "otto@example.com"


def large(name: str = "#4000", count: int = 250, **fields: Any) -> dict[str, Any]:
    """An order of so many lines in three parcels of 100, 80 and the next; ten lines have not shipped."""
    lines = [line(f"Item {n:03}") for n in range(count)]
    ends = (0, 100, 180, count - 10)
    parcels = [
        {"fulfillmentLineItems": [{"lineItemId": each["id"], "quantity": 1} for each in lines[a:b]]}
        for a, b in pairwise(ends)
    ]
    return order(name, lineItems=lines, fulfillments=parcels, **fields)


LARGE, OTTOS_ORDER = large(), large("#4001", 30, customer=f"gid://shopify/Customer/{OTTOS}", email=OTTO)
DIGITS, OTTOS_DIGITS = (each["id"].rpartition("/")[2] for each in (LARGE, OTTOS_ORDER))
LINES = f"{STORE}orders/{DIGITS}/lines/"


@pytest.fixture
def ava(cast: Cast, shopify: RunningSandbox) -> Client:
    """Ava, beside a mail of Maya's, whose newest order is large; her section has been read."""
    put(shopify, customer(int(OTTOS), OTTO, "Otto Öl"), orders=(LARGE, OTTOS_ORDER))
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
        factories.conversation()
    work()
    client = signed_in(cast.ava)
    client.get(STORE, headers=HTMX)
    work()
    shopify.clear_calls()
    return client


def look(client: Client, url: str = LINES) -> BeautifulSoup:
    response = client.get(url, headers=HTMX)
    assert response.status_code == 200
    return soup_of(response)


def whole(client: Client) -> BeautifulSoup:
    look(client)
    work()
    return look(client, f"{LINES}?try=1")


def back(cast: Cast, **length: float) -> None:
    """Let all that is stored be so much older."""
    with tenant_context(cast.acme.pk):
        for column in ("fetched_at", "failed_at", "looked_at"):
            OrderContext.objects.update(**{column: F(column) - timedelta(**length)})


def stored(cast: Cast, change: Callable[[], object] | None = None) -> list[str]:
    """Of which orders all items are stored, when something was done in the workspace."""
    with tenant_context(cast.acme.pk):
        if change:
            change()
        return list(OrderContext.objects.filter(kind=Kind.LINES).values_list("key", flat=True))


def parcels(soup: BeautifulSoup) -> list[list[str]]:
    return [[item.text for item in parcel.find_all("li")] for parcel in soup.find_all(class_="parcel")]


# --- Shown whole ----------------------------------------------------------------------------------------------------
def test_a_section_offers_the_items_that_it_does_not_hold(ava: Client) -> None:
    newest = look(ava, STORE).find("article")
    assert newest.find(class_="more-items").a["href"] == newest.find(class_="more-items").a["hx-get"] == LINES
    assert "Item 024" in newest.text
    assert "Item 025" not in newest.text


def test_an_order_of_250_lines_in_three_parcels_is_shown_whole(ava: Client, shopify: RunningSandbox) -> None:
    waiting = look(ava)
    assert waiting.find(class_="more-items")["hx-get"] == f"{LINES}?try=1"
    assert "Item 025" not in waiting.text
    work()
    shown = look(ava, f"{LINES}?try=1")
    assert [len(items) for items in parcels(shown)] == [100, 80, 60, 10]
    assert [text for items in parcels(shown) for text in items] == [f"1 × Item {n:03}" for n in range(250)]
    assert shown.find(class_="all-items").text == "All 250 lines of this order"
    assert shown.find(class_="more-items") is None
    assert kinds(shopify) == ["OrderWhole"]


def test_whoever_looks_again_within_a_minute_asks_shopify_nothing(
    ava: Client, cast: Cast, shopify: RunningSandbox
) -> None:
    whole(ava)
    adam = signed_in(cast.adam)
    assert len(parcels(look(adam))) == 4
    work()
    assert kinds(shopify) == ["OrderWhole"]


def test_without_a_script_it_is_a_page_with_a_way_to_look_again(ava: Client) -> None:
    page = soup_of(ava.get(LINES))
    assert page.find(class_="more-items").a["href"] == f"{LINES}?try=1"
    work()
    page = soup_of(ava.get(f"{LINES}?try=1"))
    assert page.h1.text == "Order #4000"
    assert [len(items) for items in parcels(page)] == [100, 80, 60, 10]


def test_an_order_whose_items_are_all_at_hand_is_shown_without_asking(ava: Client, shopify: RunningSandbox) -> None:
    small = look(ava, STORE).find_all("details")[1]["id"].rpartition("-")[2]
    assert look(ava, f"{STORE}orders/{small}/lines/").find(class_="all-items").text == "The one line of this order"
    work()
    assert kinds(shopify) == []


def test_lines_come_page_by_page_and_each_once(shopify: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = large("#4002", 520)
    put(shopify, orders=(huge,))
    access = Connection(SHOP, parsing.token_grant(shopify.grant(SHOP)).access_token)
    shopify.clear_calls()
    digits = huge["id"].rpartition("/")[2]
    (found,) = lookups.order_whole(access, order_id=digits).orders
    assert [each.title for each in found.lines] == [f"Item {n:03}" for n in range(520)]
    assert (found.more_lines, found.customer_id) == (False, MAYA_ID.rpartition("/")[2])
    assert kinds(shopify) == ["OrderWhole", "OrderLines", "OrderLines"]
    monkeypatch.setattr(queries, "MOST_PAGES", 2)
    (part,) = lookups.order_whole(access, order_id=digits).orders
    assert (len(part.lines), part.more_lines) == (500, True)


# --- Not shown, and said why ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("500", "Shopify has not answered."),
        ("other_order", "Shopify’s answers could not be used."),
        ("truncated", "Shopify’s answers could not be used."),
        ("access_denied_protected", "Shopify has not approved this app for personal data."),
    ],
)
def test_what_shopify_refuses_or_answers_wrongly_is_said_and_not_shown(
    ava: Client, shopify: RunningSandbox, fault: str, why: str
) -> None:
    shopify.fault(fault, operation="OrderWhole", level="none")
    failed = whole(ava)
    assert failed.find(role="alert").text == why
    assert failed.find(class_="more-items").a["hx-get"] == LINES
    assert "hx-trigger" not in failed.find(class_="more-items").attrs
    assert ("Item 024" in failed.text, "Item 025" in failed.text, "Wool throw" in failed.text) == (True, False, False)


def test_pressing_again_after_a_failure_asks_again(ava: Client, cast: Cast, shopify: RunningSandbox) -> None:
    shopify.fault("not_utf8", operation="OrderWhole", times=3)
    assert whole(ava).find(role="alert")
    back(cast, seconds=4)
    assert look(ava, f"{LINES}?try=3").find(role="alert"), "a page that waits does not press"
    assert look(ava).find(class_="more-items")["hx-get"] == f"{LINES}?try=1"
    work()
    assert len(parcels(look(ava, f"{LINES}?try=1"))) == 4


def test_a_slow_answer_is_waited_for_and_then_said(ava: Client) -> None:
    look(ava)
    assert look(ava, f"{LINES}?try={TRIES - 1}").find(class_="more-items")["hx-get"] == f"{LINES}?try={TRIES}"
    late = look(ava, f"{LINES}?try={TRIES}")
    assert late.find(role="alert").text == "Shopify is slow to answer."
    assert "hx-trigger" not in late.find(class_="more-items").attrs


def test_an_order_that_is_gone_is_said(ava: Client, shopify: RunningSandbox) -> None:
    shopify.merchant.delete_order(SHOP, "#4000")
    assert whole(ava).find(role="alert").text == "Shopify no longer shows this order."


def test_of_a_store_that_cannot_be_read_nothing_is_asked(ava: Client, cast: Cast, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.update(state=Store.State.NEEDS_ATTENTION, problem=Store.Problem.STORE_FROZEN)
    assert whole(ava).find(role="alert").text == "This store cannot be read at the moment."
    assert kinds(shopify) == []


def test_items_that_are_older_than_what_stands_beside_them_are_not_shown(
    ava: Client, cast: Cast, shopify: RunningSandbox
) -> None:
    whole(ava)
    shopify.merchant.edit_order(SHOP, "#4000", note="changed")
    back(cast, seconds=10)
    ava.get(f"{STORE}?refresh=1", headers=HTMX)
    work()
    assert look(ava).find(class_="all-items") is None
    work()
    assert look(ava, f"{LINES}?try=1").find(class_="all-items")


# --- To nobody whose order it is not --------------------------------------------------------------------------------
def test_an_order_that_is_not_of_this_person_is_not_there(ava: Client, shopify: RunningSandbox) -> None:
    for digits in (OTTOS_DIGITS, "1", "0", "1/../2", "x", "９９", "9" * 40):
        assert ava.get(f"{STORE}orders/{digits}/lines/").status_code == 404
    work()
    assert kinds(shopify) == []


def test_an_order_that_is_masked_has_no_items_until_a_member_confirms_it(
    ava: Client, cast: Cast, shopify: RunningSandbox
) -> None:
    with tenant_context(cast.acme.pk):
        thread = factories.conversation(email="somebody@example.com")
    names(cast, thread, "4001")
    there = f"/acme/inbox/{thread.number}/stores/1/"
    for _ in range(2):
        ava.get(there, headers=HTMX)
        work()
    url = f"{there}orders/{OTTOS_DIGITS}/"
    assert ava.get(f"{url}lines/").status_code == 404
    ava.post(f"{url}confirm/", {"reason": "Named the items of the order"}, headers=HTMX)
    look(ava, f"{url}lines/")
    work()
    assert look(ava, f"{url}lines/?try=1").find(class_="all-items").text == "All 30 lines of this order"


def test_next_door_nothing_of_it_is_there(ava: Client, cast: Cast) -> None:
    whole(ava)
    mallory = signed_in(cast.mallory)
    assert mallory.get(LINES).status_code == 404
    with tenant_context(cast.next_door.pk):
        factories.conversation()
    assert mallory.get(LINES.replace("/acme/", "/nextdoor/")).status_code == 404


def test_a_poll_is_three_statements(ava: Client, cast: Cast) -> None:
    whole(ava)
    with tenant_context(cast.acme.pk), CaptureQueriesContext(connection) as seen:
        shown = interface.order_lines(
            store_number=1, person=person_of(number=1), legacy_id=DIGITS, addresses=ADDRESSES, attempt=1
        )
    assert shown.all_lines == 250
    assert len([one for one in seen if "set_config" not in one["sql"]]) == 3


# --- Dropped, collected, erased, forgotten --------------------------------------------------------------------------
def test_what_is_told_of_the_order_has_all_items_read_anew(ava: Client, cast: Cast, shopify: RunningSandbox) -> None:
    whole(ava)
    with tenant_context(cast.acme.pk):
        order_context.drop(store=Store.objects.get(), named_order_id=DIGITS)
        assert OrderContext.objects.filter(kind=Kind.LINES, dropped_at__isnull=False).count() == 1
    changing = look(ava)
    assert changing.find(class_="all-items"), "what was known stays meanwhile"
    assert "Asking Shopify what has changed" in changing.find(class_="more-items").text
    work()
    assert kinds(shopify) == ["OrderWhole", "OrderWhole"]
    assert look(ava, f"{LINES}?try=1").find(class_="more-items") is None


@pytest.mark.parametrize("names_customer", [True, False])
def test_all_items_are_collected_and_erased_with_the_customer(ava: Client, cast: Cast, names_customer: bool) -> None:
    whole(ava)
    with tenant_context(cast.acme.pk):
        row = OrderContext.objects.get(kind=Kind.LINES)
        assert row.customer_id == MAYA_ID.rpartition("/")[2]
        if not names_customer:  # the store hid it
            row.head["orders"][0].update(customer_id=None, email=None)
            OrderContext.objects.filter(pk=row.pk).update(customer_id="", head=row.head)
        maya = personal.widen(Subject(emails=frozenset({factories.MAYA})))
        (_, collected), *_ = personal.collect(maya)
        assert row.pk in {each.pk for each in collected.chosen()}
    assert stored(cast, lambda: personal.forget(maya, True)) == []


def test_all_items_go_with_the_customer_the_store_and_the_time(ava: Client, cast: Cast) -> None:
    whole(ava)
    assert stored(cast, order_context.forget) == [DIGITS]
    with tenant_context(cast.acme.pk):
        store = Store.objects.get()
    gone = MAYA_ID.rpartition("/")[2]
    assert stored(cast, lambda: order_context.forget_customer(store=store, customer_id=gone)) == []
    ava.get(STORE, headers=HTMX)
    work()
    whole(ava)
    back(cast, days=31)
    assert stored(cast, order_context.forget) == []
