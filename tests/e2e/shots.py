"""`./dev shots [NAME ...]`: photographs the product for docs/images, at the sizes of the design's pictures.

A whole installation of its own is started and filled with the demo's stores and mails; nothing is drawn by hand.
Inter (Debian: fonts-inter) is what the design was drawn with; without it the system's own font is photographed.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e import shots_inbox, shots_people, staging
from tests.e2e.conftest import open_conversation
from tests.e2e.house import AGENT, COVE, HARBOR, OWNER, PIER, PINE, open_house
from tests.e2e.studio import ADDRESS, BOTH, CARD, HOST, IMAGES, PHONE, Studio, chromium

GENERAL = "/acme/settings/general/"


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
    kept = json.loads(state.read_text())
    kept["grants"] = [grant for grant in kept["grants"] if grant["shop"] != PIER]
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
                *shots_inbox.SCENES,
                reading,
                connected,
                *shots_people.SCENES,
                failing,
                revoked,
                *shots_people.LAST_SCENES,
            ]
            for scene in scenes:
                scene(studio)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
