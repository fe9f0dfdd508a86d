"""A person's own account in a browser: an app, recovery codes, a passkey, sessions, and the rule that a factor is needed."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.app_codes import code_of
from tests.e2e.conftest import Visit, Watch, sign_in
from tests.e2e.house import AGENT, OWNER, PASSWORD
from tests.e2e.test_accessible import scrolls_sideways, serious

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_factors"), pytest.mark.nightly]


def step_one(page: Page, email: str, *, password: str = PASSWORD) -> None:
    page.goto("/")
    page.get_by_label(re.compile("^E-?mail")).fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def confirm(page: Page, *, password: str = PASSWORD) -> None:
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Confirm").click()


def next_code(secret: str) -> str:
    """The code of the coming half minute, which is taken already: the present one may be used."""
    return code_of(secret, at=time.time() + 30)


def set_up_app(page: Page) -> str:
    """From the page with the picture to the recovery codes."""
    expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    secret = (page.locator("code.secret").text_content() or "").replace(" ", "")
    page.get_by_label("Code that the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return secret


def with_app(page: Page) -> tuple[str, list[str]]:
    page.goto("/account/2fa/")
    page.get_by_role("link", name="Set up app").click()
    confirm(page)
    secret = set_up_app(page)
    return secret, page.locator(".codes code").all_text_contents()


def fits(page: Page) -> None:
    """Accessible in both themes, and nothing to scroll sideways on the narrowest phone."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert (page.url, theme, serious(page)) == (page.url, theme, [])
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 740})
    assert (page.url, scrolls_sideways(page)) == (page.url, [])
    assert size
    page.set_viewport_size(size)


@pytest.mark.parametrize(
    "scripts", [True, pytest.param(False, marks=pytest.mark.nightly)], ids=["with scripts", "without scripts"]
)
def test_an_app_is_set_up_and_asked_for_and_a_recovery_code_works_once(visit: Visit, scripts: bool) -> None:
    page = visit(java_script_enabled=scripts)
    sign_in(page, AGENT)
    if scripts:
        page.locator("[popovertarget=person-menu]").first.click()
        page.get_by_role("link", name="Your account").click()
    else:
        page.goto("/account/")
    page.get_by_role("link", name=re.compile("Second factor")).click()
    secret, codes = with_app(page)
    assert len(codes) == 10
    other = visit(java_script_enabled=scripts)
    step_one(other, AGENT)
    other.get_by_label("Code").fill(next_code(secret))
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other).to_have_url("/acme/")
    for attempt in (1, 2):
        third = visit(java_script_enabled=scripts)
        step_one(third, AGENT)
        third.get_by_label("Code").fill(codes[0])
        third.get_by_role("button", name="Sign in", exact=True).click()
        if attempt == 1:
            expect(third).to_have_url("/acme/")
        else:
            expect(third.get_by_text("This code is not right, or was used already.")).to_be_visible()


def test_a_passkey_is_added_and_signs_in_alone(visit: Visit, watch: Watch) -> None:
    page = visit()
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page, AGENT)
    page.goto("/account/2fa/")
    page.get_by_role("link", name="Add passkey").click()
    confirm(page)
    fits(page)
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/account/2fa/webauthn/")
    expect(page.get_by_text("Signs in alone")).to_be_visible()
    fits(page)
    page.goto("/account/")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/acme/inbox/?view=all")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url("/acme/inbox/?view=all")
    # The second step after the password takes it too, and so does confirming.
    page.context.clear_cookies()
    step_one(page, AGENT)
    fits(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url("/acme/")
    page.goto("/account/2fa/webauthn/")
    page.get_by_role("link", name="Remove Laptop").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Remove passkey")).to_be_visible()
    page.get_by_role("button", name="Remove passkey").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    assert watch.complaints == []


def test_a_refused_passkey_is_told_beside_its_button(visit: Visit) -> None:
    page = visit()
    page.goto("/")
    page.evaluate(
        "() => { navigator.credentials.get = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }"
    )
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The passkey was not used. Try again, or choose another way.")).to_be_visible()
    fits(page)


def test_a_browser_is_signed_out_from_another(visit: Visit) -> None:
    here, there = visit(), visit(java_script_enabled=False)
    sign_in(here, AGENT)
    sign_in(there, AGENT)
    here.goto("/account/sessions/")
    expect(here.get_by_text("This browser", exact=True)).to_be_visible()
    fits(here)
    here.get_by_role("button", name="Sign out all others").click()
    expect(here.get_by_text("All other browsers are signed out.")).to_be_visible()
    there.goto("/acme/inbox/")
    expect(there).to_have_url(re.compile("/account/login/"))
    here.goto("/acme/inbox/")
    expect(here).to_have_url("/acme/inbox/")


def test_the_owner_requires_a_factor_and_an_agent_is_led_to_it_and_back(visit: Visit, watch: Watch) -> None:
    owner, agent = visit(), visit()
    sign_in(agent, AGENT)
    agent.goto("/acme/inbox/")
    sign_in(owner, OWNER)
    owner.goto("/acme/settings/security/")
    fits(owner)
    owner.get_by_role("button", name="Require it").click()
    expect(owner.get_by_text("lock yourself out")).to_be_visible()
    assert ["422" in complaint for complaint in watch.complaints] == [True]
    watch.complaints.clear()
    with_app(owner)
    owner.goto("/acme/settings/security/")
    owner.get_by_role("button", name="Require it").click()
    expect(owner.get_by_text("Saved", exact=True)).to_be_visible()
    expect(owner.get_by_text("Ava Brandt")).to_be_visible()
    agent.locator(".row").first.click()  # a part of the page that is open
    expect(agent.get_by_role("heading", name="A second factor is required")).to_be_visible()
    assert [c for c in watch.complaints if "403" not in c] == []
    watch.complaints.clear()
    agent.goto("/acme/inbox/?view=all")
    fits(agent)
    agent.get_by_role("link", name=re.compile("Authenticator app")).click()
    confirm(agent)
    fits(agent)
    set_up_app(agent)
    fits(agent)
    agent.get_by_role("link", name="Go on to where you were going").click()
    expect(agent).to_have_url("/acme/inbox/?view=all")
    owner.reload()
    expect(owner.get_by_text("Ava Brandt")).to_have_count(0)


@pytest.mark.nightly
@pytest.mark.parametrize(
    "path", ["/account/", "/account/2fa/", "/account/email/", "/account/password/change/", "/account/reauthenticate/"]
)
def test_every_other_page_of_an_account_is_accessible_and_fits_a_phone(visit: Visit, path: str) -> None:
    page = visit(AGENT)
    page.goto(path)
    fits(page)
