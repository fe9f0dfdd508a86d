"""Thousands of webhooks, told again and out of order: no effect twice, and in the end what a replay in order leaves."""

import json
import random
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from integrations.shopify import order_context, stores
from integrations.shopify.models import OrderContext, Store, WebhookReceipt
from integrations.shopify.types import Customer, CustomerOrders, TokenGrant
from tenants.crypto.secret import Secret
from tenants.models import Tenant
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, SHOP
from tests.integrations.shopify.posting import deliver, headers
from tests.telling import Tell
from tests.walking import CLIENT_ID, CLIENT_SECRET

PEOPLE = 60
IN_GATE, AT_NIGHT = 2_000, 50_000
NAMES = {"orders/delete": "OrderDeleted", "shop/update": "StoreChanged", "app/scopes_update": "StoreChanged"}


@pytest.fixture(autouse=True)
def installation(settings: object) -> None:
    settings.SHOPIFY_CLIENT_ID, settings.SHOPIFY_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET  # type: ignore[attr-defined]


def address(person: int) -> str:
    return f"person-{person}@example.com"


def filled(tenant: Tenant, shop: str, by: Any) -> Store:
    """A store in which every person was read; half of them are guests."""
    grant = TokenGrant(access_token=Secret("shpat_x"), scopes=frozenset({"read_orders", "read_customers"}))
    with tenant_context(tenant.pk):
        store = stores.connect(shop_domain=shop, grant=grant, by=by)
        rows = [
            OrderContext(
                store=store, key=address(person), customer_id=str(1000 + person) if person % 2 else "", fetched_at=timezone.now(),
            )
            for person in range(PEOPLE)
        ]  # fmt: skip
        OrderContext.objects.bulk_create(rows)
    Event.objects.all().delete()
    return store


@dataclass(frozen=True)
class Happening:
    """What happened at the merchant's, once, and how often it is told."""

    topic: str
    body: dict[str, Any]
    event_id: str
    tries: tuple[str, ...]  # delivery ids


def happenings(chance: random.Random, deliveries: int) -> list[Happening]:
    found, told = [], 0
    while told < deliveries:
        number = len(found)
        topic = chance.choice(
            [
                "orders/create",
                "orders/updated",
                "orders/updated",
                "customers/update",
                "orders/delete",
                "customers/delete",
            ]
            if chance.random() < 0.97
            else ["shop/update", "app/scopes_update"]
        )
        ids = [f"delivery-{number}-{turn if chance.random() < 0.5 else 0}" for turn in range(chance.randint(1, 4))]
        found.append(Happening(topic, body_of(topic, chance, number), f"event-{number}", tuple(ids)))
        told += len(ids)
    return found


def body_of(topic: str, chance: random.Random, number: int) -> dict[str, Any]:
    person = chance.randrange(PEOPLE * 2)  # half of them nobody knows
    if topic.startswith("orders/") and topic != "orders/delete":
        customer = {"id": 1000 + person} if person % 2 else None
        return {
            "id": 50_000 + number,
            "email": address(person) if chance.random() < 0.7 else None,
            "customer": customer,
        }
    if topic == "customers/update":
        return {"id": 1000 + person, "email": address(chance.randrange(PEOPLE))}
    if topic == "customers/delete":
        return {"id": 1000 + person if person > PEOPLE * 1.8 else 99_000 + number}
    return {"id": 50_000 + number}


def post(happening: Happening, delivery_id: str, shop: str, client: Client) -> str:
    body = json.dumps(happening.body).encode()
    given = headers(happening.topic, body, shop=shop, Webhook_Id=delivery_id, Event_Id=happening.event_id)
    response = deliver(given, body, client=client)
    assert response.status_code == 200, response.content
    return response.content.decode().strip()


def left(tenant: Tenant) -> tuple[dict[str, bool], Counter[str], Counter[str]]:
    """What a store knows: who is marked; which events wait; which receipts there are."""
    with tenant_context(tenant.pk):
        known = {row.key: row.dropped_at is not None for row in OrderContext.objects.all()}
    events = Counter(
        f"{kind.rpartition('.')[2]} {payload.get('order_id', '')}"
        for kind, payload in Event.objects.filter(tenant_id=tenant.pk).values_list("kind", "payload")
    )
    kept = WebhookReceipt.objects.filter(tenant_id=tenant.pk)
    return known, events, Counter(f"{topic} {event}" for topic, event in kept.values_list("topic", "event_id"))


def shuffled(told: list[Happening], chance: random.Random) -> list[tuple[int, str]]:
    deliveries = [(number, one) for number, happening in enumerate(told) for one in happening.tries]
    chance.shuffle(deliveries)
    return deliveries


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "deliveries", [pytest.param(IN_GATE, marks=pytest.mark.nightly), pytest.param(AT_NIGHT, marks=pytest.mark.nightly)]
)
def test_duplicates_out_of_order_leave_what_a_replay_in_order_leaves(cast: Cast, deliveries: int, tell: Tell) -> None:
    """Four at once bring them to one store, in any order and again and again; each once and in order to another."""
    chance = random.Random(deliveries)
    told = happenings(chance, deliveries)
    filled(cast.acme, SHOP, cast.olivia)
    filled(cast.next_door, ALL_ORDERS_SHOP, cast.mallory)
    mixed = shuffled(told, chance)
    begun = time.monotonic()

    def bring(part: list[tuple[int, str]]) -> list[tuple[int, str]]:
        client = Client()
        try:
            return [(number, post(told[number], one, SHOP, client)) for number, one in part]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = [answer for part in pool.map(bring, [mixed[start::4] for start in range(4)]) for answer in part]
    taken = time.monotonic() - begun
    client = Client()
    for happening in told:
        post(happening, happening.tries[0], ALL_ORDERS_SHOP, client)

    effects = Counter(number for number, answer in answers if answer != "twice")
    twice = sum(count - 1 for count in effects.values())
    mixed_up, in_order = left(cast.acme), left(cast.next_door)
    tell(
        f"webhooks: {len(mixed):,} deliveries of {len(told):,} changes, shuffled, 4 at once ({len(mixed) / taken:.0f} a second): "
        f"{twice} effects twice, {len(told) - len(effects)} lost; state equals a replay in order: {mixed_up == in_order}"
    )
    assert twice == 0
    assert len(effects) == len(told)
    assert mixed_up == in_order
    assert set(mixed_up[1].values()) <= {1} | {mixed_up[1]["StoreChanged "]}, "one event for each change"


# --- Reads in between -------------------------------------------------------------------------------------------------
@dataclass
class Merchant:
    """Shopify's side: who is at which version, and what it has yet to tell."""

    versions: Counter[int] = field(default_factory=Counter)
    untold: deque[tuple[int, str]] = field(default_factory=deque)


@dataclass
class Reading:
    """A refresh under way: what Shopify answered, and when we set out to ask."""

    person: int
    version: int
    began: datetime


@pytest.mark.django_db
@pytest.mark.nightly
def test_no_row_looks_fresh_that_is_older_than_what_was_told(cast: Cast, tell: Tell) -> None:
    """Changes, deliveries (late, twice, out of order) and reads, in any order: whoever was not marked is up to date."""
    chance, merchant = random.Random(7), Merchant()
    store = filled(cast.acme, SHOP, cast.olivia)
    client, reading = Client(), deque[Reading]()
    steps: Counter[str] = Counter()
    for number in range(1_500):
        step = chance.choice(["change", "tell", "tell", "tell again", "ask", "answer"])
        steps[step] += _step(step, number, chance, merchant, reading, cast, store, client)
    while merchant.untold:
        _tell(merchant, chance, client, forget=True)
    with tenant_context(cast.acme.pk):
        rows = list(OrderContext.objects.all())
    wrong = [row for row in rows if row.dropped_at is None and _version(row) != merchant.versions[_person(row)]]
    marked = sum(row.dropped_at is not None for row in rows)
    tell(f"webhooks among reads: {dict(steps)}; {marked} of {len(rows)} rows still marked, {len(wrong)} wrongly fresh")
    assert wrong == []
    assert 0 < marked < len(rows)


def _step(
    step: str, number: int, chance: random.Random, merchant: Merchant, reading: deque[Reading], cast: Cast, store: Store, client: Client
) -> int:  # fmt: skip
    if step == "change":
        person = chance.randrange(PEOPLE)
        merchant.versions[person] += 1
        merchant.untold.append((person, f"change-{number}"))
    elif step.startswith("tell") and merchant.untold:
        _tell(merchant, chance, client, forget=step == "tell")
    elif step == "ask":
        person = chance.randrange(PEOPLE)
        reading.append(Reading(person, merchant.versions[person], _now(cast)))
    elif step == "answer" and reading:
        _answer(reading.popleft(), cast, store)
    else:
        return 0
    return 1


def _tell(merchant: Merchant, chance: random.Random, client: Client, *, forget: bool) -> None:
    merchant.untold.rotate(chance.randrange(len(merchant.untold)))
    person, event = merchant.untold[0]
    happening = Happening("orders/updated", {"id": person, "email": address(person)}, event, ())
    post(happening, f"{event}-{chance.random()}", SHOP, client)
    if forget:
        merchant.untold.popleft()


def _answer(read: Reading, cast: Cast, store: Store) -> None:
    someone = Customer(
        id="gid://shopify/Customer/1", legacy_id=str(1000 + read.person), display_name=f"version {read.version}", email=None, phone=None,
        created_at=None, number_of_orders=None, spent=None,
    )  # fmt: skip
    with tenant_context(cast.acme.pk):
        row = OrderContext.objects.get(key=address(read.person))
        order_context._keep(row.pk, store, CustomerOrders(customer=someone), began=read.began)


def _now(cast: Cast) -> datetime:
    with tenant_context(cast.acme.pk):
        return Store.objects.annotate(clock=Now()).get().clock


def _version(row: OrderContext) -> int:
    return int(row.head["customer"]["display_name"].rpartition(" ")[2]) if row.head else 0


def _person(row: OrderContext) -> int:
    return int(row.key.removeprefix("person-").partition("@")[0])
