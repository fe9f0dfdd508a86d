"""A workspace's own Shopify apps: entered, changed, removed by owners, and stores connected with them."""

import logging
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client

from integrations.shopify import app_entry, credentials, tokens
from integrations.shopify.app_entry import AppRefused
from integrations.shopify.credentials import AppUnreadable, NoApp
from integrations.shopify.models import ConnectionAttempt, ShopifyApp, Store
from integrations.shopify.sandbox import RunningSandbox, serve
from integrations.shopify.sandbox.signing import signed_query
from tenants.crypto.secret import Secret
from tenants.models import AuditEvent, Membership, Tenant
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import SHOP
from tests.walking import (
    CLIENT_SECRET,
    CONNECT,
    answer,
    assert_unseen,
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

APPS = "/acme/settings/shopify/apps/"
OWN_ID = "0123456789abcdef0123456789abcdef"
OWN_SECRET = "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"
NEW_SECRET = "shpss_00000000000000001111111111111111"
ENTRY = {"name": "North Pier", "client_id": OWN_ID, "client_secret": OWN_SECRET}


@pytest.fixture
def pier(shopify: RunningSandbox, settings: object) -> Iterator[RunningSandbox]:
    """Shopify as it plays the merchant whose custom app Acme entered: it knows that app alone."""
    file = factories.store_file(*factories.usual_orders())
    with serve(file, client_id=OWN_ID, client_secret=OWN_SECRET) as running:
        settings.SHOPIFY_SANDBOX_URL = running.url  # type: ignore[attr-defined]
        yield running


def enter(by: Membership, **changes: str) -> ShopifyApp:
    given = {**ENTRY, **changes}
    with tenant_context(by.tenant_id):
        return app_entry.add(
            name=given["name"], client_id=given["client_id"], client_secret=Secret(given["client_secret"]), by=by
        )


def apps_of(tenant: Tenant) -> list[ShopifyApp]:
    with tenant_context(tenant.pk):
        return list(ShopifyApp.objects.order_by("number"))


def post(client: Client, **changes: str) -> HttpResponse:
    return client.post(APPS, {**ENTRY, **changes})


# --- Entering -------------------------------------------------------------------------------------------------------
def test_an_owner_enters_an_app_and_is_told_what_to_do_at_shopify(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    response = post(client)
    assert response["Location"] == f"{APPS}1/"
    page = client.get(response["Location"])
    values = {field["id"]: field["value"] for field in soup_of(page).select("input[readonly]")}
    assert values["redirect-url"] == "http://testserver/shopify/callback/"
    assert values["app-url"] == "http://testserver/shopify/install/acme/1/"
    assert values["scopes"] == "read_customers,read_orders"
    assert values["webhook-url"].startswith("http://testserver/shopify/webhooks")
    (app,) = apps_of(cast.acme)
    assert (app.name, app.client_id, app.client_secret) == ("North Pier", OWN_ID, Secret(OWN_SECRET))
    with tenant_context(cast.acme.pk):
        row = AuditEvent.objects.get(action="store_app.added")
    assert (row.actor_name, row.target, row.detail) == ("Olivia", "North Pier", {"client_id": OWN_ID})


def test_the_secret_of_an_app_is_seen_nowhere_again(
    cast: Cast, shopify: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = signed_in(cast.olivia)
    post(client)
    client.post(f"{APPS}1/", {"client_secret": NEW_SECRET})
    refused = post(client)  # the same app again
    pages = [client.get(APPS), client.get(f"{APPS}1/"), client.get("/acme/settings/shopify/"), refused]
    seen = "".join(page.content.decode() for page in pages) + caplog.text
    assert_unseen([OWN_SECRET, NEW_SECRET], seen + everything_stored(cast.acme, cast.next_door))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client_id": "short"}, "This is not a client ID."),
        ({"client_id": "has blanks in it"}, "This is not a client ID."),
        ({"client_id": "x" * 65}, "at most 64 characters"),
        ({"client_id": "id\x00\x00\x00\x00\x00"}, "Null characters are not allowed."),
        ({"client_secret": "short"}, "This is not a client secret"),
        ({"client_secret": "shpss_with a blank in it"}, "This is not a client secret"),
        ({"client_secret": "shpat_0123456789abcdef0123456789abcdef"}, "This is an access token."),
        ({"client_secret": OWN_ID}, "This is the client ID again."),
        ({"client_secret": "sécret-sécret-sécret"}, "This is not a client secret"),
        ({"client_secret": ""}, "This field is required."),
        ({"name": "  "}, "This field is required."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "a\x07b"}, "Use letters, digits and signs only."),
        ({"client_id": "the-client"}, "This is this installation’s own app."),
    ],
)
def test_what_is_no_app_is_refused_in_words(
    cast: Cast, shopify: RunningSandbox, changes: dict[str, str], word: str
) -> None:
    response = post(signed_in(cast.olivia), **changes)
    assert response.status_code == 422
    assert word in text_of(response)
    assert apps_of(cast.acme) == []


def test_an_app_is_entered_once_in_a_workspace_and_by_itself_next_door(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    post(client)
    assert "An app with this client ID is here already." in text_of(post(client))
    assert len(apps_of(cast.acme)) == 1
    enter(cast.mallory)
    assert [app.number for app in apps_of(cast.next_door)] == [1]


def test_a_workspace_has_so_many_apps_and_no_more(cast: Cast, shopify: RunningSandbox) -> None:
    for number in range(app_entry.MOST):
        enter(cast.olivia, client_id=f"client-{number:04}")
    assert "as many apps as it can have" in text_of(post(signed_in(cast.olivia)))


@pytest.mark.parametrize(("who", "status"), [("adam", 403), ("ava", 403), ("mallory", 404)])
def test_nobody_but_an_owner_sees_or_changes_apps(cast: Cast, shopify: RunningSandbox, who: str, status: int) -> None:
    enter(cast.olivia)
    client = signed_in(getattr(cast, who))
    answers = [
        client.get(APPS),
        post(client),
        client.get(f"{APPS}1/"),
        client.post(f"{APPS}1/", {"client_secret": NEW_SECRET}),
        client.post(f"{APPS}1/end-rotation/"),
        client.post(f"{APPS}1/remove/"),
    ]
    assert {answer.status_code for answer in answers} == {status}
    (app,) = apps_of(cast.acme)
    assert app.client_secret == Secret(OWN_SECRET)


def test_an_owner_who_was_demoted_meanwhile_enters_nothing(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Membership.objects.filter(pk=cast.olivia.pk).update(role="administrator")
    with pytest.raises(PermissionDenied), tenant_context(cast.acme.pk):
        app_entry.add(name="x", client_id=OWN_ID, client_secret=Secret(OWN_SECRET), by=cast.olivia)
    assert apps_of(cast.acme) == []


# --- Changing the secret --------------------------------------------------------------------------------------------
def test_while_a_secret_is_changed_signatures_by_both_count(cast: Cast, shopify: RunningSandbox) -> None:
    app = enter(cast.olivia)
    client = signed_in(cast.olivia)
    assert client.post(f"{APPS}1/", {"client_secret": NEW_SECRET}).status_code == 302
    with tenant_context(cast.acme.pk):
        opened = credentials.own_app(app.pk)
    assert opened.client_secret == Secret(NEW_SECRET)
    assert list(opened.secrets) == [Secret(NEW_SECRET), Secret(OWN_SECRET)]
    assert client.post(f"{APPS}1/end-rotation/").status_code == 302
    with tenant_context(cast.acme.pk):
        assert list(credentials.own_app(app.pk).secrets) == [Secret(NEW_SECRET)]
        changes = AuditEvent.objects.filter(action="store_app.changed").order_by("pk")
        assert [row.detail["change"] for row in changes] == ["secret", "rotation_ended"]


def test_a_second_change_keeps_the_oldest_secret_which_shopify_still_signs_with(
    cast: Cast, shopify: RunningSandbox
) -> None:
    app = enter(cast.olivia)
    third = "shpss_22222222222222223333333333333333"
    for secret in (NEW_SECRET, third):
        signed_in(cast.olivia).post(f"{APPS}1/", {"client_secret": secret})
    with tenant_context(cast.acme.pk):
        assert list(credentials.own_app(app.pk).secrets) == [Secret(third), Secret(OWN_SECRET)]


def test_while_its_secret_is_changed_a_store_is_connected_by_the_one_that_shopify_takes(
    cast: Cast, pier: RunningSandbox
) -> None:
    enter(cast.olivia)
    client = signed_in(cast.olivia)
    client.post(f"{APPS}1/", {"client_secret": NEW_SECRET})  # before it was made at Shopify
    assert connect(client, pier)["Location"] == f"/acme/settings/general/?connected={SHOP}"
    assert [call["status"] for call in pier.calls if call["kind"] == "token"] == [400, 200]


def test_the_same_secret_again_changes_nothing(cast: Cast, shopify: RunningSandbox) -> None:
    enter(cast.olivia)
    response = signed_in(cast.olivia).post(f"{APPS}1/", {"client_secret": OWN_SECRET})
    assert (response.status_code, "the app has already" in text_of(response)) == (422, True)
    with tenant_context(cast.acme.pk):
        assert not AuditEvent.objects.filter(action="store_app.changed").exists()


def test_ending_no_change_is_harmless(cast: Cast, shopify: RunningSandbox) -> None:
    enter(cast.olivia)
    assert signed_in(cast.olivia).post(f"{APPS}1/end-rotation/").status_code == 302
    with tenant_context(cast.acme.pk):
        assert not AuditEvent.objects.filter(action="store_app.changed").exists()


# --- Connecting with it ---------------------------------------------------------------------------------------------
def connect(client: Client, pier: RunningSandbox) -> HttpResponse:
    return client.get(answer(pier, with_own_app(client)))


def with_own_app(client: Client, number: int = 1) -> str:
    response = client.post(CONNECT, {"shop": SHOP, "app": str(number)})
    assert response.status_code == 302, response.content
    return str(response["Location"])


def test_a_store_is_connected_with_the_workspaces_own_app(cast: Cast, pier: RunningSandbox) -> None:
    app = enter(cast.olivia)
    client = signed_in(cast.olivia)
    consent = with_own_app(client)
    assert parse_qs(urlsplit(consent).query)["client_id"] == [OWN_ID]
    assert client.get(answer(pier, consent))["Location"] == f"/acme/settings/general/?connected={SHOP}"
    with tenant_context(cast.acme.pk):
        assert Store.objects.get().app_id == app.pk
    assert ConnectionAttempt.objects.get().app_id == app.pk
    work()
    panel = text_of(client.get("/acme/settings/shopify/"))
    assert "App North Pier" in panel
    assert_unseen([*secrets_of(pier), OWN_SECRET], everything_stored(cast.acme))


def test_its_access_is_renewed_with_the_same_app(cast: Cast, pier: RunningSandbox) -> None:
    enter(cast.olivia)
    connect(signed_in(cast.olivia), pier)
    with tenant_context(cast.acme.pk):
        store = Store.objects.get()
        old = store.access_token
    with expected_tenant(cast.acme.pk):
        renewed = tokens.connection(store.pk, refused=old)
    assert renewed.access_token != old
    assert [call["kind"] for call in pier.calls if call["status"] == 200][-1] == "refresh"


def test_reconnecting_takes_the_app_that_the_store_had(cast: Cast, pier: RunningSandbox) -> None:
    enter(cast.olivia)
    client = signed_in(cast.olivia)
    connect(client, pier)
    assert parse_qs(urlsplit(start(client)).query)["client_id"] == [OWN_ID]


def test_an_answer_that_another_app_signed_is_none_to_this_attempt(cast: Cast, pier: RunningSandbox) -> None:
    enter(cast.olivia)
    client = signed_in(cast.olivia)
    back = answer(pier, with_own_app(client))
    told = dict(pair.split("=") for pair in back.partition("?")[2].split("&"))
    given = {name: value for name, value in told.items() if name != "hmac"}
    forged = f"{back.partition('?')[0]}?{signed_query(given, CLIENT_SECRET)}"  # the installation's own secret
    assert failed(client, client.get(forged)).outcome == "bad_hmac"
    assert client.get(back)["Location"].startswith("/acme/settings/general/")


def test_an_attempt_of_the_installations_app_is_not_answered_by_an_own_one(cast: Cast, shopify: RunningSandbox) -> None:
    enter(cast.olivia)
    client = signed_in(cast.olivia)
    consent = client.post(CONNECT, {"shop": SHOP, "app": "installation"})["Location"]
    told = dict(pair.split("=") for pair in answer(shopify, consent).partition("?")[2].split("&") if "hmac" not in pair)
    forged = f"/shopify/callback/?{signed_query(told, OWN_SECRET)}"
    assert failed(client, client.get(forged)).outcome == "bad_hmac"


@pytest.mark.parametrize("value", ["7", "x", "-1", "1" * 20, "１"])
def test_an_app_that_is_not_there_is_said_so(cast: Cast, shopify: RunningSandbox, value: str) -> None:
    enter(cast.mallory)
    response = signed_in(cast.olivia).post(CONNECT, {"shop": SHOP, "app": value})
    assert (response.status_code, "That app is not here any more." in text_of(response)) == (422, True)
    assert not ConnectionAttempt.objects.exists()


def test_a_domain_may_be_typed_for_an_own_app_where_it_may_not_for_the_installations(
    cast: Cast, pier: RunningSandbox, settings: object
) -> None:
    settings.SHOPIFY_DOMAIN_ENTRY = False  # type: ignore[attr-defined]
    client = signed_in(cast.olivia)
    assert not soup_of(client.get("/acme/settings/shopify/")).select("input[name=shop]")
    enter(cast.olivia)
    form = soup_of(client.get("/acme/settings/shopify/"))
    assert form.select_one("input[name=app]")["value"] == "1"
    assert client.post(CONNECT, {"shop": SHOP, "app": "installation"}).status_code == 422
    assert connect(client, pier)["Location"].startswith("/acme/settings/general/")


def test_an_installation_without_an_app_connects_with_an_own_one(
    cast: Cast, pier: RunningSandbox, settings: object
) -> None:
    settings.SHOPIFY_CLIENT_ID = settings.SHOPIFY_CLIENT_SECRET = ""  # type: ignore[attr-defined]
    enter(cast.olivia)
    client = signed_in(cast.olivia)
    assert client.get(answer(pier, start(client)))["Location"].startswith("/acme/settings/general/")


def test_the_form_asks_which_app_when_there_is_a_choice(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    assert not soup_of(client.get("/acme/settings/shopify/")).select("[name=app]")
    enter(cast.olivia)
    options = soup_of(client.get("/acme/settings/shopify/")).select("select[name=app] option")
    assert [option["value"] for option in options] == ["installation", "1"]


# --- Losing its key, removing it ------------------------------------------------------------------------------------
def lose_the_key(settings: object) -> None:
    settings.SEALING_KEYS, settings.SEALING_PRIMARY_KEY = {9: b"9" * 32}, 9  # type: ignore[attr-defined]


def test_an_app_whose_key_is_lost_is_said_in_plain_words(cast: Cast, shopify: RunningSandbox, settings: object) -> None:
    app = enter(cast.olivia)
    lose_the_key(settings)
    with tenant_context(cast.acme.pk), pytest.raises(AppUnreadable):
        credentials.own_app(app.pk)
    client = signed_in(cast.olivia)
    assert "The app’s secret cannot be read" in text_of(client.get(f"{APPS}1/"))
    response = client.post(CONNECT, {"shop": SHOP, "app": "1"})
    assert (response.status_code, "The app’s secret cannot be read" in text_of(response)) == (422, True)


def test_a_secret_entered_anew_mends_an_app_whose_key_is_lost(
    cast: Cast, shopify: RunningSandbox, settings: object
) -> None:
    app = enter(cast.olivia)
    lose_the_key(settings)
    signed_in(cast.olivia).post(f"{APPS}1/", {"client_secret": NEW_SECRET})
    with tenant_context(cast.acme.pk):
        assert list(credentials.own_app(app.pk).secrets) == [Secret(NEW_SECRET)]


def test_an_app_is_removed_only_without_connected_stores(cast: Cast, pier: RunningSandbox) -> None:
    enter(cast.olivia)
    client = signed_in(cast.olivia)
    connect(client, pier)
    refused = client.post(f"{APPS}1/remove/")
    assert (refused.status_code, "Disconnect them first." in text_of(refused)) == (422, True)
    client.post("/acme/settings/shopify/1/disconnect/", {"domain": SHOP})
    assert client.post(f"{APPS}1/remove/")["Location"] == APPS
    assert apps_of(cast.acme) == []
    with tenant_context(cast.acme.pk):
        assert Store.objects.get().app_id is None
        assert AuditEvent.objects.get(action="store_app.removed").target == "North Pier"


def test_an_answer_for_an_app_that_was_removed_meanwhile_connects_nothing(cast: Cast, pier: RunningSandbox) -> None:
    enter(cast.olivia)
    client = signed_in(cast.olivia)
    back = answer(pier, with_own_app(client))
    client.post(f"{APPS}1/remove/")
    assert failed(client, client.get(back)).outcome == "no_app"
    with tenant_context(cast.acme.pk):
        assert not Store.objects.exists()


def test_an_app_that_is_gone_says_so(cast: Cast) -> None:
    app = enter(cast.olivia)
    with tenant_context(cast.acme.pk):
        app_entry.remove(app=ShopifyApp.objects.get(), by=cast.olivia)
        with pytest.raises(AppRefused, match="gone"):
            app_entry.change_secret(app=app, client_secret=Secret(NEW_SECRET), by=cast.olivia)
        with pytest.raises(NoApp):
            credentials.own_app(app.pk)
