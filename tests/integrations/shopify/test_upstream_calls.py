"""How often Shopify is asked, scenario by scenario: what is expected beside what the played Shopify saw."""

from collections import Counter
from collections.abc import Callable

import pytest
from django.db.models.functions import Now
from django.test import Client

from inbox import watched
from inbox.models import WatchedView
from integrations.shopify import stores
from integrations.shopify.models import Store
from integrations.shopify.sandbox import RunningSandbox
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, MAYA, SHOP, THIRD_SHOP
from tests.integrations.shopify import posting
from tests.integrations.shopify.test_order_context import later
from tests.integrations.shopify.test_sections import HTMX
from tests.telling import Tell
from tests.walking import signed_in, work

pytestmark = [pytest.mark.django_db, pytest.mark.nightly]
SHOPS = (SHOP, ALL_ORDERS_SHOP, THIRD_SHOP, "fourth.myshopify.com", "fifth.myshopify.com")
PAGE = "/acme/inbox/1/"
Step = Callable[[], object]


class Desk:
    """Agents at work beside conversations with Maya (1) and with somebody whom no store knows (2)."""

    def __init__(self, cast: Cast, shopify: RunningSandbox, tell: Tell) -> None:
        self.cast, self.shopify, self.tell = cast, shopify, tell
        self.ava = signed_in(cast.ava)
        played = shopify.sandbox.settings.stores
        played["shops"] += [{"domain": domain, "name": domain} for domain in SHOPS[3:]]
        shopify.sandbox.reload()
        with tenant_context(cast.acme.pk):
            factories.conversation(of=factories.contact(email=MAYA, name="Maya Lindqvist"))
            factories.conversation(email="nobody@example.com")
        self.connect(SHOP)

    def connect(self, *shops: str) -> None:
        with tenant_context(self.cast.acme.pk):
            for shop in shops:
                factories.connected_store(self.shopify, shop, by=self.cast.olivia)
        work()

    def look(self, client: Client | None = None, page: str = PAGE) -> None:
        """Opens a page, and polls its sections as a browser does while an answer is on its way."""
        client = client or self.ava
        client.get(page)
        self.poll(client, page)

    def poll(self, client: Client, page: str = PAGE, query: str = "?try=1") -> None:
        with tenant_context(self.cast.acme.pk):
            numbers = list(Store.objects.exclude(state="disconnected").values_list("number", flat=True))
        for number in numbers:
            client.get(f"{page}stores/{number}/{query}", headers=HTMX)

    def crowd(self) -> None:
        """Fifty pages, opened before any answer is there."""
        for _ in range(50):
            self.ava.get(PAGE)
        self.poll(self.ava)

    def seen(self, scenario: str, step: Step, expected: dict[str, int]) -> None:
        """Calls by shop while `step` is done and its work is carried out."""
        self.shopify.clear_calls()
        step()
        for _ in range(5):  # what the first events bring about
            work()
        calls = Counter(call["shop"] for call in self.shopify.calls if call["kind"] == "graphql")
        self.tell(f"upstream calls: {scenario}: {sum(expected.values())} expected, {sum(calls.values())} seen")
        assert calls == Counter(expected), scenario


@pytest.fixture
def desk(cast: Cast, shopify: RunningSandbox, tell: Tell) -> Desk:
    return Desk(cast, shopify, tell)


ONE, TWO = {SHOP: 1}, {SHOP: 2}
EACH = dict.fromkeys(SHOPS, 1)


def test_one_store_is_asked_as_often_as_somebody_looks_at_what_is_old(desk: Desk) -> None:
    desk.seen("cold", desk.look, ONE)
    desk.seen("warm", desk.look, {})
    desk.seen("a minute later", lambda: (later(desk.cast, 61), desk.look()), ONE)
    desk.seen("nobody known there, cold", lambda: desk.look(page="/acme/inbox/2/"), ONE)
    desk.seen("nobody known there, warm", lambda: desk.look(page="/acme/inbox/2/"), {})
    desk.seen("refresh pressed five times", lambda: (later(desk.cast, 5), refreshed(desk, 5)), ONE)
    desk.seen("an open page asks for news twenty times", lambda: [desk.ava.get(f"{PAGE}news/") for _ in range(20)], {})


def test_a_list_that_is_looked_at_has_its_top_looked_up_once_a_minute_and_behind_everybody(desk: Desk) -> None:
    lists = ("/acme/inbox/?view=all", "/acme/inbox/", "/acme/inbox/?view=all", "/acme/inbox/?view=replied")
    desk.seen("a list with two people at its top, seen four times", lambda: [desk.ava.get(each) for each in lists], TWO)
    desk.seen("the first of them is opened", desk.look, {})
    later(desk.cast, 61)
    with tenant_context(desk.cast.acme.pk):
        WatchedView.objects.update(warmed_at=Now() - watched.AGAIN)
    desk.seen("the list a minute later", lambda: desk.ava.get("/acme/inbox/"), TWO)


def refreshed(desk: Desk, times: int) -> None:
    for _ in range(times):
        desk.poll(desk.ava, query="?refresh=1")


def test_fifty_viewers_are_one(desk: Desk) -> None:
    desk.seen("50 viewers, cold", desk.crowd, ONE)
    later(desk.cast, 61)
    desk.seen("50 viewers, a minute later", desk.crowd, ONE)


def test_five_stores_are_asked_once_each(desk: Desk) -> None:
    desk.connect(*SHOPS[1:])
    desk.seen("five stores, cold", desk.look, EACH)
    desk.seen("five stores, warm", desk.look, {})
    later(desk.cast, 61)
    desk.seen("five stores, 50 viewers, a minute later", desk.crowd, EACH)


def told(email: str = MAYA) -> None:
    """Shopify tells of a changed order of somebody's."""
    assert posting.post("orders/updated", posting.order(email=email)).status_code == 200


def test_a_webhook_makes_its_own_store_s_answer_old_and_no_other(desk: Desk) -> None:
    desk.connect(*SHOPS[1:])
    desk.look()
    work()
    desk.look(page="/acme/inbox/2/")
    work()
    desk.seen("a webhook, nobody looking", told, {})
    desk.seen("after a webhook", desk.look, ONE)
    desk.seen("after a webhook, looked at again", desk.look, {})
    desk.seen("after a webhook about somebody else", lambda: (told("else@example.com"), desk.look()), {})
    desk.seen("three webhooks and 50 viewers", lambda: ([told() for _ in range(3)], desk.crowd()), ONE)


def test_a_disconnected_store_is_asked_nothing(desk: Desk) -> None:
    desk.connect(*SHOPS[1:])
    desk.look()
    work()
    later(desk.cast, 61)

    def disconnect() -> None:
        with tenant_context(desk.cast.acme.pk):
            stores.disconnect(store=Store.objects.get(shop_domain=SHOP), by=desk.cast.olivia)

    disconnect()
    work()
    desk.seen("after a disconnection", desk.look, dict.fromkeys(SHOPS[1:], 1))
