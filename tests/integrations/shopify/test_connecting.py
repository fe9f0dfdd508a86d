"""From the button to a connected store, and every way in which that fails, over HTTP against the sandbox."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations import errors, http
from integrations.shopify import attempts, oauth
from integrations.shopify.failures import EXPLANATIONS
from integrations.shopify.models import ConnectionAttempt, Store
from integrations.shopify.sandbox import RunningSandbox
from integrations.shopify.sandbox.signing import signed_query
from integrations.shopify.types import TokenGrant
from tenants.crypto.secret import Secret
from tenants.models import AuditEvent, Membership, Tenant
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, SHOP
from tests.integrations.shopify.sandbox.asking import token_request
from tests.walking import (
    CLIENT_SECRET,
    CONNECT,
    answer,
    assert_unseen,
    connect,
    everything_stored,
    failed,
    secrets_of,
    signed_in,
    soup_of,
    start,
    text_of,
    work,
)

pytestmark = pytest.mark.django_db


def stores_of(tenant: Tenant) -> list[Store]:
    with tenant_context(tenant.pk):
        return list(Store.objects.select_related("connected_by__user").order_by("number"))


def test_an_owner_connects_a_store(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    response = connect(client, shopify)
    assert response.status_code == 302
    assert response["Location"] == f"/acme/settings/general/?connected={SHOP}"
    (store,) = stores_of(cast.acme)
    assert (store.state, store.shop_domain, store.number, store.generation) == ("connected", SHOP, 1, 1)
    assert store.connected_by.user.name == "Olivia"
    assert store.scopes == ["read_customers", "read_orders"]


def test_what_the_store_says_of_itself_is_asked_by_a_task(cast: Cast, shopify: RunningSandbox) -> None:
    connect(signed_in(cast.olivia), shopify)
    assert [call["kind"] for call in shopify.calls] == ["token"]
    work()
    assert [call["operation"] for call in shopify.calls] == [None, "ConnectProbe", "Webhooks"]
    (store,) = stores_of(cast.acme)
    assert (store.shop_name, store.currency, store.time_zone) == ("Harbor Goods", "USD", "America/New_York")
    assert store.last_read_at is not None


def test_the_tokens_are_sealed_and_open_as_secrets(cast: Cast, shopify: RunningSandbox) -> None:
    connect(signed_in(cast.olivia), shopify)
    (store,) = stores_of(cast.acme)
    (access, refresh) = shopify.sandbox.tokens.rows()
    assert store.access_token == Secret(access["token"])
    assert store.refresh_token == Secret(refresh["token"])
    kept = everything_stored(cast.acme, cast.next_door)
    assert SHOP in kept
    assert_unseen(secrets_of(shopify), kept)


def test_the_search_for_leaks_finds_a_planted_token(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        AuditEvent.objects.create(actor_name="x", actor_role="x", action="x", target="shpat_planted")
    with pytest.raises(AssertionError):
        assert_unseen(["shpat_planted"], everything_stored(cast.acme))


def test_connecting_leaves_no_token_code_or_state_anywhere(
    cast: Cast, shopify: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = signed_in(cast.olivia)
    consent = start(client)
    back = answer(shopify, consent)
    told = dict(pair.split("=") for pair in back.partition("?")[2].split("&"))
    response = client.get(back)
    work()
    pages = [client.get(response["Location"]), client.get("/acme/settings/shopify/"), client.get("/acme/inbox/")]
    seen = "".join(page.content.decode() for page in pages) + response["Location"] + str(response.headers) + caplog.text
    stored = everything_stored(cast.acme, cast.next_door)
    assert_unseen([*secrets_of(shopify), told["code"], told["state"], told["hmac"]], seen + stored)


def test_connecting_is_on_record(cast: Cast, shopify: RunningSandbox) -> None:
    connect(signed_in(cast.olivia), shopify)
    with tenant_context(cast.acme.pk):
        row = AuditEvent.objects.get(action="store.connected")
    assert (row.actor_name, row.actor_role, row.target) == ("Olivia", "owner", SHOP)
    attempt = ConnectionAttempt.objects.get()
    assert (attempt.outcome, attempt.tenant_id, attempt.user_id) == ("connected", cast.acme.pk, cast.olivia.user_id)


def test_the_page_says_connected_right_away(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    general = client.get(connect(client, shopify)["Location"])
    slot = soup_of(general).select_one("#shopify[hx-get]")["hx-get"]
    panel = client.get(slot, headers={"HX-Request": "true"})
    assert f"{SHOP} is connected." in text_of(panel)
    assert soup_of(panel).select_one(".store .badge").get_text() == "Connected"


def test_connecting_again_keeps_the_number_and_begins_a_new_generation(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    connect(client, shopify)
    connect(client, shopify, ALL_ORDERS_SHOP)
    (before, other) = stores_of(cast.acme)
    connect(client, shopify)
    (after, _) = stores_of(cast.acme)
    assert (before.number, other.number, after.number) == (1, 2, 1)
    assert (before.pk, before.generation + 1) == (after.pk, after.generation)
    assert before.access_token != after.access_token
    with tenant_context(cast.acme.pk):
        actions = list(
            AuditEvent.objects.filter(action__startswith="store.").order_by("pk").values_list("action", flat=True)
        )
    assert actions == ["store.connected", "store.connected", "store.reconnected"]


def test_two_tabs_with_the_same_store_both_work(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    first, second = start(client), start(client)
    for consent in (second, first):
        assert client.get(answer(shopify, consent))["Location"].startswith("/acme/settings/general/")
    assert [store.generation for store in stores_of(cast.acme)] == [2]


def test_two_tabs_with_different_stores_both_work(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    first, second = start(client), start(client, ALL_ORDERS_SHOP)
    for consent in (first, second):
        assert client.get(answer(shopify, consent))["Location"].startswith("/acme/settings/general/")
    assert [store.shop_domain for store in stores_of(cast.acme)] == [SHOP, ALL_ORDERS_SHOP]


# --- Who may begin --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("who", "status"), [("adam", 403), ("ava", 403), ("mallory", 404)])
def test_nobody_but_an_owner_can_begin(cast: Cast, shopify: RunningSandbox, who: str, status: int) -> None:
    response = signed_in(getattr(cast, who)).post(CONNECT, {"shop": SHOP})
    assert response.status_code == status
    assert not ConnectionAttempt.objects.exists()


@pytest.mark.parametrize("who", ["adam", "ava"])
def test_others_see_the_state_and_no_buttons(cast: Cast, shopify: RunningSandbox, who: str) -> None:
    connect(signed_in(cast.olivia), shopify)
    page = signed_in(getattr(cast, who)).get("/acme/settings/shopify/")
    panel = soup_of(page).select_one("#shopify")
    assert SHOP in panel.get_text()
    assert "Only an owner of this workspace can connect or disconnect a store." in panel.get_text()
    assert not panel.select("form, button")
    assert "connect/" not in str(panel)


def test_a_stranger_is_sent_to_sign_in(cast: Cast, shopify: RunningSandbox) -> None:
    response = Client().post(CONNECT, {"shop": SHOP})
    assert response["Location"].startswith("/account/login/")
    assert not ConnectionAttempt.objects.exists()


def test_beginning_needs_the_forms_own_token(cast: Cast, shopify: RunningSandbox) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.olivia.user)
    assert client.post(CONNECT, {"shop": SHOP}).status_code == 403


NO_STORES = (
    "",
    " ",
    "example.com",
    "harbor.myshopify.com.evil.example",
    "evil.example/harbor.myshopify.com",
    "a\x00b",
    "x" * 301,
    "ⓢhop",
)


def test_what_is_no_store_is_refused_in_words(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    for typed in NO_STORES:
        response = client.post(CONNECT, {"shop": typed})
        assert response.status_code == 422, typed
        assert soup_of(response).select_one("[role=alert]").get_text(), typed
    assert not ConnectionAttempt.objects.exists()


def test_typing_a_domain_can_be_switched_off(cast: Cast, shopify: RunningSandbox, settings: object) -> None:
    settings.SHOPIFY_DOMAIN_ENTRY = False  # type: ignore[attr-defined]
    client = signed_in(cast.olivia)
    assert client.post(CONNECT, {"shop": SHOP}).status_code == 422
    assert not soup_of(client.get("/acme/settings/shopify/")).select("input[name=shop]")


def test_an_installation_without_an_app_says_so(cast: Cast, shopify: RunningSandbox, settings: object) -> None:
    settings.SHOPIFY_CLIENT_SECRET = ""  # type: ignore[attr-defined]
    response = signed_in(cast.olivia).post(CONNECT, {"shop": SHOP})
    assert response.status_code == 422
    assert "This installation has no Shopify app yet." in text_of(response)


def test_a_store_of_another_workspace_is_refused_and_nobody_named(cast: Cast, shopify: RunningSandbox) -> None:
    connect_next_door(cast, shopify)
    response = signed_in(cast.olivia).post(CONNECT, {"shop": SHOP})
    assert response.status_code == 422
    assert "This store is already connected to another workspace." in text_of(response)
    assert "Next Door" not in response.content.decode()
    assert "Mallory" not in response.content.decode()


def connect_next_door(cast: Cast, shopify: RunningSandbox) -> None:
    with tenant_context(cast.next_door.pk):
        factories.connected_store(shopify, by=cast.mallory)


# --- Answers that must fail -----------------------------------------------------------------------------------------
def assert_nothing_came_of_it(cast: Cast, shopify: RunningSandbox, consent: str = "") -> None:
    assert stores_of(cast.acme) == []
    state = [consent.split("state=")[1].split("&")[0]] if consent else []
    assert_unseen([*secrets_of(shopify), *state], everything_stored(cast.acme, cast.next_door))


def changed(back: str, **changes: str | None) -> str:
    """The callback with other parameters (None: without), signed anew as if Shopify had said so."""
    told = dict(pair.split("=") for pair in back.partition("?")[2].split("&"))
    given = {name: value for name, value in {**told, **changes}.items() if value is not None and name != "hmac"}
    return f"{back.partition('?')[0]}?{signed_query(given, CLIENT_SECRET)}"


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        ("missing", "missing_parameter"),
        ("empty", "missing_parameter"),
        ("twice", "duplicate_parameter"),
        ("oversized", "oversized"),
    ],
)
def test_a_parameter_that_is_missing_repeated_or_oversized(
    cast: Cast, shopify: RunningSandbox, how: str, outcome: str
) -> None:
    client = signed_in(cast.olivia)
    path, _, query = answer(shopify, start(client)).partition("?")
    pairs = query.split("&")
    for name in ("code", "hmac", "shop", "state", "timestamp"):
        (own,) = [pair for pair in pairs if pair.startswith(f"{name}=")]
        others = [pair for pair in pairs if pair != own]
        instead = {"missing": [], "empty": [f"{name}="], "twice": [own, own], "oversized": [own + "a" * 600]}[how]
        assert failed(client, client.get(f"{path}?{'&'.join(others + instead)}")).outcome == outcome, name
    assert_nothing_came_of_it(cast, shopify)
    assert shopify.calls == []


NO_ANSWERS = (
    "",
    "?",
    "?a",
    "?%FF=%FF",
    "?" + "a" * 5000,
    "?" + "&".join(f"a{n}=1" for n in range(60)),
    "?shop=%00",
    "?%00=%00&shop=x",
)


def test_a_callback_that_is_no_answer_at_all(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    for query in NO_ANSWERS:
        assert failed(client, client.get(f"/shopify/callback/{query}")).outcome in EXPLANATIONS, query
    assert_nothing_came_of_it(cast, shopify)


@pytest.mark.parametrize(
    ("name", "value"),
    [("code", "another"), ("state", "0" * 64), ("shop", ALL_ORDERS_SHOP), ("host", "YQ"), ("extra", "1")],
)
def test_a_parameter_changed_on_the_way_does_not_match_the_signature(
    cast: Cast, shopify: RunningSandbox, name: str, value: str
) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    kept = [pair for pair in back.partition("?")[2].split("&") if not pair.startswith(f"{name}=")]
    attempt = failed(client, client.get(f"/shopify/callback/?{'&'.join([*kept, f'{name}={value}'])}"))
    assert attempt.outcome == "bad_hmac"
    assert_nothing_came_of_it(cast, shopify)
    assert shopify.calls == []


def test_a_forged_signature_does_not_use_up_the_state(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    forged = back.replace("hmac=", "hmac=0")[: len(back)]
    assert failed(client, client.get(forged)).outcome in ("bad_hmac", "malformed")
    assert client.get(back)["Location"].startswith("/acme/settings/general/")


@pytest.mark.parametrize("seconds", [-91 - 5, 91 + 5, -86_400, 10**9])
def test_an_answer_signed_long_ago_or_in_the_future(cast: Cast, shopify: RunningSandbox, seconds: int) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    attempt = failed(client, client.get(changed(back, timestamp=str(int(time.time()) + seconds))))
    assert attempt.outcome == "stale_timestamp"
    assert_nothing_came_of_it(cast, shopify)
    assert failed(client, client.get(back)).outcome == "state_used"


@pytest.mark.parametrize(
    "shop", ["evil.example", "harbor.myshopify.com.evil.example", "evil.example%2Fharbor.myshopify.com"]
)
def test_an_answer_in_the_name_of_no_store(cast: Cast, shopify: RunningSandbox, shop: str) -> None:
    client = signed_in(cast.olivia)
    assert failed(client, client.get(changed(answer(shopify, start(client)), shop=shop))).outcome == "bad_shop"
    assert_nothing_came_of_it(cast, shopify)


def test_a_denied_consent_uses_the_state_up(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    consent = start(client)
    denied = answer(shopify, consent, "deny")
    attempt = failed(client, client.get(denied))
    assert (attempt.outcome, attempt.shop_domain, attempt.tenant_id) == ("denied", SHOP, cast.acme.pk)
    assert attempt.used_at is not None
    approved = answer(shopify, consent)
    assert failed(client, client.get(approved)).outcome == "state_used"
    assert_nothing_came_of_it(cast, shopify, consent)
    assert shopify.calls == []


def test_an_answer_works_once(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    client.get(back)
    again = failed(client, client.get(back))
    assert again.outcome == "state_used"
    assert [store.generation for store in stores_of(cast.acme)] == [1]
    assert ConnectionAttempt.objects.filter(outcome="connected").count() == 1
    assert len(shopify.calls) == 1


def test_an_answer_reloaded_while_the_first_is_under_way_spoils_neither(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    under_way = ConnectionAttempt.objects.get()
    ConnectionAttempt.objects.update(used_at=timezone.now())
    second = failed(client, client.get(back))
    assert second.outcome == "state_used"
    assert second.reference != under_way.reference
    assert (
        soup_of(client.get(f"/shopify/attempts/{second.reference}/")).select_one(".actions a")["href"]
        == "/acme/settings/general/"
    )
    under_way.refresh_from_db()
    assert (under_way.outcome, under_way.finished_at) == ("", None)


def test_a_state_lives_ten_minutes(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    ConnectionAttempt.objects.update(started_at=timezone.now() - attempts.LIFE - timedelta(seconds=1))
    attempt = failed(client, client.get(back))
    assert (attempt.outcome, attempt.shop_domain) == ("state_expired", SHOP)
    assert_nothing_came_of_it(cast, shopify)


def test_a_state_nearly_ten_minutes_old_still_works(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    ConnectionAttempt.objects.update(started_at=timezone.now() - timedelta(minutes=9, seconds=50))
    assert client.get(back)["Location"].startswith("/acme/settings/general/")


def test_a_state_works_in_its_own_session_only(cast: Cast, shopify: RunningSandbox) -> None:
    first, second = signed_in(cast.olivia), signed_in(cast.olivia)
    back = answer(shopify, start(first))
    attempt = failed(second, second.get(back))
    assert (attempt.outcome, attempt.shop_domain, attempt.tenant_id) == ("state_of_another_session", "", None)
    assert_nothing_came_of_it(cast, shopify)
    assert first.get(back)["Location"].startswith("/acme/settings/general/")


def test_a_state_works_for_its_own_person_only(cast: Cast, shopify: RunningSandbox) -> None:
    olivia, mallory = signed_in(cast.olivia), signed_in(cast.mallory)
    back = answer(shopify, start(olivia))
    attempt = failed(mallory, mallory.get(back))
    assert attempt.outcome == "state_of_another_session"
    assert_nothing_came_of_it(cast, shopify)
    with tenant_context(cast.next_door.pk):
        assert not Store.objects.exists()
    assert olivia.get(f"/shopify/attempts/{attempt.reference}/").status_code == 404


def test_a_state_of_which_we_know_nothing(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    assert (
        failed(client, client.get(changed(answer(shopify, start(client)), state="ab" * 32))).outcome == "state_unknown"
    )
    assert_nothing_came_of_it(cast, shopify)


def test_a_state_works_for_its_own_store_only(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    attempt = failed(client, client.get(changed(back, shop=ALL_ORDERS_SHOP)))
    assert attempt.outcome == "state_of_another_shop"
    assert failed(client, client.get(back)).outcome == "state_used"
    assert_nothing_came_of_it(cast, shopify)
    assert shopify.calls == []


def test_fewer_permissions_than_needed_are_not_enough(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    consent = start(client)
    back = answer(shopify, consent.replace("read_customers%2Cread_orders", "read_orders"))
    attempt = failed(client, client.get(back))
    assert attempt.outcome == "scopes_missing"
    assert "read_customers and read_orders" in text_of(client.get(f"/shopify/attempts/{attempt.reference}/"))
    assert_nothing_came_of_it(cast, shopify, consent)


def test_a_code_that_shopify_refuses(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    consent = start(client)
    back = answer(shopify, consent)
    used = back.split("code=")[1].split("&")[0]
    from_elsewhere = token_request(shopify, SHOP, client_id="the-client", client_secret=CLIENT_SECRET, code=used)
    assert from_elsewhere.status == 200
    assert failed(client, client.get(back)).outcome == "grant_refused"
    assert_nothing_came_of_it(cast, shopify, consent)


def test_a_token_endpoint_that_hangs_ends_within_its_limit(
    cast: Cast, shopify: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert oauth.EXCHANGE_TIMEOUTS.total <= 10
    # The same limits, a tenth as long: how the door keeps them is tested with it.
    monkeypatch.setattr(oauth, "EXCHANGE_TIMEOUTS", http.Timeouts(connect=0.3, read=0.8, total=1.0))
    shopify.set_latency(30_000)
    client = signed_in(cast.olivia)
    consent = start(client)
    back = answer(shopify, consent)
    began = time.monotonic()
    attempt = failed(client, client.get(back))
    assert time.monotonic() - began < 20  # Shopify would answer after 30.
    assert attempt.outcome == "timed_out"
    assert_nothing_came_of_it(cast, shopify, consent)


def test_a_token_endpoint_that_is_not_there(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    shopify.close()
    assert failed(client, client.get(back)).outcome == "unreachable"
    assert_nothing_came_of_it(cast, shopify)


def test_a_store_that_another_workspace_took_meanwhile(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    connect_next_door(cast, shopify)
    attempt = failed(client, client.get(back))
    assert attempt.outcome == "store_taken"
    page = client.get(f"/shopify/attempts/{attempt.reference}/").content.decode()
    assert "Next Door" not in page
    assert "Mallory" not in page
    assert_nothing_came_of_it(cast, shopify)


def _demoted(membership: Membership) -> None:
    Membership.objects.filter(pk=membership.pk).update(role="administrator")


def _removed(membership: Membership) -> None:
    Membership.objects.filter(pk=membership.pk).update(removed_at=timezone.now())


@pytest.mark.parametrize("change", [_demoted, _removed])
def test_an_owner_no_more_on_the_way_back(cast: Cast, shopify: RunningSandbox, change: object) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    with tenant_context(cast.acme.pk):
        change(cast.olivia)  # type: ignore[operator]
    assert failed(client, client.get(back)).outcome == "not_the_owner"
    assert_nothing_came_of_it(cast, shopify)
    assert shopify.calls == []


@pytest.mark.parametrize("change", [_demoted, _removed])
def test_an_owner_no_more_while_shopify_was_asked_for_the_tokens(
    cast: Cast, shopify: RunningSandbox, change: Callable[[Membership], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    exchange = oauth.exchange_code

    def slowly(**asked: Any) -> TokenGrant:
        with tenant_context(cast.acme.pk):
            change(cast.olivia)
        return exchange(**asked)

    monkeypatch.setattr(oauth, "exchange_code", slowly)
    assert failed(client, client.get(back)).outcome == "not_the_owner"
    assert_nothing_came_of_it(cast, shopify)


def test_while_the_secret_is_rotated_a_code_is_exchanged_by_the_one_that_shopify_takes(
    cast: Cast, shopify: RunningSandbox, settings: Any
) -> None:
    """Entered here before it was made at Shopify; and there, with the first one revoked, after it was."""
    settings.SHOPIFY_CLIENT_SECRET, settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = "the-next-secret", CLIENT_SECRET
    client = signed_in(cast.olivia)
    assert connect(client, shopify)["Location"].startswith("/acme/settings/general/")
    assert [call["status"] for call in shopify.calls] == [400, 200]
    shopify.rotate_secret("the-next-secret")
    assert connect(client, shopify, ALL_ORDERS_SHOP)["Location"].startswith("/acme/settings/general/")
    assert [call["status"] for call in shopify.calls] == [400, 200, 200]
    assert_unseen([*secrets_of(shopify), "the-next-secret"], everything_stored(cast.acme))


@pytest.mark.parametrize(
    ("by_current", "by_previous", "outcome"),
    [
        (errors.AppRefused, errors.AppRefused, "app_refused"),
        (errors.AppRefused, errors.GrantRefused, "grant_refused"),
        (errors.GrantRefused, errors.AppRefused, "grant_refused"),
        (errors.GrantRefused, errors.GrantRefused, "grant_refused"),
        (errors.AppRefused, errors.TimedOut, "timed_out"),
        (errors.GrantRefused, errors.UnexpectedStatus, "unexpected_status"),
        (errors.TimedOut, None, "timed_out"),
    ],
)
def test_two_secrets_share_the_time_of_one_exchange(
    cast: Cast, shopify: RunningSandbox, settings: Any, monkeypatch: pytest.MonkeyPatch,
    by_current: type[errors.IntegrationError], by_previous: type[errors.IntegrationError] | None, outcome: str,
) -> None:  # fmt: skip
    settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = "the-one-before"
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    now, given, says = [1000.0], [], [by_current, by_previous]

    def slowly(*, timeouts: http.Timeouts, **asked: Any) -> TokenGrant:
        given.append(timeouts)
        now[0] += 7.0
        refusal = says.pop(0)
        assert refusal is not None
        raise refusal

    monkeypatch.setattr("integrations.shopify.connecting.time.monotonic", lambda: now[0])
    monkeypatch.setattr(oauth, "exchange_code", slowly)
    response = client.get(back)
    monkeypatch.undo()
    assert failed(client, response).outcome == outcome
    whole = oauth.EXCHANGE_TIMEOUTS
    assert given == [whole, http.Timeouts(3.0, 3.0, 3.0)][: len(given)]
    assert len(given) == (2 if by_previous else 1)


def test_signed_out_on_the_way_back(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    client.logout()
    response = client.get(back)
    assert response.status_code == 302
    assert "code" not in response["Location"]
    assert "state" not in response["Location"]
    assert_nothing_came_of_it(cast, shopify)
    assert shopify.calls == []
    attempt = ConnectionAttempt.objects.get()
    assert attempt.outcome == "signed_out"
    assert response["Location"] == f"/shopify/attempts/{attempt.reference}/"
    assert client.get(response["Location"])["Location"].startswith("/account/login/?next=/shopify/attempts/")
    client.force_login(cast.olivia.user)
    assert failed(client, response).outcome == "signed_out"
    assert failed(client, client.get(back)).outcome == "state_of_another_session"


def test_a_stranger_at_the_callback_leaves_no_rows(cast: Cast, shopify: RunningSandbox) -> None:
    unsigned = f"?shop={SHOP}&code=a&state=b&timestamp=1&hmac={'0' * 64}"
    for query in ("", "?shop=x", unsigned):
        assert Client().get(f"/shopify/callback/{query}")["Location"] == "/account/login/"
    assert not ConnectionAttempt.objects.exists()


def test_a_rotated_client_secret_opens_answers_signed_with_the_old_one(
    cast: Cast, shopify: RunningSandbox, settings: object
) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    settings.SHOPIFY_CLIENT_SECRET, settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = "the-next-secret", CLIENT_SECRET  # type: ignore[attr-defined]
    # The sandbox, which knows the old secret alone, refuses the new one; the code is exchanged by the old.
    assert client.get(back)["Location"].startswith("/acme/settings/general/")


# --- The page of a failure ------------------------------------------------------------------------------------------
def test_every_failure_has_a_page_with_plain_words(cast: Cast) -> None:
    client = signed_in(cast.olivia)
    for code in [*EXPLANATIONS, "something_new"]:
        attempt = attempts.record_failure(outcome=code, user_id=cast.olivia.user_id)
        page = text_of(client.get(f"/shopify/attempts/{attempt.reference}/"))
        assert "_" not in code or code not in page
        assert attempt.reference in page


def test_an_unknown_reference_is_not_found(cast: Cast) -> None:
    client = signed_in(cast.olivia)
    for reference in ("VX-AAAA-AAAA", "x", "%00", "VX-%F0%9F%92%A9", "a" * 500):
        assert client.get(f"/shopify/attempts/{reference}/").status_code == 404, reference


def test_an_attempt_that_worked_or_is_pending_has_no_failure_page(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    connect(client, shopify)
    start(client)
    for attempt in ConnectionAttempt.objects.all():
        assert client.get(f"/shopify/attempts/{attempt.reference}/").status_code == 404


def test_references_can_be_read_aloud() -> None:
    for _ in range(200):
        reference = attempts.new_reference()
        assert not set(reference[3:]) & set("01IO")
        assert len(reference) == 12


def test_only_a_connected_store_is_announced(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    for connected in ("%00", "nobody.myshopify.com", "<b>bold</b>", "%F0", "x" * 3000):
        for path in ("/acme/settings/shopify/", "/acme/settings/general/"):
            page = client.get(f"{path}?connected={connected}")
            assert page.status_code == 200, connected
            assert "is connected." not in page.content.decode()
            assert "<b>bold" not in page.content.decode()


def test_the_permissions_page_names_what_is_asked_for(cast: Cast, shopify: RunningSandbox) -> None:
    consent = start(signed_in(cast.olivia))
    page = text_of(signed_in(cast.ava).get("/acme/settings/shopify/permissions/"))
    for scope in consent.split("scope=")[1].split("&")[0].split("%2C"):
        assert scope in page
