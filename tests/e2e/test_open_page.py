"""An open page between two answers: whoever leaves it, comes back to it or is signed out loses no word, and acts on nobody else."""

import contextlib
import re

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit, Watch, open_conversation
from tests.e2e.house import AGENT, HARBOR
from tests.e2e.test_by_hand import HANA, name_an_order
from tests.e2e.test_freshness import NOAH, YUSUF
from tests.e2e.test_reading import section, settled
from tests.e2e.test_reply import kept, written

pytestmark = [pytest.mark.browser, pytest.mark.nightly, pytest.mark.usefixtures("stores")]
DEE = "Dee"
PHONE = {"viewport": {"width": 390, "height": 780}}


@pytest.fixture(autouse=True)
def _nothing_is_written(house: Installation) -> None:
    with house.database() as database:
        database.execute("DELETE FROM inbox_replydraft")


def open_row(page: Page, name: str) -> None:
    page.locator(".row", has_text=name).first.click()
    expect(page.locator("#side h2")).to_have_text(name)


# --- Nobody is linked, and nothing confirmed, beside somebody else ----------------------------------------------------
def test_a_search_stays_with_the_conversation_it_was_opened_beside(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, NOAH)
    settled(page)
    here = section(page, HARBOR)
    here.locator("details.search > summary").click()
    here.get_by_role("searchbox").fill("Yusuf")
    here.get_by_role("button", name=f"Find in {HARBOR}").click()
    expect(here.get_by_role("button", name="Link customer")).to_be_visible()
    open_row(page, YUSUF)
    settled(page)
    number = page.locator("#main").get_attribute("data-number")
    forms = page.locator("#side form").evaluate_all("all => all.map(form => form.getAttribute('action'))")
    assert [url for url in forms if f"/inbox/{number}/" not in url] == []
    expect(page.locator("#side").get_by_role("button", name="Link customer")).to_have_count(0)
    page.go_back()
    expect(page.locator("#side h2")).to_have_text(NOAH)
    number = page.locator("#main").get_attribute("data-number")
    forms = page.locator("#side form").evaluate_all("all => all.map(form => form.getAttribute('action'))")
    assert [url for url in forms if f"/inbox/{number}/" not in url] == []


# --- Nothing that was written is lost ----------------------------------------------------------------------------------
def test_what_is_written_is_kept_when_the_browser_goes_back_at_once(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, NOAH)
    open_row(page, DEE)
    here = page.url
    written(page, "then he pressed Back")
    page.go_back()
    expect(page.locator("#side h2")).to_have_text(NOAH)
    page.wait_for_timeout(300)
    page.goto(here)
    expect(page.locator("#reply-text")).to_have_value("then he pressed Back")


def test_what_is_written_on_a_phone_is_kept_on_the_way_back_to_the_list(visit: Visit) -> None:
    page = visit(AGENT, **PHONE)
    page.goto("/acme/inbox/?view=all")
    page.locator(".row", has_text=DEE).first.click()
    expect(page.locator("#reply-text")).to_be_visible()
    here = page.url
    written(page, "on the train")
    page.locator("[data-back]").click()
    expect(page.locator("#reply-text")).to_have_count(0)
    page.wait_for_timeout(300)
    page.goto(here)
    expect(page.locator("#reply-text")).to_have_value("on the train")


def test_what_is_written_stands_there_after_a_reload_at_once(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, DEE)
    written(page, "first words")
    kept(page)
    written(page, "first words, and last ones")
    page.reload()
    expect(page.locator("#reply-text")).to_have_value("first words, and last ones")


def test_what_is_written_while_an_answer_is_awaited_is_no_other_window(visit: Visit, watch: Watch) -> None:
    """The first save is stored and its answer lost on the way; meanwhile the text goes on."""
    page = visit(AGENT)
    open_conversation(page, DEE)

    def stored_and_unanswered(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(re.compile(r"/draft/"), stored_and_unanswered, times=1)
    written(page, "Dear Dee")
    expect(page.locator("#reply .state.away")).to_be_visible()
    written(page, "Dear Dee, it is on its way")
    expect(page.locator("#reply .state.kept")).to_be_visible(timeout=12_000)
    expect(page.get_by_text("changed in another window")).to_have_count(0)
    watch.complaints[:] = [one for one in watch.complaints if not re.search("ERR_FAILED|htmx:", one)]


def test_who_goes_on_writing_while_a_save_is_slow_and_leaves_loses_nothing(visit: Visit) -> None:
    """The first text is stored, its answer is still on the way when the writer goes on and leaves."""
    page = visit(AGENT)
    open_conversation(page, DEE)
    here, held = page.url, []

    def stored(route: Route) -> None:
        held.append((route, route.fetch()))

    page.route(re.compile(r"/draft/"), stored, times=1)
    written(page, "slow")
    while not held:
        page.wait_for_timeout(100)
    written(page, "slow, and more")
    page.locator(".row", has_text=NOAH).first.click()
    expect(page.locator("#side h2")).to_have_text(NOAH)
    held[0][0].fulfill(response=held[0][1])
    page.goto(here)
    expect(page.locator("#reply-text")).to_have_value("slow, and more")


def test_a_session_that_has_ended_is_said_and_what_is_written_is_kept_after_signing_in_again(
    visit: Visit, watch: Watch
) -> None:
    page = visit(AGENT)
    open_conversation(page, DEE)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    written(page, "written too late")
    expect(page.locator("#reply").get_by_role("alert").filter(has_text="signed out")).to_be_visible()
    expect(page.locator("#reply-text")).to_have_value("written too late")
    expect(page.locator("input[type=password]")).to_have_count(0)
    assert page.url.endswith(page.locator("#main").get_attribute("data-number") + "/?view=all")
    page.context.add_cookies(
        [{**one, "value": one["value"][::-1]} if one["name"] == "csrftoken" else one for one in cookies]
    )
    expect(page.locator("#reply .state.kept")).to_be_visible(timeout=12_000)
    watch.complaints.clear()


@pytest.mark.nightly
def test_without_a_connection_another_row_leads_nowhere_and_the_text_stays(visit: Visit, watch: Watch) -> None:
    page = visit(AGENT)
    open_conversation(page, DEE)
    page.context.set_offline(True)
    written(page, "in the tunnel")
    page.locator(".row", has_text=NOAH).first.click()
    page.wait_for_timeout(1500)
    expect(page.locator("#reply-text")).to_have_value("in the tunnel")
    expect(page.locator(".row[aria-current]")).to_contain_text(DEE)
    page.context.set_offline(False)
    expect(page.locator("#reply .state.kept")).to_be_visible(timeout=12_000)
    watch.complaints.clear()


def test_a_reply_that_was_thrown_away_in_one_window_does_not_come_back_from_another(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, DEE)
    written(page, "better not")
    kept(page)
    other = page.context.new_page()
    other.goto(page.url)
    other.locator("#reply-discard").click()
    expect(other.locator("#reply-state[data-empty]")).to_have_count(1)
    with page.expect_response(lambda answer: "/draft/" in answer.url):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    other.reload()
    expect(other.locator("#reply-text")).to_have_value("")


# --- Back and forth ------------------------------------------------------------------------------------------------
def test_going_back_from_the_drawer_of_a_phone_leaves_a_list_that_works(visit: Visit) -> None:
    page = visit(AGENT, **PHONE)
    page.goto("/acme/inbox/?view=all")
    page.locator(".row", has_text=NOAH).first.click()
    page.locator(".drawer-handle").click()
    expect(page.locator("#side[data-open]")).to_be_visible()
    page.go_back()
    expect(page.locator("#side")).to_have_count(0)
    expect(page.locator(".list-pane")).not_to_have_attribute("inert", "")
    page.locator(".row", has_text=YUSUF).first.click()
    expect(page.locator("#main h1")).to_be_visible()


@pytest.mark.nightly
def test_a_slow_way_back_is_not_painted_over_what_was_opened_meanwhile(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, NOAH)
    settled(page)
    noah = page.url
    open_row(page, DEE)
    held: list[Route] = []
    page.route(noah, lambda route: held.append(route))
    page.evaluate("history.back()")
    while not held:
        page.wait_for_timeout(100)
    page.locator(".row", has_text=YUSUF).first.click()
    expect(page.locator("#side h2")).to_have_text(YUSUF)
    with contextlib.suppress(Error):
        held[0].continue_()
    page.wait_for_timeout(1000)
    expect(page.locator("#side h2")).to_have_text(YUSUF)


@pytest.mark.nightly
def test_what_another_agent_confirms_or_withdraws_is_seen_beside_the_same_contact(
    visit: Visit, house: Installation
) -> None:
    name_an_order(house, HANA, "1042")
    mine, theirs = visit(AGENT), visit(AGENT)
    for page in (mine, theirs):
        open_conversation(page, HANA)
        settled(page)
    form = section(mine, HARBOR).locator("form.confirm")
    form.get_by_role("combobox").fill("Named the street")
    form.get_by_role("button", name="Confirm and show order").click()
    expect(section(theirs, HARBOR).get_by_text("confirmed by Ava Brandt")).to_be_visible()
    section(mine, HARBOR).get_by_role("button", name="Withdraw the confirmation of #1042").click()
    expect(section(theirs, HARBOR).get_by_text("Order found, identity not confirmed.")).to_be_visible()
    with house.database() as database:
        database.execute("DELETE FROM inbox_mention WHERE typed = 'by hand'")
