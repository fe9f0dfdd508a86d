"""What a conversation is about, corrected by the keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit, open_conversation
from tests.e2e.house import AGENT

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("stores")]


def test_ava_takes_a_topic_away_and_adds_another_by_keys_alone(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, "Priya Raman")
    topics = page.get_by_role("list", name="Topics of this conversation")
    expect(topics.get_by_text("Cancellation", exact=True)).to_be_visible()
    page.get_by_role("button", name="Not about this: Cancellation").focus()
    page.keyboard.press("Enter")
    expect(topics.get_by_text("Cancellation", exact=True)).to_be_hidden()
    expect(page.locator("#topic-add")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("What is it about?")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Cancellation", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(topics.get_by_text("Cancellation", exact=True)).to_be_visible()
    expect(topics.locator("li").first).to_contain_text("Set by Ava Brandt")
