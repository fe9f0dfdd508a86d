"""People in a browser: from an invitation's mail to the first sign-in, a workspace that changes hands, and who finds no button."""

import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit, Watch, sign_in
from tests.e2e.house import ADMINISTRATOR, AGENT, HARBOR, OWNER
from tests.e2e.test_accessible import scrolls_sideways, serious

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
MEMBERS = "/acme/settings/members/"
NINA, NINAS_PASSWORD = "nina@elsewhere.example", "a heron stands on one leg"
_LINK = re.compile(r"https?://\S+")


def link_in_mail(house: Installation, to: str) -> str:
    """The path of the link in the newest mail to an address, once the worker has sent it."""
    house.settle()
    for path in sorted((house.place / "mail").iterdir(), key=lambda file: file.stat().st_mtime, reverse=True):
        # The file backend writes a line of hyphens after each mail.
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        if message["To"] == to:
            found = _LINK.search(message.get_content())
            assert found
            return urlsplit(found.group()).path
    raise AssertionError(f"no mail to {to}")


def invite(page: Page, email: str, role: str) -> None:
    page.goto(MEMBERS)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Role", exact=True).select_option(label=role)
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_role("status").get_by_text("The invitation is on its way.")).to_be_visible()


def person(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Members").get_by_role("listitem").filter(has_text=name)


@pytest.fixture
def roles_as_before(house: Installation) -> Iterator[None]:
    """The other walks need Olivia as owner."""
    with house.database() as database:
        before = database.execute("SELECT id, role FROM tenants_membership").fetchall()
    yield
    with house.database() as database:
        for key, role in before:
            database.execute("UPDATE tenants_membership SET role = %s WHERE id = %s", (role, key))
        database.execute("UPDATE tenants_handover SET ended_at = now() WHERE accepted_at IS NULL AND ended_at IS NULL")


def accept_as_somebody_new(page: Page, link: str, *, name: str, password: str) -> None:
    """From the mail's link to the inbox, or to whatever the workspace asks for before it (a second factor)."""
    page.goto(link)
    expect(page.get_by_role("heading", name="Join Harbor & Pine")).to_be_visible()
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Make account and join").click()


def test_from_an_invitation_to_the_first_sign_in(visit: Visit, house: Installation, watch: Watch) -> None:
    invite(visit(ADMINISTRATOR), NINA, "Agent")
    link = link_in_mail(house, NINA)
    mallory = visit(AGENT)  # somebody else follows the forwarded link
    mallory.goto(link)
    expect(mallory.get_by_role("heading", name="This invitation is for another address")).to_be_visible()
    assert ["403" in complaint for complaint in watch.complaints] == [True]
    watch.complaints.clear()
    page = visit()
    page.goto(link)
    for word in ("Adam Brandt", "Agent", NINA):
        expect(page.locator("dl").get_by_text(word, exact=True)).to_be_visible()
    accept_as_somebody_new(page, link, name="Nina Okafor", password=NINAS_PASSWORD)
    expect(page).to_have_url("/acme/")
    again = visit()
    sign_in(again, NINA, NINAS_PASSWORD)
    again.goto(MEMBERS)
    expect(person(again, "Nina Okafor")).to_contain_text("You")
    expect(again.get_by_role("button", name="Send invitation")).to_have_count(0)
    again.goto(link)
    expect(again.get_by_role("heading", name="This invitation was used")).to_be_visible()
    assert ["410" in complaint for complaint in watch.complaints] == [True]
    watch.complaints.clear()


def test_the_ownership_is_handed_over_by_two_browsers(visit: Visit, house: Installation, roles_as_before: None) -> None:
    olivia, adam = visit(OWNER), visit(ADMINISTRATOR)
    olivia.goto(MEMBERS)
    olivia.get_by_role("link", name="Hand over").click()
    dialog = olivia.get_by_role("dialog")
    dialog.get_by_label("New owner").select_option(label=f"Adam Brandt ({ADMINISTRATOR})")
    expect(dialog.get_by_role("button", name="Offer the workspace")).to_be_disabled()
    dialog.get_by_role("textbox").fill("acme")
    dialog.get_by_role("button", name="Offer the workspace").click()
    expect(olivia.get_by_text("This workspace is offered to Adam Brandt.")).to_be_visible()
    adam.goto(MEMBERS)
    adam.get_by_role("link", name="Answer").click()
    assert urlsplit(adam.url).path == link_in_mail(house, ADMINISTRATOR)
    adam.get_by_role("button", name="Accept the ownership").click()
    expect(adam.get_by_text("You are the owner of this workspace now.")).to_be_visible()
    expect(person(adam, "Adam Brandt")).to_contain_text("Owner")
    adam.goto("/acme/settings/general/")
    expect(adam.locator("#shopify:not([aria-busy])").get_by_text("Connect Shopify").first).to_be_visible()
    olivia.goto("/acme/settings/general/")
    section = olivia.locator("#shopify:not([aria-busy])")
    expect(section.get_by_role("heading", name="Shopify Integration")).to_be_visible()
    assert section.locator("form, [href*=disconnect]").count() == 0
    olivia.goto(MEMBERS)
    expect(person(olivia, "Olivia Chen")).to_contain_text("Administrator")
    expect(olivia.get_by_role("link", name="Hand over")).to_have_count(0)


@pytest.mark.parametrize("email", [ADMINISTRATOR, AGENT])
def test_who_finds_no_button_to_connect_is_refused_when_they_post_anyway(visit: Visit, email: str) -> None:
    page = visit(email)
    page.goto("/acme/settings/general/")
    section = page.locator("#shopify:not([aria-busy])")
    expect(section.get_by_role("heading", name="Shopify Integration")).to_be_visible()
    expect(section.get_by_role("button", name="Connect Shopify")).to_have_count(0)
    expect(page.get_by_role("link", name="Connect Shopify")).to_have_count(0)
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    answer = page.request.post(
        "/acme/settings/shopify/connect/", form={"csrfmiddlewaretoken": token, "shop": HARBOR}, max_redirects=0
    )
    assert answer.status == 403
    assert "Your role in this workspace does not include it" in answer.text()


def test_a_person_is_removed_on_a_phone_without_scripts(visit: Visit, house: Installation) -> None:
    page = visit(OWNER, java_script_enabled=False, viewport={"width": 360, "height": 740})
    invite(page, "short@stay.example", "Administrator")
    guest = visit()
    link = link_in_mail(house, "short@stay.example")
    accept_as_somebody_new(guest, link, name="Short Stay", password=NINAS_PASSWORD)
    expect(guest).to_have_url("/acme/")
    page.goto(MEMBERS)
    page.get_by_role("link", name="Change the role of Short Stay").click()
    page.get_by_label("Role", exact=True).select_option(label="Agent")
    page.get_by_role("button", name="Change role").click()
    expect(person(page, "Short Stay")).to_contain_text("Agent")
    page.get_by_role("link", name="Remove Short Stay").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(person(page, "Short Stay")).to_have_count(0)
    assert guest.request.get("/acme/inbox/").status == 404


def members(visit: Visit, house: Installation) -> Page:
    page = visit(OWNER)
    invite(page, "axe@elsewhere.example", "Administrator")
    return page


def role(visit: Visit, house: Installation) -> Page:
    page = visit(OWNER)
    page.goto(MEMBERS)
    page.get_by_role("link", name="Change the role of Ava Brandt").click()
    expect(page.get_by_role("dialog").get_by_label("Role")).to_be_visible()
    return page


def invitation(visit: Visit, house: Installation) -> Page:
    invite(visit(OWNER), "form@elsewhere.example", "Agent")
    page = visit()
    page.goto(link_in_mail(house, "form@elsewhere.example"))
    return page


def forwarded(visit: Visit, house: Installation) -> Page:
    invite(visit(OWNER), "other@elsewhere.example", "Agent")
    page = visit(AGENT)
    page.goto(link_in_mail(house, "other@elsewhere.example"))
    expect(page.get_by_role("heading", name="This invitation is for another address")).to_be_visible()
    return page


def expired(visit: Visit, house: Installation) -> Page:
    invite(visit(OWNER), "late@elsewhere.example", "Agent")
    with house.database() as database:
        database.execute("UPDATE tenants_invitation SET expires_at = now() WHERE email LIKE 'late@%'")
    page = visit()
    page.goto(link_in_mail(house, "late@elsewhere.example"))
    expect(page.get_by_role("heading", name="This invitation has expired")).to_be_visible()
    return page


def farewell(visit: Visit, house: Installation) -> Page:
    page = visit(OWNER)
    page.goto(MEMBERS)
    page.get_by_role("link", name="Remove Ava Brandt").click()
    expect(page.get_by_role("dialog").get_by_role("heading", name="Remove Ava Brandt")).to_be_visible()
    return page


def leaving(visit: Visit, house: Installation) -> Page:
    page = visit(AGENT)
    page.goto(f"{MEMBERS}leave/")
    expect(page.get_by_role("heading", name="Leave Harbor & Pine?")).to_be_visible()
    return page


def handing_over(visit: Visit, house: Installation) -> Page:
    page = visit(OWNER)
    page.goto(f"{MEMBERS}handover/")
    page.get_by_label("New owner").select_option(label=f"Adam Brandt ({ADMINISTRATOR})")
    page.get_by_label("Type acme to confirm").fill("acme")
    return page


def offered(visit: Visit, house: Installation) -> Page:
    page = handing_over(visit, house)
    page.get_by_role("button", name="Offer the workspace").click()
    expect(page.get_by_text("This workspace is offered to Adam Brandt.")).to_be_visible()
    return page


def answering(visit: Visit, house: Installation) -> Page:
    offered(visit, house)
    page = visit(ADMINISTRATOR)
    page.goto(link_in_mail(house, ADMINISTRATOR))
    expect(page.get_by_role("button", name="Accept the ownership")).to_be_visible()
    return page


REFUSED = {forwarded: "403", expired: "410"}  # the browser notes on its console what a page was answered with
PAGES = (members, role, farewell, leaving, handing_over, offered, answering, invitation, *REFUSED)


@pytest.mark.nightly
@pytest.mark.parametrize("opened", PAGES, ids=lambda opened: opened.__name__)
def test_its_pages_are_accessible_in_both_themes_and_fit_the_narrowest_phone(
    visit: Visit,
    house: Installation,
    watch: Watch,
    roles_as_before: None,
    opened: Callable[[Visit, Installation], Page],
) -> None:
    page = opened(visit, house)
    assert (serious(page), "light") == ([], "light")
    page.emulate_media(color_scheme="dark")
    assert (serious(page), "dark") == ([], "dark")
    page.set_viewport_size({"width": 360, "height": 740})
    assert scrolls_sideways(page) == []
    expected = REFUSED.get(opened)
    assert [expected is not None and expected in complaint for complaint in watch.complaints] == [True] * bool(expected)
    watch.complaints.clear()
