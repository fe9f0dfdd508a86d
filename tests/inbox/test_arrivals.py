"""A message arrives: the contact's orders are asked for beforehand, where it is about an order."""

from datetime import UTC, datetime, timedelta

import pytest

from inbox.email.inbound import receive
from inbox.email.parsing import parse
from inbox.models import Conversation, CustomerLink
from integrations.shopify.models import OrderContext
from integrations.shopify.sandbox import RunningSandbox
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, MAYA
from tests.walking import pending, work

pytestmark = pytest.mark.django_db


def arrive(cast: Cast, text: str, *, name: str = "a", ago: timedelta = timedelta(), from_: str = MAYA) -> None:
    now = datetime.now(UTC)
    sent = (now - ago).strftime("%a, %d %b %Y %H:%M:%S +0000")
    raw = f"From: {from_}\nTo: support@shop.example\nSubject: Hello\nMessage-ID: <{name}@x.example>\nDate: {sent}\n\n{text}\n"
    with tenant_context(cast.acme.pk):
        receive(mail=parse(raw.encode()), now=now)


def known(cast: Cast) -> list[tuple[str, bool]]:
    with tenant_context(cast.acme.pk):
        rows = OrderContext.objects.filter(kind=OrderContext.Kind.EMAIL).order_by("store__number")
        return [(row.key, row.fetched_at is not None) for row in rows]


@pytest.fixture
def stores(cast: Cast, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
        factories.connected_store(shopify, ALL_ORDERS_SHOP, by=cast.olivia)
    work()


def test_every_store_is_asked_for_who_writes_about_an_order(cast: Cast, stores: None) -> None:
    arrive(cast, "Where is my order?")
    work()
    work()
    assert known(cast) == [(MAYA, True), (MAYA, True)]


def test_no_store_is_asked_for_other_mail(cast: Cast, stores: None) -> None:
    arrive(cast, "Is the tray waterproof?")
    work()
    assert known(cast) == []


def test_of_many_mails_of_one_contact_each_store_is_asked_once(cast: Cast, stores: None) -> None:
    for number in range(5):
        arrive(cast, f"Where is my order? I ask for time {number}.", name=str(number))
    assert pending("MessageArrived") == 5
    work()
    assert pending("OrderContextDue") == 2
    work()
    arrive(cast, "And where is it now?", name="later")
    work()
    assert pending("OrderContextDue") == 0


def test_old_mail_asks_for_nothing(cast: Cast, stores: None) -> None:
    arrive(cast, "Where is my order?", ago=timedelta(days=2))
    assert pending("MessageArrived") == 0


def test_what_the_shop_sends_asks_for_nothing(cast: Cast, stores: None) -> None:
    arrive(cast, "Your order 1042 is on its way", from_="support@shop.example\nCc: maya@lindqvist.example")
    assert pending("MessageArrived") == 0


def test_a_conversation_that_is_gone_meanwhile_asks_for_nothing(cast: Cast, stores: None) -> None:
    arrive(cast, "Where is my order?")
    with tenant_context(cast.acme.pk):
        Conversation.objects.all().delete()
    work()
    assert known(cast) == []
    assert pending("MessageArrived") == 0


def test_the_order_that_a_mail_names_and_the_customer_whom_a_member_linked_are_asked_for_too(
    cast: Cast, stores: None
) -> None:
    arrive(cast, "Where is #1042?", from_="other@address.example")
    with tenant_context(cast.acme.pk):
        contact = Conversation.objects.get().contact
        CustomerLink.objects.create(contact=contact, store_number=1, customer_id="7001", linked_by=cast.ava)
    work()
    with tenant_context(cast.acme.pk):
        asked = set(OrderContext.objects.values_list("store__number", "kind", "key"))
    assert asked == {
        (1, "customer", "7001"),
        (2, "email", "other@address.example"),
        (1, "order", "1042"),
        (2, "order", "1042"),
    }
