"""A customer is erased at Shopify's request; then they are looked for in every table, in Redis, and in what was logged.

The same search before it finds each thing in every place where it is kept, so a search that finds nothing says something.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.conf import settings as project
from django.core.mail import send_mail
from django.core.management import call_command
from django.utils import timezone

from inbox.email import inbound
from inbox.email.parsing import BadMail, parse
from inbox.models import (
    Attachment,
    ContactAddress,
    Conversation,
    CustomerLink,
    Message,
    OrderConfirmation,
    Reference,
    ReplyDraft,
    RuledOut,
)
from integrations.shopify import stored
from integrations.shopify.models import ComplianceRequest, DataRequestPart, OrderContext, Store
from integrations.shopify.types import Customer, CustomerOrders, Tracking
from tenants import audit_chain, exporting
from tenants.addresses import normalise
from tenants.models import AuditEvent, ExportPart, Membership
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests import factories
from tests.acceptance import leaks
from tests.acceptance.sinks import Sinks
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, SHOP
from tests.integrations.shopify import posting
from tests.integrations.shopify.test_order_cards import ORDER as AN_ORDER
from tests.telling import Tell
from tests.walking import CLIENT_ID, CLIENT_SECRET, signed_in, work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

NAME, EMAIL, OTHER = "Maya Lindqvist-Aalto", "Maya.Canary@lindqvist.example", "m.l.aalto@private-mail.example"
PHONE, ORDER, GUEST_ORDER, TRACKING = "+46 70 555 01 99", "#HARBOR-77421", "#PINES-990817", "TRK-5550199-CANARY"
WORDS, FILE, NUMBER = "a sentence that nobody else wrote", b"bytes of a photo of the parcel", "7100000000017"
NEEDLES: dict[str, str | bytes] = {
    "name": NAME, "address": EMAIL.lower(), "address as typed": EMAIL, "other address": OTHER, "telephone": PHONE,
    "order": ORDER, "guest order": GUEST_ORDER, "tracking number": TRACKING, "words": WORDS, "file": FILE,
    "Shopify's number": NUMBER,
}  # fmt: skip
# Where each must be found before; by table, or another sink.
KEPT = {
    "name": {"inbox_contact", "inbox_message", "shopify_ordercontext", "export, unpacked", "data request, unpacked"},
    "address": {"inbox_contactaddress", "shopify_ordercontext", "shopify_compliancerequest", "outbox_queuedmail"},
    "address as typed": {
        "inbox_contactaddress",
        "inbox_message",
        "inbox_reference",
        "inbox_attachment",
        "inbox_orderconfirmation",
        "inbox_replydraft",
    },
    "other address": {"inbox_contactaddress", "inbox_message", "shopify_ordercontext"},
    "telephone": {"inbox_message", "shopify_ordercontext", "shopify_compliancerequest"},
    "order": {"inbox_conversation", "inbox_message", "shopify_ordercontext"},
    "guest order": {"shopify_ordercontext"},
    "tracking number": {"shopify_ordercontext"},
    "words": {"inbox_message", "inbox_conversation", "export, unpacked", "data request, unpacked"},
    "file": {"inbox_attachment"},
    "Shopify's number": {
        "inbox_customerlink",
        "shopify_ordercontext",
        "shopify_compliancerequest",
        "tenants_auditevent",
    },
}
# What stays, and why.
STAYS = {
    ("Shopify's number", "tenants_auditevent"): "The chain: that this customer's request was carried out.",
    ("Shopify's number", "shopify_compliancerequest"): "The law: to show Shopify that it was carried out.",
}


@pytest.fixture
def settings_of_an_app(settings: Any) -> None:
    settings.SHOPIFY_CLIENT_ID, settings.SHOPIFY_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
    settings.EMAIL_BACKEND = "tenants.outbox.mail.OutboxBackend"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    unserved = "whitenoise.middleware.WhiteNoiseMiddleware"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != unserved]


# --- The customer ---------------------------------------------------------------------------------------------------
def a_store(cast: Cast, number: int, domain: str) -> Store:
    return Store.objects.create(
        number=number, shop_domain=domain, connected_by=cast.olivia, state=Store.State.CONNECTED, shop_name=domain
    )


def a_context(store: Store, email: str, *, order: tuple[str, str], customer: str = "") -> None:
    """As a refresh keeps it: the profile, and one order with a parcel on its way."""
    profile = Customer(
        id=f"gid://shopify/Customer/{customer}", legacy_id=customer, display_name=NAME, email=EMAIL, phone=PHONE,
        created_at=timezone.now(), number_of_orders=1, spent=None, note=WORDS,
    )  # fmt: skip
    tracked = replace(AN_ORDER.parcels[0], tracking=(Tracking("DHL", TRACKING, None),))
    bought = replace(AN_ORDER, legacy_id=order[0], name=order[1], parcels=(tracked,))
    head, rest = stored.split(CustomerOrders(profile if customer else None, (bought,)))
    OrderContext.objects.create(
        store=store, key=normalise(email), customer_id=customer, found=True, head=head, rest=rest,
        fetched_at=timezone.now(),
    )  # fmt: skip


def correspondence(ava: Membership) -> tuple[Conversation, Conversation]:
    """Hers, and one of Bob's in which she is named, copied, and writes herself."""
    maya = factories.contact(email=EMAIL, name=NAME)
    ContactAddress.objects.create(contact=maya, email=OTHER, email_norm=OTHER)
    hers = factories.conversation(of=maya, subject=f"Where is {ORDER}?", texts=())
    first = factories.message(
        hers, text=f"{WORDS}, call {PHONE}", html=f"<p>{WORDS}</p>", quoted=f"On Monday {NAME} <{EMAIL}> wrote:", from_name=NAME,
        from_email=EMAIL, to=[["Shop", "support@shop.example"]], message_id=f"20261126.{EMAIL}", subject=f"Where is {ORDER}?",
    )  # fmt: skip
    factories.attachment(first, name=f"{NAME}.jpg", content=FILE)
    factories.message(hers, kind=Message.Kind.SENT, from_email="support@shop.example", to=[[NAME, EMAIL]], text=ORDER)
    Reference.objects.create(conversation=hers, message_id=f"20261126.{EMAIL}")
    Conversation.objects.filter(pk=hers.pk).update(snippet=WORDS)
    bobs = factories.conversation(email="bob@example.com", texts=())
    asked = factories.message(
        bobs, text=f"My neighbour {NAME} ({EMAIL}, {PHONE}) took my parcel.", from_email="bob@example.com", from_name="Bob",
        cc=[[NAME, OTHER], ["Zoe", "zoe@example.com"]], references=[f"20261126.{EMAIL}"], subject="Parcel",
    )  # fmt: skip
    factories.attachment(asked, name="forwarded.eml", content=f"From: {EMAIL}\n\n{WORDS}".encode())
    factories.attachment(asked, name="receipt.pdf", content=b"%PDF of Bob's")
    factories.message(bobs, text=WORDS, from_email=OTHER, from_name=NAME, to=[["Bob", "bob@example.com"]])
    factories.message(
        bobs, text="Thank you both", quoted=f"> {WORDS}", html=f"<blockquote>{WORDS}</blockquote>",
        from_email="bob@example.com",
    )  # fmt: skip
    said_of_bob(bobs, ava)
    return hers, bobs


def said_of_bob(bobs: Conversation, ava: Membership) -> None:
    """By mistake that he is her; and of an order that stays his how Ava knows."""
    CustomerLink.objects.create(contact=bobs.contact, store_number=1, customer_id=NUMBER, linked_by=ava)
    for order in ("299930", "1"):
        OrderConfirmation.objects.create(
            contact=bobs.contact, store_number=1, order_id=order, reason=f"He is a neighbour of {EMAIL}", confirmed_by=ava
        )  # fmt: skip
    for kind, shopify_id in (("customer", NUMBER), ("order", "299930"), ("customer", "43"), ("order", "1")):
        RuledOut.objects.create(
            contact=bobs.contact, store_number=1, kind=kind, shopify_id=shopify_id, ruled_out_by=ava
        )  # fmt: skip
    ReplyDraft.objects.create(conversation=bobs, writer=ava, text=f"Dear Bob, is {NAME} ({EMAIL}) at home?")


def furnished(cast: Cast) -> tuple[Conversation, Conversation]:
    with tenant_context(cast.acme.pk):
        harbor, pine = a_store(cast, 1, SHOP), a_store(cast, 2, ALL_ORDERS_SHOP)
        hers, bobs = correspondence(cast.ava)
        hers_there, of_a_guest = ("299930", ORDER), ("299931", GUEST_ORDER)
        a_context(harbor, EMAIL, order=hers_there, customer=NUMBER)
        a_context(harbor, "guest@elsewhere.example", order=of_a_guest)
        a_context(pine, EMAIL, order=hers_there, customer="42")
        a_context(pine, OTHER, order=hers_there)
        exporting.request(by=cast.olivia)
    work()
    ask("customers/data_request", orders_requested=[299930], data_request={"id": 9999})
    work()
    with tenant_context(cast.acme.pk):
        send_mail("About a contact", f"{EMAIL.lower()} asked again.", None, ["olivia@acme.example"])
    return hers, bobs


def ask(topic: str, **more: Any) -> None:
    customer = {"id": int(NUMBER), "email": EMAIL, "phone": PHONE}
    response = posting.post(topic, {"shop_id": 1, "shop_domain": SHOP, "customer": customer, **more})
    assert response.status_code == 200


# --- The search -----------------------------------------------------------------------------------------------------
def places(cast: Cast, sinks: Sinks, superuser_url: str) -> Iterator[tuple[str, bytes]]:
    with psycopg.connect(superuser_url) as database:
        yield from ((name.removeprefix("table "), data) for name, data in leaks.tables(database))
    yield from leaks.redis_keys(project.REDIS_URL)
    with tenant_context(cast.acme.pk):
        yield "export, unpacked", unpacked(ExportPart.objects.order_by("position"))
        yield "data request, unpacked", unpacked(DataRequestPart.objects.order_by("position"))
    yield from (item for item in sinks.items() if item[0] == "log as an installation writes it")


def unpacked(parts: Iterable[Any]) -> bytes:
    content = b"".join(bytes(part.content) for part in parts)
    if not content:
        return b""
    file = zipfile.ZipFile(io.BytesIO(content))
    return b"\n".join([*(name.encode() for name in file.namelist()), *(file.read(name) for name in file.namelist())])


def found(cast: Cast, sinks: Sinks, superuser_url: str) -> dict[str, set[str]]:
    kinds = list(NEEDLES)
    out: dict[str, set[str]] = {kind: set() for kind in kinds}
    for find in leaks.search(places(cast, sinks, superuser_url), NEEDLES.values()):
        out[kinds[find.number]].add(find.sink)
    return out


def later() -> None:
    """Everything that waits for its time, but the mail that waits to be sent."""
    Event.objects.filter(done_at=None).update(held_until=None, next_run_at=timezone.now())
    work()


def test_of_an_erased_customer_nothing_is_left_but_what_the_chain_needs(
    settings_of_an_app: None, superuser_url: str, tell: Tell
) -> None:
    cast, sinks = factories.team(), Sinks()
    with sinks.watching():
        hers, bobs = furnished(cast)
        olivia = signed_in(cast.olivia)
        for path in (f"inbox/{hers.number}/", f"inbox/{bobs.number}/", "settings/privacy/"):
            assert olivia.get(f"/acme/{path}").status_code == 200
        before = found(cast, sinks, superuser_url)
        ask("customers/redact", orders_to_redact=[299930, 299931])
        work()
        later()
        for path in (f"inbox/{hers.number}/", f"inbox/{bobs.number}/", "settings/privacy/"):
            page = olivia.get(f"/acme/{path}").content
            assert not [kind for kind, needle in NEEDLES.items() if kind != "Shopify's number" and _in(needle, page)]
    after = found(cast, sinks, superuser_url)
    told(tell, before, after)
    for kind, tables in KEPT.items():
        assert tables <= before[kind], (kind, tables - before[kind])
    left = {(kind, sink) for kind, sinks_ in after.items() for sink in sinks_}
    assert left == set(STAYS)
    what_stays_is_true(cast, hers, bobs)


def told(tell: Tell, before: dict[str, set[str]], after: dict[str, set[str]]) -> None:
    for kind in NEEDLES:
        reasons = [f"{sink} ({STAYS.get((kind, sink), 'NOT ALLOWED')})" for sink in sorted(after[kind])]
        tell(f"erased, {kind}: before in {', '.join(sorted(before[kind]))}; after in {', '.join(reasons) or 'nothing'}")


def _in(needle: str | bytes, page: bytes) -> bool:
    return (needle.encode() if isinstance(needle, str) else needle) in page


def what_stays_is_true(cast: Cast, hers: Conversation, bobs: Conversation) -> None:
    with tenant_context(cast.acme.pk):
        hers.refresh_from_db()
        assert hers.erased_at is not None
        assert (hers.subject, hers.snippet, hers.needs_reply) == ("", "", False)
        assert Message.objects.filter(conversation=hers).count() == 2
        texts = list(Message.objects.filter(conversation=bobs).order_by("pk").values_list("text", "cc"))
        assert texts[0] == ("My neighbour […] ([…], […]) took my parcel.", [["Zoe", "zoe@example.com"]])
        assert [text for text, _ in texts[1:]] == ["", "Thank you both"]
        assert list(Attachment.objects.values_list("name", flat=True)) == ["receipt.pdf"]
        bobs.refresh_from_db()
        assert ReplyDraft.objects.get().text == "Dear Bob, is […] ([…]) at home?"
        assert [(row.order_id, row.reason) for row in OrderConfirmation.objects.all()] == [
            ("1", "He is a neighbour of […]")
        ]
        out = RuledOut.objects.order_by("pk").values_list("kind", "shopify_id")
        assert list(out) == [("customer", "43"), ("order", "1")]
        assert (bobs.erased_at, bobs.subject, bobs.snippet) == (None, "Parcel", "Thank you both")
        assert {row.state for row in ComplianceRequest.objects.all()} == {ComplianceRequest.State.DONE}
        event = AuditEvent.objects.get(action="compliance.customer_redacted")
        assert event.detail["erased"]["messages"] == 2
        while audit_chain.seal(everything=True):
            pass
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert json.dumps(out.getvalue())


def test_an_import_that_goes_on_brings_nobody_back(settings_of_an_app: None) -> None:
    cast = factories.team()
    with tenant_context(cast.acme.pk):
        a_store(cast, 1, SHOP)
    now = timezone.now()

    def mail(number: int, *, days: int, sender: str = EMAIL, to: str = "support@shop.example") -> None:
        sent = (now + timedelta(days=days)).strftime("%a, %d %b %Y %H:%M:%S +0000")
        lines = [f"From: {sender}", f"To: {to}", "Subject: x", f"Message-ID: <{number}@x>", f"Date: {sent}"]
        text = "\r\n".join([*lines, "", "hello"])
        with tenant_context(cast.acme.pk):
            inbound.receive(mail=parse(text.encode()), now=now + timedelta(days=2))

    mail(1, days=-3)
    ask("customers/redact")
    work()
    for number, sender, to in ((1, EMAIL, "support@shop.example"), (2, EMAIL, "support@shop.example"), (3, "support@shop.example", EMAIL)):  # fmt: skip
        with pytest.raises(BadMail):
            mail(number, days=-2, sender=sender, to=to)
    mail(4, days=1)  # Who writes anew is welcome.
    with tenant_context(cast.acme.pk):
        assert Message.objects.exclude(text="").count() == 1
