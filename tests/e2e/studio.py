"""What takes the pictures: an installation, a browser that believes in its public name, and pages of its people."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.acceptance.stack import Installation
from tests.e2e.conftest import sign_in
from tests.e2e.house import BROWSER_ARGUMENTS
from versana.devservices.places import ROOT

IMAGES = ROOT / "docs" / "images"
DESK, CARD, PHONE = (1440, 900), (900, 800), (390, 844)
BOTH = ("light", "dark")
# What the pictures show as the installation's name; the browser takes it for this machine, whatever the port is.
HOST = "support.example.com"
ADDRESS = f"http://{HOST}"


class Studio:
    """The installation, the browser, and which pictures are wanted (all when none is named)."""

    def __init__(self, house: Installation, browser: Browser, wanted: Sequence[str]) -> None:
        self.house, self.browser, self.wanted = house, browser, wanted
        self.known: dict[str, Any] = {}
        self.secret = ""  # of the owner's authenticator app, once it is set up

    @contextmanager
    def page(
        self, email: str = "", size: tuple[int, int] = DESK, theme: str = "light", user_agent: str | None = None
    ) -> Iterator[Page]:
        if email and email not in self.known:
            with self.browser.new_context(base_url=ADDRESS) as door:
                sign_in(door.new_page(), email)
                self.known[email] = door.storage_state()
        with self.browser.new_context(
            base_url=ADDRESS,
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
            storage_state=self.known.get(email),
            user_agent=user_agent,
        ) as context:
            yield context.new_page()

    def take(self, page: Page, name: str) -> None:
        if self.wanted and name not in self.wanted:
            return
        page.wait_for_load_state("networkidle")
        page.evaluate("document.activeElement?.blur()")
        page.screenshot(path=IMAGES / f"{name}.png")
        print(f"docs/images/{name}.png", flush=True)


@contextmanager
def chromium(house: Installation) -> Iterator[Browser]:
    here = house.web[0].replace("http://localhost", "127.0.0.1")
    arguments = [
        *BROWSER_ARGUMENTS,
        f"--host-resolver-rules=MAP {HOST} {here}",
        "--disable-features=HttpsUpgrades,HttpsFirstBalancedMode",
    ]
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=os.environ["CHROMIUM_PATH"], args=arguments) as browser,
    ):
        yield browser
