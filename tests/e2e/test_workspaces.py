"""A workspace's life in a browser: opened by the console's link, taken away as a zip, closed, and opened again.

On an installation of its own, which begins without a single person.
"""

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from integrations.shopify.sandbox import DEMO_STORES
from tests import template
from tests.acceptance import stack
from tests.acceptance.stack import Installation
from tests.e2e.conftest import Watch
from tests.e2e.house import MAILBOX, PASSWORD
from tests.e2e.test_accessible import scrolls_sideways, serious
from versana.devservices.places import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
OLIVIA, AVA = "olivia@northwind.example", "ava@northwind.example"
DATA = "/northwind/settings/data/"
NINE_MORE = f"""
from django.core.management import call_command
for number in range(2, 11):
    call_command("create_tenant", f"workspace-{{number}}", name=f"Workspace {{number}}", owner="{OLIVIA}")
"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Tables and processes, and nobody."""
    with ExitStack() as closing:
        place = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="versana-empty-")))
        env = stack._with_database(os.environ, f"versana_empty_{os.getpid()}")
        env |= {
            "MAIL_FILE_PATH": str(place / "mail"),
            "MAIL_TRANSPORT": "django.core.mail.backends.filebased.EmailBackend",
            "PUBLIC_URL": "http://localhost",
        }
        (place / "mail").mkdir()
        here = Installation(place, env, DEMO_STORES, ())
        name = env["DATABASE_URL"].rpartition("/")[2]
        closing.callback(stack._drop, os.environ["SUPERUSER_DATABASE_URL"], name)
        closing.callback(here.stop_all)
        here.start_redis()
        template.copy(name, env)
        here.manage("setup_database")
        here.start_web(1)
        here.start_workers(1)
        here.start_beat()
        yield here


Open = Callable[..., Page]


@pytest.fixture
def window(browser: Browser, empty: Installation, watch: Watch) -> Iterator[Open]:
    """`window(email)`: a page of a browser of its own, signed in when an address is given."""
    contexts = []

    def open_page(email: str = "") -> Page:
        size = {"width": 1440, "height": 900}
        context = browser.new_context(base_url=empty.web[0], viewport=size, reduced_motion="reduce")
        context.set_default_timeout(15_000)
        watch.over(context)
        contexts.append(context)
        page = context.new_page()
        if email:
            page.goto("/")
            page.get_by_label(re.compile("^E-?mail")).fill(email)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_role("button", name="Sign in", exact=True).click()
        return page

    yield open_page
    for context in contexts:
        context.close()


def sound(page: Page) -> None:
    """Accessible in both themes, and nothing moves sideways on the narrowest phone."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert (serious(page), theme) == ([], theme)
    page.set_viewport_size({"width": 360, "height": 740})
    assert scrolls_sideways(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")


def test_the_link_on_the_console_leads_to_the_inbox(window: Open, empty: Installation, watch: Watch) -> None:
    page = window()
    page.goto("/")
    expect(page.get_by_text("Nobody has an account here yet.")).to_be_visible()
    sound(page)
    link = urlsplit(re.search(r"http\S+/welcome/\S+/", empty.manage("first_run"))[0]).path
    page.goto(link)
    expect(page.get_by_role("heading", name="Open your first workspace")).to_be_visible()
    assert urlsplit(page.url).path == "/welcome/"
    sound(page)
    page.get_by_label("Workspace name").fill("Northwind Traders")
    page.get_by_label("Address", exact=True).fill("Nörth Wind")
    page.get_by_label("Time zone").select_option("Europe/Oslo")
    page.get_by_label("Your name").fill("Olivia Chen")
    page.get_by_label("Your e-mail").fill(OLIVIA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open the workspace").click()
    expect(page.get_by_text("“north-wind” would do.")).to_be_visible()
    expect(page.get_by_label("Address", exact=True)).to_have_value("north-wind")
    assert ["422" in complaint for complaint in watch.complaints] == [True]  # the browser notes the refusal
    watch.complaints.clear()
    sound(page)
    page.get_by_label("Address", exact=True).fill("Northwind")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open the workspace").click()
    expect(page).to_have_url(re.compile("/northwind/settings/general/$"))
    expect(page.get_by_label("Workspace name")).to_have_value("Northwind Traders")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Inbox").click()
    expect(page).to_have_url(re.compile("/northwind/inbox/$"))
    assert window().request.get(link).status == 404


@pytest.mark.nightly
def test_an_export_shows_its_progress_and_comes_as_a_zip(window: Open, empty: Installation, tmp_path: Path) -> None:
    empty.manage("import_mail", MAILBOX, "--workspace", "northwind")
    page = window(OLIVIA)
    page.goto(DATA)
    expect(page.get_by_text("No export is kept at the moment.")).to_be_visible()
    sound(page)
    page.get_by_role("button", name="Make an export").click()
    expect(page.locator("#exports progress").or_(page.get_by_role("link", name="Download"))).to_be_visible()
    expect(page.get_by_role("link", name="Download")).to_be_visible(timeout=30_000)
    sound(page)
    with page.expect_download() as fetching:
        page.get_by_role("link", name="Download").click()
    assert re.fullmatch(r"northwind-\d{4}-\d\d-\d\d\.zip", fetching.value.suggested_filename)
    fetching.value.save_as(tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as file:
        assert file.testzip() is None
        assert len([name for name in file.namelist() if name.endswith(".eml")]) > 5
    page.get_by_role("button", name="Delete Export 1").click()
    expect(page.get_by_text("No export is kept at the moment.")).to_be_visible()


@pytest.mark.nightly
def test_an_owner_closes_it_a_colleague_reads_so_and_it_is_opened_again(
    window: Open, empty: Installation, watch: Watch
) -> None:
    add = [sys.executable, "manage.py", "add_member", "northwind", AVA, "--role", "agent", "--name", "Ava Brandt"]
    subprocess.run(add, env=empty.env, cwd=ROOT, input=f"{PASSWORD}\n", text=True, check=True)
    ava = window(AVA)
    expect(ava).to_have_url(re.compile("/northwind/$"))
    olivia = window(OLIVIA)
    olivia.goto(DATA)
    olivia.get_by_role("link", name="Close the workspace").click()
    olivia.get_by_label("Password").fill(PASSWORD)  # a browser left open is not enough
    olivia.get_by_role("button", name=re.compile("Confirm|Continue")).click()
    button = olivia.get_by_role("button", name="Close the workspace")
    olivia.get_by_label("Type northwind to confirm").fill("north")
    expect(button).to_be_disabled()
    sound(olivia)
    olivia.get_by_label("Type northwind to confirm").fill("northwind")
    button.click()
    expect(olivia.get_by_role("heading", name="Northwind Traders is closed")).to_be_visible()
    sound(olivia)
    ava.goto("/northwind/inbox/")
    expect(ava.get_by_role("heading", name="This workspace is being closed")).to_be_visible()
    sound(ava)
    assert ["403" in complaint for complaint in watch.complaints] == [True]
    watch.complaints.clear()
    olivia.goto("/northwind/inbox/")
    expect(olivia).to_have_url(re.compile(f"{DATA}$"))
    olivia.get_by_role("button", name="Open the workspace again").click()
    expect(olivia.get_by_role("link", name="Close the workspace")).to_be_visible()
    back = window(AVA)
    expect(back).to_have_url(re.compile("/northwind/$"))


def test_ten_workspaces_scroll_in_the_menu_and_the_current_one_is_marked(window: Open, empty: Installation) -> None:
    empty.manage("shell", "--command", NINE_MORE)  # in one process: nine of them take half a minute
    page = window()
    page.set_viewport_size({"width": 900, "height": 320})
    page.goto("/account/login/?next=/northwind/inbox/")
    page.get_by_label(re.compile("^E-?mail")).fill(OLIVIA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Workspace Northwind Traders").press("Enter")
    menu = page.locator("#workspace-menu")
    expect(menu.get_by_role("link")).to_have_count(10)
    expect(menu.locator("[aria-current]")).to_have_text("Northwind Traders")
    assert menu.evaluate("(element) => element.scrollHeight > element.clientHeight")
    last = menu.get_by_role("link", name="Workspace 9")
    last.focus()
    expect(last).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/workspace-9/$"))
