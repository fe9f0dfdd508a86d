"""An open page stays true by itself: what changes in Shopify arrives, and nothing that somebody is doing is lost by it."""

import itertools
import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from integrations.shopify.sandbox import DEMO_STORES
from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit, open_conversation
from tests.e2e.house import AGENT, HARBOR
from tests.e2e.test_reading import section, settled
from tests.telling import Tell

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.usefixtures("stores")]
NOAH, YUSUF = "Noah Ito", "Yusuf Hernandez"
GATE, NIGHT, TABS = 2, 50, 10
# Resolves with the moment at which the words stand in the sidebar, or null when they do not come.
WATCH = """([words, patience]) => { window.arrived = new Promise((done) => {
    const look = () => {
        if (!document.querySelector("#side")?.textContent.includes(words)) return;
        watcher.disconnect(); done(Date.now());
    };
    const watcher = new MutationObserver(look);
    watcher.observe(document.body, { childList: true, subtree: true, characterData: true });
    setTimeout(() => done(null), patience); look();
}); return true; }"""


def people() -> dict[str, str]:
    """Who has an order at Harbor Goods, and the name of the newest: it is shown unfolded."""
    data = json.loads(DEMO_STORES.read_text())
    names = {row["id"]: f"{row.get('firstName')} {row.get('lastName')}" for row in data["customers"]}
    mine = [row for row in data["orders"] if row["suggestedShop"] == HARBOR and row.get("customerId") in names]
    return {names[row["customerId"]]: row["name"] for row in sorted(mine, key=lambda row: str(row["createdAt"]))}


@pytest.fixture
def quiet(house: Installation) -> Iterator[None]:
    """Whatever a test does to the played Shopify, the next one finds it as it was."""
    yield
    house.sandbox("settings", {"latency_ms": 0})
    house.sandbox("webhooks", {"lose": 0.0})


def move(house: Installation, order: str, town: str) -> float:
    """The order goes to another town. When."""
    begun = time.time()
    address = {"city": town, "countryCodeV2": "SE"}
    house.sandbox("orders/edit", {"shop": HARBOR, "order": order, "shippingAddress": address})
    return begun


def aged(house: Installation, seconds: int = 61) -> None:
    """As if everything that is stored had been stored so much earlier."""
    with house.database() as database:
        database.execute(
            "UPDATE shopify_ordercontext SET fetched_at = fetched_at - make_interval(secs => %s)", [seconds]
        )


def arrived(page: Page) -> float | None:
    found: Any = page.evaluate("() => window.arrived")
    return found / 1000 if found else None


def distribution(taken: list[float]) -> str:
    ordered = sorted(taken)
    high = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"{len(ordered)} trials: least {ordered[0]:.1f} s, median {statistics.median(ordered):.1f} s, p95 {high:.1f} s, most {ordered[-1]:.1f} s"


def trial(house: Installation, pages: dict[str, Page], town: str, *, older: int = 0) -> list[float]:
    """Every order moves while its page is open; seconds until each page says so."""
    orders = people()
    for page in pages.values():
        page.evaluate(WATCH, [town, 90_000])
    begun = [move(house, orders[name], town) for name in pages]
    if older:
        aged(house, older)
    shown = [arrived(page) for page in pages.values()]
    assert None not in shown, f"{town} never came"
    return [then - when for then, when in zip(shown, begun, strict=True) if then is not None]


# --- What changes in Shopify arrives ---------------------------------------------------------------------------------
def test_a_change_that_shopify_tells_of_arrives_by_itself(
    visit: Visit, house: Installation, quiet: None, tell: Tell
) -> None:
    page = visit(AGENT)
    open_conversation(page, NOAH)
    settled(page)
    taken = [seconds for n in range(GATE) for seconds in trial(house, {NOAH: page}, f"Told {n}")]
    tell(f"freshness with webhooks, {distribution(taken)}")


@pytest.mark.nightly
def test_a_change_that_nobody_told_of_arrives_when_the_minute_is_over(
    visit: Visit, house: Installation, quiet: None, tell: Tell
) -> None:
    page = visit(AGENT)
    house.sandbox("webhooks", {"lose": 1.0})
    taken = []
    for n in range(GATE):
        open_conversation(page, NOAH)
        settled(page)
        taken += trial(house, {NOAH: page}, f"Untold {n}", older=61)
    tell(f"freshness without webhooks, after the minute, {distribution(taken)}")


@pytest.mark.nightly
def test_fifty_changes_with_webhooks_and_fifty_without(
    visit: Visit, house: Installation, quiet: None, tell: Tell
) -> None:
    pages = {}
    known = dict.fromkeys(people())
    for name in known:
        page = visit(AGENT)
        page.goto("/acme/inbox/?view=all")
        if len(pages) == TABS or not page.locator(".row", has_text=name).count():
            page.close()
            continue
        open_conversation(page, name)
        settled(page)
        pages[name] = page
    rounds = range(-(-NIGHT // len(pages)))
    turns = itertools.islice(itertools.cycle(pages), NIGHT)
    one = [seconds for n, name in enumerate(turns) for seconds in trial(house, {name: pages[name]}, f"Night {n}")]
    tell(f"freshness with webhooks, {len(pages)} tabs open, one order changes, {distribution(one)}")
    at_once = [seconds for n in rounds for seconds in trial(house, pages, f"Crowd {n}")]
    tell(f"freshness with webhooks, {len(pages)} tabs open, an order of each changes at once, {distribution(at_once)}")
    house.sandbox("webhooks", {"lose": 1.0})
    without = [seconds for n in rounds for seconds in trial(house, pages, f"Dark {n}")]
    tell(f"freshness without webhooks, {len(pages)} tabs at once, {distribution(without)}")


# --- And takes nothing away -------------------------------------------------------------------------------------------
def test_focus_folds_and_what_was_typed_outlive_a_change_that_arrives(
    visit: Visit, house: Installation, quiet: None
) -> None:
    page = visit(AGENT)
    open_conversation(page, NOAH)
    settled(page)
    harbor = section(page, HARBOR)
    first, second = harbor.locator(".order details").nth(0), harbor.locator(".order details").nth(1)
    first.locator("summary").click()
    expect(first).not_to_have_attribute("open", "")
    was_open = second.get_attribute("open") is not None
    second.locator("summary").click()
    refresh = harbor.get_by_label(f"Refresh {HARBOR}")
    refresh.focus()
    newest = people()[NOAH]
    page.evaluate(WATCH, ["Kept town", 30_000])
    move(house, newest, "Kept town")
    assert arrived(page)
    settled(page)
    expect(refresh).to_be_focused()
    expect(first).not_to_have_attribute("open", "")
    assert (second.get_attribute("open") is not None) is not was_open
    assert "is up to date" not in announced(page), "nobody asked"


def announced(page: Page) -> str:
    return page.locator("#announcer").text_content() or ""


def test_an_order_that_comes_in_is_said_by_its_name_and_an_unchanged_section_not_at_all(
    visit: Visit, house: Installation, quiet: None
) -> None:
    page = visit(AGENT)
    open_conversation(page, YUSUF)
    settled(page)
    page.evaluate("document.querySelector('#announcer').textContent = ''")
    data = json.loads(DEMO_STORES.read_text())
    customer = next(row for row in data["customers"] if row.get("lastName") == "Hernandez")
    order = {
        "name": "#9001",
        "customerId": customer["id"],
        "email": customer["email"],
        "lineItems": [{**data["orders"][0]["lineItems"][0], "id": "gid://shopify/LineItem/990001"}],
    }
    page.evaluate(WATCH, ["#9001", 30_000])
    house.sandbox("orders/create", {"shop": HARBOR, "order": order})
    assert arrived(page)
    expect(page.locator("#announcer")).to_have_text(f"New in {HARBOR}: #9001")
    settled(page)
    page.evaluate("document.querySelector('#announcer').textContent = ''")
    aged(house)
    with page.expect_response(lambda answer: "/news/" in answer.url and answer.status == 200):
        pass
    settled(page)
    assert announced(page) == ""


# --- Who is not looking asks nothing ------------------------------------------------------------------------------------
def hide(page: Page, state: str) -> None:
    page.evaluate(
        """(state) => {
            Object.defineProperty(document, "visibilityState", { get: () => state, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


@pytest.mark.nightly
def test_a_hidden_page_asks_nothing_and_is_brought_up_to_date_when_it_is_seen_again(
    visit: Visit, house: Installation, quiet: None
) -> None:
    page = visit(AGENT)
    open_conversation(page, NOAH)
    settled(page)
    hide(page, "hidden")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(WATCH, ["While away", 30_000])
    move(house, people()[NOAH], "While away")
    page.wait_for_timeout(4000)
    assert asked == []
    hide(page, "visible")
    assert arrived(page)


# --- Late, and twice --------------------------------------------------------------------------------------------------
def cold(house: Installation) -> None:
    house.settle()
    with house.database() as database:
        database.execute("DELETE FROM shopify_ordercontext")


def test_while_shopify_is_slow_nobody_is_shown_beside_somebody_else(
    visit: Visit, house: Installation, quiet: None
) -> None:
    """Noah's answer is on its way when Ava opens Yusuf's conversation, whose answer is on its way when she goes back."""
    page = visit(AGENT)
    page.goto("/acme/inbox/?view=all")
    cold(house)
    house.sandbox("settings", {"latency_ms": 1500})
    orders = people()
    for name, other in ((NOAH, YUSUF), (YUSUF, NOAH), (NOAH, YUSUF)):
        page.locator(".row", has_text=name).first.click()
        expect(page.locator("#side h2")).to_have_text(name)
        expect(page.locator("#side")).not_to_contain_text(orders[other])
        page.wait_for_timeout(400)
    house.sandbox("settings", {"latency_ms": 0})
    expect(section(page, HARBOR).get_by_text(orders[NOAH], exact=True).first).to_be_visible()
    expect(page.locator("#side")).not_to_contain_text(orders[YUSUF])
    settled(page)
    expect(page.locator("#side")).not_to_contain_text(orders[YUSUF])


def test_an_answer_painted_late_by_another_way_is_refused_by_the_page(
    visit: Visit, house: Installation, quiet: None
) -> None:
    """Even where a request ends in the section that is shown, what it asked for decides."""
    page = visit(AGENT)
    open_conversation(page, NOAH)
    settled(page)
    foreign = page.locator("#side .section").first.get_attribute("data-url") or ""
    open_conversation(page, YUSUF)
    settled(page)
    page.evaluate(
        """(url) => {
            const target = "#" + document.querySelector("#side .section").id;
            return window.htmx.ajax("GET", url, { target, swap: "outerHTML" }).catch(() => {});
        }""",
        foreign,
    )
    page.wait_for_timeout(500)
    expect(page.locator("#side")).not_to_contain_text(people()[NOAH])


def test_refresh_cannot_be_pressed_twice_and_keeps_the_focus(visit: Visit, house: Installation, quiet: None) -> None:
    page = visit(AGENT)
    open_conversation(page, NOAH)
    settled(page)
    house.settle()
    aged(house, 10)
    house.sandbox("settings", {"latency_ms": 1500})
    house.sandbox("log", method="DELETE")
    button = page.locator("#side .section").filter(has_text=HARBOR).get_by_label(f"Refresh {HARBOR}")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_be_focused()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    press(page, button)
    page.wait_for_timeout(200)
    assert [url for url in asked if "refresh" in url] == []
    settled(page)
    expect(button).not_to_have_attribute("aria-disabled", "true")
    expect(button).to_be_focused()
    expect(page.locator("#announcer")).to_have_text(f"{HARBOR} is up to date")
    assert [call["shop"] for call in house.sandbox("log") if call["kind"] == "graphql"] == [HARBOR]


def press(page: Page, button: Locator) -> None:
    """By key and by pointer, as one who is impatient does."""
    page.keyboard.press("Enter")
    button.dispatch_event("click")
