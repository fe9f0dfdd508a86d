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


# On every change those that agents and owners look at most; every other one at night. Their real pages are in
# test_accessible.py.
MOST_SEEN = ("inbox", "sections", "orders", "general", "sign-in")
LOOKED_AT = [
    name if name in MOST_SEEN else pytest.param(name, marks=pytest.mark.nightly) for name in [*PAGES, "sign-in"]
]


@pytest.mark.parametrize("name", LOOKED_AT)
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
    expect(orders.filter(visible=True)).to_have_count(1)
    page.locator("#store-21-filter").fill("nothing like this")
    expect(page.locator("#store-21").get_by_text("No order matches.")).to_be_visible()


def test_all_items_of_an_order_are_shown_by_keys_also_after_a_failure(open_page: Open) -> None:
    page = open_page("orders")
    order = page.locator("#store-60 .order")
    expect(order.locator(".parcel li")).to_have_count(27)
    order.get_by_role("link", name="Show all items").press("Enter")
    expect(order.get_by_text("All 250 lines of this order")).to_be_visible()
    expect(order.locator("li")).to_have_count(250)
    expect(order.locator("summary")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("All 250 lines of this order")
    refused = page.locator("#store-62 .order")
    refused.get_by_role("link", name="Try again").press("Enter")
    expect(refused.locator("li")).to_have_count(250)


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
        .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest('[popover]') && e.tabIndex >= 0)
        .filter(e => Math.max(e.getBoundingClientRect().height, parseFloat(getComputedStyle(e, '::after').height) || 0) < 44).map(e => e.outerHTML.slice(0, 100))""")
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


def test_a_fact_of_an_order_is_put_into_the_reply_by_keys_alone_and_taken_back(open_page: Open) -> None:
    page = open_page("inbox")
    field = page.locator("#reply-text")
    page.keyboard.press("r")
    expect(field).to_be_focused()
    page.keyboard.type("About : sorry")
    for _ in range(len(": sorry")):
        page.keyboard.press("ArrowLeft")
    opener = page.locator("#order-1-1042").get_by_role("button", name="Insert into the reply")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Order name #1042")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_have_value("About #1042: sorry")
    expect(field).to_be_focused()
    page.keyboard.press("Control+z")
    expect(field).to_have_value("About : sorry")


def test_the_menu_is_walked_by_arrows_and_left_by_escape(open_page: Open) -> None:
    page = open_page("inbox")
    opener = page.locator("#order-1-1042").get_by_role("button", name="Insert into the reply")
    opener.press("Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_contain_text("Status")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator(":focus")).to_contain_text("Order and day")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "false")


def test_what_is_missing_says_why_and_inserts_nothing(open_page: Open) -> None:
    page = open_page("inbox")
    page.locator("#order-1-1042 [data-insert-open]").click()
    missing = page.locator("#order-1-1042").get_by_role("button", name="Tracking link: USPS")
    expect(missing).to_have_attribute("aria-disabled", "true")
    expect(missing).to_contain_text("The carrier gives no link for this number.")
    missing.click(force=True)  # It says that it is disabled, which Playwright would wait for.
    expect(page.locator("#announcer")).to_have_text("The carrier gives no link for this number.")
    expect(page.locator("#reply-text")).to_have_value("")


def test_nothing_is_inserted_from_a_store_that_does_not_answer(open_page: Open) -> None:
    page = open_page("inbox-stale")
    expect(page.get_by_text("Insert is off until Shopify answers")).to_be_visible()
    expect(page.locator("#order-1-1042 [data-insert-open]")).to_be_hidden()


def test_inserting_on_a_phone_leaves_the_drawer_for_the_reply(open_page: Open) -> None:
    page = open_page("inbox", PHONE)
    page.locator(".drawer-handle").click()
    page.locator("#order-1-1042 [data-insert-open]").click()
    page.locator("#order-1-1042").get_by_role("button", name="Order name").click()
    expect(page.locator("#side")).to_be_hidden()
    expect(page.locator("#reply-text")).to_have_value("#1042")
    expect(page.locator("#reply-text")).to_be_focused()


def test_the_reply_is_in_sight_on_a_narrow_phone_and_leaves_the_messages_their_place(open_page: Open) -> None:
    page = open_page("inbox", NARROW)
    boxes = [page.locator(name).bounding_box() for name in ("#messages-scroll", "#reply", ".drawer-handle")]
    (messages, reply, handle) = (box or {} for box in boxes)
    assert messages["height"] > 400
    assert messages["y"] + messages["height"] <= reply["y"]
    assert reply["y"] + reply["height"] <= handle["y"]


def test_a_reply_is_thrown_away_and_can_be_had_back(open_page: Open) -> None:
    page = open_page("inbox-draft")
    field = page.locator("#reply-text")
    page.get_by_role("button", name="Discard").click()
    expect(field).to_have_value("")
    page.keyboard.press("Control+z")
    expect(field).to_have_value(re.compile("the throw is on its way"))


def test_what_cannot_be_sent_yet_is_copied(open_page: Open) -> None:
    page = open_page("inbox-unset", permissions=["clipboard-read", "clipboard-write"])
    page.locator("#reply-text").fill("the throw is on its way")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "the throw is on its way" in page.evaluate("navigator.clipboard.readText()")


def test_every_control_of_a_section_is_reached_by_the_tab_key(open_page: Open) -> None:
    page = open_page("inbox")
    controls = page.evaluate("""() => {
        const shown = [...document.querySelectorAll('#side a, #side button, #side summary, #side input')]
            .filter(e => e.checkVisibility({visibilityProperty: true}));
        shown.forEach((e, n) => { e.dataset.nth = n; });
        return shown.length;
    }""")
    page.locator("#side-scroll").focus()
    reached = set()
    for _ in range(controls + 10):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.nth"))
    before = {page.locator(".side-close").get_attribute("data-nth")}  # above the stores, and hidden on a wide screen
    assert {str(n) for n in range(controls)} - reached - before == set()


def test_the_offered_colleagues_are_accessible_and_stay_on_a_narrow_screen(open_page: Open) -> None:
    page = open_page("inbox-note", NARROW, "dark")
    page.locator("#note-text").focus()
    page.keyboard.press("End")
    page.keyboard.type(" @")
    offered = page.get_by_role("listbox", name="Colleagues")
    expect(offered.get_by_role("option", selected=True)).to_contain_text("Olivia Chen")
    assert serious(page) == []
    box = offered.bounding_box() or {}
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= NARROW[0]
    assert box["y"] >= 0
