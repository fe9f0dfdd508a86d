"""Somebody new in a workspace that requires a second factor: from the invitation's mail to the first sign-in with a code."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.stack import Installation
from tests.e2e.conftest import Visit, sign_in
from tests.e2e.house import OWNER
from tests.e2e.test_accounts import confirm, fits, next_code, set_up_app, step_one, with_app
from tests.e2e.test_members import accept_as_somebody_new, invite, link_in_mail, person

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_factors"), pytest.mark.nightly]
KOFI, PASSWORD = "kofi@elsewhere.example", "seven swans upon the weir"


def require_a_factor(page: Page) -> None:
    """The owner cannot, before their own account has one."""
    with_app(page)
    page.goto("/acme/settings/security/")
    page.get_by_role("button", name="Require it").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def test_an_invitation_where_a_factor_is_required_ends_in_a_sign_in_with_a_code(
    visit: Visit, house: Installation
) -> None:
    olivia = visit()
    sign_in(olivia, OWNER)
    require_a_factor(olivia)
    invite(olivia, KOFI, "Agent")
    kofi = visit()
    accept_as_somebody_new(kofi, link_in_mail(house, KOFI), name="Kofi Mensah", password=PASSWORD)
    expect(kofi.get_by_role("heading", name="A second factor is required")).to_be_visible()
    assert kofi.request.get("/acme/inbox/", max_redirects=0).status == 302  # a member, but nothing of it is shown
    kofi.get_by_role("link", name=re.compile("Authenticator app")).click()
    confirm(kofi, password=PASSWORD)
    secret = set_up_app(kofi)
    expect(kofi.get_by_role("list", name="Unused codes").get_by_role("listitem")).to_have_count(10)
    kofi.get_by_role("link", name="Go on to where you were going").click()
    expect(kofi).to_have_url("/acme/")
    kofi.get_by_role("button", name="You, Kofi Mensah").first.click()
    kofi.get_by_role("button", name="Sign out").click()
    kofi.goto("/acme/inbox/")
    expect(kofi).to_have_url(re.compile("/account/login/"))
    step_one(kofi, KOFI, password=PASSWORD)
    expect(kofi.get_by_role("heading", name="Second factor")).to_be_visible()
    assert kofi.request.get("/acme/inbox/", max_redirects=0).status == 302  # the password alone opens nothing
    fits(kofi)
    kofi.get_by_label("Code").fill(next_code(secret))
    kofi.get_by_role("button", name="Sign in", exact=True).click()
    expect(kofi).to_have_url("/acme/")
    olivia.goto("/acme/settings/members/")
    expect(person(olivia, "Kofi Mensah")).to_contain_text("Second factor")
