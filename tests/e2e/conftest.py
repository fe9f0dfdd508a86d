"""A browser for each person, signed in once and watched: no walk ends well that left an error on the console."""

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from integrations.shopify.sandbox import DEMO_STORES
from tests.acceptance.stack import Installation
from tests.e2e.house import BROWSER_ARGUMENTS, COVE, HARBOR, PASSWORD, PINE, open_house
from versana.devservices import chromium

Visit = Callable[..., Page]
PATIENCE_MS = 10_000
LONG = ("#1011", "#1004", "#0961", "#0902")


@pytest.fixture(scope="session", autouse=True)
def _one_thread_for_django_and_playwright() -> None:
    """Playwright keeps an event loop in this thread to the end of the run; Django would take all that follows for asynchronous code."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The system's Chromium. `./dev test` decides what its absence means; whoever comes here without one, fails."""
    path = os.environ.get("CHROMIUM_PATH") or chromium.find()
    if not path:
        pytest.fail(chromium.missing())
    return {"executable_path": path, "args": BROWSER_ARGUMENTS}


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Stores and mails of the demo. Harbor Goods shares all orders, so that one contact has more than ten; three of hers are
    so long that the older ones are fetched when they are opened."""
    data = json.loads(DEMO_STORES.read_text())
    for order in data["orders"]:
        if order["name"] in LONG:
            free = {"shopMoney": {"amount": "0.00", "currencyCode": "USD"}}
            line = {**order["lineItems"][0], "originalUnitPriceSet": free}
            order["lineItems"] += [{**line, "id": f"{line['id']}{n:02}", "sku": f"TK-{n}"} for n in range(30)]
    stores = tmp_path_factory.mktemp("house") / "stores.json"
    stores.write_text(json.dumps(data))
    with open_house(stores=stores, all_orders=(HARBOR,)) as here:
        yield here


@pytest.fixture(scope="session")
def stores(house: Installation) -> None:
    """Three connected stores; north-pier stays for the walks that connect one."""
    house.connect(HARBOR, PINE, COVE)


class Watch:
    """What the browser complained about: errors of scripts, what the policy refused, answers that failed."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def over(self, context: BrowserContext) -> None:
        context.on("console", lambda message: self._note(message.type, message.text))
        context.on("weberror", lambda error: self._note("error", str(error.error)))

    def _note(self, kind: str, text: str) -> None:
        # htmx tells the console of a request that it gave up for a later one, in two words; of one that failed by `sendError`.
        if kind in ("error", "warning") and not text.startswith(("htmx:afterRequest", "htmx:sendAbort")):
            self.complaints.append(text)


@pytest.fixture
def watch() -> Iterator[Watch]:
    watching = Watch()
    yield watching
    assert watching.complaints == []


@pytest.fixture(scope="session")
def signed_in_before() -> dict[str, Any]:
    """The cookies of who has signed in already."""
    return {}


@pytest.fixture
def visit(browser: Browser, house: Installation, watch: Watch, signed_in_before: dict[str, Any]) -> Iterator[Visit]:
    """`visit("ava@acme.example")`: a page of that person's browser; without a name a stranger's."""
    contexts = []

    def open_page(email: str = "", **options: Any) -> Page:
        if email and email not in signed_in_before:
            signed_in_before[email] = _cookies(browser, house, email)
        given = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options}
        context = browser.new_context(base_url=house.web[0], storage_state=signed_in_before.get(email), **given)
        context.set_default_timeout(PATIENCE_MS)
        watch.over(context)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def no_factors(house: Installation, signed_in_before: dict[str, Any]) -> Iterator[None]:
    """Nobody has a second factor, nobody is limited, nothing is required: before, and for whoever comes after."""

    def clear() -> None:
        with house.database() as database:
            database.execute("DELETE FROM mfa_authenticator")
            database.execute("DELETE FROM versana_cache")
            database.execute("UPDATE tenants_tenant SET require_second_factor = false")

    clear()
    yield
    clear()
    signed_in_before.clear()  # some of these sessions have ended


def _cookies(browser: Browser, house: Installation, email: str) -> Any:
    with browser.new_context(base_url=house.web[0]) as context:
        context.set_default_timeout(PATIENCE_MS)
        sign_in(context.new_page(), email)
        return context.storage_state()


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.goto("/")
    page.get_by_label(re.compile("^E-?mail")).fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url("/acme/")


def open_conversation(page: Page, name: str) -> None:
    """Opens somebody's conversation from the list of all."""
    page.goto("/acme/inbox/?view=all")
    page.locator(".row", has_text=name).first.click()
    expect(page.locator("#side h2")).to_have_text(name)
