"""The door for webhooks: whose signature opens it, what it refuses, each delivery once, and what each topic does."""

import base64
import io
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from shopify_app import ShopifyApp as ShopifysOwn

from integrations.shopify import deliveries, order_context, stores, tasks, topics, webhooks
from integrations.shopify.models import OrderContext, ShopifyApp, Store, WebhookReceipt
from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.types import CustomerOrders, TokenGrant
from tenants.crypto.secret import Secret
from tenants.models import AuditEvent
from tenants.numbering import next_number
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, GUEST, MAYA, MAYA_ID, SHOP
from tests.integrations.shopify import looking
from tests.integrations.shopify.posting import DOOR, deliver, headers, order, post, signature
from tests.integrations.shopify.reading import known
from tests.walking import CLIENT_ID, CLIENT_SECRET, everything_stored, pending, signed_in, text_of, work

pytestmark = pytest.mark.django_db
GUESTS_ORDER = "5400000000099"
MAYA_NUMBER = int(MAYA_ID.rpartition("/")[2])


@pytest.fixture
def store(cast: Cast, settings: object) -> Store:
    """Connected, with rows of Maya's and of a guest's. No Shopify behind it: the door asks none."""
    settings.SHOPIFY_CLIENT_ID, settings.SHOPIFY_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET  # type: ignore[attr-defined]
    grant = TokenGrant(access_token=Secret("shpat_x"), scopes=frozenset({"read_orders", "read_customers"}))
    with tenant_context(cast.acme.pk):
        store = stores.connect(shop_domain=SHOP, grant=grant, by=cast.olivia)
        for email, customer in ((MAYA, str(MAYA_NUMBER)), (GUEST, "")):
            orders = {"orders": [{"legacy_id": GUESTS_ORDER if email == GUEST else "7"}]}
            OrderContext.objects.create(
                store=store, key=email, customer_id=customer, fetched_at=timezone.now(), found=True, head=orders
            )
    Event.objects.all().delete()
    return store


@pytest.fixture
def played(cast: Cast, shopify: RunningSandbox) -> Store:
    """The same with a sandbox behind it, and Maya's orders read."""
    return known(cast, shopify)


def dropped(cast: Cast) -> set[str]:
    with tenant_context(cast.acme.pk):
        return set(OrderContext.objects.exclude(dropped_at=None).values_list("key", flat=True))


def receipts() -> list[tuple[str, str]]:
    return list(WebhookReceipt.objects.order_by("pk").values_list("topic", "effect"))


def current(cast: Cast) -> Store:
    with tenant_context(cast.acme.pk):
        return Store.objects.get()


def own_app(cast: Cast, secret: str = "their-own-secret", previous: str | None = None) -> ShopifyApp:
    return ShopifyApp.objects.create(
        number=next_number("shopify_app"), name="Ours", client_id="their-app", client_secret=Secret(secret),
        previous_secret=Secret(previous) if previous else None, entered_by=cast.olivia,
    )  # fmt: skip


# --- Who may come in ------------------------------------------------------------------------------------------------
def test_a_signed_delivery_is_taken(cast: Cast, store: Store) -> None:
    response = post("orders/updated", order(email=MAYA, customer=MAYA_NUMBER))
    assert (response.status_code, response.content) == (200, b"dropped\n")
    receipt = WebhookReceipt.objects.get()
    assert (receipt.shop_domain, receipt.topic, receipt.effect) == (SHOP, "orders/updated", "dropped")
    assert (receipt.tenant_id, receipt.resource_id) == (cast.acme.pk, "820982911946154508")
    assert receipt.triggered_at is not None


def test_the_previous_secret_counts_while_it_is_rotated(cast: Cast, store: Store, settings: object) -> None:
    settings.SHOPIFY_CLIENT_SECRET, settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = "the-new-one", CLIENT_SECRET  # type: ignore[attr-defined]
    body = order(email=MAYA)
    assert post("orders/updated", body).status_code == 200
    assert post("orders/updated", body, secret="the-new-one").status_code == 200
    settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = ""  # type: ignore[attr-defined]
    assert post("orders/updated", body).status_code == 401


SIGNED = signature(b"{}")


WRONG = (
    [
        "", "x", SIGNED[:-1], SIGNED + "=", SIGNED[:-2] + "==", " " + SIGNED, "ä" * 43 + "=", SIGNED.swapcase(), "A" * 43 + "=",
        base64.b64encode(b"x" * 33).decode(), signature(b"{}", "another"), signature(b"{} "), "0" * 64, SIGNED.replace("=", "\n"),
    ]
)  # fmt: skip


def test_a_wrong_signature_is_refused_and_leaves_nothing(cast: Cast, store: Store) -> None:
    before = everything_stored(cast.acme, cast.next_door)
    for sign in WRONG:
        assert deliver(headers("app/uninstalled", b"{}", Hmac_Sha256=sign), b"{}").status_code == 401, sign
    assert everything_stored(cast.acme, cast.next_door) == before


def test_a_body_that_was_changed_on_the_way_is_refused(cast: Cast, store: Store) -> None:
    body = json.dumps(order(email=MAYA)).encode()
    given = headers("orders/updated", body)
    assert deliver(given, body.replace(b"maya", b"ava")).status_code == 401
    assert receipts() == []


def test_without_an_app_nobody_comes_in(cast: Cast, settings: object) -> None:
    settings.SHOPIFY_CLIENT_ID = settings.SHOPIFY_CLIENT_SECRET = ""  # type: ignore[attr-defined]
    assert post("orders/updated", order(), secret="").status_code == 401


OTHER_METHODS = ["get", "head", "put", "patch", "delete", "options"]  # fmt: skip


def test_only_post_is_answered(db: None) -> None:
    for method in OTHER_METHODS:
        assert getattr(Client(), method)(DOOR).status_code == 405


def test_no_session_and_no_csrf_token_are_needed(cast: Cast, store: Store) -> None:
    response = post("orders/updated", order(), client=Client(enforce_csrf_checks=True))
    assert response.status_code == 200
    assert not response.cookies


# --- What is refused --------------------------------------------------------------------------------------------------
CLAIMS = [
    ({"Shop_Domain": ""}, 400),
    ({"Shop_Domain": "harbor.myshopify.com.evil.example"}, 400),
    ({"Shop_Domain": "harbor.myshopify.com\x00"}, 400),
    ({"Shop_Domain": "h\u212arbor.myshopify.com"}, 400),
    ({"Topic": ""}, 400),
    ({"Topic": "orders"}, 400),
    ({"Topic": "orders/" + "x" * 60}, 400),
    ({"Topic": "ORDERS/UPDATED"}, 400),
    ({"Webhook_Id": ""}, 400),
    ({"Webhook_Id": "x" * 101}, 400),
    ({"Webhook_Id": "a b"}, 400),
    ({"Event_Id": "\x00"}, 400),
    ({"Event_Id": ""}, 200),
    ({"Triggered_At": "yesterday"}, 200),
    ({"Triggered_At": "9999-12-31T23:59:59+99:99"}, 200),
    ({"Triggered_At": ""}, 200),
    ({"API_Version": ""}, 200),
    ({"Shop_Domain": "HARBOR.myshopify.com"}, 200),
]


def test_headers_of_another_form(cast: Cast, store: Store) -> None:
    for changes, status in CLAIMS:
        WebhookReceipt.objects.all().delete()
        body = json.dumps(order()).encode()
        assert deliver(headers("orders/updated", body, **changes), body).status_code == status, changes
        assert len(receipts()) == (status == 200), changes


NO_OBJECTS = [b"[]", b"null", b"1", b'"x"', b"{", b"\xff{}", b"[" * 100_000, b'{"id": ' + b"9" * 5000 + b"}", b'{"a": "\\ud800"']  # fmt: skip


def test_a_signed_body_that_is_no_object_is_refused(cast: Cast, store: Store) -> None:
    for body in NO_OBJECTS:
        assert post("orders/updated", body).status_code == 400
        assert receipts() == []


OTHER_KINDS = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]  # fmt: skip


def test_another_kind_of_body_is_refused(cast: Cast, store: Store) -> None:
    for kind in OTHER_KINDS:
        body = b"{}"
        assert deliver(headers("orders/updated", body), body, content_type=kind).status_code == 415


def test_a_kind_with_its_charset_is_taken(cast: Cast, store: Store) -> None:
    body = b"{}"
    response = deliver(headers("orders/updated", body), body, content_type="application/json; charset=utf-8")
    assert response.status_code == 200


def test_a_body_beyond_the_limit_is_refused(cast: Cast, store: Store) -> None:
    body = b" " * (deliveries.MAX_BODY + 1)
    assert post("orders/updated", body).status_code == 413


@pytest.mark.parametrize(("size", "status"), [(10, 200), (deliveries.MAX_BODY + 5, 413)])
def test_chunks_are_read_up_to_the_limit(cast: Cast, store: Store, size: int, status: int) -> None:
    """A proxy may pass a body on in chunks, without its length."""
    body = b'{"id": 1' + b" " * size + b"}"
    given = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers("orders/delete", body).items()}
    environ = {
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": "",
        "CONTENT_TYPE": "application/json",
        **given,
    }
    response = Client().generic("POST", DOOR, **environ)  # type: ignore[arg-type]
    assert response.status_code == status


def test_a_body_without_length_and_end_is_refused(cast: Cast, store: Store) -> None:
    body = b"{}"
    given = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers("orders/delete", body).items()}
    assert Client().generic("POST", DOOR, CONTENT_TYPE="application/json", **given).status_code == 411


STRANGE_LENGTHS = ["-5", "x", "1e3", "9" * 30]  # fmt: skip


def test_a_strange_length_is_refused(cast: Cast, store: Store) -> None:
    for length in STRANGE_LENGTHS:
        response = Client().generic("POST", DOOR, b"{}", content_type="application/json", CONTENT_LENGTH=length)
        assert response.status_code in (400, 401, 413)
        assert receipts() == []


def test_no_word_of_a_delivery_is_logged(cast: Cast, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        post("orders/updated", order(email="somebody@private.example"))
        post("orders/updated", order(email="somebody@private.example"), secret="wrong")
    assert "somebody" not in caplog.text
    assert signature(b"{}") not in caplog.text
    assert "somebody" not in everything_stored(cast.acme)


# --- The header is a claim --------------------------------------------------------------------------------------------
OTHER_SHOPS_OR_TOPICS = [
        ("shop/update", {"id": 1, "myshopify_domain": ALL_ORDERS_SHOP}),
        ("app/uninstalled", {"id": 1, "domain": ALL_ORDERS_SHOP}),
        ("app/uninstalled", {"id": 1, "domain": "harbor.example", "myshopify_domain": 7}),
        ("shop/redact", {"shop_domain": ALL_ORDERS_SHOP}),
        ("shop/redact", {"shop_id": 1}),
        ("customers/redact", {"customer": {"id": 1}}),
        ("customers/redact", {"shop_domain": SHOP, "customer": {"id": 1}, "data_request": {"id": 1}}),
        ("customers/data_request", {"shop_domain": SHOP, "customer": {"id": 1}, "orders_to_redact": []}),
        ("shop/redact", {"shop_domain": SHOP, "customer": {"id": 1}}),
    ]  # fmt: skip


def test_a_body_of_another_shop_or_topic_is_refused(cast: Cast, store: Store) -> None:
    before = everything_stored(cast.acme)
    for topic, body in OTHER_SHOPS_OR_TOPICS:
        assert post(topic, body).status_code == 400, (topic, body)
    assert everything_stored(cast.acme) == before


OWN_DOMAINS = [{"domain": "harbor.example", "myshopify_domain": SHOP}, {"domain": None, "myshopify_domain": None}, {}]  # fmt: skip


def test_a_shops_own_domain_says_nothing(cast: Cast, store: Store) -> None:
    for body in OWN_DOMAINS:
        assert post("app/uninstalled", body).status_code == 200
        assert WebhookReceipt.objects.latest("pk").effect == "confirming"


# --- Whose app --------------------------------------------------------------------------------------------------------
def test_the_effect_reaches_only_stores_of_the_app_that_signed(cast: Cast, store: Store) -> None:
    with tenant_context(cast.acme.pk):
        app = own_app(cast)
    assert post("orders/updated", order(email=MAYA), secret="their-own-secret").status_code == 401
    with tenant_context(cast.acme.pk):
        Store.objects.update(app=app)
    response = post("orders/updated", order(email=MAYA))
    assert (response.status_code, response.content) == (200, b"nothing to do\n")
    assert dropped(cast) == set()
    assert post("orders/updated", order(email=MAYA), secret="their-own-secret").content == b"dropped\n"
    assert dropped(cast) == {MAYA}


def test_an_apps_previous_secret_counts_too(cast: Cast, store: Store) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.update(app=own_app(cast, "newer", "older"))
    assert post("orders/updated", order(email=MAYA), secret="older").content == b"dropped\n"


def test_a_neighbours_app_signs_nothing_for_our_store(cast: Cast, store: Store) -> None:
    with tenant_context(cast.next_door.pk):
        ShopifyApp.objects.create(
            number=1, name="Hers", client_id="hers", client_secret=Secret("mallorys-secret"), entered_by=cast.mallory
        )
    assert post("app/uninstalled", {"id": 1}, secret="mallorys-secret").status_code == 401
    assert pending("UninstallReported") == 0


def test_a_former_apps_delivery_does_not_stand_in_the_way(cast: Cast, store: Store) -> None:
    """The same change is told to both apps, perhaps under one event id."""
    with tenant_context(cast.acme.pk):
        Store.objects.update(app=own_app(cast))
    body = order(email=MAYA)
    post("orders/updated", body, Event_Id="one-action")
    assert post("orders/updated", body, Event_Id="one-action", secret="their-own-secret").content == b"dropped\n"


def test_an_apps_secret_that_does_not_open_is_no_error(cast: Cast, store: Store, settings: object) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.update(app=own_app(cast))
    settings.SEALING_KEYS, settings.SEALING_PRIMARY_KEY = {9: b"9" * 32}, 9  # type: ignore[attr-defined]
    assert post("orders/updated", order(email=MAYA), secret="their-own-secret").status_code == 401
    assert post("orders/updated", order(email=MAYA)).status_code == 200


# --- Once -------------------------------------------------------------------------------------------------------------
def test_a_delivery_that_comes_again_does_nothing(cast: Cast, store: Store) -> None:
    body = json.dumps({"id": 5}).encode()
    given = headers("orders/delete", body)
    assert [deliver(given, body).content for _ in range(3)] == [b"looking\n", b"twice\n", b"twice\n"]
    assert pending("OrderDeleted") == 1


def test_the_same_change_under_another_delivery_id_does_nothing(cast: Cast, store: Store) -> None:
    for number in range(3):
        post("orders/delete", {"id": 5}, Event_Id="one-action", Webhook_Id=f"try-{number}")
    assert pending("OrderDeleted") == 1


def test_one_action_on_several_orders_is_several_changes(cast: Cast, store: Store) -> None:
    for number in range(3):
        post("orders/delete", {"id": number}, Event_Id="one-action")
    post("orders/updated", {"id": 1}, Event_Id="one-action")
    assert pending("OrderDeleted") == 3
    assert len(receipts()) == 4


def test_the_same_delivery_id_of_another_shop_is_another_delivery(cast: Cast, store: Store) -> None:
    post("orders/updated", order(), Webhook_Id="same")
    assert post("orders/updated", order(), shop=ALL_ORDERS_SHOP, Webhook_Id="same").content == b"nothing to do\n"
    assert len(receipts()) == 2


def test_an_unknown_shop_gets_a_receipt_and_nothing_else(cast: Cast, store: Store) -> None:
    response = post("app/uninstalled", {"id": 1}, shop="stranger.myshopify.com")
    assert (response.status_code, response.content) == (200, b"nothing to do\n")
    receipt = WebhookReceipt.objects.get()
    assert (receipt.tenant_id, receipt.effect, receipt.event_id) == (None, "", "")


def test_a_topic_that_we_did_not_ask_for_gets_a_receipt_and_nothing_else(cast: Cast, store: Store) -> None:
    assert post("products/update", {"id": 1}).content == b"nothing to do\n"
    assert receipts() == [("products/update", "")]


def test_receipts_are_forgotten_after_thirty_days(cast: Cast, store: Store) -> None:
    post("orders/updated", order())
    post("orders/updated", order())
    old = WebhookReceipt.objects.first()
    WebhookReceipt.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=30, minutes=1))
    tasks.forget_everywhere()
    assert [kept.pk != old.pk for kept in WebhookReceipt.objects.all()] == [True]


# --- What each topic does ---------------------------------------------------------------------------------------------
ORDERS = [
        (order(email="MAYA@Lindqvist.example "), {MAYA}),
        (order(customer=MAYA_NUMBER), {MAYA}),
        (order(email=GUEST), {GUEST}),
        (order(email=GUEST, customer=MAYA_NUMBER), {MAYA, GUEST}),
        (order(email="nobody@example.com", customer=7), set()),
        (order(), set()),
        ({"id": 1, "email": "a\x00b@example.com", "customer": {"id": "7\x00"}}, set()),
        ({"id": 1, "email": ["x"], "customer": "Maya"}, set()),
        ({"id": 1, "email": "\ud800@example.com", "customer": {"id": True}}, set()),
        ({"id": 1, "customer": {"id": 10**30}}, set()),
        ({}, set()),
    ]  # fmt: skip


def test_an_order_marks_its_people(cast: Cast, store: Store) -> None:
    for body, concerned in ORDERS:
        for topic in ("orders/create", "orders/updated", "orders/cancelled", "orders/fulfilled"):
            with tenant_context(cast.acme.pk):
                OrderContext.objects.update(dropped_at=None)
            assert post(topic, body).status_code == 200, (topic, body)
            assert dropped(cast) == concerned, (topic, body)


def test_a_customer_is_marked_under_the_old_address_and_the_new(cast: Cast, store: Store) -> None:
    post("customers/update", {"id": MAYA_NUMBER, "email": GUEST})
    assert dropped(cast) == {MAYA, GUEST}


def test_a_deleted_customer_is_forgotten(cast: Cast, store: Store) -> None:
    assert post("customers/delete", {"id": MAYA_NUMBER}).content == b"forgotten\n"
    assert post("customers/delete", {}).status_code == 200
    with tenant_context(cast.acme.pk):
        assert [row.key for row in OrderContext.objects.all()] == [GUEST]


def test_a_deleted_order_is_looked_for_by_a_task(cast: Cast, store: Store) -> None:
    post("orders/delete", {"id": int(GUESTS_ORDER)})
    assert dropped(cast) == set()
    work()
    assert dropped(cast) == {GUEST}


def test_the_neighbours_rows_are_not_touched(cast: Cast, played: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.next_door.pk):
        theirs = factories.connected_store(shopify, ALL_ORDERS_SHOP, by=cast.mallory)
        looking.look(stores=[theirs], email_norm=MAYA)
    post("orders/updated", order(email=MAYA))
    with tenant_context(cast.next_door.pk):
        assert OrderContext.objects.get().dropped_at is None


def test_a_disconnected_store_is_not_concerned(cast: Cast, played: Store, shopify: RunningSandbox) -> None:
    signed_in(cast.olivia).post("/acme/settings/shopify/1/disconnect/", {"domain": SHOP})
    for topic in ("orders/updated", "app/uninstalled", "shop/update", "orders/delete", "customers/delete"):
        assert post(topic, {"id": 1}).content == b"nothing to do\n", topic
    assert pending("UninstallReported") == pending("StoreChanged") == 0


def test_a_name_that_changed_is_asked_for(cast: Cast, played: Store, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        Store.objects.update(shop_name="Old name")
    post("shop/update", {"id": 1, "myshopify_domain": SHOP})
    work()
    assert current(cast).shop_name == "Harbor Goods"


def test_the_request_asks_nobody(cast: Cast, played: Store, shopify: RunningSandbox) -> None:
    """Neither Shopify nor the broker: events wait for the sweep, and are due at once."""
    for topic in topics.SUBSCRIBED:
        post(topic.name, {"id": 1})
    assert shopify.calls == []
    waiting = Event.objects.filter(done_at=None, attempts=0)
    assert waiting.count() == 4
    assert not waiting.filter(next_run_at__gt=timezone.now()).exists()


# --- What the sidebar shows -------------------------------------------------------------------------------------------
def test_a_marked_row_is_due_whatever_its_age_and_shown_meanwhile(
    cast: Cast, played: Store, shopify: RunningSandbox
) -> None:
    with tenant_context(cast.acme.pk):
        factories.conversation()
    client = signed_in(cast.ava)
    assert "hx-trigger" not in client.get("/acme/inbox/1/stores/1/", headers={"HX-Request": "true"}).content.decode()
    factories.put_orders(shopify, factories.order("#1043", days=0))
    post("orders/create", order(customer=MAYA_NUMBER))
    page = client.get("/acme/inbox/1/stores/1/", headers={"HX-Request": "true"})
    assert "#1042" in text_of(page), "what we knew stays in sight"
    assert 'aria-busy="true"' in page.content.decode()
    work()
    page = client.get("/acme/inbox/1/stores/1/?try=1", headers={"HX-Request": "true"})
    assert "#1043" in text_of(page)
    assert "aria-busy" not in page.content.decode()
    assert dropped(cast) == set()


def test_a_read_that_began_before_the_mark_leaves_it(cast: Cast, store: Store) -> None:
    with tenant_context(cast.acme.pk):
        row = OrderContext.objects.get(key=MAYA)
        store = Store.objects.get()
        began = timezone.now() - timedelta(seconds=1)
        post("orders/updated", order(customer=MAYA_NUMBER))
        answer = CustomerOrders(customer=None)
        order_context._keep(row.pk, store, answer, began=began)
        assert OrderContext.objects.get(pk=row.pk).dropped_at is not None
        order_context._keep(row.pk, store, answer, began=timezone.now() + timedelta(seconds=1))
        assert OrderContext.objects.get(pk=row.pk).dropped_at is None


def test_a_row_that_was_never_filled_is_marked_too(cast: Cast, store: Store) -> None:
    """Its first read may have begun before the change."""
    with tenant_context(cast.acme.pk):
        looking.look(stores=[Store.objects.get()], email_norm="new@example.com")
    post("orders/create", order(email="new@example.com"))
    assert dropped(cast) == {"new@example.com"}


# --- Shopify's own second opinion -------------------------------------------------------------------------------------
@settings(max_examples=60)
@given(body=st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers()), change=st.booleans())
def test_shopifys_library_agrees_on_every_signature(body: dict[str, Any], change: bool) -> None:
    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    sent = headers("orders/updated", raw)
    if change:
        raw += b" "
    theirs = ShopifysOwn(client_id="id", client_secret=CLIENT_SECRET).verify_webhook_req(
        {"method": "POST", "headers": sent, "url": "https://app.example.com/shopify/webhooks/", "body": raw.decode()}
    )
    given = base64.b64decode(sent["X-Shopify-Hmac-Sha256"])
    assert deliveries.signed(raw, given, [Secret("other"), Secret(CLIENT_SECRET)]) == theirs.ok == (not change)


def test_an_uninstall_is_on_record_only_when_it_is_true(cast: Cast, played: Store) -> None:
    post("app/uninstalled", {"id": 1, "myshopify_domain": SHOP})
    work()
    assert current(cast).state == "connected"
    with tenant_context(cast.acme.pk):
        assert not AuditEvent.objects.filter(action="store.uninstalled").exists()


def test_forgetting_is_the_only_way_that_a_receipt_ends(db: None) -> None:
    assert webhooks.forget() == 0
