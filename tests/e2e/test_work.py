"""Work on a conversation in the browser: by keys alone, told in the thread, and nothing lost on a phone."""

import pytest
from playwright.sync_api import expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit, open_conversation
from tests.e2e.house import AGENT

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("stores")]


def test_ava_takes_closes_and_opens_a_conversation_by_keys_alone(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, "Priya Raman")
    page.locator("#main").focus()
    page.keyboard.press("a")
    expect(page.get_by_text("Whose is it?")).to_be_visible()
    page.get_by_role("button", name="You", exact=True).press("Enter")
    expect(page.locator(".whose")).to_contain_text("Ava Brandt")
    expect(page.locator(".event").last).to_contain_text("Ava Brandt took this")
    expect(page.locator("#assign-button")).to_be_focused()
    page.keyboard.press("e")
    expect(page.locator("#thread-standing .badge")).to_have_text("Closed")
    expect(page.locator("#assign-button")).to_be_focused()  # where she was
    page.keyboard.press("e")
    expect(page.locator("#thread-standing .badge")).to_have_text("Open")
    expect(page.locator(".event").last).to_contain_text("Ava Brandt opened this again")
    page.keyboard.press("t")
    page.keyboard.type("gift")
    page.keyboard.press("Enter")
    expect(page.locator(".tag")).to_contain_text("gift")
    page.reload()
    expect(page.locator(".event")).to_have_count(4)


def test_ava_lets_one_sleep_on_a_phone_and_what_she_wrote_stays(visit: Visit) -> None:
    page = visit(AGENT, viewport={"width": 360, "height": 740})
    open_conversation(page, "Jonas Weber")
    page.locator("#reply-text").fill("I will look into it tomorrow")
    page.get_by_role("button", name="More").click()
    page.locator("#more-menu").get_by_role("button", name="Snooze").click()
    page.get_by_role("button", name="Tomorrow morning").click()
    expect(page.locator("#thread-standing .badge")).to_have_text("Snoozed")
    expect(page.locator("#reply-text")).to_have_value("I will look into it tomorrow")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("#close-button").click()
    expect(page.locator("#thread-standing .badge")).to_have_text("Closed")


def test_what_ava_snoozed_wakes_when_its_time_has_come(visit: Visit, house: Installation) -> None:
    page = visit(AGENT)
    open_conversation(page, "Hana Sato")
    page.keyboard.press("z")
    page.get_by_role("button", name="In a week").press("Enter")
    expect(page.locator(".event").last).to_contain_text("Ava Brandt snoozed this until")
    with house.database() as database:
        database.execute(
            "UPDATE inbox_conversation SET snoozed_until = now() - interval '1 second' WHERE state = 'snoozed'"
        )
    house.manage("shell", "-c", "from inbox.tasks import wake_everywhere; wake_everywhere()")
    page.reload()
    expect(page.locator("#thread-standing .badge")).to_have_text("Open")
    expect(page.locator(".event").last).to_contain_text("This is awake again")
