"""Requests about people's data: taken once whatever is sent, answered with a file, carried out to the last copy."""

import io
import json
import time
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inbox.models import Contact, ContactAddress, Conversation, Message
from integrations.shopify import compliance, data_requests, deliveries, order_context, redacting, stored, stores
from integrations.shopify.events import ErasureContinues
from integrations.shopify.models import ComplianceRequest, DataRequestPart, OrderContext, Store
from integrations.shopify.types import CustomerOrders
from tenants import exporting, personal
from tenants.models import AuditEvent, Export, ExportPart
from tenants.outbox.models import Event
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, MAYA, SHOP
from tests.integrations.shopify import posting
from tests.integrations.shopify.test_order_cards import ORDER
from tests.telling import Tell
from tests.walking import CLIENT_ID, CLIENT_SECRET, signed_in, text_of, work

pytestmark = pytest.mark.django_db
PRIVACY = "/acme/settings/privacy/"
Kind, State = ComplianceRequest.Kind, ComplianceRequest.State


@pytest.fixture
def store(cast: Cast) -> Store:
    with tenant_context(cast.acme.pk):
        return a_store(cast)


def a_store(cast: Cast, domain: str = SHOP, number: int = 1, **fields: Any) -> Store:
    given = {"state": Store.State.CONNECTED, "shop_name": "Harbor Goods", **fields}
    return Store.objects.create(number=number, shop_domain=domain, connected_by=cast.olivia, **given)


def body(**changes: Any) -> dict[str, Any]:
    """As Shopify's page shows it (privacy-law-compliance, read 2026-11-22)."""
    given = {
        "shop_id": 954889,
        "shop_domain": SHOP,
        "customer": {"id": 7100000000017, "email": "Maya@Lindqvist.example", "phone": "+46 70 123 45 67"},
        "orders_to_redact": [299938],
    }
    return {**given, **changes}


def asks(store: Store, topic: str = "customers/redact", *, words: str = "a", **changes: Any) -> None:
    with tenant_context(store.tenant_id):
        compliance.receive(store=store, topic=topic, body=body(**changes), body_hash=words * 64)


def requests_of(cast: Cast) -> list[ComplianceRequest]:
    with tenant_context(cast.acme.pk):
        return list(ComplianceRequest.objects.order_by("number"))


def actions(cast: Cast) -> list[str]:
    with tenant_context(cast.acme.pk):
        return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def context_of(store: Store, email: str = MAYA, **fields: Any) -> OrderContext:
    return OrderContext.objects.create(store=store, key=email, found=True, **fields)


# --- Taken ----------------------------------------------------------------------------------------------------------
def test_a_request_is_taken_with_what_it_names(store: Store, cast: Cast) -> None:
    orders = {"orders_to_redact": None, "orders_requested": [299938, "280263", None, True, -1, {"id": 1}]}
    asks(store, "customers/data_request", **orders, data_request={"id": 9999})
    (request,) = requests_of(cast)
    assert (request.kind, request.state) == (Kind.DATA_REQUEST, State.WAITING)
    assert (request.customer_id, request.email, request.phone) == ("7100000000017", MAYA, "+46 70 123 45 67")
    assert request.order_ids == ["299938", "280263"]
    assert request.request_id == "9999"
    assert request.due_at - request.received_at == timedelta(days=30)
    assert actions(cast)[-1] == "compliance.data_request_received"


def test_the_same_words_are_one_request(store: Store, cast: Cast) -> None:
    for _ in range(3):
        asks(store)
    work()
    asks(store)
    assert len(requests_of(cast)) == 1
    asks(store, words="b")
    assert len(requests_of(cast)) == 2


def test_the_same_words_long_after_are_a_new_request(store: Store, cast: Cast) -> None:
    asks(store, "shop/redact")
    with tenant_context(cast.acme.pk):
        long_ago = timezone.now() - timedelta(days=40)
        ComplianceRequest.objects.update(state=State.DONE, received_at=long_ago)
    asks(store, "shop/redact")
    assert [request.state for request in requests_of(cast)] == [State.DONE, State.WAITING]


@pytest.mark.parametrize("domain", ["other.myshopify.com", None, 7, ["harbor.myshopify.com"], ""])
def test_a_body_that_names_another_shop_changes_nothing(store: Store, cast: Cast, domain: object) -> None:
    asks(store, shop_domain=domain)
    assert requests_of(cast) == []


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@given(customer=_anything, orders=_anything, request=_anything, email=_anything)
def test_no_body_of_whatever_shape_is_too_much(customer: Any, orders: Any, request: Any, email: Any) -> None:
    for shape in (customer, {"id": customer, "email": email, "phone": request}):
        asked = compliance._asked({"customer": shape, "orders_to_redact": orders, "data_request": request})
        assert len(asked.customer_id) <= 20
        assert len(asked.phone) <= 40
        assert "\0" not in f"{asked}"
        json.dumps(asked.order_ids)


def test_a_request_without_a_customer_is_taken_and_done(store: Store, cast: Cast) -> None:
    asks(store, customer=None, orders_to_redact=None)
    work()
    (request,) = requests_of(cast)
    assert (request.state, request.counts) == (State.DONE, {})


def test_a_request_that_shopify_signs_and_sends_three_times_is_carried_out_once(
    store: Store, cast: Cast, settings: Any
) -> None:
    settings.SHOPIFY_CLIENT_ID, settings.SHOPIFY_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
    known(cast, store)
    for _ in range(3):
        assert posting.post("customers/redact", body()).status_code == 200
    assert posting.post("customers/redact", body(), secret="another").status_code == 401
    work()
    (request,) = requests_of(cast)
    assert (request.state, request.counts["conversations"]) == (State.DONE, 2)


# --- A customer's data ----------------------------------------------------------------------------------------------
def known(cast: Cast, store: Store) -> None:
    """Maya with two conversations, a file, and what the store told of her; a stranger beside her."""
    with tenant_context(cast.acme.pk):
        maya = factories.contact(email=MAYA, name="Maya Lindqvist")
        first = factories.conversation(of=maya, texts=("where is it?", "still nothing"))
        factories.attachment(Message.objects.filter(conversation=first).first(), content=b"a photo of the parcel")
        factories.conversation(of=maya, texts=("another",))
        head = {"customer": {"display_name": "Maya Lindqvist", "phone": "+46 70 123 45 67"}, "orders": []}
        context_of(store, customer_id="7100000000017", head=head)
        bobs = factories.conversation(email="bob@example.com", texts=())
        factories.message(bobs, text="I am somebody else", from_email="bob@example.com")
        context_of(store, "bob@example.com", customer_id="7")


def downloaded(response: HttpResponse) -> zipfile.ZipFile:
    content = b"".join(response.streaming_content)
    assert len(content) == int(response["Content-Length"])
    return zipfile.ZipFile(io.BytesIO(content))


def test_a_customers_data_are_collected_told_to_the_owners_and_handed_over(store: Store, cast: Cast) -> None:
    known(cast, store)
    asks(store, "customers/data_request")
    work()
    (request,) = requests_of(cast)
    assert request.state == State.READY
    olivia = signed_in(cast.olivia)
    assert text_of(olivia.get(PRIVACY)).count("In the file: 2 conversations, 3 messages") == 1
    file = downloaded(olivia.get(f"{PRIVACY}requests/{request.number}/file/"))
    assert file.testzip() is None
    everything = {name: file.read(name).decode("utf-8", "replace") for name in file.namelist()}
    assert len([name for name in everything if name.endswith(".eml")]) == 3
    assert "Maya Lindqvist" in everything["data/inbox_contact.jsonl"]
    assert "7100000000017" in everything["data/shopify_ordercontext.jsonl"]
    assert "conversations: 2" in everything["README.txt"]
    assert "bob@example.com" not in "".join(everything.values())
    assert "somebody else" not in "".join(everything.values())
    olivia.post(f"{PRIVACY}requests/{request.number}/done/")
    (request,) = requests_of(cast)
    assert (request.state, request.email, request.phone, request.order_ids) == (State.DONE, "", "", [])
    with tenant_context(cast.acme.pk):
        assert DataRequestPart.objects.count() == 0
    assert actions(cast)[-2:] == ["compliance.data_request_fetched", "compliance.data_request_done"]
    assert olivia.get(f"{PRIVACY}requests/{request.number}/file/").status_code == 404


def test_the_owners_are_told_that_the_file_is_there_and_again_a_week_before_the_day(
    store: Store, cast: Cast, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "tenants.outbox.mail.OutboxBackend"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    asks(store, "customers/data_request")
    work()
    work()
    assert [(m.to, MAYA.encode() in m.message().as_bytes()) for m in mail.outbox] == [([cast.olivia.user.email], False)]
    due_now()
    work()
    work()
    assert len(mail.outbox) == 2
    (request,) = requests_of(cast)
    signed_in(cast.olivia).post(f"{PRIVACY}requests/{request.number}/done/")
    with expected_tenant(cast.acme.pk), tenant_context(cast.acme.pk):
        data_requests.remind(request_id=request.pk)
    work()
    assert len(mail.outbox) == 2


def due_now() -> None:
    """As if all that waits for its time had waited long enough."""
    Event.objects.filter(done_at=None).update(held_until=None, next_run_at=timezone.now())


def test_of_somebody_unknown_the_file_says_that_nothing_is_held(store: Store, cast: Cast) -> None:
    asks(store, "customers/data_request")
    work()
    olivia = signed_in(cast.olivia)
    assert "Nothing is held about this customer" in text_of(olivia.get(PRIVACY))
    (request,) = requests_of(cast)
    file = downloaded(olivia.get(f"{PRIVACY}requests/{request.number}/file/"))
    assert "requests about data: 1" in file.read("README.txt").decode()


def test_a_big_customer_is_collected_in_stretches(store: Store, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    known(cast, store)
    monkeypatch.setattr(data_requests, "STRETCH_SECONDS", 0.0)
    asks(store, "customers/data_request")
    for _ in range(20):
        work()
    (request,) = requests_of(cast)
    assert request.state == State.READY
    file = downloaded(signed_in(cast.olivia).get(f"{PRIVACY}requests/{request.number}/file/"))
    assert file.testzip() is None
    assert len([name for name in file.namelist() if name.endswith(".eml")]) == 3


def test_a_file_whose_time_is_over_is_deleted_and_can_be_made_again(store: Store, cast: Cast) -> None:
    known(cast, store)
    asks(store, "customers/data_request")
    work()
    with tenant_context(cast.acme.pk):
        past = timezone.now() - timedelta(minutes=1)
        ComplianceRequest.objects.update(file_until=past, due_at=past)
        data_requests.tidy()
        assert DataRequestPart.objects.count() == 0
    olivia = signed_in(cast.olivia)
    (request,) = requests_of(cast)
    page = text_of(olivia.get(PRIVACY))
    assert "A customer should have had their data by now." in page
    assert "The request is still open." in page
    olivia.post(f"{PRIVACY}requests/{request.number}/again/")
    work()
    assert downloaded(olivia.get(f"{PRIVACY}requests/{request.number}/file/")).testzip() is None


def test_an_administrator_sees_requests_and_does_not_answer_them_and_an_agent_sees_none(
    store: Store, cast: Cast
) -> None:
    asks(store, "customers/data_request")
    work()
    (request,) = requests_of(cast)
    adam, ava = signed_in(cast.adam), signed_in(cast.ava)
    page = adam.get(PRIVACY)
    assert f"Request {request.number}" in text_of(page)
    assert "/file/" not in page.content.decode()
    assert adam.get(f"{PRIVACY}requests/{request.number}/file/").status_code == 403
    assert adam.post(f"{PRIVACY}erase/", {"address": MAYA, "again": MAYA}).status_code == 403
    assert adam.get(f"{PRIVACY}kept/").status_code == 200
    assert ava.get(PRIVACY).status_code == 403
    assert ava.get(f"{PRIVACY}kept/").status_code == 403


# --- Erased ---------------------------------------------------------------------------------------------------------
def test_a_customer_is_erased_and_a_stranger_beside_them_is_not(store: Store, cast: Cast) -> None:
    known(cast, store)
    asks(store)
    work()
    (request,) = requests_of(cast)
    assert (request.state, request.email, request.phone, request.order_ids) == (State.DONE, "", "", [])
    assert request.counts["conversations"] == 2
    with tenant_context(cast.acme.pk):
        assert list(OrderContext.objects.values_list("key", flat=True)) == ["bob@example.com"]
        assert list(ContactAddress.objects.values_list("email_norm", flat=True)) == ["bob@example.com"]
        shells = Conversation.objects.exclude(erased_at=None)
        assert shells.count() == 2
        number = shells.order_by("number").values_list("number", flat=True)[0]
        assert Message.objects.filter(conversation__in=shells, text="", from_email="").count() == 3
        assert Message.objects.get(text="I am somebody else").from_email
        event = AuditEvent.objects.get(action="compliance.customer_redacted")
    assert event.target == SHOP
    assert event.detail["customer"] == "7100000000017"
    assert MAYA not in f"{event.detail}"
    page = text_of(signed_in(cast.ava).get(f"/acme/inbox/{number}/"))
    assert "Erased conversation" in page
    assert "The content was erased." in page


def test_an_address_that_only_the_store_knows_leads_to_the_contact(store: Store, cast: Cast) -> None:
    known(cast, store)
    asks(store, customer={"id": 7100000000017, "email": None, "phone": None})
    work()
    with tenant_context(cast.acme.pk):
        assert Contact.objects.filter(name="Maya Lindqvist").count() == 0


def holds(*numbers: int) -> dict[str, Any]:
    head, rest = stored.split(CustomerOrders(None, tuple(replace(ORDER, legacy_id=str(number)) for number in numbers)))
    return {"head": head, "rest": rest}


def test_every_order_that_a_request_names_is_looked_for_however_many_it_names(
    store: Store, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as a body can name; the rows are gone through in batches."""
    monkeypatch.setattr("integrations.shopify.personal.ROWS_A_BATCH", 2)
    named = [5_000_000_000_000 + number for number in range(70_500)]
    assert deliveries.MAX_BODY - 20_000 < len(json.dumps(body(orders_to_redact=named), separators=(",", ":"))) < deliveries.MAX_BODY  # fmt: skip
    with tenant_context(cast.acme.pk):
        other = a_store(cast, ALL_ORDERS_SHOP, 2)
        for number, held in enumerate(([1], named[:1], [2, named[30_000]], [], [3], named[-1:], [4])):
            context_of(store, f"guest{number}@example.com", **holds(*held))
        context_of(store, "never-asked@example.com")
        context_of(other, "guest@example.com", **holds(named[-1]))
    asks(store, orders_to_redact=named)
    (request,) = requests_of(cast)
    assert len(request.order_ids) == len(named)
    work()
    (request,) = requests_of(cast)
    assert (request.state, request.order_ids, request.counts["stored orders"]) == (State.DONE, [], 3)
    with tenant_context(cast.acme.pk):
        left = OrderContext.objects.order_by("pk").values_list("key", flat=True)
        assert list(left) == [*(f"guest{n}@example.com" for n in (0, 3, 4, 6)), "never-asked@example.com", "guest@example.com"]  # fmt: skip


def test_another_stores_customer_of_the_same_number_is_left_alone(store: Store, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        other = a_store(cast, "pine.myshopify.com", 2)
        context_of(other, "bob@example.com", customer_id="7100000000017")
    asks(store)
    work()
    with tenant_context(cast.acme.pk):
        assert OrderContext.objects.count() == 1


def test_a_big_customer_is_erased_in_stretches_and_a_worker_may_die_between(
    store: Store, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redacting, "STRETCH_SECONDS", 0.0)
    with tenant_context(cast.acme.pk):
        maya = factories.contact(email=MAYA, name="Maya Lindqvist")
        for number in range(120):
            factories.conversation(of=maya, texts=(f"mail {number}",))
    asks(store)
    (request,) = requests_of(cast)
    first = ErasureContinues(request_id=request.pk)
    for _ in range(2):  # delivered twice, as after a kill
        with expected_tenant(cast.acme.pk):
            redacting.proceed(first)
    with tenant_context(cast.acme.pk):
        assert 0 < Conversation.objects.filter(erased_at=None).count() < 120
    for _ in range(12):
        work()
    (request,) = requests_of(cast)
    assert request.state == State.DONE
    assert request.counts["conversations"] == 120
    with tenant_context(cast.acme.pk):
        assert Conversation.objects.filter(erased_at=None).count() == 0
        assert AuditEvent.objects.filter(action="compliance.customer_redacted").count() == 1


def test_a_look_that_was_under_way_is_undone_a_little_later(store: Store, cast: Cast) -> None:
    known(cast, store)
    asks(store)
    work()
    with tenant_context(cast.acme.pk):
        context_of(store)  # by a page that had read the address before
    due_now()
    work()
    with tenant_context(cast.acme.pk):
        assert list(OrderContext.objects.values_list("key", flat=True)) == ["bob@example.com"]


def test_a_contact_is_erased_by_hand_once_the_address_was_typed_twice(store: Store, cast: Cast) -> None:
    known(cast, store)
    olivia = signed_in(cast.olivia)
    assert "Erase a contact" in text_of(olivia.get(PRIVACY))
    asked = olivia.post(f"{PRIVACY}erase/", {"address": "MAYA@lindqvist.example"})
    assert asked.status_code == 200
    assert "Erase this contact?" in text_of(asked)
    wrong = olivia.post(f"{PRIVACY}erase/", {"address": MAYA, "again": "maja@lindqvist.example"})
    assert (wrong.status_code, "This is not the same address." in text_of(wrong)) == (422, True)
    assert requests_of(cast) == []
    assert olivia.post(f"{PRIVACY}erase/", {"address": MAYA, "again": MAYA}).status_code == 302
    work()
    (request,) = requests_of(cast)
    assert (request.kind, request.state, request.email) == (Kind.CONTACT_ERASE, State.DONE, "")
    with tenant_context(cast.acme.pk):
        assert ContactAddress.objects.filter(email_norm=MAYA).count() == 0
        said = AuditEvent.objects.filter(action__startswith="contact.").order_by("pk")
        assert [event.action for event in said] == ["contact.erasure_asked", "contact.erased"]
        assert MAYA not in "".join(f"{event.detail}{event.target}" for event in said)
    assert "A contact was erased" in text_of(olivia.get(PRIVACY))


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "x" * 400 + "@example.com", "a\0@example.com", "<script>"])
def test_what_is_no_address_is_refused_by_a_sentence(cast: Cast, address: str) -> None:
    response = signed_in(cast.olivia).post(f"{PRIVACY}erase/", {"address": address, "again": address})
    assert response.status_code == 422
    assert requests_of(cast) == []


def test_a_refresh_that_was_under_way_stores_nothing(store: Store, cast: Cast) -> None:
    known(cast, store)
    with tenant_context(cast.acme.pk):
        row = OrderContext.objects.get(key=MAYA)
    asks(store)
    work()
    with tenant_context(cast.acme.pk):  # Shopify's answer comes now.
        order_context._keep(row.pk, store, CustomerOrders(None, (ORDER,)), began=timezone.now())
        assert not OrderContext.objects.filter(key=MAYA).exists()


def test_an_export_that_is_being_made_ends_and_keeps_nothing(
    store: Store, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "STRETCH_SECONDS", 0.0)
    known(cast, store)
    with tenant_context(cast.acme.pk):
        exporting.request(by=cast.olivia)
    work()
    with tenant_context(cast.acme.pk):
        assert ExportPart.objects.count() > 0
    asks(store)
    for _ in range(6):
        work()
    with tenant_context(cast.acme.pk):
        assert Export.objects.get().state == Export.State.FAILED
        assert ExportPart.objects.count() == 0


def test_a_file_that_is_being_made_ends_with_its_customer(
    store: Store, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_requests, "STRETCH_SECONDS", 0.0)
    known(cast, store)
    asks(store, "customers/data_request")
    work()
    asks(store, words="b")
    for _ in range(6):
        work()
    assert {request.state for request in requests_of(cast)} == {State.DONE}
    with tenant_context(cast.acme.pk):
        assert DataRequestPart.objects.count() == 0


def test_work_that_lies_dead_is_begun_anew(store: Store, cast: Cast) -> None:
    known(cast, store)
    for topic, words in (("customers/data_request", "a"), ("customers/redact", "b"), ("shop/redact", "c")):
        asks(store, topic, words=words)
    Event.objects.update(dead_at=timezone.now())
    with tenant_context(cast.acme.pk):
        assert compliance.resume() == 0  # it may only be slow
        ComplianceRequest.objects.update(received_at=timezone.now() - timedelta(hours=2))
        assert [compliance.resume(), compliance.resume()] == [3, 0]
    work()
    assert {request.state for request in requests_of(cast)} == {State.DONE}


def test_a_day_that_is_near_is_said_on_the_page(store: Store, cast: Cast) -> None:
    asks(store, "customers/data_request")
    work()
    olivia = signed_in(cast.olivia)
    assert "within a week" not in text_of(olivia.get(PRIVACY))
    with tenant_context(cast.acme.pk):
        ComplianceRequest.objects.update(due_at=timezone.now() + timedelta(days=3, hours=1))
    page = text_of(olivia.get(PRIVACY))
    assert "data must be handed over within a week" in page
    assert "3 days left" in page


def test_the_page_for_a_data_protection_officer_shows_the_whole_inventory(cast: Cast) -> None:
    page = text_of(signed_in(cast.adam).get(f"{PRIVACY}kept/"))
    for entry in personal.inventory():
        assert f"{entry.model}: {', '.join(entry.fields)}" in page
        assert entry.what in page


@pytest.mark.nightly
def test_a_customer_of_a_thousand_conversations_is_collected_and_erased(store: Store, cast: Cast, tell: Tell) -> None:
    with tenant_context(cast.acme.pk):
        maya = factories.contact(email=MAYA, name="Maya Lindqvist")
        made = Conversation.objects.bulk_create(
            Conversation(number=100 + n, contact=maya, subject=f"mail {n}", snippet="words") for n in range(1_000)
        )
        Message.objects.bulk_create(
            Message(conversation=each, kind="received", from_email=MAYA, text="words " * 200, message_id=f"{n}.{each.pk}@x",
                    sent_at=timezone.now())
            for each in made for n in range(3)
        )  # fmt: skip
    asks(store, "customers/data_request")
    begun = time.monotonic()
    stretches = 0
    while requests_of(cast)[0].state == State.WAITING and stretches < 20:
        work()
        stretches += 1
    collected = time.monotonic() - begun
    (request,) = requests_of(cast)
    asks(store, words="b")
    begun = time.monotonic()
    for _ in range(4):
        work()
    erased = time.monotonic() - begun
    assert requests_of(cast)[1].counts["messages"] == 3_000
    tell(
        f"a customer of 1,000 conversations, 3,000 mails: collected in {collected:.1f} s ({request.counts['mails']:,} mail "
        f"files, {stretches} stretches), erased in {erased:.1f} s, in stretches of {redacting.STRETCH_SECONDS:.0f} s"
    )


# --- A store --------------------------------------------------------------------------------------------------------
def test_of_a_store_that_is_gone_only_the_domain_stays(store: Store, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        stores.disconnect(store=store, by=cast.olivia)
        context_of(store)
    asks(store, "shop/redact")
    work()
    with tenant_context(cast.acme.pk):
        store.refresh_from_db()
        assert (store.shop_domain, store.shop_name, store.shop_gid, store.currency) == (SHOP, "", "", "")
        assert OrderContext.objects.count() == 0
    assert actions(cast)[-1] == "compliance.store_redacted"


def test_a_store_that_is_connected_again_is_left_alone(store: Store, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        context_of(store)
    asks(store, "shop/redact")
    work()
    with tenant_context(cast.acme.pk):
        assert OrderContext.objects.count() == 1
        assert Store.objects.get().shop_name == "Harbor Goods"
    assert "compliance.store_redacted" not in actions(cast)
    assert "connected again: nothing was erased" in text_of(signed_in(cast.olivia).get(PRIVACY))
