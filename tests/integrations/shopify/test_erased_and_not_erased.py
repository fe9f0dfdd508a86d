"""Where an erasure ends: the shop's own addresses, people with similar names and numbers, and other work that goes on."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail

from inbox.models import Attachment, Conversation, Message
from integrations.shopify.models import ComplianceRequest, DataRequestPart, OrderContext, Store
from tenants.addresses import normalise
from tenants.models import Tenant
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA
from tests.integrations.shopify.test_compliance import PRIVACY, asks, context_of, downloaded, known, requests_of, store
from tests.walking import signed_in, work

pytestmark = pytest.mark.django_db
__all__ = ["store"]  # a fixture
SUPPORT = "support@shop.example"
State = ComplianceRequest.State


def thread_with_bob(**reply: Any) -> Conversation:
    """Bob asks, the shop answers, from its support address unless told otherwise."""
    bobs = factories.conversation(email="bob@example.com", texts=())
    factories.message(bobs, text="Hello", from_email="bob@example.com", to=[["", SUPPORT]], html="<p>Hello</p>")
    sent = {"kind": Message.Kind.SENT, "from_email": SUPPORT, "to": [["Bob", "bob@example.com"]], **reply}
    factories.message(bobs, **{"text": f"It is on its way. {SUPPORT}", "quoted": "> Hello", **sent})
    return bobs


def rows(conversation: Conversation) -> list[dict[str, Any]]:
    return list(Message.objects.filter(conversation=conversation).order_by("pk").values())


# --- The shop itself ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", [SUPPORT, "olivia@acme.example"])
def test_a_customer_with_an_address_of_the_shop_takes_nothing_of_its_mail_along(
    store: Store, cast: Cast, address: str
) -> None:
    """Anybody can enter the shop's address in the shop; its answers to everybody are not theirs."""
    with tenant_context(cast.acme.pk):
        bobs = thread_with_bob(from_email=address)
        before = rows(bobs)
        context_of(store, normalise(address), customer_id="7100000000017")
    asks(store, customer={"id": 7100000000017, "email": address, "phone": None})
    work()
    assert [request.state for request in requests_of(cast)] == [State.DONE]
    with tenant_context(cast.acme.pk):
        assert rows(bobs) == before
        assert not OrderContext.objects.exists()


def test_the_file_of_a_customer_with_the_shops_address_holds_no_mail_of_others(store: Store, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        thread_with_bob()
    asks(store, "customers/data_request", customer={"id": 71, "email": SUPPORT, "phone": None})
    work()
    file = downloaded(signed_in(cast.olivia).get(f"{PRIVACY}requests/1/file/"))
    assert [name for name in file.namelist() if name.endswith(".eml")] == []


SIGNED = "It is on its way.\n\nHarbor Goods, +46 70 123 45 67"


def answered(email: str, text: str = SIGNED) -> Conversation:
    """Somebody asks, the shop answers, and they write back below its answer."""
    theirs = factories.conversation(email=email, texts=())
    factories.message(theirs, text="Hello", from_email=email, to=[["", SUPPORT]])
    sent = factories.message(theirs, text=text, kind=Message.Kind.SENT, from_email=SUPPORT, to=[["", email]])
    factories.attachment(sent, name="invoice.txt", content=text.encode())
    factories.message(theirs, text="Thank you", quoted=f"> {text}", from_email=email, to=[["", SUPPORT]])
    return theirs


@pytest.mark.parametrize("telephone", ["+46701234567", "+46 (70) 123-45-67"])
def test_a_customer_with_the_shops_telephone_number_takes_nothing_of_its_mail_along(
    store: Store, cast: Cast, telephone: str
) -> None:
    """Anybody can enter the number that stands below the shop's mails; only what was written with them goes."""
    with tenant_context(cast.acme.pk):
        hers = answered(MAYA)
        others = [answered("bob@example.com"), answered("zoe@example.com")]
        before = [rows(one) for one in others]
    asks(store, customer={"id": 71, "email": MAYA, "phone": telephone})
    work()
    assert [request.state for request in requests_of(cast)] == [State.DONE]
    with tenant_context(cast.acme.pk):
        assert [row["text"] for row in rows(hers)] == ["", "", ""]
        assert [rows(one) for one in others] == before
        assert Attachment.objects.count() == 2


def test_the_shops_number_is_left_and_the_customers_other_one_is_struck(store: Store, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        context_of(store, customer_id="71", head={"customer": {"phone": "+46 70 999 88 77", "legacy_id": "71"}})
        theirs = [answered("bob@example.com", f"{SIGNED}, or Maya: 070 999 88 77"), answered("zoe@example.com")]
        factories.message(theirs[1], text="Maya has +46 70 999 88 77", from_email="zoe@example.com")
    asks(store, customer={"id": 71, "email": MAYA, "phone": "+46701234567"})
    work()
    with tenant_context(cast.acme.pk):
        assert rows(theirs[0])[1]["text"] == f"{SIGNED}, or Maya: 070 999 88 77"
        assert [row["text"] for row in rows(theirs[1])] == ["Hello", SIGNED, "Thank you", "Maya has […]"]


def test_a_customers_number_that_the_shop_told_one_other_person_is_struck(store: Store, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        couriers = answered("courier@example.com", "Please call +46 70 123 45 67.")
        bobs = answered("bob@example.com", "It is on its way.")
    asks(store, customer={"id": 71, "email": MAYA, "phone": "+46701234567"})
    work()
    with tenant_context(cast.acme.pk):
        assert [row["text"] for row in rows(couriers)] == ["Hello", "Please call […].", "Thank you"]
        assert rows(couriers)[2]["quoted"] == "> Please call […]."
        assert rows(bobs)[1]["text"] == "It is on its way."


def test_an_agent_who_buys_here_too_is_erased_as_a_customer(store: Store, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        hers = factories.conversation(email="ava@acme.example", texts=("as a customer",))
        bobs = thread_with_bob(from_email="ava@acme.example")
        before = rows(bobs)
    asks(store, customer={"id": 71, "email": "ava@acme.example", "phone": None})
    work()
    with tenant_context(cast.acme.pk):
        assert [row["text"] for row in rows(hers)] == [""]
        assert rows(bobs) == before


# --- Others ---------------------------------------------------------------------------------------------------------
def test_a_name_is_struck_as_whole_words(store: Store, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        factories.contact(email="an@li.example", name="An Li")
        bobs = factories.conversation(email="bob@example.com", texts=())
        text = "Joan Lisbon wrote; An Li (an@li.example) did too."
        factories.message(bobs, text=text, from_email="bob@example.com")
    asks(store, customer={"id": 71, "email": "an@li.example", "phone": None})
    work()
    with tenant_context(cast.acme.pk):
        assert [row["text"] for row in rows(bobs)] == ["Joan Lisbon wrote; […] ([…]) did too."]


@pytest.mark.parametrize("written", ["+46 70 123 45 67", "+46701234567", "+46 (70) 123-45-67", "+46-70-123.45.67"])
def test_a_number_is_found_however_it_is_spaced(store: Store, cast: Cast, written: str) -> None:
    with tenant_context(cast.acme.pk):
        bobs = factories.conversation(email="bob@example.com", texts=())
        factories.message(bobs, text=f"Call {written}, not +46 70 123 45 678.", from_email="bob@example.com")
    asks(store, customer={"id": 71, "email": None, "phone": "+46701234567"})
    work()
    with tenant_context(cast.acme.pk):
        assert [row["text"] for row in rows(bobs)] == ["Call […], not +46 70 123 45 678."]


@pytest.mark.parametrize("address", ["a_n%@x.example", "a.*@x.example", "a+b@x.example", "o'neil@x.example"])
def test_signs_that_mean_something_to_a_search_mean_themselves(store: Store, cast: Cast, address: str) -> None:
    with tenant_context(cast.acme.pk):
        others = factories.conversation(email="aXnY@x.example", texts=("mine",))
        bobs = factories.conversation(email="bob@example.com", texts=())
        factories.message(bobs, text=f"{address} and aab@x.example, joan@x.example", from_email="bob@example.com")
    asks(store, customer={"id": 71, "email": address, "phone": None})
    work()
    with tenant_context(cast.acme.pk):
        assert [row["text"] for row in rows(others)] == ["mine"]
        assert [row["text"] for row in rows(bobs)] == ["[…] and aab@x.example, joan@x.example"]


def test_a_number_that_is_an_id_of_waiting_work_ends_none_of_it(store: Store, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        waiting = Event.objects.create(tenant_id=cast.acme.pk, kind="some.Kind", payload={"store_id": 5550123})
        Event.objects.filter(pk=waiting.pk).update(dead_at=waiting.created_at)
    asks(store, customer={"id": 71, "email": None, "phone": "5550123"})
    work()
    assert Event.objects.filter(pk=waiting.pk).exists()


def test_a_file_for_another_customer_that_names_them_is_made_anew(store: Store, cast: Cast) -> None:
    known(cast, store)
    with tenant_context(cast.acme.pk):
        bobs = Conversation.objects.get(contact__addresses__email_norm="bob@example.com")
        factories.message(bobs, text=f"I am with {MAYA}", from_email="bob@example.com")
    asks(store, "customers/data_request", customer={"id": 7, "email": "bob@example.com", "phone": None})
    work()
    asks(store, words="b")
    work()
    work()
    asked, erased = requests_of(cast)
    assert (asked.state, erased.state) == (State.READY, State.DONE)
    file = downloaded(signed_in(cast.olivia).get(f"{PRIVACY}requests/{asked.number}/file/"))
    assert MAYA not in "".join(file.read(name).decode("utf-8", "replace") for name in file.namelist())
    with tenant_context(cast.acme.pk):
        assert DataRequestPart.objects.filter(request=asked).exists()


# --- The day --------------------------------------------------------------------------------------------------------
def test_the_day_is_that_of_the_workspace(store: Store, cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = "tenants.outbox.mail.OutboxBackend"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(time_zone="Pacific/Auckland")
    asks(store, "customers/data_request")
    with tenant_context(cast.acme.pk):
        late = datetime(2036, 1, 1, 20, 0, tzinfo=UTC)  # the second of January in Auckland
        ComplianceRequest.objects.update(due_at=late, received_at=late)
    work()
    work()
    (told,) = mail.outbox
    assert "2036-01-02" in told.message().as_bytes().decode()
    readme = downloaded(signed_in(cast.olivia).get(f"{PRIVACY}requests/1/file/")).read("README.txt").decode()
    assert "received on 2036-01-02, to be answered by 2036-01-02" in readme
