"""The platform's switches, read by the application: on, off, never thrown, and not to be read."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection, transaction

from integrations.shopify import banners
from integrations.shopify.models import ConnectionAttempt, OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from tenants import switches
from tenants.models import Export, Invitation, User
from tenants.rls.context import tenant_context
from tenants.switches import Switch
from tests import factories
from tests.conftest import Cast
from tests.factories import MAYA
from tests.integrations.shopify import looking
from tests.integrations.shopify.test_installing import arrive, claimed
from tests.walking import CONNECT, answer, cast, failed, shopify, signed_in, start, text_of, work

__all__ = ["cast", "shopify"]  # fixtures

pytestmark = pytest.mark.django_db(transaction=True)
SHOP = factories.SHOP


@pytest.fixture
def staff(superuser_url: str) -> Iterator[psycopg.Connection]:
    """The platform's role: the application may read its switches alone."""
    with psycopg.connect(superuser_url, autocommit=True) as session:
        session.execute("SET SESSION AUTHORIZATION versana_platform")
        yield session


def throw(staff: psycopg.Connection, switch: Switch, *, on: bool) -> None:
    staff.execute(
        'INSERT INTO tenants_switch (name, "on", reason, changed_at, changed_by) VALUES (%s, %s, %s, now(), %s) '
        'ON CONFLICT (name) DO UPDATE SET "on" = excluded."on"',
        [switch, on, "a reason", "Stella"],
    )


@pytest.fixture
def unreadable(superuser_url: str) -> Iterator[None]:
    with psycopg.connect(superuser_url, autocommit=True) as session:
        session.execute("REVOKE SELECT ON tenants_switch FROM versana_app")
        yield
        session.execute("GRANT SELECT ON tenants_switch TO versana_app")


@pytest.mark.parametrize("switch", Switch)
def test_a_switch_is_on_until_it_is_thrown_and_counts_at_once(switch: Switch, staff: psycopg.Connection) -> None:
    assert switches.is_on(switch)
    for on in (False, True, False):
        throw(staff, switch, on=on)
        assert switches.is_on(switch) is on
    assert all(switches.is_on(other) for other in Switch if other is not switch)


@pytest.mark.parametrize("switch", Switch)
def test_a_switch_that_cannot_be_read_is_off_and_spoils_no_transaction(switch: Switch, unreadable: None) -> None:
    assert not switches.is_on(switch)
    with transaction.atomic():
        assert not switches.is_on(switch)
        assert User.objects.count() == 0


def test_a_database_that_is_away_counts_as_off(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    assert not switches.is_on(Switch.READ_STORES)
    connection.close()


def test_reading_a_switch_is_one_query(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        switches.is_on(Switch.EXPORTS)


def test_every_switch_says_what_stops_when_it_is_off() -> None:
    assert switches.EFFECTS.keys() == set(Switch)
    assert all(str(words).startswith("Off: ") for words in switches.EFFECTS.values())


# --- New connections ------------------------------------------------------------------------------------------------
def test_no_store_is_connected_while_that_is_switched_off(
    cast: Cast, shopify: RunningSandbox, staff: psycopg.Connection
) -> None:
    client = signed_in(cast.olivia)
    consent = start(client)
    throw(staff, Switch.CONNECT_STORES, on=False)
    response = client.post(CONNECT, {"shop": SHOP})
    assert response.status_code == 422
    assert "Connecting stores is paused in this installation." in text_of(response)
    assert ConnectionAttempt.objects.count() == 1
    # Begun before, approved after: it ends without a token being asked for.
    assert failed(client, client.get(answer(shopify, consent))).outcome == "paused"
    assert [call for call in shopify.calls if call["kind"] not in ("page", "consent", "decision")] == []
    with tenant_context(cast.acme.pk):
        assert not Store.objects.exists()
    throw(staff, Switch.CONNECT_STORES, on=True)
    assert "?connected=" in client.get(answer(shopify, start(client)))["Location"]


def test_an_installation_waits_while_connecting_is_switched_off(
    cast: Cast, shopify: RunningSandbox, staff: psycopg.Connection
) -> None:
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    throw(staff, Switch.CONNECT_STORES, on=False)
    refused = claimed(client)
    assert (refused.status_code, "Connecting is paused" in text_of(refused)) == (503, True)
    with tenant_context(cast.acme.pk):
        assert not Store.objects.exists()
    throw(staff, Switch.CONNECT_STORES, on=True)
    assert "?connected=" in claimed(client)["Location"]


def test_no_store_is_connected_while_the_switch_cannot_be_read(
    cast: Cast, shopify: RunningSandbox, unreadable: None
) -> None:
    response = signed_in(cast.olivia).post(CONNECT, {"shop": SHOP})
    assert response.status_code == 422
    assert "paused" in text_of(response)


# --- Reading --------------------------------------------------------------------------------------------------------
def look(cast: Cast, *, force: bool = False) -> OrderContext:
    with tenant_context(cast.acme.pk):
        (found,) = looking.look(stores=list(Store.objects.all()), email_norm=MAYA, force=force)
    work()
    with tenant_context(cast.acme.pk):
        return OrderContext.objects.select_related("store").get(pk=found.row.pk if found.row else 0)


def test_nothing_is_asked_of_shopify_while_reading_is_switched_off(
    cast: Cast, shopify: RunningSandbox, staff: psycopg.Connection
) -> None:
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
    work()
    throw(staff, Switch.READ_STORES, on=False)
    shopify.clear_calls()
    row = look(cast)
    assert (row.fetched_at, row.failure, row.leased_until) == (None, "reading_paused", None)
    assert row.store.state == Store.State.CONNECTED
    banner = banners._failing(row)
    assert banner.title == "Reading stores is paused in this installation."
    assert shopify.calls == []
    throw(staff, Switch.READ_STORES, on=True)
    with tenant_context(cast.acme.pk):
        OrderContext.objects.update(failed_at=None)
    assert look(cast).fetched_at is not None


def test_nothing_is_asked_of_shopify_while_the_switch_cannot_be_read(
    cast: Cast, shopify: RunningSandbox, unreadable: None
) -> None:
    with tenant_context(cast.acme.pk):
        factories.connected_store(shopify, by=cast.olivia)
    assert look(cast).failure == "reading_paused"


# --- Invitations and exports ------------------------------------------------------------------------------------------
def test_paused_invitations_are_refused_in_words(cast: Cast, staff: psycopg.Connection) -> None:
    throw(staff, Switch.INVITATIONS, on=False)
    olivia = signed_in(cast.olivia)
    asked = {"email": "noor@acme.example", "role": "agent"}
    assert "has paused invitations" in text_of(olivia.post("/acme/settings/members/invite/", asked))
    with tenant_context(cast.acme.pk):
        assert not Invitation.objects.exists()
    throw(staff, Switch.INVITATIONS, on=True)
    assert olivia.post("/acme/settings/members/invite/", asked).status_code == 302


def test_paused_exports_are_not_begun_and_the_page_says_so(cast: Cast, staff: psycopg.Connection) -> None:
    throw(staff, Switch.EXPORTS, on=False)
    olivia = signed_in(cast.olivia)
    assert "has paused exports" in text_of(olivia.get("/acme/settings/data/"))
    olivia.post("/acme/settings/data/exports/")
    with tenant_context(cast.acme.pk):
        assert not Export.objects.exists()
    throw(staff, Switch.EXPORTS, on=True)
    olivia.post("/acme/settings/data/exports/")
    with tenant_context(cast.acme.pk):
        assert Export.objects.count() == 1
