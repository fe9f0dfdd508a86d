"""The list in the browser: filters that stay, many closed at once and back, mail that comes by itself, and keys alone."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit
from tests.e2e.house import AGENT, OWNER

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("stores")]
SOON = 15_000


def names(page: Page) -> list[str]:
    return page.locator("#list-scroll .row > .clip:nth-child(2)").all_text_contents()


def test_filters_survive_a_reload_a_thread_and_the_way_back(visit: Visit) -> None:
    page = visit(AGENT)
    page.goto("/acme/inbox/")
    all_open = page.locator(".row").count()
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Topic", exact=True).select_option("refund")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".list-chips")).to_contain_text("Topic: Refund")
    found = names(page)
    assert 0 < len(found) < all_open
    page.locator(".row").first.click()
    expect(page.locator("#main h1")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/inbox/\d+/\?view=open&topic=refund$"))
    page.reload()
    expect(page.locator(".list-chips")).to_contain_text("Topic: Refund")
    assert names(page) == found
    page.go_back()
    expect(page.get_by_text("No conversation selected")).to_be_visible()
    assert names(page) == found
    page.get_by_role("link", name="Take away the filter Topic: Refund").click()
    expect(page.locator(".list-chips")).to_have_count(0)
    expect(page.locator(".row")).to_have_count(all_open)


def test_ava_closes_several_by_keys_alone_and_takes_it_back(visit: Visit) -> None:
    page = visit(AGENT)
    page.goto("/acme/inbox/")
    before = names(page)
    page.locator(".row").nth(-4).focus()
    for key in ("j", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(page.locator("#chosen")).to_have_text("3 selected")
    expect(page.locator(".entry").last.locator(".row")).to_be_focused()
    button = page.locator(".bulk-bar").get_by_role("button", name="Close")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#list-said")).to_contain_text("3 conversations closed.")
    expect(page.locator(".row")).to_have_count(len(before) - 3)
    assert names(page) == before[:-3]
    expect(page.locator("#list-said button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#list-said")).to_contain_text("3 conversations are as before.")
    expect(page.locator(".row")).to_have_count(len(before))
    assert names(page) == before


def test_all_that_is_shown_is_chosen_and_escape_lets_go(visit: Visit) -> None:
    page = visit(AGENT, viewport={"width": 360, "height": 740})
    page.goto("/acme/inbox/")
    page.locator(".entry .row-box").first.click()
    page.locator("#choose-all").check()
    expect(page.locator("#chosen")).to_have_text(f"{min(page.locator('.entry').count(), 200)} selected")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.keyboard.press("Escape")
    expect(page.locator(".bulk-bar")).to_be_hidden()


def test_what_a_colleague_does_and_mail_that_comes_are_in_an_open_list_without_a_reload(
    visit: Visit, house: Installation, tmp_path: Path
) -> None:
    ava, olivia = visit(AGENT), visit(OWNER)
    ava.goto("/acme/inbox/")
    ava.evaluate("window.stays = true")
    number = (ava.locator(".entry").last.get_attribute("id") or "").removeprefix("entry-")
    ava.locator(".entry .row-box").nth(1).click()
    chosen = ava.locator(".entry:has(input:checked)").get_attribute("id")
    ava.locator(".entry .row").nth(3).focus()
    focused = ava.locator(".entry .row").nth(3).get_attribute("id")
    olivia.goto(f"/acme/inbox/{number}/")
    olivia.keyboard.press("e")
    expect(olivia.locator("#thread-standing .badge")).to_have_text("Closed")
    expect(ava.locator(f"#entry-{number}")).to_have_count(0, timeout=SOON)
    olivia.keyboard.press("e")
    expect(ava.locator(f"#entry-{number}")).to_have_count(1, timeout=SOON)
    mail = tmp_path / "new.eml"
    mail.write_text(MAIL.format(date=format_datetime(datetime.now(UTC))))
    house.manage("import_mail", "--workspace", "acme", mail)
    expect(ava.locator(".entry").first).to_contain_text("Is this list alive?", timeout=SOON)
    expect(ava.locator("#announcer")).to_have_text("A new conversation: Nina Newcomer")
    expect(ava.locator(f"#{chosen} input")).to_be_checked()
    expect(ava.locator(f"#{focused}")).to_be_focused()
    assert ava.evaluate("window.stays")


def test_what_comes_above_a_list_that_is_scrolled_down_waits_behind_a_bar(
    visit: Visit, house: Installation, tmp_path: Path
) -> None:
    page = visit(AGENT, viewport={"width": 1280, "height": 420})
    page.goto("/acme/inbox/")
    scroller = page.locator("#list-scroll")
    scroller.evaluate("list => { list.scrollTop = list.scrollHeight }")
    row = page.locator(".entry").last
    stood = row.bounding_box()
    mail = tmp_path / "late.eml"
    mail.write_text(MAIL.replace("alive-1", "alive-2").format(date=format_datetime(datetime.now(UTC))))
    house.manage("import_mail", "--workspace", "acme", mail)
    expect(page.locator("#list-news")).to_have_text("1 new conversation", timeout=SOON)
    assert row.bounding_box() == stood, "no row has moved"
    page.locator("#list-news").click()
    expect(page.locator("#list-news")).to_be_hidden()
    expect(page.locator(".row").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main h1")).to_have_text("Is this list alive?")


def test_a_list_is_kept_under_a_name_and_found_again(visit: Visit) -> None:
    page = visit(AGENT)
    page.goto("/acme/inbox/?view=open&topic=refund")
    page.locator("#views-button").click()
    page.get_by_role("button", name="Keep this view").click()
    page.get_by_label("Keep this list under a name").fill("Refunds")
    page.keyboard.press("Enter")
    expect(page.locator("#views-button")).to_have_text("Refunds")
    page.goto("/acme/inbox/")
    page.locator("#views-button").click()
    page.get_by_role("link", name="Refunds").click()
    expect(page.locator(".list-chips")).to_contain_text("Topic: Refund")
    page.locator("#views-button").click()
    page.get_by_role("button", name="Rename or delete").click()
    page.get_by_role("button", name="Delete this view").click()
    expect(page.locator("#views-button")).to_have_text("More views")


MAIL = """From: Nina Newcomer <nina@newcomer.example>
To: support@acme.example
Subject: Is this list alive?
Message-ID: <alive-1@newcomer.example>
Date: {date}

It should be.
"""
