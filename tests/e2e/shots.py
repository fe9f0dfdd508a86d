"""`./dev shots [NAME ...]`: photographs the product for docs/images, at the sizes of the design's pictures.

A whole installation of its own is started and filled with the demo's stores and mails; nothing is drawn by hand.
Inter (Debian: fonts-inter) is what the design was drawn with; without it the system's own font is photographed.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.acceptance.stack import Installation
from tests.app_codes import code_of
from tests.e2e import staging
from tests.e2e.conftest import open_conversation, sign_in
from tests.e2e.house import AGENT, BROWSER_ARGUMENTS, COVE, HARBOR, OWNER, PASSWORD, PIER, PINE, open_house
from tests.e2e.test_members import MEMBERS, invite, link_in_mail
from versana.devservices.places import ROOT

IMAGES = ROOT / "docs" / "images"
GENERAL = "/acme/settings/general/"
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

    @contextmanager
    def page(self, email: str = "", size: tuple[int, int] = DESK, theme: str = "light") -> Iterator[Page]:
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
        ) as context:
            yield context.new_page()

    def take(self, page: Page, name: str) -> None:
        if self.wanted and name not in self.wanted:
            return
        page.wait_for_load_state("networkidle")
        page.evaluate("document.activeElement?.blur()")
        page.screenshot(path=IMAGES / f"{name}.png")
        print(f"docs/images/{name}.png", flush=True)


def doors(studio: Studio) -> None:
    for theme in BOTH:
        with studio.page(theme=theme) as page:
            page.goto("/")
            studio.take(page, f"sign-in-{theme}")


def connecting(studio: Studio) -> None:
    """General without a store, the consent screen, what a denied consent leads to; then four approved ones."""
    with studio.page(OWNER) as page:
        general(page)
        studio.take(page, "general-empty")
        ask_for(page, HARBOR)
        page.set_viewport_size({"width": CARD[0], "height": CARD[1]})
        studio.take(page, "consent")
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("dl code")).to_be_visible()
        studio.take(page, "failure")
        page.emulate_media(color_scheme="dark")
        studio.take(page, "failure-dark")
    with studio.page(OWNER) as page:
        for domain in (HARBOR, PINE, COVE, PIER):
            general(page)
            ask_for(page, domain)
            page.get_by_role("button", name="Approve").click()
            expect(page.get_by_text(f"{domain} is connected.")).to_be_visible()


def reading(studio: Studio) -> None:
    """Maya beside two stores that know her; somebody whom no store knows; a phone."""
    with studio.page(AGENT) as page:
        maya(page)
        page.wait_for_timeout(11_000)
        page.reload()
        answered(page)
        studio.take(page, "inbox-light")
        page.emulate_media(color_scheme="dark")
        studio.take(page, "inbox-dark")
    with studio.page(AGENT) as page:
        open_conversation(page, "Dee")
        answered(page)
        page.locator("#side .section.quiet").last.get_by_role("button").click()
        expect(page.locator(".reason:popover-open")).to_be_visible()
        studio.take(page, "no-match")
    for theme in BOTH:
        with studio.page(AGENT, PHONE, theme) as page:
            page.goto("/acme/inbox/")
            studio.take(page, f"list-phone-{theme}")
            maya(page)
            studio.take(page, f"inbox-phone-{theme}")
    with studio.page(AGENT, PHONE) as page:
        maya(page)
        page.locator(".drawer-handle").click()
        studio.take(page, "orders-phone")


def connected(studio: Studio) -> None:
    for theme in BOTH:
        with studio.page(OWNER, theme=theme) as page:
            general(page, f"?connected={HARBOR}" if theme == "light" else "")
            studio.take(page, f"general-connected-{theme}")
    with studio.page(OWNER) as page:
        page.goto("/acme/settings/shopify/permissions/")
        studio.take(page, "permissions")


def members(studio: Studio) -> None:
    """Members as their owner sees them, and what an invitation's link shows while it is open and after."""
    with studio.page(OWNER) as page:
        for email, role in (("mo@harborpine.example", "Administrator"), ("lea@harborpine.example", "Agent")):
            invite(page, email, role)
        links = [link_in_mail(studio.house, f"{name}@harborpine.example") for name in ("mo", "lea")]
        with studio.house.database() as database:
            database.execute(
                "UPDATE tenants_invitation SET sent_at = sent_at - interval '9 days', expires_at = expires_at - interval '9 days' WHERE email LIKE 'mo@%'"
            )
    for theme in BOTH:
        with studio.page(OWNER, theme=theme) as page:
            page.goto(MEMBERS)
            studio.take(page, f"members-{theme}")
    with studio.page(OWNER, PHONE) as page:
        page.goto(MEMBERS)
        studio.take(page, "members-phone")
    with studio.page(size=CARD) as page:
        page.goto(links[1])
        studio.take(page, "invitation")
        page.goto(links[0])
        studio.take(page, "invitation-expired")


def failing(studio: Studio) -> None:
    """Shopify stops answering: what was known stays, under a banner."""
    with studio.page(AGENT) as page:
        maya(page)
        page.wait_for_timeout(3_100)  # A row only seconds old is not read again.
        studio.house.stop("sandbox")
        for domain in (HARBOR, PINE):
            page.get_by_label(f"Refresh {domain}").click()
            page.wait_for_timeout(300)
        expect(page.get_by_text("Shopify has not answered since")).to_have_count(2)
        answered(page)
        studio.take(page, "last-known")
        page.emulate_media(color_scheme="dark")
        studio.take(page, "last-known-dark")
    studio.house.start_sandbox()


def revoked(studio: Studio) -> None:
    """The owner of one store takes our access away in Shopify; the next look finds out."""
    studio.house.stop("sandbox")
    state = studio.house.place / "sandbox-state.json"
    kept = [grant for grant in json.loads(state.read_text()) if grant["shop"] != PIER]
    state.write_text(json.dumps(kept))
    studio.house.start_sandbox()
    with studio.page(AGENT) as page:
        open_conversation(page, "Amara Diallo")
        answered(page)
        page.get_by_label(f"Refresh {PIER}").click()
        expect(page.get_by_text("Orders cannot be read in this store.")).to_be_visible()
    for theme in BOTH:
        with studio.page(OWNER, theme=theme) as page:
            general(page)
            expect(page.get_by_role("article", name=PIER).get_by_text("Needs attention")).to_be_visible()
            studio.take(page, f"general-attention-{theme}")


def protecting(studio: Studio) -> None:
    """An app is set up, the owner requires a second factor of everybody, an agent signs in. Last: it changes the doors."""
    with studio.page(OWNER) as page:
        page.goto("/account/2fa/totp/activate/")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        studio.take(page, "set-up-app")
        secret = (page.locator("code.secret").text_content() or "").replace(" ", "")
        page.get_by_label("Code that the app shows").fill(code_of(secret))
        page.get_by_role("button", name="Turn on").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        for theme in BOTH:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.goto("/account/")
            studio.take(page, f"account-{theme}")
        page.goto("/acme/settings/security/")
        page.get_by_role("button", name="Require it").click()
        expect(page.get_by_text("Saved")).to_be_visible()
        page.emulate_media(color_scheme="light")
        studio.take(page, "security")
    with studio.page(AGENT) as page:
        page.goto("/acme/inbox/")
        studio.take(page, "second-factor-required")


# --- Steps ----------------------------------------------------------------------------------------------------------
def general(page: Page, query: str = "") -> None:
    page.goto(f"{GENERAL}{query}")
    expect(page.locator("#shopify:not([aria-busy])")).to_be_visible()


def ask_for(page: Page, domain: str) -> None:
    fold = page.locator("details.connect-fold > summary")
    if fold.count():
        fold.click()
    page.get_by_label("Domain of the store").fill(domain)
    page.get_by_label("Domain of the store").press("Enter")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()


def maya(page: Page) -> None:
    open_conversation(page, "Maya Lindqvist")
    answered(page)


def answered(page: Page) -> None:
    expect(page.locator("#side .section[hx-get]")).to_have_count(0)


def main(wanted: Sequence[str]) -> int:
    os.environ["ALLOWED_HOSTS"] = f"localhost,127.0.0.1,{HOST}"
    os.environ["SHOPIFY_STORE_SUGGESTIONS"] = ",".join((HARBOR, PINE, COVE, PIER))
    IMAGES.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=30_000)
    with tempfile.TemporaryDirectory(prefix="versana-shots-") as place:
        stores, mailbox = staging.moved(Path(place))
        with open_house(stores=stores, mailbox=mailbox, address=ADDRESS) as house, chromium(house) as browser:
            studio = Studio(house, browser, wanted)
            scenes: list[Callable[[Studio], None]] = [
                doors,
                connecting,
                reading,
                connected,
                members,
                failing,
                revoked,
                protecting,
            ]
            for scene in scenes:
                scene(studio)
    return 0


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
