"""Stores in a browser: installed from Shopify, connected by an own app, with fewer permissions, anew, and checked."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit, Watch
from tests.e2e.house import ADMINISTRATOR, AGENT, OWNER, PASSWORD, PIER
from tests.e2e.test_walk import GENERAL, ask_for, card

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
OWN_ID, OWN_SECRET = "0123456789abcdef0123456789abcdef", "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"


@pytest.fixture(autouse=True)
def _pier_is_free(house: Installation) -> Iterator[None]:
    """north-pier is nobody's, before and after: as if it had never been here."""
    _forget_pier(house)
    yield
    house.settle()
    _forget_pier(house)


def _forget_pier(house: Installation) -> None:
    with house.database() as database:
        for table in ("shopify_ordercontext", "shopify_compliancerequest"):
            database.execute(
                f"DELETE FROM {table} WHERE store_id IN (SELECT id FROM shopify_store WHERE shop_domain = %s)", [PIER]
            )
        database.execute("DELETE FROM shopify_store WHERE shop_domain = %s", [PIER])
        database.execute("DELETE FROM shopify_shopifyapp")
    house.sandbox("stores/uninstall", {"shop": PIER})  # of every app: whoever comes after counts the tokens alive


def general(page: Page) -> None:
    page.goto(GENERAL)
    expect(page.locator("#shopify:not([aria-busy])")).to_be_visible()


def set_pier(house: Installation, assignments: str) -> None:
    with house.database() as database:
        database.execute(f"UPDATE shopify_store SET {assignments} WHERE shop_domain = '{PIER}'")


def install_link(house: Installation) -> str:
    house.sandbox("apps/configure", {"app_url": f"{house.web[0]}/shopify/install/"})
    return str(house.sandbox("stores/install", {"shop": PIER})["url"])


def test_an_owner_installs_from_shopify_signs_in_and_says_which_workspace(visit: Visit, house: Installation) -> None:
    page = visit()
    page.goto(install_link(house))
    expect(page.get_by_role("heading", name="Connect VersanaCX to north-pier")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    page.get_by_label(re.compile("^E-?mail")).fill(OWNER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Which workspace?")).to_be_visible()
    assert "code=" not in page.url
    page.get_by_role("button", name=f"Connect {PIER}").click()
    expect(page.get_by_role("status").get_by_text(f"{PIER} is connected.")).to_be_visible()
    expect(card(page, PIER).get_by_text("connected by Olivia Chen")).to_be_visible()
    # Opened again from Shopify's admin, it leads straight to the settings.
    page.goto(install_link(house))
    expect(page).to_have_url(re.compile(f"{GENERAL}$"))


def test_who_may_not_connect_reads_so_after_an_installation(visit: Visit, house: Installation) -> None:
    page = visit(AGENT)
    page.goto(install_link(house))
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="No workspace of yours can take this store")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("Connect")).count() == 0


def test_fewer_permissions_than_asked_for_connect_nothing(visit: Visit) -> None:
    page = visit(OWNER)
    general(page)
    ask_for(page, PIER)
    page.locator("input[name=without][value=read_customers]").check()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Permissions are missing")).to_be_visible()
    expect(page.locator("dl code")).to_have_text(re.compile(r"^VX-"))
    general(page)
    expect(card(page, PIER)).to_have_count(0)


def test_a_store_whose_access_was_revoked_is_connected_anew(visit: Visit, house: Installation) -> None:
    house.connect(PIER)
    house.settle()
    set_pier(house, "state = 'needs_attention', problem = 'access_revoked', problem_since = now()")
    page = visit(OWNER)
    general(page)
    store = card(page, PIER)
    expect(store.get_by_text("Shopify no longer accepts our access")).to_be_visible()
    store.get_by_role("button", name="Reconnect").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").get_by_text(f"{PIER} is connected.")).to_be_visible()
    expect(card(page, PIER).get_by_text("Connected", exact=True)).to_be_visible()


def test_a_check_runs_beside_the_card_and_says_what_it_found(visit: Visit, house: Installation) -> None:
    house.connect(PIER)
    house.settle()
    page = visit(OWNER)
    general(page)
    card(page, PIER).get_by_role("button", name="Check connection").click()
    expect(card(page, PIER).get_by_text("Shopify accepts our access, and it can be renewed.")).to_be_visible()
    house.sandbox("stores/freeze", {"shop": PIER})
    try:
        card(page, PIER).get_by_role("button", name="Check connection").click()
        expect(card(page, PIER).get_by_text("The store’s owner can settle it in Shopify.")).to_be_visible()
    finally:
        house.sandbox("stores/unfreeze", {"shop": PIER})


def test_a_store_is_connected_with_an_app_of_ones_own(visit: Visit, house: Installation, watch: Watch) -> None:
    house.sandbox("apps", {"client_id": OWN_ID, "secret": OWN_SECRET, "name": "Pier"})
    page = visit(OWNER)
    general(page)
    page.get_by_role("link", name="Shopify apps of your own").click()
    page.get_by_label("Name", exact=True).fill("North Pier")
    page.get_by_label("Client ID").fill(OWN_ID)
    page.get_by_label("Client secret").fill("too short")
    page.get_by_role("button", name="Enter app").click()
    expect(page.get_by_text("This is not a client secret")).to_be_visible()
    watch.complaints.clear()  # the refusal's own status
    page.get_by_label("Client secret").fill(OWN_SECRET)
    page.get_by_role("button", name="Enter app").click()
    expect(page.get_by_label("App URL")).to_have_value(re.compile(r"/shopify/install/acme/\d+/$"))
    assert OWN_SECRET not in page.content()
    general(page)
    fold = page.locator("details.connect-fold > summary")
    if fold.count():
        fold.click()
    page.get_by_label("Domain of the store").fill(PIER)
    page.get_by_label("App at Shopify").select_option("North Pier")
    page.get_by_role("button", name="Connect Shopify").last.click()
    page.get_by_role("button", name="Approve").click()
    expect(card(page, PIER).get_by_text("North Pier", exact=True).last).to_be_visible()


STATES = {
    "Connected": ("state = 'connected'", "Access renewed", "Its orders appear beside conversations."),
    "Needs attention": (
        "state = 'needs_attention', problem = 'store_frozen', problem_since = now()",
        "bill is settled",
        "cannot be read at the moment",
    ),
    "Uninstalled in Shopify": (
        "state = 'uninstalled', access_token = NULL, refresh_token = NULL, disconnected_at = now()",
        "Connect the store again",
        "The app was removed in Shopify.",
    ),
}


@pytest.mark.parametrize(
    "state",
    ["Needs attention", *(pytest.param(s, marks=pytest.mark.nightly) for s in STATES if s != "Needs attention")],
)
def test_a_card_in_each_state_for_each_who_looks(visit: Visit, house: Installation, state: str) -> None:
    house.connect(PIER)
    house.settle()
    assignments, owners, agents = STATES[state]
    set_pier(house, assignments)
    for email, word, buttons in ((OWNER, owners, True), (ADMINISTRATOR, owners, False), (AGENT, agents, False)):
        page = visit(email)
        general(page)
        store = card(page, PIER)
        expect(store.get_by_text(state, exact=True)).to_be_visible()
        expect(store.get_by_text(word).first).to_be_visible()
        assert bool(store.locator("button, a.button").count()) is buttons
