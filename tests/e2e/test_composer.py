"""Answers, notes and saved replies in the browser: sent, undone, kept, by keys alone, offline, and beside a colleague."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit, Watch, open_conversation
from tests.e2e.house import AGENT, OWNER

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("stores", "identity")]


@pytest.fixture
def identity(house: Installation) -> Iterator[None]:
    """The workspace can send, and a reply can be taken back for a whole minute; nothing written here outlives its test."""
    clear = "DELETE FROM inbox_{} WHERE conversation_id IN (SELECT id FROM inbox_conversation)"

    def tidy() -> None:
        with house.database() as database:
            database.execute("DELETE FROM inbox_searchentry WHERE note_id IS NOT NULL")
            for table in ("replydraft", "presence", "note"):
                database.execute(clear.format(table))
            database.execute("DELETE FROM inbox_savedreply")

    with house.database() as database:
        database.execute(
            "INSERT INTO inbox_mailidentity (tenant_id, from_name, from_email, reply_to, signature, undo_seconds, updated_at)"
            " SELECT id, 'Harbor & Pine', 'support@shop.example', '', '', 60, now() FROM tenants_tenant WHERE slug = 'acme'"
            " ON CONFLICT DO NOTHING"
        )
    tidy()
    yield
    tidy()


def kept(page: Page, form: str = "#reply") -> None:
    expect(page.locator(f"{form} .state.kept")).to_be_visible()


def test_ava_replies_by_keys_alone_and_takes_it_back(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, "Jonas Weber")
    before = page.locator(".message.sent").count()
    page.locator("#main").focus()
    page.keyboard.press("r")
    expect(page.locator("#reply-text")).to_be_focused()
    page.keyboard.type("Dear Jonas, it is changed.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message.sent")).to_have_count(before + 1)
    expect(page.locator("#undo")).to_contain_text("leaves in a moment")
    expect(page.locator("#reply-text")).to_have_value("")
    page.reload()
    expect(page.locator(".message.sent").last).to_contain_text("it is changed")
    page.locator("#undo-button").press("Enter")
    expect(page.locator("#reply-text")).to_have_value("Dear Jonas, it is changed.")
    expect(page.locator(".message.sent")).to_have_count(before)
    expect(page.locator("#undo")).to_have_count(0)


def test_a_reply_that_closes_is_undone_whole(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, "Hana Sato")
    page.locator("#reply-text").fill("Your money is on its way.")
    page.get_by_role("button", name="Reply and close").click()
    expect(page.locator("#thread-standing .badge")).to_have_text("Closed")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#thread-standing .badge")).to_have_text("Open")
    expect(page.locator("#reply-text")).to_have_value("Your money is on its way.")


def test_reply_and_note_are_kept_over_a_reload_each_for_itself(visit: Visit) -> None:
    page = visit(AGENT)
    open_conversation(page, "Priya Raman")
    page.locator("#reply-text").fill("Dear Priya,")
    kept(page)
    page.locator("#reply-text").press("Escape")  # then a key is a shortcut again, and no letter
    page.keyboard.press("n")
    page.keyboard.type("Cancelled twice before.")
    kept(page, "#note")
    page.reload()
    expect(page.locator("#reply-text")).to_have_value("Dear Priya,")
    page.locator("#reply [data-write=note]").click()
    expect(page.locator("#note-text")).to_have_value("Cancelled twice before.")
    page.locator("#note-text").press("Control+Enter")
    expect(page.locator(".message.note")).to_contain_text("Cancelled twice before.")
    expect(page.locator("#reply-text")).to_have_value("Dear Priya,")
    page.get_by_role("button", name="Delete the note").click()
    expect(page.locator(".message.note")).to_have_count(0)


def test_a_colleague_is_named_in_a_note_by_keys_alone_and_told(visit: Visit, house: Installation) -> None:
    with house.database() as database:
        database.execute("DELETE FROM inbox_notification")
    page = visit(AGENT)
    open_conversation(page, "Eleanor Whitcombe")
    page.keyboard.press("n")
    field, offered = page.locator("#note-text"), page.get_by_role("listbox", name="Colleagues")
    page.keyboard.type("Ask support@shop.example, or @")
    expect(offered.get_by_role("option")).to_have_text([re.compile("Adam Brandt"), re.compile("Olivia Chen")])
    page.keyboard.press("ArrowDown")
    chosen = offered.get_by_role("option", selected=True)
    expect(chosen).to_contain_text("Olivia Chen")
    expect(field).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(offered).to_be_hidden()
    page.keyboard.type("ch")
    expect(page.locator("#announcer")).to_have_text("1 colleague: Olivia Chen")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Ask support@shop.example, or @Olivia Chen ")
    expect(offered).to_be_hidden()
    kept(page, "#note")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message.note")).to_contain_text("@Olivia Chen")
    olivia = visit(OWNER)
    olivia.goto("/acme/notices/")
    expect(olivia.locator("main a.row").first).to_contain_text("Ava Brandt mentioned you in a note")


def test_a_colleague_is_picked_by_mouse_or_written_past(visit: Visit) -> None:
    page = visit(AGENT, viewport={"width": 390, "height": 844})
    open_conversation(page, "Jonas Weber")
    page.locator("#reply [data-write=note]").click()
    field, offered = page.locator("#note-text"), page.get_by_role("listbox", name="Colleagues")
    page.keyboard.type("Hi @ad")
    offered.get_by_role("option", name="Adam Brandt").click()
    expect(field).to_have_value("Hi @Adam Brandt ")
    expect(field).to_be_focused()
    page.keyboard.press("Control+z")
    expect(field).to_have_value("Hi @ad")
    page.keyboard.press("End")
    page.keyboard.type("x and@ol")
    expect(offered).to_be_hidden()
    page.keyboard.press("Enter")
    expect(field).to_have_value("Hi @adx and@ol\n")
    page.locator("#note-discard").click()


def test_two_in_one_conversation_see_each_other_and_the_second_is_warned(visit: Visit) -> None:
    ava, olivia = visit(AGENT), visit(OWNER)
    open_conversation(ava, "Priya Raman")
    olivia.goto(ava.url)
    expect(ava.locator("#presence")).to_have_text("Olivia Chen is looking at this")
    olivia.locator("#reply-text").fill("From Olivia.")
    expect(ava.locator("#presence")).to_have_text("Olivia Chen is replying")
    ava.locator("#reply-text").fill("From Ava.")
    olivia.get_by_role("button", name="Send reply").click()
    expect(olivia.locator("#undo")).to_be_visible()
    ava.get_by_role("button", name="Send reply").click()
    guard = ava.locator("#reply-state .newer")
    expect(guard).to_contain_text("A newer message arrived, and nothing was sent")
    expect(guard).to_contain_text("From Olivia.")
    expect(ava.locator("#reply-text")).to_have_value("From Ava.")
    ava.get_by_role("button", name="Send anyway").click()
    expect(ava.locator(".message.sent").last).to_contain_text("From Ava.")
    for page in (ava, olivia):
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#undo")).to_have_count(0)


def test_a_saved_reply_is_inserted_or_says_why_not(visit: Visit) -> None:
    page = visit(AGENT)
    for name, text in (("Greeting", "Dear {{ contact.name }},"), ("Parcel", "{{ order.tracking_link }}")):
        page.goto("/acme/settings/replies/new/")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Text").fill(text)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text(text)).to_be_visible()
    open_conversation(page, "Eleanor Whitcombe")
    page.locator("#reply-text").focus()
    page.keyboard.press("Control+.")
    expect(page.locator("[data-saved]")).to_have_count(2)
    page.keyboard.type("parcel")
    expect(page.locator("[data-saved]:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("[data-saved]:visible .why")).to_contain_text("No order of this contact")
    expect(page.locator("#reply-text")).to_have_value("")
    page.locator("#saved-search").fill("greet")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#reply-text")).to_have_value("Dear Eleanor Whitcombe,")


def test_offline_a_reply_stays_and_leaves_once_the_line_is_back(visit: Visit, watch: Watch) -> None:
    page = visit(AGENT)
    open_conversation(page, "Luca Moretti")
    page.context.set_offline(True)
    page.locator("#reply-text").fill("Dear Luca, it comes again.")
    page.locator("#reply-text").press("Control+Enter")
    expect(page.locator("#reply .state.unsent")).to_contain_text("Not sent: no connection.")
    expect(page.locator("#reply-text")).to_have_value("Dear Luca, it comes again.")
    page.context.set_offline(False)
    page.locator("#reply-text").press("Control+Enter")
    expect(page.locator(".message.sent").last).to_contain_text("it comes again")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#reply-text")).to_have_value("Dear Luca, it comes again.")
    watch.complaints[:] = [one for one in watch.complaints if not re.search("ERR_INTERNET|htmx:", one)]


def test_without_scripts_a_reply_is_sent_and_undone(visit: Visit) -> None:
    page = visit(AGENT, java_script_enabled=False)
    open_conversation(page, "Amara Diallo")
    page.locator("#reply-text").fill("Gladly.")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".message.sent").last).to_contain_text("Gladly.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#reply-text")).to_have_value("Gladly.")
    page.get_by_role("button", name="Discard").first.click()
