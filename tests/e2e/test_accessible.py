"""The real pages, with real content: axe finds nothing serious in either theme, and nothing scrolls sideways at 360 px."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit, open_conversation
from tests.e2e.house import AGENT, HARBOR, OWNER

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("stores"), pytest.mark.long]
GENERAL = "/acme/settings/general/"


def sign_in_page(visit: Visit, **options: Any) -> Page:
    page = visit(**options)
    page.goto("/")
    return page


def inbox(visit: Visit, **options: Any) -> Page:
    page = visit(AGENT, **options)
    page.goto("/acme/inbox/?view=all")
    return page


def thread(visit: Visit, **options: Any) -> Page:
    page = visit(AGENT, **options)
    open_conversation(page, "Maya Lindqvist")
    expect(page.locator("#side .section[hx-get]")).to_have_count(0)
    return page


def general(visit: Visit, **options: Any) -> Page:
    page = visit(OWNER, **options)
    page.goto(GENERAL)
    expect(page.get_by_role("article", name=HARBOR)).to_be_visible()
    return page


def permissions(visit: Visit, **options: Any) -> Page:
    page = visit(OWNER, **options)
    page.goto("/acme/settings/shopify/permissions/")
    return page


def failure(visit: Visit, **options: Any) -> Page:
    page = general(visit, **options)
    page.locator("details.connect-fold > summary").click()
    page.get_by_label("Domain of the store").fill(HARBOR)
    page.get_by_label("Domain of the store").press("Enter")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("dl code")).to_be_visible()
    return page


def found(visit: Visit, **options: Any) -> Page:
    page = visit(AGENT, **options)
    page.goto("/acme/inbox/search/?q=parcel")
    expect(page.locator(".row mark").first).to_be_visible()
    return page


# What else there is of the inbox, as the owner sees it.
PATHS = (
    "",
    "inbox/search/?q=zanzibar&state=closed",
    "contacts/",
    "contacts/1/",
    "contacts/1/merge/",
    "inbox/1/merge/",
    "inbox/1/split/",
    "inbox/1/print/",
    "reports/",
    "notices/",
    "notices/settings/",
    "settings/mail/",
    "settings/mail/queue/",
    "settings/mail-in/",
    "settings/replies/",
    "settings/replies/new/",
)


@pytest.mark.nightly
@pytest.mark.parametrize("path", PATHS)
def test_a_page_of_the_inbox_is_accessible_in_both_themes_and_fits_the_narrowest_phone(visit: Visit, path: str) -> None:
    page = visit(OWNER)
    page.goto(f"/acme/{path}")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert (serious(page), theme) == ([], theme)
    page.set_viewport_size({"width": 360, "height": 740})
    assert scrolls_sideways(page) == []


AT_NIGHT = [pytest.param(opened, marks=pytest.mark.nightly) for opened in (sign_in_page, permissions, failure, found)]


@pytest.mark.parametrize("opened", [inbox, thread, general, *AT_NIGHT])
def test_a_page_is_accessible_in_both_themes_and_fits_the_narrowest_phone(
    visit: Visit, opened: Callable[..., Page]
) -> None:
    page = opened(visit)
    assert (serious(page), "light") == ([], "light")
    page.emulate_media(color_scheme="dark")
    assert (serious(page), "dark") == ([], "dark")
    page.set_viewport_size({"width": 360, "height": 740})
    assert scrolls_sideways(page) == []


def serious(page: Page) -> list[tuple[str, str]]:
    return [
        (violation["id"], violation["nodes"][0]["html"][:160])
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


def scrolls_sideways(page: Page) -> list[str]:
    """What can be moved sideways, apart from rows of tabs, and tables that keys reach, which are meant to."""
    return page.evaluate(
        """() => [document.scrollingElement, ...document.querySelectorAll('*')]
        .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
        .filter((e) => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) || e === document.scrollingElement)
        .filter((e) => !e.matches('.views, .second-nav ul, .table-scroll, .figures[role=region][tabindex="0"]'))
        .map((e) => e.outerHTML.slice(0, 120))"""
    )


def test_the_drawer_of_a_phone_shows_the_orders(visit: Visit) -> None:
    page = thread(visit, viewport={"width": 390, "height": 844}, has_touch=True)
    handle = page.get_by_role("button", name="Orders of this contact")
    expect(handle).to_contain_text("#1042")
    expect(page.locator("#side")).to_be_hidden()
    handle.click()
    expect(page.locator("#side").get_by_text("Wool throw, Moss")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#side")).to_be_hidden()
    expect(handle).to_be_focused()
