"""Installing from Shopify's side: the signed opening, the consent, the wait, and the owner who says which workspace it is for."""

import logging
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from integrations.shopify import app_entry, attempts, installing, tasks
from integrations.shopify.models import ConnectionAttempt, PendingInstallation, Store
from integrations.shopify.sandbox import RunningSandbox, serve
from integrations.shopify.sandbox.signing import signed_query
from tenants import members, provisioning
from tenants.crypto.secret import Secret
from tenants.models import AuditEvent, Membership, Tenant, User
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests import factories
from tests.conftest import PASSWORD, Cast
from tests.factories import ALL_ORDERS_SHOP, SHOP
from tests.tenants.signing_in import confirm, set_up_app
from tests.walking import (
    CLIENT_SECRET,
    answer,
    assert_unseen,
    connect,
    everything_stored,
    failed,
    secrets_of,
    signed_in,
    soup_of,
    text_of,
    work,
)

pytestmark = pytest.mark.django_db

INSTALL = "/shopify/install/"
CLAIM = "/shopify/installation/"


def opening(shop: str = SHOP, *, secret: str = CLIENT_SECRET, path: str = INSTALL, **changes: str | None) -> str:
    """The address with which Shopify opens the app."""
    given = {"shop": shop, "host": "YWRtaW4", "timestamp": str(int(time.time())), **changes}
    return f"{path}?{signed_query({name: value for name, value in given.items() if value is not None}, secret)}"


def arrive(client: Client, shopify: RunningSandbox, shop: str = SHOP, **asked: str) -> HttpResponse:
    """Open the app in Shopify, approve, and come back."""
    response = client.get(opening(shop, **asked))
    assert response.status_code == 302, response.content
    return client.get(answer(shopify, response["Location"]))


def claimed(client: Client, slug: str = "acme", shop: str = SHOP) -> HttpResponse:
    return client.post(CLAIM, {"workspace": slug, "shop": shop})


def stores_of(tenant: Tenant) -> list[Store]:
    with tenant_context(tenant.pk):
        return list(Store.objects.order_by("number"))


def assert_nothing_waits(*tenants: Tenant) -> None:
    assert not PendingInstallation.objects.exists()
    assert [store for tenant in tenants for store in stores_of(tenant)] == []


# --- The whole way --------------------------------------------------------------------------------------------------
def test_consent_comes_at_once_and_then_the_owner_says_which_workspace(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    consent = client.get(opening())
    assert urlsplit(consent["Location"]).path == f"/{SHOP}/admin/oauth/authorize"
    back = client.get(answer(shopify, consent["Location"]))
    assert back["Location"] == CLAIM
    page = client.get(CLAIM)
    assert f"Connect {SHOP}" in text_of(page)
    assert [field["value"] for field in soup_of(page).select("input[name=workspace]")] == ["acme"]
    assert claimed(client)["Location"] == f"/acme/settings/general/?connected={SHOP}"
    (store,) = stores_of(cast.acme)
    assert (store.state, store.app_id, store.scopes) == ("connected", None, ["read_customers", "read_orders"])
    with tenant_context(cast.acme.pk):
        row = AuditEvent.objects.get(action="store.connected")
    assert (row.actor_name, row.target) == ("Olivia", SHOP)
    attempt = ConnectionAttempt.objects.get()
    assert (attempt.kind, attempt.outcome) == ("install", "connected")
    assert (attempt.user_id, attempt.tenant_id) == (cast.olivia.user_id, cast.acme.pk)
    assert not PendingInstallation.objects.exists()
    work()
    (store,) = stores_of(cast.acme)
    assert store.shop_name == "Harbor Goods"


def test_who_is_nobody_yet_signs_in_after_the_consent_and_finds_it_waiting(cast: Cast, shopify: RunningSandbox) -> None:
    User.objects.filter(pk=cast.olivia.user_id).update(password=make_password(PASSWORD))
    EmailAddress.objects.create(user=cast.olivia.user, email="olivia@acme.example", verified=True, primary=True)
    client = Client()
    assert arrive(client, shopify)["Location"] == CLAIM
    asked = client.get(CLAIM)
    assert asked["Location"] == f"/account/login/?next={CLAIM}"
    before = client.session.session_key
    form = {"login": "olivia@acme.example", "password": PASSWORD, "next": CLAIM}
    assert client.post("/account/login/", form)["Location"] == CLAIM
    assert client.session.session_key != before
    assert claimed(client)["Location"].startswith("/acme/settings/general/")
    assert [store.state for store in stores_of(cast.acme)] == ["connected"]


def test_the_access_waits_sealed_and_is_seen_nowhere(
    cast: Cast, shopify: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = signed_in(cast.olivia)
    back = arrive(client, shopify)
    page = client.get(CLAIM)
    seen = page.content.decode() + str(back.headers) + caplog.text + everything_stored(cast.acme, cast.next_door)
    assert_unseen(secrets_of(shopify), seen)
    token = client.session["shopify_installation"]
    assert token not in page.content.decode() + str(back.headers) + caplog.text
    claimed(client)
    assert_unseen(secrets_of(shopify), caplog.text + everything_stored(cast.acme, cast.next_door))
    (store,) = stores_of(cast.acme)
    (access, refresh) = shopify.sandbox.tokens.rows()
    assert (store.access_token, store.refresh_token) == (Secret(access["token"]), Secret(refresh["token"]))


def test_the_time_that_it_waited_is_taken_from_the_access(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    PendingInstallation.objects.update(created_at=timezone.now() - timedelta(minutes=14))
    claimed(client)
    (store,) = stores_of(cast.acme)
    assert store.access_expires_at < timezone.now() + timedelta(minutes=46, seconds=30)


def test_it_connects_once(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    token = client.session["shopify_installation"]
    claimed(client)
    session = client.session
    session["shopify_installation"] = token
    session.save()
    again = claimed(client)
    assert (again.status_code, "Nothing is waiting here" in text_of(again)) == (410, True)
    assert [store.generation for store in stores_of(cast.acme)] == [1]


def test_an_owner_of_two_workspaces_chooses(cast: Cast, shopify: RunningSandbox) -> None:
    provisioning.open_workspace(slug="second", name="Second", owner=cast.olivia.user)
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    choices = [field["value"] for field in soup_of(client.get(CLAIM)).select("input[name=workspace]")]
    assert choices == ["acme", "second"]
    claimed(client, "second")
    assert stores_of(cast.acme) == []


# --- Who may claim --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["adam", "ava"])
def test_who_owns_no_workspace_is_told_so(cast: Cast, shopify: RunningSandbox, who: str) -> None:
    client = signed_in(getattr(cast, who))
    arrive(client, shopify)
    page = client.get(CLAIM)
    assert "No workspace of yours can take this store" in text_of(page)
    assert not soup_of(page).select("input[name=workspace]")
    assert failed(client, claimed(client)).outcome == "not_the_owner"
    assert_nothing_waits(cast.acme, cast.next_door)


@pytest.mark.parametrize("slug", ["nextdoor", "nowhere", "", "a" * 500, "acme\x00"])
def test_a_workspace_that_is_not_ones_own_cannot_be_chosen(cast: Cast, shopify: RunningSandbox, slug: str) -> None:
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    assert failed(client, claimed(client, slug)).outcome == "not_the_owner"
    assert_nothing_waits(cast.acme, cast.next_door)


def test_a_closed_workspace_is_not_among_the_choices(cast: Cast, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.filter(pk=cast.acme.pk).update(
            closed_at=timezone.now(), erase_after=timezone.now() + timedelta(days=30)
        )
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    assert not soup_of(client.get(CLAIM)).select("input[name=workspace]")
    claimed(client)
    assert_nothing_waits(cast.acme)


def test_a_second_factor_that_the_workspace_asks_for_comes_first_and_the_installation_waits(
    cast: Cast, shopify: RunningSandbox
) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.filter(pk=cast.acme.pk).update(require_second_factor=True)
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    page = client.get(CLAIM)
    assert "Set up a second factor first" in text_of(page)
    assert not soup_of(page).select("input[name=workspace]")
    refused = claimed(client)
    assert (refused.status_code, "A second factor is required" in text_of(refused)) == (410, True)
    assert PendingInstallation.objects.count() == 1
    assert stores_of(cast.acme) == []


def test_an_owner_who_sets_the_second_factor_up_in_between_is_led_back_and_connects(
    cast: Cast, shopify: RunningSandbox
) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.filter(pk=cast.acme.pk).update(require_second_factor=True)
    User.objects.filter(pk=cast.olivia.user_id).update(password=make_password(PASSWORD))
    client = Client()
    client.force_login(User.objects.get(pk=cast.olivia.user_id))
    arrive(client, shopify)
    (way,) = soup_of(client.get(CLAIM)).select("ul.pick a")
    assert "A second factor is required" in text_of(client.get(way["href"]))
    confirm(client)
    set_up_app(client)
    (on,) = soup_of(client.get("/account/2fa/recovery-codes/")).select(".banner a")
    assert client.get(on["href"])["Location"] == CLAIM
    assert [field["value"] for field in soup_of(client.get(CLAIM)).select("input[name=workspace]")] == ["acme"]
    assert claimed(client)["Location"] == f"/acme/settings/general/?connected={SHOP}"
    assert [store.state for store in stores_of(cast.acme)] == ["connected"]
    assert not PendingInstallation.objects.exists()


def test_an_owner_who_was_demoted_at_the_last_moment_connects_nothing(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    with tenant_context(cast.acme.pk):
        members.change_role(member=cast.adam, role=Role.OWNER, by=cast.olivia)
        Membership.objects.filter(pk=cast.olivia.pk).update(role=Role.AGENT)
    assert failed(client, claimed(client)).outcome == "not_the_owner"
    assert_nothing_waits(cast.acme)


def test_a_page_that_still_shows_one_store_does_not_connect_another(cast: Cast, shopify: RunningSandbox) -> None:
    """Two tabs: the second brought another store, and the button of the first is pressed."""
    client = signed_in(cast.olivia)
    arrive(client, shopify, ALL_ORDERS_SHOP)
    assert f"Connect {ALL_ORDERS_SHOP}" in text_of(claimed(client, shop=SHOP))
    assert stores_of(cast.acme) == []
    shown = {field["name"]: field["value"] for field in soup_of(client.get(CLAIM)).select("ul input")}
    client.post(CLAIM, {name: shown[name] for name in ("workspace", "shop")})
    assert [store.shop_domain for store in stores_of(cast.acme)] == [ALL_ORDERS_SHOP]


# --- A browser, a quarter of an hour --------------------------------------------------------------------------------
def test_another_browser_cannot_come_back_with_it(cast: Cast, shopify: RunningSandbox) -> None:
    consent = Client().get(opening())["Location"]
    client = signed_in(cast.mallory)
    attempt = failed(client, client.get(answer(shopify, consent)))
    assert (attempt.outcome, attempt.user_id) == ("state_of_another_session", cast.mallory.user_id)
    assert_nothing_waits(cast.acme, cast.next_door)


def test_a_stranger_reads_why_it_failed_in_the_browser_that_it_failed_in(cast: Cast, shopify: RunningSandbox) -> None:
    client = Client()
    denied = client.get(answer(shopify, client.get(opening())["Location"], "deny"))
    page = client.get(denied["Location"])
    assert "The connection was not approved" in text_of(page)
    assert Client().get(denied["Location"])["Location"].startswith("/account/login/")
    assert signed_in(cast.mallory).get(denied["Location"]).status_code == 404


def test_nobody_finds_what_waits_in_another_session(cast: Cast, shopify: RunningSandbox) -> None:
    arrive(signed_in(cast.mallory), shopify)
    client = signed_in(cast.olivia)
    assert client.get(CLAIM).status_code == 410
    assert claimed(client).status_code == 410
    assert PendingInstallation.objects.count() == 1


def test_after_a_quarter_of_an_hour_it_cannot_be_claimed_and_is_deleted(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    PendingInstallation.objects.update(created_at=timezone.now() - installing.LIFE - timedelta(seconds=1))
    assert client.get(CLAIM).status_code == 410
    assert claimed(client).status_code == 410
    tasks.forget_installations()
    assert_nothing_waits(cast.acme)


def test_what_waits_is_not_deleted_early(cast: Cast, shopify: RunningSandbox) -> None:
    arrive(signed_in(cast.olivia), shopify)
    tasks.forget_installations()
    assert PendingInstallation.objects.count() == 1


def test_a_lost_key_is_explained_and_nothing_is_connected(
    cast: Cast, shopify: RunningSandbox, settings: object
) -> None:
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    settings.SEALING_KEYS, settings.SEALING_PRIMARY_KEY = {9: b"9" * 32}, 9  # type: ignore[attr-defined]
    assert failed(client, claimed(client)).outcome == "installation_unreadable"
    assert_nothing_waits(cast.acme)


# --- What Shopify did not sign --------------------------------------------------------------------------------------
REFUSED: Mapping[str, str] = {
    "nothing": INSTALL,
    "another secret": opening(secret="another"),
    "no shop": opening(shop=None),  # type: ignore[arg-type]
    "another host": opening(shop="evil.example"),
    "a longer host": opening(shop="harbor.myshopify.com.evil.example"),
    "old": opening(timestamp="1"),
    "future": opening(timestamp=str(10**11)),
    "no time": opening(timestamp="soon"),
    "twice": opening() + "&shop=pine.myshopify.com",
    "oversized": opening(host="x" * 600),
    "bytes": INSTALL + "?shop=%FF&hmac=%00",
    "one more parameter": opening() + "&extra=1",
}


@pytest.mark.parametrize("how", REFUSED)
def test_what_shopify_did_not_sign_just_now_is_explained_and_leaves_no_trace(
    cast: Cast, shopify: RunningSandbox, how: str
) -> None:
    response = Client().get(REFUSED[how])
    assert response.status_code == 400
    assert soup_of(response).select_one("h1").get_text()
    assert "sessionid" not in response.cookies
    assert not ConnectionAttempt.objects.exists()


def test_an_opening_is_a_get(cast: Cast, shopify: RunningSandbox) -> None:
    assert Client().post(opening()).status_code == 405


def test_a_forged_answer_neither_installs_nor_uses_up_the_state(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, client.get(opening())["Location"])
    forged = client.get(back.replace("code=", "code=x"))
    assert (forged.status_code, "not signed by Shopify" in text_of(forged)) == (400, True)
    assert client.get(back)["Location"] == CLAIM
    assert failed(client, client.get(back)).outcome == "state_used"


def test_while_the_secret_is_rotated_an_installation_is_completed_by_the_one_that_shopify_takes(
    cast: Cast, shopify: RunningSandbox, settings: object
) -> None:
    settings.SHOPIFY_CLIENT_SECRET = "the-next-secret"  # type: ignore[attr-defined]
    settings.SHOPIFY_PREVIOUS_CLIENT_SECRET = CLIENT_SECRET  # type: ignore[attr-defined]
    client = signed_in(cast.olivia)
    assert arrive(client, shopify)["Location"] == CLAIM
    assert claimed(client)["Location"].startswith("/acme/settings/general/")


def test_fewer_permissions_than_asked_for_install_nothing(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    consent = client.get(opening())["Location"]
    less = consent.replace("read_customers%2Cread_orders", "read_orders")
    assert failed(client, client.get(answer(shopify, less))).outcome == "scopes_missing"
    assert_nothing_waits(cast.acme)


def test_an_installation_that_took_too_long_says_so(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    back = answer(shopify, client.get(opening())["Location"])
    ConnectionAttempt.objects.update(started_at=timezone.now() - attempts.LIFE - timedelta(seconds=1))
    assert failed(client, client.get(back)).outcome == "state_expired"
    assert_nothing_waits(cast.acme)


def test_an_installation_without_an_app_says_so(cast: Cast, shopify: RunningSandbox, settings: object) -> None:
    settings.SHOPIFY_CLIENT_SECRET = ""  # type: ignore[attr-defined]
    response = Client().get(opening())
    assert (response.status_code, "Shopify is not set up here" in text_of(response)) == (503, True)


# --- Stores that are connected --------------------------------------------------------------------------------------
def test_opening_the_app_of_a_connected_store_leads_to_its_settings(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    connect(client, shopify)
    work()
    before = len(shopify.calls)
    response = client.get(opening(), follow=True)
    assert response.redirect_chain[-1][0] == "/acme/settings/general/"
    assert ConnectionAttempt.objects.count() == 1
    work()  # the moment to look whether it still works
    (store,) = stores_of(cast.acme)
    assert {row["found"] for row in store.check_results} <= {"ok", "unknown"}
    assert len(shopify.calls) > before


def test_an_agent_who_opens_the_app_gets_to_the_settings_too(cast: Cast, shopify: RunningSandbox) -> None:
    connect(signed_in(cast.olivia), shopify)
    response = signed_in(cast.ava).get(opening(), follow=True)
    assert response.redirect_chain[-1][0] == "/acme/settings/general/"


def test_a_connected_store_of_others_is_said_to_be_so_without_naming_them(cast: Cast, shopify: RunningSandbox) -> None:
    connect(signed_in(cast.olivia), shopify)
    response = signed_in(cast.mallory).get(opening(), follow=True)
    assert response.status_code == 404
    assert "You do not belong to this store’s workspace" in text_of(response)
    assert "Acme" not in response.content.decode()
    assert len(stores_of(cast.acme)) == 1


def test_nothing_was_opened(cast: Cast, shopify: RunningSandbox) -> None:
    assert signed_in(cast.olivia).get("/shopify/opened/").status_code == 404
    assert Client().get("/shopify/opened/")["Location"].startswith("/account/login/")


def test_a_store_of_another_workspace_cannot_be_claimed_here(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    with tenant_context(cast.next_door.pk):
        factories.connected_store(shopify, by=cast.mallory)
    attempt = failed(client, client.get(CLAIM))
    assert attempt.outcome == "store_taken"
    assert "Next Door" not in client.get(f"/shopify/attempts/{attempt.reference}/").content.decode()
    assert_nothing_waits(cast.acme)


def test_installing_again_after_it_was_uninstalled_keeps_the_stores_place(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    connect(client, shopify)
    client.post("/acme/settings/shopify/1/disconnect/", {"domain": SHOP})
    work()
    arrive(client, shopify)
    claimed(client)
    (store,) = stores_of(cast.acme)
    assert (store.number, store.state, store.disconnected_at) == (1, "connected", None)


def test_a_store_that_another_workspace_disconnected_can_be_installed_here(cast: Cast, shopify: RunningSandbox) -> None:
    with tenant_context(cast.next_door.pk):
        factories.connected_store(shopify, by=cast.mallory)
    signed_in(cast.mallory).post("/nextdoor/settings/shopify/1/disconnect/", {"domain": SHOP})
    client = signed_in(cast.olivia)
    arrive(client, shopify)
    assert claimed(client)["Location"].startswith("/acme/settings/general/")


def test_a_store_that_needs_attention_is_connected_anew_where_it_is(cast: Cast, shopify: RunningSandbox) -> None:
    provisioning.open_workspace(slug="second", name="Second", owner=cast.olivia.user)
    client = signed_in(cast.olivia)
    connect(client, shopify)
    with tenant_context(cast.acme.pk):
        Store.objects.update(state="needs_attention", problem="access_revoked", problem_since=timezone.now())
    arrive(client, shopify)
    choices = [field["value"] for field in soup_of(client.get(CLAIM)).select("input[name=workspace]")]
    assert choices == ["acme"]
    claimed(client)
    assert [(store.state, store.generation) for store in stores_of(cast.acme)] == [("connected", 2)]


# --- A workspace's own app ------------------------------------------------------------------------------------------
OWN_ID, OWN_SECRET = "0123456789abcdef0123456789abcdef", "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"


def test_an_own_app_is_installed_by_its_own_address_into_its_own_workspace(
    cast: Cast, shopify: RunningSandbox, settings: object
) -> None:
    provisioning.open_workspace(slug="second", name="Second", owner=cast.olivia.user)
    with tenant_context(cast.acme.pk):
        app = app_entry.add(name="Pier", client_id=OWN_ID, client_secret=Secret(OWN_SECRET), by=cast.olivia)
    client, path = signed_in(cast.olivia), f"{INSTALL}acme/1/"
    with serve(factories.store_file(), client_id=OWN_ID, client_secret=OWN_SECRET) as pier:
        settings.SHOPIFY_SANDBOX_URL = pier.url  # type: ignore[attr-defined]
        consent = client.get(opening(ALL_ORDERS_SHOP, path=path, secret=OWN_SECRET))["Location"]
        assert parse_qs(urlsplit(consent).query)["client_id"] == [OWN_ID]
        assert client.get(answer(pier, consent))["Location"] == CLAIM
        choices = [field["value"] for field in soup_of(client.get(CLAIM)).select("input[name=workspace]")]
        assert choices == ["acme"]
        claimed(client, shop=ALL_ORDERS_SHOP)
    (store,) = stores_of(cast.acme)
    assert (store.shop_domain, store.app_id) == (ALL_ORDERS_SHOP, app.pk)


@pytest.mark.parametrize("path", ["acme/1/", "acme/2/", "nextdoor/1/", "nowhere/1/"])
def test_an_app_that_does_not_exist_answers_as_one_that_did_not_sign(
    cast: Cast, shopify: RunningSandbox, path: str
) -> None:
    with tenant_context(cast.acme.pk):
        app_entry.add(name="Pier", client_id=OWN_ID, client_secret=Secret(OWN_SECRET), by=cast.olivia)
    response = Client().get(opening(path=INSTALL + path))  # signed by the installation's app
    assert response.status_code == 400
    assert "not signed by Shopify" in text_of(response)


@pytest.mark.parametrize(
    "query", ["", "?shop=a", "?shop=a&shop=b", f"?shop={SHOP}&hmac=0&timestamp=1", "?" + "x" * 5000]
)
def test_nobody_finds_out_by_a_broken_query_which_apps_exist(cast: Cast, shopify: RunningSandbox, query: str) -> None:
    with tenant_context(cast.acme.pk):
        app_entry.add(name="Pier", client_id=OWN_ID, client_secret=Secret(OWN_SECRET), by=cast.olivia)
    paths = ("acme/1/", "acme/2/", "nextdoor/1/", "nowhere/1/")
    answers = [Client().get(f"{INSTALL}{path}{query}") for path in paths]
    assert {(response.status_code, re.sub(r"\d\d:\d\d", "", text_of(response))) for response in answers} == {
        (400, re.sub(r"\d\d:\d\d", "", text_of(answers[0])))
    }
