"""Merging, splitting and blocking in a real browser: by keyboard, and without scripts."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from inbox.models import Attachment, Contact, Conversation, Message
from tenants.rls.context import tenant_context
from tests import factories
from tests.conftest import Cast
from tests.e2e.browsing import serving
from tests.e2e.test_gallery import serious
from tests.inbox.test_files import REMOTE, png

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]
Visit = Callable[..., Page]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return factories.team()


@pytest.fixture
def visit(browser: Browser, cast: Cast) -> Iterator[Visit]:
    """A page of Ava's browser; at the end nothing may have gone to the console, and no other host was asked."""
    complaints: list[str] = []
    client = Client()
    client.force_login(cast.ava.user)
    with serving() as address:
        contexts = []

        def opened(path: str, **options: object) -> Page:
            context = browser.new_context(base_url=address, reduced_motion="reduce", **options)
            context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}])
            context.on(
                "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
            )
            context.on("request", lambda asked: complaints.append(asked.url) if "example" in asked.url else None)
            contexts.append(context)
            page = context.new_page()
            page.goto(path)
            return page

        yield opened
        for context in contexts:
            context.close()
    assert complaints == []


def two_conversations(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        maya = factories.contact(name="Maya", email="maya@x.example")
        factories.conversation(of=maya, subject="First", texts=["one", "two"])
        factories.conversation(of=maya, subject="Second", texts=["three"])


def places(cast: Cast) -> dict[int, int]:
    with tenant_context(cast.acme.pk):
        return {row.number: row.messages.count() for row in Conversation.objects.all()}


def press_until(page: Page, key: str, name: str) -> None:
    """As somebody without a mouse: on from one control to the next."""
    for _ in range(60):
        page.keyboard.press(key)
        if (
            page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"
            )
            == name
        ):
            return
    raise AssertionError(f"{name} is not reached")


def test_two_conversations_are_merged_and_split_by_keyboard_alone(cast: Cast, visit: Visit) -> None:
    two_conversations(cast)
    page = visit("/acme/inbox/2/?view=all")
    press_until(page, "Tab", "More")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "Merge with others")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Merge conversations")).to_be_visible()
    assert serious(page) == []
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/acme/inbox/1/$"))
    expect(page.locator(".message")).to_have_count(3)
    assert places(cast) == {1: 3}
    page.goto("/acme/inbox/2/?view=all")
    expect(page).to_have_url(re.compile(r"/acme/inbox/1/\?view=all$"))
    page.locator("#more-button").focus()
    page.keyboard.press("Enter")
    press_until(page, "Tab", "Split")
    page.keyboard.press("Enter")
    boxes = page.get_by_role("checkbox")
    boxes.nth(2).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/acme/inbox/3/$"))
    assert places(cast) == {1: 2, 3: 1}


def test_merging_and_splitting_need_no_scripts(cast: Cast, visit: Visit) -> None:
    two_conversations(cast)
    page = visit("/acme/inbox/1/merge/", java_script_enabled=False)
    page.get_by_label("Or another conversation, by its number").fill("#2")
    page.get_by_role("button", name="Merge").click()
    assert places(cast) == {1: 3}
    page.goto("/acme/inbox/1/split/?from=2")
    page.get_by_role("button", name="Split").click()
    assert places(cast) == {1: 1, 3: 2}


def test_a_contact_is_blocked_and_found_as_such(cast: Cast, visit: Visit) -> None:
    two_conversations(cast)
    page = visit("/acme/inbox/1/")
    page.locator("#rail-contacts").click()
    page.get_by_label("Find by the beginning").fill("may")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Maya").click()
    assert serious(page) == []
    page.get_by_role("button", name="Block").click()
    expect(page.get_by_text("Blocked", exact=True)).to_be_visible()
    page.get_by_role("button", name="Unblock").click()
    expect(page.get_by_text("Blocked", exact=True)).to_have_count(0)
    with tenant_context(cast.acme.pk):
        assert Contact.objects.get().blocked_at is None


def test_a_mails_own_picture_is_seen_in_its_frame_and_others_are_not(cast: Cast, visit: Visit) -> None:
    two_conversations(cast)
    with tenant_context(cast.acme.pk):
        row = Conversation.objects.get(number=2)
        message = Message.objects.get(conversation=row)
        message.html = f'<p>See</p><img data-cid="seam" alt="seam">{REMOTE}'
        message.sent_at = timezone.now() - timedelta(minutes=1)
        message.save()
        Attachment.objects.create(
            message=message, name="seam.png", content=png(8, 8), size=9, content_type="image/png", content_id="seam"
        )
    page = visit("/acme/inbox/2/?view=all")
    page.get_by_text("Original formatting").click()
    pictures = page.frame_locator("iframe").locator("img")
    expect(pictures).to_have_count(2)
    expect(pictures.first).to_have_js_property("naturalWidth", 8)
    expect(pictures.last).not_to_have_attribute("src", "https://tracker.example/open.gif?id=1")
    page.get_by_text("Preview", exact=True).click()
    expect(page.locator(".preview img")).to_have_js_property("naturalWidth", 8)
