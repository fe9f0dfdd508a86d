"""The fixtures of the tests that walk through pages with a sandbox beside them, and the steps of such walks.

Real parts: views through Django's client, events delivered as a worker delivers them, Shopify played over loopback HTTP.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from integrations.shopify.models import ConnectionAttempt
from integrations.shopify.sandbox import RunningSandbox, serve
from tenants.models import Membership, Tenant
from tenants.outbox import delivery
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import SHOP
from tests.integrations.shopify.sandbox.asking import decide, request, ticket_of

CLIENT_ID = "the-client"
CLIENT_SECRET = "the-client-secret"
CONNECT = "/acme/settings/shopify/connect/"


@pytest.fixture
def without_static(settings: object) -> None:
    """Static files are not what these tests are about; collecting them anew for every client takes longer than the walks."""
    _unserve(settings)


@pytest.fixture
def cast(db: None, settings: object) -> Cast:
    _unserve(settings)
    return factories.team()


def _unserve(settings: object) -> None:
    unserved = "whitenoise.middleware.WhiteNoiseMiddleware"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != unserved]  # type: ignore[attr-defined]


@pytest.fixture
def shopify(settings: object) -> Iterator[RunningSandbox]:
    """Every shop of the store file, played; the application sends all of Shopify's traffic there."""
    file = factories.store_file(*factories.usual_orders())
    with serve(file, client_id=CLIENT_ID, client_secret=CLIENT_SECRET) as running:
        settings.SHOPIFY_SANDBOX_URL = running.url  # type: ignore[attr-defined]
        settings.SHOPIFY_CLIENT_ID = CLIENT_ID  # type: ignore[attr-defined]
        settings.SHOPIFY_CLIENT_SECRET = CLIENT_SECRET  # type: ignore[attr-defined]
        settings.SHOPIFY_DOMAIN_ENTRY = True  # type: ignore[attr-defined]
        settings.PUBLIC_URL = "http://testserver"  # type: ignore[attr-defined]
        settings.SHOPIFY_WEBHOOKS = "app"  # type: ignore[attr-defined]  # what registers in stores says so itself
        yield running


def signed_in(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def work() -> None:
    """Deliver the pending events, as a worker would; those that failed are left for another time."""
    for event in Event.objects.filter(done_at=None, dead_at=None).order_by("pk").values_list("pk", flat=True):
        delivery.deliver(event)


def pending(name: str) -> int:
    """How many events of this name wait."""
    return Event.objects.filter(kind__endswith=f".{name}", done_at=None).count()


# --- Connecting -----------------------------------------------------------------------------------------------------
def start(client: Client, shop: str = SHOP, *, path: str = CONNECT) -> str:
    """Press the button. The address of Shopify's consent screen."""
    response = client.post(path, {"shop": shop})
    assert response.status_code == 302, response.content
    return response["Location"]


def answer(shopify: RunningSandbox, consent: str, decision: str = "approve") -> str:
    """Decide on the consent screen. The path and query with which the browser comes back."""
    parts = urlsplit(consent)
    page = request(shopify, "GET", f"{parts.path}?{parts.query}")
    back = urlsplit(decide(shopify, parts.path.split("/")[1], ticket_of(page), decision).headers["location"])
    return f"{back.path}?{back.query}"


def connect(client: Client, shopify: RunningSandbox, shop: str = SHOP) -> HttpResponse:
    return client.get(answer(shopify, start(client, shop)))


def failed(client: Client, response: HttpResponse) -> ConnectionAttempt:
    """Follow a failed connection to its page, check what the page must say, and find the attempt by what it says."""
    assert response.status_code == 302
    address = response["Location"]
    assert address.startswith("/shopify/attempts/VX-"), address
    assert "?" not in address
    page = client.get(address)
    assert page.status_code == 200
    soup = soup_of(page)
    reference = soup.select_one("dl code").get_text()
    attempt = ConnectionAttempt.objects.get(reference=reference)
    assert soup.select_one("dl time")["datetime"] == attempt.finished_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert soup.select_one("ol li").get_text() == "Confirm you are logged into the correct Shopify account."
    return attempt


def soup_of(response: HttpResponse) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def text_of(response: HttpResponse) -> str:
    """What a person reads, with single blanks."""
    return " ".join(soup_of(response).get_text(" ").split())


# --- Looking for what must not be there ----------------------------------------------------------------------------
def everything_stored(*workspaces: Tenant) -> str:
    """Every row of every table, as the application's role sees them from these workspaces; bytes in hexadecimal."""
    out = []
    for tenant in workspaces:
        with tenant_context(tenant.pk), connection.cursor() as cursor:
            for model in apps.get_models(include_auto_created=True):
                table = model._meta.db_table
                cursor.execute("SELECT has_table_privilege(%s, 'SELECT')", [table])
                if model._meta.proxy or not cursor.fetchone()[0]:
                    continue
                cursor.execute(f'SELECT t::text FROM "{table}" t')
                out += [f"{table} {row[0]}" for row in cursor.fetchall()]
    return "\n".join(out)


def secrets_of(shopify: RunningSandbox) -> list[str]:
    """Every token the sandbox ever gave out, and the app's secret."""
    return [row["token"] for row in shopify.sandbox.tokens.rows()] + [CLIENT_SECRET]


def assert_unseen(secrets: list[str], text: str) -> None:
    for secret in secrets:
        assert secret not in text
        assert secret.encode().hex() not in text
