"""What a member is told while a page of theirs is open, and the reports in a real browser."""

import re
import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit
from tests.e2e.house import AGENT, OWNER
from versana.devservices.places import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.long]
PATIENCE_MS = 20_000  # the bell asks every eight seconds
# The owner gives the agent a conversation, as the button in a thread's head does.
ASSIGN = """

from inbox import conversations
from inbox.models import Conversation
from tenants.doors import tenant_of_slug
from tenants.models import Membership
from tenants.rls.context import tenant_context
with tenant_context(tenant_of_slug("acme")):
    owner, agent = Membership.objects.get(user__email={owner!r}), Membership.objects.get(user__email={agent!r})
    row = Conversation.objects.get(number={number})
    conversations.assign(conversation=row, to=None, by=owner)
    conversations.assign(conversation=row, to=agent, by=owner)
"""


def assign(house: Installation, number: int) -> None:
    words = ASSIGN.format(owner=OWNER, agent=AGENT, number=number)
    subprocess.run([sys.executable, "manage.py", "shell", "--command", words], env=house.env, cwd=ROOT, check=True)


def forget(house: Installation) -> None:
    with house.database() as database:
        database.execute("DELETE FROM inbox_notification")


def sound(page: Page) -> None:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_bell_shows_and_says_what_came_without_a_reload_and_opening_it_reads_it(
    visit: Visit, house: Installation
) -> None:
    forget(house)
    page = visit(AGENT)
    page.goto("/acme/inbox/?view=all")
    title = page.title()
    expect(page.locator("#bell .bell-count")).to_be_hidden()
    page.evaluate("window.sameDocument = true")
    assign(house, 2)
    expect(page.locator("#bell .bell-count")).to_have_text("1", timeout=PATIENCE_MS)
    expect(page.locator("#announcer")).to_have_text(re.compile("gave you a conversation: "))
    expect(page).to_have_title(f"(1) {title}")
    assert page.evaluate("window.sameDocument")
    # A thread that htmx opens brings a title of its own; the number stays before it.
    page.locator(".row:not(#row-2)").first.click()
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    page.locator("#bell").click()
    row = page.locator("main a.row")
    expect(row).to_have_class(re.compile("unread"))
    sound(page)
    row.click()
    expect(page).to_have_url(re.compile("/acme/inbox/2/"))
    page.goto("/acme/notices/")
    expect(page.locator("#bell .bell-count")).to_be_hidden()
    expect(page.locator("main a.row")).not_to_have_class(re.compile("unread"))
    assert not page.title().startswith("(")


def test_without_scripts_the_notices_are_a_link_away_and_quiet_hours_are_a_form(
    visit: Visit, house: Installation
) -> None:
    forget(house)
    assign(house, 3)
    page = visit(AGENT, java_script_enabled=False, viewport={"width": 360, "height": 740})
    page.goto("/acme/")
    page.get_by_role("link", name="Notices").click()
    page.get_by_role("button", name="Mark all read").click()
    expect(page.get_by_role("button", name="Mark all read")).to_have_count(0)
    page.get_by_role("link", name="By mail").click()
    page.get_by_label("Quiet from").select_option("22")
    page.get_by_label("until").select_option("7")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.get_by_label("Quiet from")).to_have_value("22")


@pytest.mark.nightly
def test_the_reports_are_accessible_in_both_themes_and_their_table_opens(visit: Visit) -> None:
    for theme in ("light", "dark"):
        page = visit(OWNER, color_scheme=theme)
        page.goto("/acme/reports/?begin=2026-01-01&end=2026-11-20")
        sound(page)
        page.get_by_text("The charts as a table").press("Enter")
        expect(page.get_by_role("region", name="By day")).to_be_visible()
        page.set_viewport_size({"width": 360, "height": 740})
        sound(page)


def test_home_is_where_g_and_h_lead_and_its_queue_is_walked_by_keys(visit: Visit, house: Installation) -> None:
    assign(house, 4)
    page = visit(AGENT)
    page.goto("/acme/inbox/")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page).to_have_url("/acme/")
    sound(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/acme/inbox/[0-9]+/"))
