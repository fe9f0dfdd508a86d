"""The owner's walk in a browser: sign in, connect a store at the sandbox's consent screen, be refused, disconnect."""

import re
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit, Watch, sign_in
from tests.e2e.house import ADMINISTRATOR, AGENT, HARBOR, OWNER, PIER

pytestmark = pytest.mark.browser
GENERAL = "/acme/settings/general/"


def ask_for(page: Page, domain: str) -> None:
    """On General: name the store, press the button, arrive at the consent screen."""
    expect(page.get_by_role("heading", name="Shopify Integration")).to_be_visible()
    fold = page.locator("details.connect-fold:not([open]) > summary")
    expect(page.locator("#shopify:not([aria-busy])")).to_be_visible()
    if fold.count():
        fold.click()
    page.get_by_label("Domain of the store").fill(domain)
    page.locator("form", has=page.get_by_label("Domain of the store")).get_by_role("button").click()
    expect(page.get_by_role("heading", name=f"Connect VersanaCX to {domain.partition('.')[0]}")).to_be_visible()


def card(page: Page, domain: str) -> Locator:
    return page.get_by_role("article", name=domain)


def alive(house: Installation, domain: str) -> list[str]:
    """The tokens of this store that Shopify still takes."""
    return [row["kind"] for row in house.sandbox("tokens") if row["shop"] == domain and row["alive"]]


def undone(house: Installation) -> list[object]:
    """What the workers have not done yet, and why not."""
    with house.database() as database:
        query = (
            "SELECT kind, attempts, last_error, next_run_at, held_until, now() FROM outbox_event WHERE done_at IS NULL"
        )
        return [*database.execute(query).fetchall(), *database.execute("SELECT state FROM shopify_store").fetchall()]


def test_olivia_signs_in_connects_a_store_and_is_told_so(visit: Visit) -> None:
    page = visit()
    sign_in(page, OWNER)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="General", level=1)).to_be_visible()
    ask_for(page, PIER)
    for word in ("read_customers", "read_orders", "Sandbox store", PIER):
        expect(page.get_by_text(word).first).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").get_by_text(f"{PIER} is connected.")).to_be_visible()
    store = card(page, PIER)
    expect(store.get_by_text("Connected", exact=True)).to_be_visible()
    expect(store.get_by_text("connected by Olivia Chen")).to_be_visible()
    expect(store.get_by_text("Customers and orders, read only")).to_be_visible()
    came_back = urlsplit(page.url)
    assert (came_back.path, came_back.query) == (GENERAL, f"connected={PIER}")


def test_the_way_back_leaves_neither_code_nor_signature_behind(visit: Visit) -> None:
    page = visit(OWNER)
    page.goto(GENERAL)
    ask_for(page, PIER)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text(f"{PIER} is connected.")).to_be_visible()
    kept = page.evaluate("[location.href, document.referrer, ...performance.getEntries().map((entry) => entry.name)]")
    for word in ("code=", "hmac=", "state=", "host="):
        assert not [address for address in kept if word in address]
    page.reload()
    expect(card(page, PIER)).to_be_visible()


def test_a_denied_consent_ends_on_a_page_with_reference_and_time(visit: Visit) -> None:
    page = visit(OWNER)
    page.goto(GENERAL)
    ask_for(page, HARBOR)
    page.get_by_role("button", name="Cancel").click()
    reference = page.locator("dl code")
    expect(reference).to_have_text(re.compile(r"^VX-[2-9A-Z]{4}-[2-9A-Z]{4}$"))
    expect(page.locator("dl time")).to_have_attribute("datetime", re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"))
    expect(page.get_by_text("Confirm you are logged into the correct Shopify account.")).to_be_visible()
    assert urlsplit(page.url).path == f"/shopify/attempts/{reference.text_content()}/"
    assert urlsplit(page.url).query == ""
    page.get_by_role("link", name="Back to Shopify settings").click()
    expect(page).to_have_url(re.compile(re.escape(GENERAL)))


def test_the_permissions_page_says_what_is_read_and_what_never(visit: Visit) -> None:
    page = visit(OWNER)
    page.goto(GENERAL)
    page.locator("#shopify").get_by_role("link", name="Permissions").click()
    expect(page.get_by_role("heading", name="Permissions", level=1)).to_be_visible()
    for scope in ("read_customers", "read_orders"):
        expect(page.get_by_role("cell", name=scope)).to_be_visible()
    expect(page.get_by_role("heading", name="What is never read or done")).to_be_visible()
    expect(page.get_by_text(re.compile("payment", re.I)).first).to_be_visible()


@pytest.mark.parametrize("email", [ADMINISTRATOR, AGENT])
def test_who_is_not_the_owner_finds_no_button_to_connect_or_disconnect(
    visit: Visit, house: Installation, stores: None, email: str
) -> None:
    page = visit(email)
    page.goto(GENERAL)
    section = page.locator("#shopify:not([aria-busy])")
    expect(section.get_by_role("heading", name="Shopify Integration")).to_be_visible()
    expect(section.get_by_text(re.compile("owner", re.I)).first).to_be_visible()
    assert section.get_by_role("button").count() == 0
    assert section.locator("form, [href*=disconnect]").count() == 0


def test_a_store_is_disconnected_only_by_its_name(visit: Visit, house: Installation) -> None:
    house.connect(PIER)
    assert alive(house, PIER)
    page = visit(OWNER)
    page.goto(GENERAL)
    card(page, PIER).get_by_role("link", name="Disconnect store").click()
    dialog = page.get_by_role("dialog")
    name, button = dialog.get_by_role("textbox"), dialog.get_by_role("button", name="Disconnect store")
    expect(name).to_be_focused()
    name.fill(HARBOR)
    expect(button).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(card(page, PIER).get_by_role("link", name="Disconnect store")).to_be_focused()
    page.keyboard.press("Enter")
    name.fill(PIER)
    button.click()
    expect(page.locator("#shopify:not([aria-busy])")).to_be_visible()
    expect(card(page, PIER).get_by_text("Connected", exact=True)).to_have_count(0)
    deadline = time.monotonic() + 60  # Shopify is told by a worker.
    while alive(house, PIER) and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert not alive(house, PIER), undone(house)


def test_the_watch_sees_what_the_policy_refuses(visit: Visit, watch: Watch) -> None:
    page = visit(OWNER)
    page.goto(GENERAL)
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))")
    page.wait_for_timeout(100)
    assert "Content Security Policy" in " ".join(watch.complaints)
    watch.complaints.clear()
