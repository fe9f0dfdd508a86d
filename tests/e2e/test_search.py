"""Search in the browser: by keys alone, its hits marked and opened, filters, the way back, and where nothing is found."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.house import AGENT

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("stores")]
PHONE = {"width": 390, "height": 844}


def search(page: Page, words: str) -> None:
    page.goto("/acme/inbox/?view=all")
    page.keyboard.press("/")
    expect(page.locator("#search-words")).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/acme/inbox/search/\?q="))


def test_a_word_is_searched_and_its_hit_opened_by_keys_alone_and_the_way_back_keeps_it(visit: Visit) -> None:
    page = visit(AGENT)
    search(page, "parcels mugs")
    expect(page.locator("#search-words")).to_have_value("parcels mugs")
    row = page.locator(".row").first
    expect(row).to_contain_text("Maya Lindqvist")
    marked = [word.lower() for word in row.locator("mark").all_text_contents()]
    assert {"parcels", "mugs"} <= set(marked)
    page.keyboard.press("j")
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main h1")).to_have_text("Where is the rest of #1042?")
    expect(page).to_have_url(re.compile(r"/acme/inbox/\d+/"))
    expect(row).to_have_attribute("aria-current", "page")
    page.go_back()
    expect(page).to_have_url(re.compile(r"/search/\?q=parcels\+mugs$"))
    expect(page.locator("#search-words")).to_have_value("parcels mugs")
    expect(page.locator(".row").first).to_contain_text("Maya Lindqvist")
    page.keyboard.press("/")
    page.keyboard.type("tray")
    page.keyboard.press("Enter")
    expect(page.locator(".row").first).to_contain_text("Eleanor Whitcombe")


def test_a_conversation_that_was_found_is_answered_where_it_is_opened(visit: Visit) -> None:
    page = visit(AGENT)
    search(page, "teak tray")
    page.locator(".row").first.click()
    expect(page.locator("#main h1")).to_have_text("Is the teak tray food safe?")
    page.keyboard.press("n")
    expect(page.locator("#note-text")).to_be_focused()
    page.locator("#note [data-write=reply]").click()
    expect(page.locator("#reply-text")).to_be_focused()
    expect(page.locator("#note")).to_be_hidden()


def test_filters_narrow_what_was_found_and_stand_in_the_address(visit: Visit) -> None:
    page = visit(AGENT)
    search(page, "parcel")
    found = page.locator(".row").count()
    assert found > 1
    page.get_by_text("Filters", exact=True).press("Enter")
    page.get_by_role("combobox", name="Topic").select_option("return_exchange")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile("topic=return_exchange"))
    expect(page.get_by_role("combobox", name="Topic")).to_have_value("return_exchange")
    expect(page.get_by_role("combobox", name="Topic")).to_be_visible()
    assert 0 < page.locator(".row").count() < found
    page.get_by_role("combobox", name="State").select_option("spam")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("Nothing found")).to_be_visible()
    expect(page.get_by_text("Take away a filter.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("combobox", name="State")).to_have_value("spam")


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("zanzibar", "Nothing found"),
        ("-parcel", "Name a word that should be there"),
        ("a", "That is too short to search for"),
    ],
)
def test_where_nothing_is_found_it_is_said_why_and_the_words_can_be_changed(
    visit: Visit, typed: str, title: str
) -> None:
    page = visit(AGENT)
    search(page, typed)
    expect(page.get_by_role("status").filter(has_text=title)).to_be_visible()
    expect(page.locator("#search-words")).to_have_value(typed)
    expect(page.locator("#search-words")).to_be_focused()


def test_on_a_phone_back_leads_from_a_hit_to_the_hits(visit: Visit) -> None:
    page = visit(AGENT, viewport=PHONE, has_touch=True)
    search(page, "boots")
    page.locator(".row").first.click()
    expect(page.locator("#main h1")).to_be_visible()
    expect(page.locator(".list-pane")).to_be_hidden()
    page.go_back()
    expect(page.locator(".row").first).to_be_visible()
    expect(page.locator("#search-words")).to_have_value("boots")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_search_works_without_scripts(visit: Visit) -> None:
    page = visit(AGENT, java_script_enabled=False)
    page.goto("/acme/inbox/")
    page.get_by_label("Search all conversations").fill("from:maya mugs")
    page.get_by_label("Search all conversations").press("Enter")
    expect(page.locator(".row mark").first).to_be_visible()
    page.locator(".row").first.click()
    expect(page.locator("#main h1")).to_have_text("Where is the rest of #1042?")
