"""What members say of a contact, in a browser: which customer they are, and whose an order is."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit, open_conversation
from tests.e2e.house import ADMINISTRATOR, AGENT, COVE, HARBOR
from tests.e2e.test_freshness import aged

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("stores"), pytest.mark.nightly]
MAYA, HANA = "Maya Lindqvist", "Hana Sato"
BEN, MAXIMILIANA = "ben.novak@novak-catering.example", "Maximiliana"
CHEN = "chen.johnson3889@example.com"


@pytest.fixture(autouse=True)
def _nothing_was_said(house: Installation) -> Iterator[None]:
    """Nobody said anything about anybody, before and after; and no customer is known by being linked."""
    _forget(house)
    yield
    house.settle()
    _forget(house)


def _forget(house: Installation) -> None:
    with house.database() as database:
        for table in ("inbox_customerlink", "inbox_orderconfirmation", "inbox_ruledout"):
            database.execute(f"DELETE FROM {table}")
        database.execute("DELETE FROM shopify_ordercontext WHERE kind = 'customer'")
        database.execute("DELETE FROM inbox_mention WHERE typed = 'by hand'")
        database.execute("DELETE FROM inbox_contactaddress WHERE email_norm = %s", [CHEN])


def name_an_order(house: Installation, contact: str, order: str) -> None:
    """Let the messages of this contact name the order."""
    with house.database() as database:
        database.execute(
            "INSERT INTO inbox_mention (tenant_id, conversation_id, kind, value, typed) "
            "SELECT c.tenant_id, c.id, 'order', %s, 'by hand' FROM inbox_conversation c "
            "JOIN inbox_contact p ON p.id = c.contact_id WHERE p.name = %s ON CONFLICT DO NOTHING",
            [order, contact],
        )


def give_address(house: Installation, contact: str, address: str) -> None:
    with house.database() as database:
        database.execute(
            "INSERT INTO inbox_contactaddress (tenant_id, contact_id, email, email_norm, created_at) "
            "SELECT tenant_id, id, %(a)s, %(a)s, now() FROM inbox_contact WHERE name = %(n)s",
            {"a": address, "n": contact},
        )


def section(page: Page, domain: str) -> Locator:
    return page.locator("#side .section:not([aria-busy]):not([data-kind=loading])").filter(has_text=domain)


def search(page: Page, words: str, domain: str = COVE) -> Locator:
    """Opens the search of a store that knows nobody, and sends the words."""
    quiet = section(page, domain)
    if quiet.locator("details.search").count() == 0:
        quiet.get_by_role("button", name=f"Why nothing is shown from {domain}").click()
        quiet.get_by_role("link", name="Find the customer by hand").click()
    here = section(page, domain)
    here.get_by_role("searchbox").fill(words)
    here.get_by_role("button", name=f"Find in {domain}").click()
    return here


def choose(here: Locator, name: str) -> None:
    here.get_by_role("radio", name=name).check()
    here.get_by_role("button", name="Link customer").click()


def test_a_customer_is_found_linked_shown_and_unlinked(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, MAYA)
    choose(search(page, BEN), "Ben Novak")
    cove = section(page, COVE)
    expect(cove.get_by_text("Linked by Ava Brandt")).to_be_visible()
    expect(cove.locator(".profile").get_by_text("Ben Novak")).to_be_visible()
    expect(cove.locator("summary").get_by_text("CW-2207", exact=True)).to_be_visible()
    page.reload()
    cove.get_by_role("button", name=f"Unlink the customer of {COVE}").click()
    expect(cove.get_by_text("The link is gone.")).to_be_visible()
    expect(cove.get_by_text("Ben Novak")).to_have_count(0)


def test_of_several_candidates_the_agent_chooses_one(visit: Visit, house: Installation) -> None:
    give_address(house, HANA, CHEN)
    page = visit(AGENT)
    open_conversation(page, HANA)
    harbor = section(page, HARBOR)
    expect(harbor.get_by_role("radio")).to_have_count(2)
    expect(harbor.get_by_role("radio", checked=True)).to_have_count(0)
    expect(harbor.locator(".orders")).to_have_count(0)
    choose(harbor, "Chen Johnson")
    expect(harbor.locator(".profile").get_by_text("Chen Johnson")).to_be_visible()
    expect(harbor.get_by_text("Linked by Ava Brandt")).to_be_visible()


def test_an_order_of_somebody_else_is_covered_confirmed_and_withdrawn(visit: Visit, house: Installation) -> None:
    name_an_order(house, HANA, "1042")
    page = visit(AGENT)
    open_conversation(page, HANA)
    harbor = section(page, HARBOR)
    expect(harbor.get_by_text("Order found, identity not confirmed.")).to_be_visible()
    assert "maya@lindqvist.example" not in page.content()
    assert "Wool throw, Moss" not in harbor.inner_html()
    harbor.get_by_role("combobox", name="How do you know that #1042 is this contact’s?").fill("Named the street")
    harbor.get_by_role("button", name="Confirm and show order").click()
    expect(harbor.get_by_text("confirmed by Ava Brandt")).to_be_visible()
    expect(harbor.get_by_text("Wool throw, Moss").first).to_be_visible()
    harbor.get_by_role("button", name="Withdraw the confirmation of #1042").click()
    expect(harbor.get_by_text("Order found, identity not confirmed.")).to_be_visible()
    expect(harbor.get_by_text("Wool throw, Moss")).to_have_count(0)


def test_none_of_the_candidates_and_taken_back(visit: Visit, house: Installation) -> None:
    give_address(house, HANA, CHEN)
    page = visit(AGENT)
    open_conversation(page, HANA)
    harbor = section(page, HARBOR)
    harbor.get_by_role("button", name="None of these").click()
    expect(harbor.get_by_text("This contact is none of the 2 customers found here: Ava Brandt")).to_be_visible()
    expect(harbor.locator(".said")).to_be_focused()
    expect(harbor.get_by_role("radio")).to_have_count(0)
    expect(harbor.locator(".orders, .profile")).to_have_count(0)
    page.reload()
    harbor.get_by_role("button", name=f"Offer the customers of {HARBOR} again").click()
    expect(harbor.get_by_role("radio")).to_have_count(2)


def test_an_order_that_is_not_the_same_persons_is_put_away_by_keys_and_taken_back(
    visit: Visit, house: Installation
) -> None:
    name_an_order(house, HANA, "1042")
    page = visit(AGENT)
    open_conversation(page, HANA)
    harbor = section(page, HARBOR)
    harbor.get_by_role("button", name="Confirm and show order").focus()
    page.keyboard.press("Tab")
    expect(harbor.get_by_role("button", name="Not the same")).to_be_focused()
    page.keyboard.press("Enter")
    expect(harbor.get_by_text("#1042 is not this contact’s: Ava Brandt")).to_be_visible()
    expect(harbor.get_by_text("Order found, identity not confirmed.")).to_have_count(0)
    harbor.get_by_role("button", name="Take back that #1042 is not this contact’s").click()
    expect(harbor.get_by_text("Order found, identity not confirmed.")).to_be_visible()


@pytest.mark.nightly
def test_of_two_members_at_once_the_second_is_told_and_may_choose_again(visit: Visit) -> None:
    ava, adam = visit(AGENT), visit(ADMINISTRATOR)
    for page in (ava, adam):
        open_conversation(page, MAYA)
    mine = search(adam, MAXIMILIANA)
    expect(mine.get_by_role("radio")).to_have_count(1)
    choose(search(ava, BEN), "Ben Novak")
    expect(section(ava, COVE).get_by_text("Linked by Ava Brandt")).to_be_visible()
    choose(mine, MAXIMILIANA)
    told = section(adam, COVE)
    expect(told.get_by_text("Ava Brandt linked this contact with another customer meanwhile.")).to_be_visible()
    expect(told.get_by_text("Linked by Ava Brandt")).to_be_visible()
    told.locator("details.search > summary").click()
    choose(search(adam, MAXIMILIANA), MAXIMILIANA)
    expect(told.get_by_text("Linked by Adam Brandt")).to_be_visible()


def test_everything_is_reached_by_keys_alone(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, MAYA)
    why = section(page, COVE).get_by_role("button", name=f"Why nothing is shown from {COVE}")
    why.focus()
    page.keyboard.press("Enter")
    way = section(page, COVE).get_by_role("link", name="Find the customer by hand")
    expect(way).to_be_visible()
    while not way.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    box = section(page, COVE).get_by_role("searchbox")
    expect(box).to_be_focused()
    page.keyboard.type(BEN)
    page.keyboard.press("Enter")
    radio = section(page, COVE).get_by_role("radio", name="Ben Novak")
    expect(radio).to_be_visible()
    for key in ("Tab", "Tab", "Space", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(section(page, COVE).get_by_text("Linked by Ava Brandt")).to_be_visible()
    expect(section(page, COVE).locator(".said")).to_be_focused()


def overtaken(page: Page, here: Locator, held: list[Route]) -> None:
    """The section refreshes itself, as an open page does, while what was pressed in it is on its way; then that arrives."""
    with page.expect_response("**/stores/**refresh=1"):
        here.evaluate(
            "old => htmx.ajax('GET', old.dataset.url + '?refresh=1', {source: old, target: old, swap: 'outerHTML'})"
        )
    held[0].continue_()


def test_what_came_of_a_link_is_said_though_a_refresh_overtook_it(visit: Visit) -> None:
    page = visit(AGENT)
    held: list[Route] = []
    page.route("**/stores/*/link/", lambda route: held.append(route))
    open_conversation(page, MAYA)
    here = search(page, BEN)
    with page.expect_request("**/stores/*/link/"):
        choose(here, "Ben Novak")
    overtaken(page, here, held)
    expect(section(page, COVE).locator(".said")).to_be_focused()
    expect(section(page, COVE).get_by_text("Linked by Ava Brandt")).to_be_visible()


def test_the_search_opens_though_a_refresh_overtook_it(visit: Visit) -> None:
    page = visit(AGENT)
    held: list[Route] = []
    page.route("**/stores/**find=1", lambda route: held.append(route), times=1)
    open_conversation(page, MAYA)
    quiet = section(page, COVE)
    quiet.get_by_role("button", name=f"Why nothing is shown from {COVE}").click()
    with page.expect_request("**/stores/**find=1"):
        quiet.get_by_role("link", name="Find the customer by hand").click()
    overtaken(page, quiet, held)
    expect(section(page, COVE).get_by_role("searchbox")).to_be_focused()


def test_the_reason_stays_open_while_the_section_is_brought_up_to_date(visit: Visit, house: Installation) -> None:
    page = visit(AGENT)
    held: list[Route] = []
    open_conversation(page, MAYA)
    expect(section(page, COVE)).to_be_visible()
    aged(house)
    page.route("**/stores/**try=1", lambda route: held.append(route))
    with page.expect_request("**/stores/3/?try=1"):
        page.reload()
        section(page, COVE).get_by_role("button", name=f"Why nothing is shown from {COVE}").click()
    way = section(page, COVE).get_by_role("link", name="Find the customer by hand")
    expect(way).to_be_visible()
    with page.expect_response("**/stores/3/?try=1"):
        for route in held:
            route.continue_()
    page.unroute_all()
    page.wait_for_timeout(300)
    way.click()
    expect(section(page, COVE).get_by_role("searchbox")).to_be_focused()


def test_what_is_typed_outlives_the_refresh_of_the_section(visit: Visit, house: Installation) -> None:
    name_an_order(house, HANA, "1042")
    page = visit(AGENT)
    open_conversation(page, HANA)
    harbor = section(page, HARBOR)
    reason = harbor.get_by_role("combobox", name="How do you know that #1042 is this contact’s?")
    reason.fill("Named the")
    harbor.locator("details.search > summary").click()
    harbor.get_by_role("searchbox", name="Order number").fill("Lindq")
    with page.expect_response("**/stores/**refresh=1"):
        harbor.get_by_label(f"Refresh {HARBOR}").click()
    expect(harbor.get_by_role("searchbox", name="Order number")).to_have_value("Lindq")
    expect(reason).to_have_value("Named the")


def test_all_of_it_works_without_scripts(visit: Visit) -> None:
    page = visit(AGENT, java_script_enabled=False)
    page.goto("/acme/inbox/?view=all")
    page.locator(".row", has_text=MAYA).first.click()
    for _ in range(10):
        if page.get_by_role("button", name=f"Why nothing is shown from {COVE}").count():
            break
        page.wait_for_timeout(300)
        page.reload()
    thread = page.url
    page.get_by_role("button", name=f"Why nothing is shown from {COVE}").click()
    page.locator("#side").get_by_role("link", name="Find the customer by hand").click()
    page.get_by_role("searchbox").fill(BEN)
    page.get_by_role("button", name=f"Find in {COVE}").click()
    for _ in range(10):
        if page.get_by_role("radio").count():
            break
        page.wait_for_timeout(300)
        page.get_by_role("button", name="Look again").click()
    page.get_by_role("radio", name="Ben Novak").check()
    page.get_by_role("button", name="Link customer").click()
    expect(page).to_have_url(re.compile(re.escape(f"{thread.partition('?')[0]}#store-") + "[0-9]+$"))
    expect(page.locator("#side").get_by_text("Linked by Ava Brandt")).to_be_visible()
