"""The audit log in a browser: what an owner did stands there, is found again, and is taken away as a file that verifies."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.house import AGENT, OWNER
from tests.e2e.test_accessible import scrolls_sideways, serious
from tests.tenants import verify_by_hand

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
LOG = "/acme/settings/audit/"


def test_an_owner_finds_what_was_done_and_downloads_a_log_that_verifies(visit: Visit, tmp_path: Path) -> None:
    page = visit(OWNER)
    page.goto("/acme/settings/general/")
    page.get_by_label("Time zone").select_option("Europe/Vienna")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.get_by_role("link", name="Audit log").click()
    expect(page.get_by_role("heading", name="Audit log", level=1)).to_be_visible()
    first = page.locator(".audit > li").first
    expect(first).to_contain_text("Olivia Chen changed the workspace’s settings")
    expect(first.locator("del")).not_to_have_text("Europe/Vienna")
    expect(first.locator("ins")).to_have_text("Europe/Vienna")
    page.get_by_label("About").select_option("People")
    page.get_by_label("Target begins with").fill("member")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".audit > li").filter(has_text="added a member: Adam Brandt")).to_be_visible()
    expect(page).to_have_url(f"{LOG}?group=people&actor=&begin=&end=&target=member")
    page.get_by_role("link", name="Show everything").click()
    expect(page).to_have_url(LOG)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything").click()
    download.value.save_as(tmp_path / "audit.jsonl")
    assert len(verify_by_hand.check(str(tmp_path / "audit.jsonl"))) == 64
    done = subprocess.run(
        [sys.executable, "manage.py", "verify_audit", str(tmp_path / "audit.jsonl")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "chain whole" in done.stdout


@pytest.mark.nightly
def test_the_log_is_accessible_and_fits_the_narrowest_phone(visit: Visit) -> None:
    page = visit(OWNER)
    page.goto(LOG)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert serious(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert scrolls_sideways(page) == []
    page.reload()
    # The settings' entries are a line that scrolls there: the last of them is in sight on its own page.
    expect(page.get_by_role("link", name="Audit log")).to_be_in_viewport(ratio=1)


def test_an_agent_finds_no_way_to_the_log(visit: Visit, watch: object) -> None:
    page = visit(AGENT)
    page.goto("/acme/settings/general/")
    expect(page.get_by_role("link", name="General", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Audit log")).to_have_count(0)
    assert page.request.get(LOG).status == 403
