"""The access of stores that nobody reads, accesses that never expire, and a client secret that is being rotated."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from integrations import errors
from integrations.shopify import oauth, tasks, tokens
from integrations.shopify.models import Store
from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.types import TokenGrant
from tenants.crypto.secret import Secret
from tenants.outbox.models import Event
from tenants.rls.context import expected_tenant, tenant_context
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, SHOP, THIRD_SHOP
from tests.integrations.hostile_server import answer, hostile_server
from tests.integrations.shopify.answers import says
from tests.integrations.shopify.reading import back, change, connected, current, kinds, read
from tests.walking import CLIENT_SECRET, pending, work

pytestmark = pytest.mark.django_db
PAIR = b'{"access_token": "shpat_new", "scope": "read_customers,read_orders", "expires_in": 3600, "refresh_token": "shprt_new", "refresh_token_expires_in": 7776000}'  # fmt: skip
ENDLESS = b'{"access_token": "shpat_new", "scope": "read_customers,read_orders"}'
REFUSED = answer(b'{"error": "invalid_request"}', status="400 Bad Request")


def upkeep() -> None:
    """The periodic task, and the hours after it."""
    tasks.renew_everywhere()
    Event.objects.filter(kind__endswith="StoreAccessAged").update(held_until=Now(), next_run_at=Now())
    work()


# --- Quiet stores ---------------------------------------------------------------------------------------------------
def test_a_store_that_nobody_reads_is_renewed_every_fortnight(cast: Cast, shopify: RunningSandbox) -> None:
    connected(cast, shopify)
    upkeep()
    assert kinds(shopify) == []
    before = current(cast)
    back(cast, "refreshed_at", days=14, minutes=1)
    upkeep()
    after = current(cast)
    assert kinds(shopify) == ["refresh"]
    assert after.refreshed_at >= before.refreshed_at
    assert after.refresh_token != before.refresh_token
    upkeep()
    assert kinds(shopify) == ["refresh"]


def test_only_what_is_connected_is_renewed(cast: Cast, shopify: RunningSandbox) -> None:
    connected(cast, shopify)
    back(cast, "refreshed_at", days=20)
    change(cast, state="needs_attention", problem="access_revoked", problem_since=Now())
    upkeep()
    assert kinds(shopify) == []


def test_stores_are_renewed_each_at_a_time_of_its_own(cast: Cast, shopify: RunningSandbox) -> None:
    for shop in (SHOP, ALL_ORDERS_SHOP, THIRD_SHOP):
        connected(cast, shopify, shop)
    back(cast, "refreshed_at", days=20)
    tasks.renew_everywhere()
    moments = Event.objects.filter(kind__endswith="StoreAccessAged").values_list("held_until", flat=True)
    assert len(set(moments)) == 3
    assert all(moment > timezone.now() - timedelta(minutes=1) for moment in moments)
    work()
    assert kinds(shopify) == []


def test_a_renewal_that_shopify_does_not_answer_is_left_to_the_next_time(cast: Cast, shopify: RunningSandbox) -> None:
    before = connected(cast, shopify)
    back(cast, "refreshed_at", days=20)
    shopify.close()
    upkeep()
    after = current(cast)
    assert (after.state, after.failure) == ("connected", "unreachable")
    assert (after.refresh_token, after.refresh_leased_until) == (before.refresh_token, None)
    assert pending("StoreAccessAged") == 0


def test_a_refresh_token_that_died_unnoticed_needs_the_owner(cast: Cast, shopify: RunningSandbox) -> None:
    connected(cast, shopify)
    shopify.revoke(SHOP)
    back(cast, "refreshed_at", days=20)
    upkeep()
    assert current(cast).problem == "access_revoked"
    upkeep()
    assert kinds(shopify) == ["refresh"]


# --- Accesses that never expire -------------------------------------------------------------------------------------
def endless(cast: Cast, shopify: RunningSandbox, settings: Any, *pieces: bytes) -> tuple[Store, list[bytes]]:
    """A store connected with a token that never expires. `pieces`: what Shopify says to the exchange, once for each try."""
    with hostile_server() as server:
        server.pieces = pieces
        real, settings.SHOPIFY_SANDBOX_URL = settings.SHOPIFY_SANDBOX_URL, server.url
        store = connected(cast, shopify, expiring=False)
        settings.SHOPIFY_SANDBOX_URL = real
        return store, [
            request for request in server.requests if b"/admin/oauth/access_token" in request.split(b"\r\n")[0]
        ]


def test_an_access_that_never_expires_is_exchanged_after_connecting(
    cast: Cast, shopify: RunningSandbox, settings: Any
) -> None:
    before, requests = endless(cast, shopify, settings, answer(PAIR))
    after = current(cast)
    assert len(requests) == 1
    assert b'"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"' in requests[0]
    assert b'"expiring": "1"' in requests[0]
    assert after.access_expires_at is not None
    assert after.refreshed_at is not None
    assert (after.access_token, after.refresh_token) == (Secret("shpat_new"), Secret("shprt_new"))
    assert before.access_token != after.access_token


def test_an_app_whose_exchange_is_refused_keeps_what_it_has_and_is_asked_again_in_a_fortnight(
    cast: Cast, shopify: RunningSandbox, settings: Any
) -> None:
    before, requests = endless(cast, shopify, settings, REFUSED)
    assert len(requests) == 1
    after = current(cast)
    assert (after.state, after.access_token, after.access_expires_at) == ("connected", before.access_token, None)
    read(cast)
    assert "CustomerOrders" in kinds(shopify)
    shopify.clear_calls()
    upkeep()
    assert kinds(shopify) == []
    back(cast, "refreshed_at", days=15)
    upkeep()
    assert len(kinds(shopify)) == 1


def test_an_exchange_whose_answer_was_lost_is_made_up_for_when_the_old_access_is_refused(
    cast: Cast, shopify: RunningSandbox, settings: Any
) -> None:
    endless(cast, shopify, settings, b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
    lost = current(cast)
    assert (lost.state, lost.refreshed_at, lost.refresh_leased_until) == ("connected", None, None)
    with hostile_server() as server:  # the old token is dead; asked again, Shopify gives the same pair
        server.pieces = [answer(PAIR)]
        settings.SHOPIFY_SANDBOX_URL = server.url
        with expected_tenant(cast.acme.pk):
            connection = tokens.connection(lost.pk, refused=lost.access_token)
    assert connection.access_token == Secret("shpat_new")
    assert len(server.requests) == 1
    assert current(cast).refresh_token == Secret("shprt_new")


def test_an_exchange_for_another_access_that_never_expires_is_not_repeated_at_once(
    cast: Cast, shopify: RunningSandbox, settings: Any
) -> None:
    endless(cast, shopify, settings, answer(ENDLESS))
    after = current(cast)
    assert (after.access_token, after.refresh_token) == (Secret("shpat_new"), None)
    upkeep()
    assert kinds(shopify) == []


def test_a_dead_access_that_never_expired_needs_the_owner_and_is_tried_once(
    cast: Cast, shopify: RunningSandbox, settings: Any
) -> None:
    endless(cast, shopify, settings, REFUSED)
    shopify.revoke(SHOP)
    for _ in range(3):
        read(cast)
    assert current(cast).problem == "access_revoked"
    assert len(kinds(shopify)) == 2  # the read, and the exchange that might have helped


# --- Two client secrets ---------------------------------------------------------------------------------------------
def test_while_the_secret_is_rotated_a_token_pinned_to_the_old_one_is_renewed_with_it(
    cast: Cast, shopify: RunningSandbox, settings: Any
) -> None:
    connected(cast, shopify)
    change(cast, access_expires_at=Now())
    settings.SHOPIFY_CLIENT_SECRET, settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = "the-next-secret", CLIENT_SECRET
    read(cast)
    assert current(cast).state == "connected"
    assert kinds(shopify) == ["refresh", "refresh", "CustomerOrders"]


def refusal(word: str) -> tuple[str, object]:
    return "400 Bad Request", {"error": word} if word else []


@pytest.mark.parametrize(
    ("current_says", "previous_says", "problem", "failure"),
    [
        ("invalid_client", "invalid_client", "", "app_refused"),
        ("invalid_client", "application_cannot_be_found", "", "app_refused"),
        ("invalid_client", "invalid_grant", "access_revoked", ""),
        ("invalid_grant", "invalid_client", "access_revoked", ""),
        ("invalid_grant", "invalid_grant", "access_revoked", ""),
        ("invalid_client", "", "", "unexpected_status"),
        ("invalid_grant", "", "", "unexpected_status"),
        ("", "invalid_grant", "", "unexpected_status"),
    ],
)
def test_of_two_secrets_the_one_that_shopify_takes_says_whether_the_access_is_dead(
    cast: Cast,
    shopify: RunningSandbox,
    settings: Any,
    current_says: str,
    previous_says: str,
    problem: str,
    failure: str,
) -> None:
    """An edge's page, here "", judges neither: the store keeps what it has."""
    connected(cast, shopify)
    before = current(cast)
    change(cast, access_expires_at=Now())
    settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = "the-one-before"
    with hostile_server() as server:
        server.pieces = says(refusal(current_says), refusal(previous_says))(server)
        settings.SHOPIFY_SANDBOX_URL = server.url
        read(cast)
        assert len(server.requests) == (2 if current_says else 1)
    after = current(cast)
    assert (after.problem, after.failure) == (problem, failure)
    assert after.refresh_token == before.refresh_token


def test_a_dead_access_behind_two_secrets_needs_the_owner(cast: Cast, shopify: RunningSandbox, settings: Any) -> None:
    connected(cast, shopify)
    change(cast, access_expires_at=Now())
    settings.SHOPIFY_CLIENT_SECRET, settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = "the-next-secret", CLIENT_SECRET
    shopify.revoke(SHOP)
    read(cast)
    assert kinds(shopify) == ["refresh", "refresh"]
    assert (current(cast).state, current(cast).problem) == ("needs_attention", "access_revoked")


def test_a_wrong_client_secret_is_our_fault_and_no_store_needs_its_owner(
    cast: Cast, shopify: RunningSandbox, settings: Any
) -> None:
    before = connected(cast, shopify)
    change(cast, access_expires_at=Now())
    settings.SHOPIFY_CLIENT_SECRET = "mistyped"
    read(cast)
    after = current(cast)
    assert (after.state, after.problem, after.failure) == ("connected", "", "app_refused")
    assert after.refresh_token == before.refresh_token
    settings.SHOPIFY_CLIENT_SECRET = CLIENT_SECRET
    read(cast)
    assert current(cast).failure == ""


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("400 Bad Request", b'{"error": "invalid_grant"}', errors.GrantRefused),
        ("401 Unauthorized", b'{"error": "invalid_request", "error_description": "active refresh_token"}', errors.GrantRefused),
        ("400 Bad Request", b"<html>", errors.UnexpectedStatus),
        ("400 Bad Request", b'{"error": ["invalid_client"]}', errors.UnexpectedStatus),
        ("401 Unauthorized", b'{"error": "invalid_client"}', errors.AppRefused),
        ("400 Bad Request", b'{"error": "application_cannot_be_found"}', errors.AppRefused),
    ],
)  # fmt: skip
def test_a_dead_grant_is_told_from_a_wrong_app(
    settings: Any, status: str, body: bytes, kind: type[errors.IntegrationError]
) -> None:
    with hostile_server() as server:
        server.pieces = [answer(body, status=status)]
        settings.SHOPIFY_SANDBOX_URL = server.url
        with pytest.raises(errors.IntegrationError) as raised:
            oauth.refresh(shop=SHOP, client_id="a", client_secret=Secret("b"), refresh_token=Secret("c"))
    assert type(raised.value) is kind


# --- What a grant leaves --------------------------------------------------------------------------------------------
def test_every_grant_notes_when_the_access_was_renewed(cast: Cast, shopify: RunningSandbox) -> None:
    store = connected(cast, shopify)
    assert current(cast).refreshed_at is not None
    with tenant_context(cast.acme.pk):
        row = Store.objects.get()
        tokens.take(row, TokenGrant(access_token=Secret("a"), scopes=frozenset()))
        row.save()
        assert Store.objects.get(pk=store.pk).refreshed_at is None
