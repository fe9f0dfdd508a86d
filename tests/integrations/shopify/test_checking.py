"""Check connection, and the health card: what was tried, what was found, in words, for each who looks."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from integrations.errors import AppRefused
from integrations.shopify import checking, problems
from integrations.shopify.checking import Found, Probe
from integrations.shopify.models import Store
from integrations.shopify.pages.probes import probe_lines, summary
from integrations.shopify.sandbox import RunningSandbox
from tenants.models import Tenant
from tenants.rls.context import expected_tenant, tenant_context
from tests import factories
from tests.conftest import Cast
from tests.factories import ALL_ORDERS_SHOP, SHOP
from tests.walking import assert_unseen, pending, secrets_of, signed_in, soup_of, text_of, work

pytestmark = pytest.mark.django_db

PANEL = "/acme/settings/shopify/"
CHECK, BEGIN = f"{PANEL}1/check/", f"{PANEL}1/check/begin/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def store(cast: Cast, shopify: RunningSandbox) -> Store:
    with tenant_context(cast.acme.pk):
        connected = factories.connected_store(shopify, by=cast.olivia)
    work()
    return connected


def store_of(tenant: Tenant) -> Store:
    with tenant_context(tenant.pk):
        return Store.objects.get()


def set_store(tenant: Tenant, **fields: object) -> None:
    with tenant_context(tenant.pk):
        Store.objects.update(**fields)


def check(client: Client) -> HttpResponse:
    """Press the button, let a worker do it, and look again."""
    begun = client.post(BEGIN, headers=HTMX)
    assert "Checking the connection" in text_of(begun)
    work()
    return client.get(CHECK, headers=HTMX)


def found(tenant: Tenant) -> dict[str, tuple[str, str]]:
    return {row["probe"]: (row["found"], row["code"]) for row in store_of(tenant).check_results}


# --- A check --------------------------------------------------------------------------------------------------------
def test_a_check_of_a_sound_store_finds_everything_in_order(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    shopify.clear_calls()
    page = check(signed_in(cast.olivia))
    outcome = found(cast.acme)
    assert {probe: found for probe, (found, _) in outcome.items() if found != "ok"}.keys() <= {"webhooks"}
    assert set(outcome) == {probe.value for probe in Probe}
    assert "Shopify accepts our access, and it can be renewed." in text_of(page)
    assert not soup_of(page).select("[hx-get]")
    assert len([call for call in shopify.calls if call["kind"] == "graphql"]) <= 4


def test_nothing_of_what_a_check_reads_is_kept(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    page = check(signed_in(cast.olivia)).content.decode()
    kept = str(store_of(cast.acme).check_results) + page
    for word in ("maya", "Lindqvist", "#1042", "guest@"):
        assert word not in kept
    assert_unseen(secrets_of(shopify), kept)


def test_a_revoked_access_is_found_and_the_rest_is_not_tried(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    shopify.revoke(SHOP)
    page = text_of(check(signed_in(cast.olivia)))
    outcome = found(cast.acme)
    assert outcome["access"][0] == "failed"
    assert {outcome[name] for name in ("store", "permissions", "customers", "orders")} == {("unknown", "not_tried")}
    assert "1 part does not work." in page
    assert "Reconnect while signed in to the Shopify account that owns this store." in page


def test_a_permission_that_was_taken_back_is_found_by_name(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    shopify.merchant.set_scopes(SHOP, ["read_orders"])
    page = text_of(check(signed_in(cast.olivia)))
    outcome = found(cast.acme)
    assert outcome["permissions"] == ("failed", "read_customers")
    assert outcome["customers"] == ("failed", "scope")
    assert outcome["orders"][0] in ("ok", "failed")
    assert "Missing: read_customers" in page


def test_customer_data_without_shopifys_approval_is_found(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    shopify.merchant.approve(SHOP, "none")
    page = text_of(check(signed_in(cast.olivia)))
    assert found(cast.acme)["customers"] == ("failed", "protected_data")
    assert "until this app is approved for protected customer data" in page


def test_a_frozen_store_says_what_its_owner_can_do(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    shopify.merchant.freeze(SHOP)
    page = text_of(check(signed_in(cast.olivia)))
    assert found(cast.acme)["store"] == ("failed", "account_frozen")
    assert "The store’s owner can settle it in Shopify." in page


def test_shopify_out_of_reach_is_no_fault_of_the_stores(
    cast: Cast, shopify: RunningSandbox, store: Store, settings: object
) -> None:
    settings.SHOPIFY_SANDBOX_URL = "http://127.0.0.1:1"  # type: ignore[attr-defined]
    page = text_of(check(signed_in(cast.olivia)))
    assert found(cast.acme)["store"] == ("unknown", "unreachable")
    assert "There was no answer." in page
    assert "Nothing wrong was found." in page


def test_another_store_at_the_same_address_is_found(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    set_store(cast.acme, shop_gid="gid://shopify/Shop/1")
    assert "Another store answers at this address" in text_of(check(signed_in(cast.olivia)))


def test_a_result_for_a_store_that_was_connected_anew_meanwhile_is_thrown_away(
    cast: Cast, shopify: RunningSandbox, store: Store
) -> None:
    signed_in(cast.olivia).post(BEGIN)
    with tenant_context(cast.acme.pk):
        run = checking.Check(Store.objects.get())
    with expected_tenant(cast.acme.pk):
        findings = run.findings()
    set_store(cast.acme, generation=9)
    with tenant_context(cast.acme.pk):
        checking.keep(store=run.store, findings=findings)
    assert store_of(cast.acme).check_results == []


# --- Who, how often, and when it never comes back -------------------------------------------------------------------
def test_one_check_at_a_time(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    client = signed_in(cast.olivia)
    for _ in range(5):
        client.post(BEGIN)
    assert pending("StoreCheckWanted") == 1
    work()
    client.post(BEGIN)
    assert pending("StoreCheckWanted") == 1


def test_a_check_that_never_comes_back_says_so_and_can_be_begun_again(
    cast: Cast, shopify: RunningSandbox, store: Store
) -> None:
    client = signed_in(cast.olivia)
    client.post(BEGIN)
    set_store(cast.acme, check_asked_at=timezone.now() - checking.PATIENCE - timedelta(seconds=1))
    page = client.get(CHECK, headers=HTMX)
    assert "did not come back" in text_of(page)
    assert not soup_of(page).select("[hx-get]")
    client.post(BEGIN)
    assert pending("StoreCheckWanted") == 2


def test_a_check_that_is_under_way_is_polled_ever_more_slowly(
    cast: Cast, shopify: RunningSandbox, store: Store
) -> None:
    client = signed_in(cast.olivia)
    first = soup_of(client.post(BEGIN, headers=HTMX)).select_one("[hx-get]")
    second = soup_of(client.get(first["hx-get"], headers=HTMX)).select_one("[hx-get]")
    assert (first["hx-get"], second["hx-get"]) == (f"{CHECK}?try=1&was=connected", f"{CHECK}?try=2&was=connected")
    assert (first["hx-trigger"], second["hx-trigger"]) == ("load delay:600ms", "load delay:2000ms")
    for wild in ("x", "-1", "1e9", "9" * 400, ""):
        assert client.get(CHECK, {"try": wild}, headers=HTMX).status_code == 200


def test_without_scripts_the_check_leads_back_to_the_stores(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    client = signed_in(cast.olivia)
    response = client.post(BEGIN)
    assert response["Location"] == PANEL
    work()
    assert "Shopify accepts our access" in text_of(client.get(PANEL))


@pytest.mark.parametrize(("who", "begin", "look"), [("adam", 403, 200), ("ava", 403, 403), ("mallory", 404, 404)])
def test_owners_begin_a_check_and_administrators_see_what_it_found(
    cast: Cast, shopify: RunningSandbox, store: Store, who: str, begin: int, look: int
) -> None:
    client = signed_in(getattr(cast, who))
    assert client.post(BEGIN).status_code == begin
    assert client.get(CHECK, headers=HTMX).status_code == look
    assert pending("StoreCheckWanted") == 0


def test_a_disconnected_store_is_not_checked(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    client = signed_in(cast.olivia)
    client.post(f"{PANEL}1/disconnect/", {"domain": SHOP})
    assert client.post(BEGIN).status_code == 404
    assert client.post(f"{PANEL}7/check/begin/").status_code == 404


def test_findings_of_another_version_are_left_out_and_unknown_codes_have_words() -> None:
    rows = [
        {"probe": "moon", "found": "ok"},
        {"probe": "store"},
        7,
        {"probe": "orders", "found": "failed", "code": "x"},
    ]
    (line,) = probe_lines(rows)
    assert (line.title, line.text) == ("Orders", "Shopify’s answer could not be used.")
    assert probe_lines(None) == ()
    assert summary(()) == ""
    codes = ("", "x", "not_tried", "skewed", "protected_data")
    for probe in Probe:
        for found in Found:
            assert all(
                line.text
                for code in codes
                for line in probe_lines([{"probe": probe.value, "found": found.value, "code": code}])
            )


# --- The card -------------------------------------------------------------------------------------------------------
def card(client: Client) -> str:
    page = client.get(PANEL)
    assert page.status_code == 200
    return " ".join(soup_of(page).select_one("article.store").get_text(" ").split())


def test_the_card_says_how_each_part_is(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    text = card(signed_in(cast.olivia))
    for word in (
        SHOP, "Connected", "connected by Olivia", "Customers and orders, read only", "Last successful read",
        "Access renewed Within", "Webhooks", "App This installation’s", "Check connection",
    ):  # fmt: skip
        assert word in text


def test_an_agent_reads_a_sentence_instead(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    text = card(signed_in(cast.ava))
    assert "Its orders appear beside conversations." in text
    for word in ("Permissions", "Access renewed", "Check connection", "Webhooks"):
        assert word not in text


def test_an_administrator_sees_the_state_and_no_buttons(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    page = soup_of(signed_in(cast.adam).get(PANEL))
    assert "Access renewed" in page.select_one("article.store").get_text()
    assert not page.select("#shopify form, #shopify button, #shopify a.button")
    assert "/apps/" not in str(page.select_one("#shopify"))


@pytest.mark.parametrize("problem", Store.Problem.values)
def test_each_problem_has_a_cause_a_time_and_a_fix(
    cast: Cast, shopify: RunningSandbox, store: Store, problem: str
) -> None:
    set_store(cast.acme, state="needs_attention", problem=problem, problem_since=timezone.now())
    page = soup_of(signed_in(cast.olivia).get(PANEL))
    banner = page.select_one("article.store .banner")
    assert Store.Problem(problem).label in banner.get_text()
    assert "since" in banner.get_text()
    assert len(banner.get_text()) > len(banner.b.get_text()) + 20
    assert page.select_one("article.store form[action$='connect/'] button").get_text() == "Reconnect"
    agents = card(signed_in(cast.ava))
    assert "cannot be read at the moment" in agents
    assert "Reconnect" not in agents


def test_a_store_uninstalled_in_shopify_can_be_connected_again_or_removed(
    cast: Cast, shopify: RunningSandbox, store: Store
) -> None:
    set_store(cast.acme, state="uninstalled", access_token=None, refresh_token=None, disconnected_at=timezone.now())
    client = signed_in(cast.olivia)
    text = card(client)
    assert "The app was uninstalled in Shopify (since" in text
    assert "Connect again" in text
    assert "Check connection" not in text
    assert "The app was removed in Shopify." in card(signed_in(cast.ava))
    page = client.get(f"{PANEL}1/disconnect/")
    assert "Remove Harbor Goods?" in text_of(page)
    client.post(f"{PANEL}1/disconnect/", {"domain": SHOP})
    assert store_of(cast.acme).state == "disconnected"
    assert not soup_of(client.get(PANEL)).select("article.store")


def test_what_passes_by_itself_is_said_with_its_time_once_it_lasts(
    cast: Cast, shopify: RunningSandbox, store: Store
) -> None:
    set_store(cast.acme, failing_since=timezone.now() - timedelta(minutes=1), failure="unreachable")
    client = signed_in(cast.olivia)
    assert "Shopify has not answered" not in card(client)
    set_store(cast.acme, failing_since=timezone.now() - timedelta(minutes=20))
    text = card(client)
    assert "Shopify has not answered (since" in text
    assert "Connected" in text


@pytest.mark.parametrize(
    ("reason", "word"), [("scope", "Some details are hidden."), ("protected_data", "Customer data is not approved.")]
)
def test_what_shopify_hides_is_said(cast: Cast, shopify: RunningSandbox, store: Store, reason: str, word: str) -> None:
    set_store(cast.acme, hidden=[reason])
    assert word in card(signed_in(cast.olivia))


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"webhooks_checked_at": timezone.now()}, "Webhooks Registered"),
        ({"webhooks_checked_at": timezone.now(), "webhooks_problem": "missing"}, "Webhooks Not all registered"),
        ({"access_expires_at": None}, "Access renewed Does not expire"),
        ({"access_expires_at": timezone.now() - timedelta(hours=2)}, "Access renewed At the next read"),
        ({"last_read_at": None}, "Last successful read None yet"),
        ({"scopes": ["read_orders"]}, "Permissions Missing: read_customers"),
        ({"scopes": ["read_customers", "read_orders", "read_all_orders"]}, "Orders shared All orders"),
    ],
)
def test_a_line_says_what_the_row_holds(
    cast: Cast, shopify: RunningSandbox, store: Store, fields: dict[str, object], word: str
) -> None:
    set_store(cast.acme, **fields)
    assert word in card(signed_in(cast.olivia))


def test_the_listing_is_offered_where_no_domain_may_be_typed(
    cast: Cast, shopify: RunningSandbox, settings: object
) -> None:
    settings.SHOPIFY_DOMAIN_ENTRY = False  # type: ignore[attr-defined]
    client = signed_in(cast.olivia)
    assert "open its install link there" in text_of(client.get(PANEL))
    settings.SHOPIFY_LISTING_URL = "https://apps.shopify.com/versanacx"  # type: ignore[attr-defined]
    page = soup_of(client.get(PANEL))
    assert page.select_one("a.button.primary")["href"] == "https://apps.shopify.com/versanacx"
    assert not page.select("input[name=shop]")
    assert ALL_ORDERS_SHOP not in page.get_text()


def test_a_secret_that_shopify_does_not_accept_is_found_as_such(
    cast: Cast, shopify: RunningSandbox, store: Store
) -> None:
    first, second, *rest = checking._of_error(AppRefused())
    assert (first.found, first.code) == ("unknown" if not AppRefused().permanent else "failed", "app_refused")
    assert {finding.code for finding in (second, *rest)} == {"not_tried"}
    (line, *_) = probe_lines([first.as_row()])
    assert "client id or secret" in line.text
    assert line.fix


def test_what_ends_at_shopify_asks_for_no_reconnecting(cast: Cast, shopify: RunningSandbox, store: Store) -> None:
    olivia = signed_in(cast.olivia)
    with tenant_context(cast.acme.pk):
        Store.objects.update(state="needs_attention", problem="store_frozen", problem_since=timezone.now())
    page = text_of(olivia.get("/acme/settings/shopify/"))
    assert "Not while this lasts" in page
    assert "until reconnected" not in page
    with tenant_context(cast.acme.pk):
        Store.objects.update(problem="access_revoked")
    assert "Not until reconnected" in text_of(olivia.get("/acme/settings/shopify/"))


def test_a_check_that_finds_the_store_frozen_or_mended_changes_its_card(
    cast: Cast, shopify: RunningSandbox, store: Store
) -> None:
    olivia = signed_in(cast.olivia)
    for act, problem, badge in (
        (shopify.merchant.freeze, "store_frozen", "Needs attention"),
        (shopify.merchant.unfreeze, "", "Connected"),
    ):
        was = store_of(cast.acme).state
        act(SHOP)
        olivia.post(f"{BEGIN}?was={was}", headers=HTMX)
        work()
        assert store_of(cast.acme).problem == problem
        answer = olivia.get(f"{CHECK}?try=1&was={was}", headers=HTMX)
        assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#shopify", "outerHTML")
        assert badge in text_of(answer)
        assert "HX-Retarget" not in olivia.get(f"{CHECK}?try=2&was=<script>", headers=HTMX)


def test_what_was_found_before_is_not_shown_beside_a_new_state(
    cast: Cast, shopify: RunningSandbox, store: Store
) -> None:
    olivia = signed_in(cast.olivia)
    assert "Everything works." in text_of(check(olivia))
    with tenant_context(cast.acme.pk):
        problems.mark(store_id=store.pk, problem=Store.Problem.STORE_FROZEN)
    assert "Everything works." not in text_of(olivia.get(PANEL))
