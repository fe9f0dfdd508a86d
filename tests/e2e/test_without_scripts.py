"""The same walks in a browser without JavaScript: every link and form leads somewhere."""

import re

import pytest
from playwright.sync_api import expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit, Watch, sign_in
from tests.e2e.house import AGENT, COVE, HARBOR, OWNER, PIER

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("stores"), pytest.mark.long]


def test_a_conversation_is_read_beside_its_orders(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    sign_in(page, AGENT)
    page.get_by_role("link", name="Inbox").first.click()
    page.locator(".row", has_text="Maya Lindqvist").first.click()
    expect(page.get_by_role("heading", name="Where is the rest of #1042?")).to_be_visible()
    harbor = page.locator("#side .section").filter(has_text=HARBOR)
    for _ in range(10):  # The answer arrives by itself only with JavaScript; without it one looks again.
        if harbor.get_by_text("#1042", exact=True).count():
            break
        page.wait_for_timeout(300)
        page.reload()
    harbor.locator(".order").filter(has_text="#0790").locator("summary").click()
    harbor.locator(".order").filter(has_text="#0790").get_by_role("link", name="Items and parcels").click()
    expect(page.locator(".items li").first).to_be_visible()
    page.go_back()
    harbor.get_by_role("link", name=f"Refresh {HARBOR}").click()
    expect(page.get_by_role("heading", name=HARBOR, level=1)).to_be_visible()
    expect(page.get_by_text("#1042", exact=True).first).to_be_visible()


def test_the_reason_of_a_quiet_line_opens_without_a_script(visit: Visit) -> None:
    page = visit(AGENT, java_script_enabled=False)
    page.goto("/acme/inbox/?view=all")
    page.locator(".row", has_text="Maya Lindqvist").first.click()
    for _ in range(10):
        if page.get_by_role("button", name=f"Why nothing is shown from {COVE}").count():
            break
        page.wait_for_timeout(300)
        page.reload()
    page.get_by_role("button", name=f"Why nothing is shown from {COVE}").click()
    expect(page.get_by_text("No customer with maya@lindqvist.example in this store")).to_be_visible()


def test_the_owner_connects_a_store(visit: Visit) -> None:
    page = visit(OWNER, java_script_enabled=False)
    page.goto("/acme/settings/general/")
    page.get_by_role("link", name="Show the connected stores").click()
    fold = page.locator("details.connect-fold:not([open]) > summary")
    if fold.count():
        fold.click()
    page.get_by_label("Domain of the store").fill(PIER)
    page.get_by_label("Domain of the store").press("Enter")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("link", name="Show the connected stores").click()
    expect(page.get_by_role("article", name=PIER).get_by_text("Connected", exact=True)).to_be_visible()


def test_the_owner_disconnects_a_store_on_a_page_of_its_own(visit: Visit, house: Installation, watch: Watch) -> None:
    house.connect(PIER)
    page = visit(OWNER, java_script_enabled=False)
    page.goto("/acme/settings/shopify/")
    page.get_by_role("article", name=PIER).get_by_role("link", name="Disconnect store").click()
    page.get_by_label(f"Type {PIER} to confirm").fill(HARBOR)
    page.get_by_role("button", name="Disconnect store").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert ["422" in complaint for complaint in watch.complaints] == [True]
    watch.complaints.clear()
    page.get_by_label(f"Type {PIER} to confirm").fill(PIER)
    page.get_by_role("button", name="Disconnect store").click()
    expect(page).to_have_url(re.compile("/acme/settings/general/"))
    page.goto("/acme/settings/shopify/")
    expect(page.get_by_role("article", name=PIER).get_by_text("Connected", exact=True)).to_have_count(0)
