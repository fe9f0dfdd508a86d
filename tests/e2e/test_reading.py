"""The agent's walk in a browser: a mail from the mailbox, and beside it what each store knows of its sender."""

import re
import time

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit, open_conversation
from tests.e2e.house import AGENT, COVE, HARBOR, PINE

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("stores")]
MAYA, TOMAS = "Maya Lindqvist", "Tomás Okafor"
PARCEL = "1Z999AA10123456784"


def section(page: Page, domain: str) -> Locator:
    """The store's section, once its answer is there."""
    return page.locator("#side .section:not([aria-busy]):not([data-kind=loading])").filter(has_text=domain)


def settled(page: Page) -> None:
    """Every store has answered."""
    expect(page.locator("#side .section")).to_have_count(3)
    expect(page.locator("#side .section[hx-get]")).to_have_count(0)


def test_ava_opens_a_mail_and_sees_its_sender_s_orders_in_two_stores(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, MAYA)
    expect(page.get_by_role("heading", name="Where is the rest of #1042?")).to_be_visible()
    messages = page.get_by_role("region", name="Messages")
    expect(messages.get_by_text("The throw from #1042 has not, and the UPS page")).to_be_visible()
    harbor = section(page, HARBOR)
    for words in (MAYA, "13 orders", "$1,482.20", "Gift club", "maya@lindqvist.example"):
        expect(harbor.get_by_text(words).first).to_be_visible()
    newest = harbor.locator(".order").first  # the one that she names
    expect(newest.locator("summary").get_by_text("#1042", exact=True)).to_be_visible()
    for words in ("$236.00", "Partially fulfilled", "Paid", "Parcel 1 of 2", "Wool throw, Moss", "In transit"):
        expect(newest.get_by_text(words, exact=True)).to_be_visible()
    expect(newest.get_by_text("Not shipped yet").first).to_be_visible()
    expect(newest.get_by_role("link", name=PARCEL)).to_have_attribute(
        "href", f"https://www.ups.com/track?tracknum={PARCEL}"
    )
    pine = section(page, PINE)
    expect(pine.locator("summary").get_by_text("PO-311")).to_be_visible()
    expect(pine.get_by_text("2 guest orders under this e-mail, no account")).to_be_visible()


def test_the_link_to_shopify_opens_the_customer_s_page_there(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, MAYA)
    link = section(page, HARBOR).get_by_role("link", name="Open in Shopify", exact=True)
    expect(link).to_have_attribute("href", "https://admin.shopify.com/store/harbor-goods/customers/7100000000017")
    expect(link).to_have_attribute("rel", re.compile("noopener"))


def test_a_store_that_does_not_know_the_sender_says_so_in_one_line(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, MAYA)
    cove = section(page, COVE)
    expect(cove.get_by_text("No match")).to_be_visible()
    reason = page.get_by_text("No customer with maya@lindqvist.example in this store")
    expect(reason).to_be_hidden()
    cove.get_by_role("button", name=f"Why nothing is shown from {COVE}").click()
    expect(reason).to_be_visible()
    page.keyboard.press("Escape")
    expect(reason).to_be_hidden()


def test_a_folded_order_shows_its_items_when_it_is_opened(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, MAYA)
    at_hand = section(page, HARBOR).locator(".order").filter(has_text="#1019")
    expect(at_hand.locator(".items li").first).to_be_hidden()
    at_hand.locator("summary").click()
    expect(at_hand.locator(".items li").first).to_be_visible()
    fetched = section(page, HARBOR).locator(".order").filter(has_text="#0790")
    expect(fetched.locator(".items")).to_have_count(0)
    fetched.locator("summary").click()
    expect(fetched.locator(".items li").first).to_be_visible()


def test_all_items_of_a_long_order_are_shown_by_keys_alone_and_outlive_a_refresh(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, MAYA)
    settled(page)
    order = section(page, HARBOR).locator(".order").filter(has_text="#1011")
    order.locator("summary").press("Enter")
    more = order.get_by_role("link", name="Show all items")
    expect(more).to_be_visible()
    expect(order.get_by_text("lines of this order")).to_have_count(0)
    more.press("Enter")
    expect(order.get_by_text(re.compile(r"All 3\d lines of this order"))).to_be_visible()
    expect(more).to_have_count(0)
    expect(order.locator("summary")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text(re.compile("lines of this order"))
    shown = order.locator(".items li").count()
    time.sleep(3.1)  # A row that is only seconds old is not read again, whoever presses.
    section(page, HARBOR).evaluate("section => section.setAttribute('data-before', '')")
    section(page, HARBOR).get_by_label(f"Refresh {HARBOR}").click()
    expect(page.locator("#side .section[data-before]")).to_have_count(0)
    settled(page)
    expect(order.locator(".items li")).to_have_count(shown)


def test_more_than_ten_orders_are_filtered_as_one_types(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, MAYA)
    harbor = section(page, HARBOR)
    orders = harbor.locator(".orders .order:visible")
    expect(orders).to_have_count(12)  # and the one that she names, above them
    harbor.get_by_role("searchbox").fill("linen apron")
    expect(orders).not_to_have_count(12)
    expect(orders.filter(has_text="#0902")).to_be_visible()
    harbor.get_by_role("searchbox").fill("no such thing")
    expect(orders).to_have_count(0)
    expect(harbor.get_by_text("No order matches.")).to_be_visible()
    expect(section(page, PINE).locator(".order").first).to_be_visible()


def test_the_refresh_button_asks_this_store_again_and_no_other(visit: Visit, house: Installation) -> None:
    page = visit(AGENT)
    open_conversation(page, MAYA)
    settled(page)
    time.sleep(3.1)  # A row that is only seconds old is not read again, whoever presses.
    house.settle()  # The list has had others looked up.
    house.sandbox("log", method="DELETE")
    button = (
        section(page, HARBOR)
        .get_by_role("button", name=f"Refresh {HARBOR}")
        .or_(section(page, HARBOR).get_by_role("link", name=f"Refresh {HARBOR}"))
    )
    # An answer of three seconds ago is "just now" too, so the words cannot tell whether the click has arrived. The mark is
    # gone once the section was painted again: by then the refresh is claimed, and `settled` waits for its answer.
    section(page, HARBOR).evaluate("section => section.setAttribute('data-before', '')")
    button.click()
    expect(page.locator("#side .section[data-before]")).to_have_count(0)
    settled(page)
    expect(section(page, HARBOR).locator(".age")).to_have_text("just now")
    assert {call["shop"] for call in house.sandbox("log") if call["kind"] == "graphql"} == {HARBOR}
    expect(button).to_be_focused()


def test_a_late_answer_is_never_painted_beside_another_contact(visit: Visit) -> None:
    """Maya's section is on its way while Ava opens Tomás's conversation; then it arrives."""
    page = visit(AGENT)
    open_conversation(page, MAYA)
    settled(page)
    maya = page.url.split("?")[0]
    held: list[Route] = []
    page.route(f"{maya}stores/**", lambda route: held.append(route))
    section(page, HARBOR).get_by_label(f"Refresh {HARBOR}").click()
    page.locator(".row", has_text=TOMAS).click()
    expect(page.locator("#side h2")).to_have_text(TOMAS)
    settled(page)
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_timeout(500)
    expect(page.locator("#side h2")).to_have_text(TOMAS)
    expect(page.locator("#side")).not_to_contain_text("maya@lindqvist.example")
    expect(page.locator("#side")).not_to_contain_text("#1042")


def test_of_two_quick_clicks_the_last_one_wins(visit: Visit) -> None:
    page = visit(AGENT)
    page.goto("/acme/inbox/?view=all")
    held: list[Route] = []
    maya = page.locator(".row", has_text=MAYA).first
    page.route(f"**{(maya.get_attribute('href') or '').split('?')[0]}*", lambda route: held.append(route))
    maya.click()
    page.locator(".row", has_text=TOMAS).click()
    expect(page.locator("#side h2")).to_have_text(TOMAS)
    for route in held:
        route.continue_()
    page.wait_for_timeout(500)
    expect(page.locator("#side h2")).to_have_text(TOMAS)
    expect(page.locator(".row[aria-current]")).to_contain_text(TOMAS)


def test_the_inbox_is_worked_by_keys(visit: Visit) -> None:
    page = visit(AGENT)
    page.goto("/acme/inbox/?view=all")
    rows = page.locator(".row")
    for key in ("j", "j", "k"):
        page.keyboard.press(key)
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    subject = rows.nth(1).locator(".subject").text_content() or ""
    page.keyboard.press("Enter")
    expect(page.locator("#main h1")).to_have_text(subject)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page).to_have_url("/acme/")
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page).to_have_url("/acme/inbox/")


def test_the_browser_s_back_leads_through_the_conversations(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, MAYA)
    page.locator(".row", has_text=TOMAS).click()
    expect(page.locator("#side h2")).to_have_text(TOMAS)
    page.go_back()
    expect(page.locator("#side h2")).to_have_text(MAYA)
    expect(section(page, HARBOR).get_by_text("#1042", exact=True).first).to_be_visible()
    page.go_back()
    expect(page.get_by_text("No conversation selected")).to_be_visible()


def test_a_stopped_shopify_leaves_what_was_known_under_a_banner(visit: Visit, house: Installation) -> None:
    page = visit(AGENT)
    open_conversation(page, MAYA)
    settled(page)
    time.sleep(3.1)
    house.stop("sandbox")
    try:
        section(page, HARBOR).get_by_label(f"Refresh {HARBOR}").click()
        expect(section(page, HARBOR).get_by_text("Shopify has not answered since")).to_be_visible()
        expect(section(page, HARBOR).get_by_text("#1042", exact=True).first).to_be_visible()
        expect(section(page, PINE).get_by_text("Shopify has not answered")).to_have_count(0)
    finally:
        house.start_sandbox()
        house.settle()
        house.trusted()
