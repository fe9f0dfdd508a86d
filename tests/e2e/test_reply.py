"""The reply as it is written in a browser: kept by itself, found again, and not lost between two windows."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit, Watch, open_conversation
from tests.e2e.house import AGENT

pytestmark = [pytest.mark.browser, pytest.mark.nightly, pytest.mark.usefixtures("stores")]
DEE = "Dee"


def written(page: Page, text: str) -> None:
    page.locator("#reply-text").fill(text)
    expect(page.locator("#reply")).to_have_attribute("data-dirty", "")


def kept(page: Page) -> None:
    expect(page.locator("#reply .state.kept")).to_be_visible()


def test_what_is_written_is_kept_after_a_pause_and_stands_there_again(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, DEE)
    written(page, "Dear Dee,\nit is on its way.")
    kept(page)
    page.reload()
    expect(page.locator("#reply-text")).to_have_value("Dear Dee,\nit is on its way.")
    written(page, "")
    expect(page.locator("#reply-state[data-empty]")).to_have_count(1)
    page.reload()
    expect(page.locator("#reply-text")).to_have_value("")


def test_what_is_written_is_kept_on_leaving_at_once(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, DEE)
    here = page.url
    written(page, "half a sent")
    page.locator(".row").first.click()
    expect(page.locator("#reply-text")).not_to_have_value("half a sent")
    page.goto(here)
    expect(page.locator("#reply-text")).to_have_value("half a sent")
    written(page, "and by leaving the page")
    page.goto("/acme/inbox/")
    page.goto(here)
    expect(page.locator("#reply-text")).to_have_value("and by leaving the page")
    written(page, "")
    expect(page.locator("#reply-state[data-empty]")).to_have_count(1)


def test_of_two_windows_the_older_is_told_and_its_writer_decides(visit: Visit) -> None:
    older, newer = visit(AGENT), visit(AGENT)
    open_conversation(older, DEE)
    newer.goto(older.url)
    written(newer, "from the newer window")
    kept(newer)
    written(older, "from the older window")
    expect(older.get_by_role("alert").filter(has_text="changed in another window")).to_be_visible()
    with older.expect_popup() as opened:
        older.get_by_role("link", name="Show that text").click()
    expect(opened.value.locator("#reply-text")).to_have_value("from the newer window")
    expect(older.locator("#reply-text")).to_have_value("from the older window")
    written(opened.value, "now the newest")
    kept(opened.value)
    written(newer, "once more")
    newer.get_by_role("button", name="Keep this text instead").click()
    kept(newer)
    newer.reload()
    expect(newer.locator("#reply-text")).to_have_value("once more")
    written(newer, "")
    expect(newer.locator("#reply-state[data-empty]")).to_have_count(1)


def test_without_a_connection_the_box_says_so_and_keeps_the_text_later(visit: Visit, watch: Watch) -> None:
    page = visit(AGENT)
    open_conversation(page, DEE)
    page.route(re.compile("/draft/"), lambda route: route.abort())
    written(page, "not lost")
    expect(page.locator("#reply .state.away")).to_have_text("Not saved: no connection. Trying again.")
    page.unroute(re.compile("/draft/"))
    kept(page)
    page.reload()
    expect(page.locator("#reply-text")).to_have_value("not lost")
    written(page, "")
    expect(page.locator("#reply-state[data-empty]")).to_have_count(1)
    watch.complaints[:] = [one for one in watch.complaints if not re.search("ERR_FAILED|htmx:", one)]


def test_without_scripts_the_box_is_a_form_with_a_button(visit: Visit) -> None:
    page = visit(AGENT, java_script_enabled=False)
    open_conversation(page, DEE)
    page.locator("#reply-text").fill("written plainly")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#reply-text")).to_have_value("written plainly")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#reply-text")).to_have_value("")
