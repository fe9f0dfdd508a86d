"""Every page of the gallery in a real browser: accessible, narrow enough, quiet under the strict policy, and working."""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.browsing import serving
from versana.gallery.views import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.long]
WIDE, PHONE, NARROW = (1440, 900), (390, 844), (360, 740)
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def gallery_url() -> Iterator[str]:
    with serving() as address:
        yield f"{address}/_gallery/"


@pytest.fixture
def open_page(browser: Browser, gallery_url: str) -> Iterator[Open]:
    """Opens a page of the gallery; at the end nothing may have gone to the console."""
    complaints: list[str] = []
    contexts = []

    def opened(name: str, size: tuple[int, int] = WIDE, theme: str = "light", **options: object) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(f"{name}: {m.text}") if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: complaints.append(f"{name}: {e}"))
        page.goto(f"{gallery_url}{name}/?theme={theme}")
        expect(page.locator(".htmx-request")).to_have_count(0)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def serious(page: Page) -> list[tuple[str, str]]:
    """What axe finds serious or critical: the rule and the first element."""
    result = Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        (violation["id"], violation["nodes"][0]["html"][:120])
        for violation in result.response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("name", [*PAGES, "sign-in"])
def test_a_page_is_accessible_and_never_scrolls_sideways(name: str, open_page: Open) -> None:
    page = open_page(name)
    assert serious(page) == []
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]


@pytest.mark.nightly
@pytest.mark.parametrize("name", [*PAGES, "sign-in"])
def test_a_page_is_accessible_in_the_dark_on_a_telephone(name: str, open_page: Open) -> None:
    assert serious(open_page(name, NARROW, "dark")) == []


def test_a_click_on_a_row_opens_the_conversation_and_leaves_the_list_alone(open_page: Open) -> None:
    page = open_page("list")
    place = page.evaluate(
        "(document.querySelector('#list-scroll').scrollTop = 150, document.querySelector('#list-scroll').scrollTop)"
    )
    page.locator("#row-1038").click()
    expect(page.locator("#main h1")).to_have_text("Refund not on my card yet")
    expect(page).to_have_title(re.compile("Refund not on my card yet"))
    expect(page).to_have_url(re.compile("/thread/4/$"))
    expect(page.locator(".row[aria-current]")).to_have_attribute("id", "row-1038")
    assert page.evaluate("document.querySelector('#list-scroll').scrollTop") == place > 0
    page.go_back()
    expect(page.get_by_text("No conversation selected")).to_be_visible()
    expect(page.locator(".row[aria-current]")).to_have_count(0)


def test_the_list_is_walked_by_keys(open_page: Open) -> None:
    page = open_page("list")
    for key in ("j", "j", "ArrowDown", "k"):
        page.keyboard.press(key)
    expect(page.locator("#row-1041")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main h1")).to_have_text("Wrong size, can I swap the boots?")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_single_keys_can_be_turned_off(open_page: Open) -> None:
    page = open_page("list")
    page.keyboard.press("?")
    page.locator("#shortcuts-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#row-1042")).not_to_be_focused()


def test_an_order_fetches_its_parcels_when_it_is_opened_and_stays_open_through_a_refresh(open_page: Open) -> None:
    page = open_page("inbox")
    order = page.locator("#order-1-1019")
    order.locator("summary").click()
    expect(order.get_by_text("Wool throw, Moss")).to_be_visible()
    with page.expect_response("**/_gallery/order-detail/"):
        page.locator("#store-1-refresh").click()
    expect(page.locator("#store-1-refresh")).to_be_focused()
    expect(page.locator("#order-1-1019").get_by_text("Wool throw, Moss")).to_be_visible()


def test_a_late_answer_for_another_conversation_is_dropped(open_page: Open) -> None:
    page = open_page("inbox")
    held: list[Route] = []
    page.route("**/_gallery/section/**", lambda route: held.append(route))
    page.locator("#store-1-refresh").click()
    page.wait_for_timeout(100)
    page.locator("#row-1040").click()
    expect(page.locator("#main h1")).to_have_text("Please cancel #1057")
    page.evaluate("document.querySelector('#store-1-name').textContent = 'the other conversation'")
    held[0].fulfill(
        body='<section class="section" id="store-1"><h3 id="store-1-name">too late</h3></section>',
        content_type="text/html",
    )
    page.wait_for_timeout(200)
    expect(page.locator("#store-1-name")).to_have_text("the other conversation")
    expect(page.get_by_text("too late")).to_have_count(0)


def test_a_long_list_of_orders_is_filtered(open_page: Open) -> None:
    page = open_page("sections")
    orders = page.locator("#store-21 .order")
    page.locator("#store-21-filter").fill("1995")
    assert [order.is_visible() for order in orders.all()].count(True) == 1
    page.locator("#store-21-filter").fill("nothing like this")
    expect(page.locator("#store-21").get_by_text("No order matches.")).to_be_visible()


def test_disconnecting_asks_for_the_domain_in_a_dialog_and_gives_the_focus_back(open_page: Open) -> None:
    page = open_page("general")
    page.locator("#disconnect-2").click()
    dialog = page.get_by_role("dialog")
    confirm = dialog.get_by_role("button", name="Disconnect store")
    expect(confirm).to_be_disabled()
    dialog.get_by_label("harbor-goods.myshopify.com").fill("harbor-goods.myshopify.com")
    expect(confirm).to_be_enabled()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#disconnect-2")).to_be_focused()


def test_the_theme_changes_at_once(open_page: Open) -> None:
    page = open_page("inbox")
    page.route("**/theme/", lambda route: route.fulfill(status=204))
    page.get_by_role("button", name="You, Ava Brandt").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")


def test_a_form_is_not_sent_twice(open_page: Open) -> None:
    page = open_page("sign-in")
    sent: list[Route] = []
    page.route("**/account/login/", lambda route: sent.append(route))
    page.get_by_label("E-mail").fill("ava@acme.example")
    page.get_by_label("Password").fill("secret")
    button = page.get_by_role("button", name="Sign in", exact=True)
    busy = button.evaluate("button => { button.click(); button.click(); button.click(); return button.ariaBusy; }")
    page.wait_for_timeout(200)
    assert (busy, len(sent)) == ("true", 1)


def test_a_phone_shows_one_pane_and_the_orders_in_a_drawer(open_page: Open) -> None:
    page = open_page("list", PHONE)
    page.locator("#row-1040").click()
    expect(page.locator("#main h1")).to_be_focused()
    expect(page.locator(".list-pane")).to_be_hidden()
    handle = page.locator(".drawer-handle")
    expect(handle).to_contain_text("#1042")
    handle.click()
    expect(page.get_by_role("complementary")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#side")).to_be_hidden()
    expect(handle).to_be_focused()
    page.get_by_label("Back to the list").click()
    expect(page.locator("#row-1040")).to_be_focused()
    expect(page.locator(".rail")).to_be_visible()


def test_everything_can_be_reached_by_touch_on_a_phone(open_page: Open) -> None:
    page = open_page("inbox", PHONE)
    page.locator(".drawer-handle").click()
    small = page.evaluate("""() => [...document.querySelectorAll('button, summary, input, .button, .icon-button')]
        .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest('[popover]'))
        .filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 100))""")
    assert small == []


def test_the_pages_work_without_javascript(open_page: Open) -> None:
    page = open_page("inbox", PHONE, java_script_enabled=False)
    expect(page.locator("#store-1 h3")).to_have_text("harbor-goods.myshopify.com")
    expect(page.locator(".drawer-handle")).to_be_hidden()
    page.locator("#order-1-1019 summary").click()
    expect(page.locator("#order-1-1019").get_by_role("link", name="Items and parcels")).to_be_visible()


def test_the_html_of_a_mail_stands_in_a_frame_of_its_own_height(open_page: Open) -> None:
    page = open_page("inbox")
    page.get_by_text("Original formatting").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("yesterday")).to_be_visible()
    height = page.locator("iframe").evaluate(
        "frame => [frame.offsetHeight, frame.contentDocument.documentElement.scrollHeight]"
    )
    assert height[0] >= height[1] > 320
    assert "allow-scripts" not in (page.locator("iframe").get_attribute("sandbox") or "")
