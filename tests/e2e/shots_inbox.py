"""The pictures of a day's work in the inbox: home, many conversations at once, an answer and a note, search, reports, a contact."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import open_conversation
from tests.e2e.house import AGENT, OWNER
from tests.e2e.studio import DESK, PHONE, Studio

SIZES = (("light", DESK, "light"), ("dark", DESK, "dark"), ("phone", PHONE, "light"))
NOTE = "The aprons are back in stock on Monday. Over to @Olivia Chen "
ANSWER = "Hi Maya, the throw from #1042 is in transit with UPS. The aprons are back on Monday and leave the same day."


def set_up(studio: Studio) -> None:
    """The owner says as whom the workspace writes."""
    with studio.page(OWNER) as page:
        page.goto("/acme/settings/mail/")
        page.get_by_label("Name", exact=True).fill("Harbor & Pine")
        page.get_by_label("Signature").fill("{name}\nHarbor & Pine")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def at_once(studio: Studio) -> None:
    """Ava chooses four conversations, and takes them."""
    for name, size, theme in SIZES:
        with studio.page(AGENT, size, theme) as page:
            page.goto("/acme/inbox/?view=open")
            choose(page, 4)
            studio.take(page, f"list-bulk-{name}")
    with studio.page(AGENT) as page:
        page.goto("/acme/inbox/?view=open")
        choose(page, 4)
        page.locator("#bulk-assign-button").click()
        page.locator("#bulk-assign").get_by_role("button", name="You", exact=True).click()
        expect(page.locator("#list-said")).to_contain_text("4 conversations")


def choose(page: Page, count: int) -> None:
    for place in range(count):
        page.locator(".row-box input").nth(place).check(force=True)
    expect(page.locator("#chosen")).to_have_text(f"{count} selected")


def writing(studio: Studio) -> None:
    """A note to a colleague, and an answer that is being written."""
    with studio.page(AGENT) as page:
        open_conversation(page, "Maya Lindqvist")
        page.keyboard.press("n")
        page.locator("#note-text").fill(NOTE)
        page.locator("#note-text").press("Control+Enter")
        expect(page.locator(".message.note")).to_be_visible()
        page.locator("#note [data-write=reply]").click()
        page.locator("#reply-text").fill(ANSWER)
        expect(page.locator("#reply .state.kept")).to_be_visible()
    for name, size, theme in SIZES:
        with studio.page(AGENT, size, theme) as page:
            open_conversation(page, "Maya Lindqvist")
            expect(page.locator("#side .section[hx-get]")).to_have_count(0)
            expect(page.locator("#reply-text")).to_have_value(ANSWER)
            studio.take(page, f"thread-reply-{name}")
    with studio.page(AGENT) as page:
        open_conversation(page, "Maya Lindqvist")
        page.locator("#reply-discard").click()
        expect(page.locator("#reply-text")).to_have_value("")


def seeing(studio: Studio) -> None:
    """The pages that are looked at in between."""
    with studio.page(AGENT) as page:
        page.goto("/acme/contacts/")
        page.get_by_role("link", name="Maya Lindqvist").click()
        expect(page).to_have_url(re.compile(r"/contacts/\d+/"))
        contact = page.url
    pages = (
        ("home", AGENT, "/acme/"),
        ("search", AGENT, "/acme/inbox/search/?q=parcel"),
        ("contact", AGENT, contact),
        ("reports", OWNER, "/acme/reports/"),
    )
    for title, who, path in pages:
        for name, size, theme in SIZES:
            with studio.page(who, size, theme) as page:
                page.goto(path)
                expect(page.locator("#side-scroll .section[hx-get]")).to_have_count(0)
                studio.take(page, f"{title}-{name}")


SCENES = (set_up, at_once, writing, seeing)
