"""The pictures of people and of what an owner decides: members, sign-in, the record, data, the end and the beginning."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.acceptance.stack import PYTHON, answers
from tests.app_codes import code_of
from tests.e2e.conftest import sign_in
from tests.e2e.house import ADMINISTRATOR, AGENT, OWNER, PASSWORD
from tests.e2e.studio import BOTH, CARD, PHONE, Studio
from tests.e2e.test_members import MEMBERS, invite, link_in_mail
from versana.devservices.postgres import free_port
from versana.devservices.processes import wait_until

SETTINGS = "/acme/settings"
TALL = (900, 940)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
EXPIRED = (
    "UPDATE tenants_invitation SET sent_at = sent_at - interval '9 days', expires_at = expires_at - interval '9 days'"
    " WHERE email LIKE 'mo@%'"
)
UNDER_WAY = "UPDATE tenants_export SET state = 'running', done = 148, total = 236 WHERE state = 'waiting'"


def members(studio: Studio) -> None:
    """Members as their owner sees them, and what an invitation's link shows while it is open and after."""
    with studio.page(OWNER) as page:
        for email, role in (("mo@harborpine.example", "Administrator"), ("lea@harborpine.example", "Agent")):
            invite(page, email, role)
        links = [link_in_mail(studio.house, f"{name}@harborpine.example") for name in ("mo", "lea")]
        with studio.house.database() as database:
            database.execute(EXPIRED)
        offer(page)
    both_and_phone(studio, MEMBERS, "members")
    with studio.page(size=CARD) as page:
        page.goto(links[1])
        studio.take(page, "invitation")
        page.goto(links[0])
        studio.take(page, "invitation-expired")


def offer(page: Page) -> None:
    page.goto(f"{MEMBERS}handover/")
    page.get_by_label("New owner").select_option(label=f"Adam Brandt ({ADMINISTRATOR})")
    page.get_by_label("Type acme to confirm").fill("acme")
    page.get_by_role("button", name="Offer the workspace").click()
    expect(page.get_by_text("This workspace is offered to Adam Brandt.")).to_be_visible()


def browsers(studio: Studio) -> None:
    """A person's own account, signed in on a phone too."""
    with studio.page(size=PHONE, user_agent=IPHONE) as phone, studio.page(AGENT, CARD) as page:
        sign_in(phone, AGENT)
        page.goto("/account/")
        studio.take(page, "account")
        page.goto("/account/sessions/")
        studio.take(page, "sessions")


def protecting(studio: Studio) -> None:
    """An app is set up, the owner requires a second factor of everybody, an agent signs in."""
    with studio.page(OWNER, CARD) as page:
        page.goto("/account/2fa/totp/activate/")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        studio.take(page, "set-up-app")
        studio.secret = (page.locator("code.secret").text_content() or "").replace(" ", "")
        page.get_by_label("Code that the app shows").fill(code_of(studio.secret))
        page.get_by_role("button", name="Turn on").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        page.goto(f"{SETTINGS}/security/")
        page.get_by_role("button", name="Require it").click()
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    both_and_phone(studio, f"{SETTINGS}/security/", "security")
    with studio.page(AGENT, CARD) as page:
        page.goto("/acme/inbox/")
        studio.take(page, "second-factor-required")


def recorded(studio: Studio) -> None:
    """Once the newest entries are sealed, which happens every minute."""
    with studio.page(OWNER) as page:
        page.goto(f"{SETTINGS}/audit/")
        while page.get_by_text("Not sealed yet").count():
            page.wait_for_timeout(2_000)
            page.reload()
    both_and_phone(studio, f"{SETTINGS}/audit/", "audit")


def administering(studio: Studio) -> None:
    """The platform's own process, in which the same person is staff. One switch is off, with its reason, and on again."""
    house, port = studio.house, free_port()
    house.manage("staff", "add", OWNER)
    of_platform = {
        "DATABASE_URL": house.env["PLATFORM_DATABASE_URL"],
        "DJANGO_SETTINGS_MODULE": "versana.platform.settings",
    }
    command = [*PYTHON, "gunicorn", "versana.platform.wsgi", "--no-control-socket", "--bind", f"127.0.0.1:{port}"]
    admin = house.start("admin", command, env={**house.env, **of_platform})
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), child=admin)
    with studio.page() as page:
        page.goto(f"http://127.0.0.1:{port}/admin/switches/")
        page.get_by_label("E-mail").fill(OWNER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Code").fill(code_of(studio.secret))
        page.get_by_role("button", name="Sign in").click()
        invitations = page.locator("form", has=page.get_by_role("heading", name="Invitations"))
        throw(invitations, "Switch off", "A burst of invitations to strangers, being looked into")
        studio.take(page, "switches")
        throw(invitations, "Switch on", "Looked into: one workspace, now closed")
    house.stop("admin")


def throw(form: Locator, button: str, reason: str) -> None:
    form.get_by_label("Reason").fill(reason)
    form.get_by_role("button", name=button).click()


def leaving(studio: Studio) -> None:
    """One export is there and one under way; the workspace is closed, and what its people see then."""
    without_factors(studio)
    with studio.page(OWNER) as page:
        page.goto(f"{SETTINGS}/data/")
        page.get_by_role("button", name="Make an export").click()
        expect(page.get_by_role("link", name="Download")).to_be_visible()
        studio.house.stop(*[name for name in studio.house.parts if name.startswith("worker")])
        page.get_by_role("button", name="Make an export").click()
        expect(page.locator("#exports progress")).to_be_visible()
        with studio.house.database() as database:
            database.execute(UNDER_WAY)
        expect(page.get_by_text("148 of 236 rows")).to_be_visible()
        studio.take(page, "data")
        page.get_by_role("link", name="Close the workspace").click()
        if page.get_by_role("heading", name="Confirm that it is you").is_visible():  # some minutes after the last proof
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Confirm").click()
        page.get_by_label("Type acme to confirm").fill("acme")
        page.get_by_role("button", name="Close the workspace").click()
        expect(page.get_by_role("heading", name="Harbor & Pine is closed")).to_be_visible()
        studio.take(page, "data-closed")
    with studio.page(AGENT, CARD) as page:
        page.goto("/acme/inbox/")
        studio.take(page, "being-closed")


def without_factors(studio: Studio) -> None:
    with studio.house.database() as database:
        database.execute("DELETE FROM mfa_authenticator")
        database.execute("UPDATE tenants_tenant SET require_second_factor = false")


def beginning(studio: Studio) -> None:
    """As after an installation: nobody has an account, and the console shows the link. Last, because all are gone then."""
    with studio.house.database() as database:
        database.execute("TRUNCATE tenants_user, tenants_tenant CASCADE")
    found = re.search(r"http\S+/welcome/\S+/", studio.house.manage("first_run"))
    assert found
    with studio.page(size=TALL) as page:
        page.goto(urlsplit(found[0]).path)
        expect(page.get_by_role("heading", name="Open your first workspace")).to_be_visible()
        studio.take(page, "first-run")


def both_and_phone(studio: Studio, path: str, name: str) -> None:
    for theme in BOTH:
        with studio.page(OWNER, theme=theme) as page:
            page.goto(path)
            studio.take(page, f"{name}-{theme}")
    with studio.page(OWNER, PHONE) as page:
        page.goto(path)
        studio.take(page, f"{name}-phone")


SCENES = (members, browsers)
LAST_SCENES = (protecting, recorded, administering, leaving, beginning)
