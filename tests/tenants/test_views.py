"""Settings -> General, the choice of colours, and the way into a workspace."""

import pytest
from django.test import Client
from django.utils import timezone

from tenants.forms.general import MOST_ADDRESSES
from tenants.models import AuditEvent, Membership, Tenant
from tenants.provisioning import add_member
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests.conftest import Cast
from tests.walking import cast, signed_in, soup_of, text_of

__all__ = ["cast"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
GENERAL = "/acme/settings/general/"
VALID = {"name": "Acme Goods", "time_zone": "Europe/Vienna", "support_addresses": "support@shop.example"}


def acme(cast: Cast) -> Tenant:
    with tenant_context(cast.acme.pk):
        return Tenant.objects.get()


# --- General --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["olivia", "adam"])
def test_owners_and_administrators_change_the_settings(cast: Cast, who: str) -> None:
    client = signed_in(getattr(cast, who))
    changed = {
        "name": "  Acme   & Sons ",
        "time_zone": "Asia/Tokyo",
        "support_addresses": "Help@Shop.example\n\n hi@shop.example, help@shop.example",
    }
    response = client.post(GENERAL, changed)
    assert response["Location"] == f"{GENERAL}?saved=1"
    after = acme(cast)
    assert (after.name, after.time_zone) == ("Acme & Sons", "Asia/Tokyo")
    assert after.support_addresses == ["help@shop.example", "hi@shop.example"]
    page = text_of(client.get(response["Location"]))
    assert "Saved" in page
    assert f"by {getattr(cast, who).user.name}" in page


def test_a_change_is_on_record_with_what_changed(cast: Cast) -> None:
    signed_in(cast.adam).post(GENERAL, VALID)
    with tenant_context(cast.acme.pk):
        row = AuditEvent.objects.get(action="workspace.changed")
    assert (row.actor_name, row.actor_role) == ("Adam", "administrator")
    assert (row.before, row.after) == ({"time_zone": "UTC"}, {"time_zone": VALID["time_zone"]})
    assert row.client == "ipv4"


def test_saving_without_a_change_leaves_no_record(cast: Cast) -> None:
    for _ in range(2):
        assert signed_in(cast.adam).post(GENERAL, VALID).status_code == 302
    with tenant_context(cast.acme.pk):
        assert AuditEvent.objects.filter(action="workspace.changed").count() == 1


def test_an_agent_sees_the_settings_and_cannot_change_them(cast: Cast) -> None:
    client = signed_in(cast.ava)
    page = client.get(GENERAL)
    assert page.status_code == 200
    form = soup_of(page).select_one("main form")
    assert "Acme Goods" in str(form)
    assert "disabled" in form.select_one("fieldset").attrs
    assert not form.select("button")
    assert client.post(GENERAL, {**VALID, "name": "Mine"}).status_code == 403
    assert acme(cast).name == "Acme Goods"


def test_mallory_finds_no_settings(cast: Cast) -> None:
    client = signed_in(cast.mallory)
    assert client.get(GENERAL).status_code == 404
    assert client.post(GENERAL, VALID).status_code == 404


def test_the_form_needs_its_own_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.olivia.user)
    assert client.post(GENERAL, VALID).status_code == 403


WRONG = (
    ("name", ""),
    ("name", "   "),
    ("name", "a\x00b"),
    ("name", "x" * 121),
    ("name", "\u200b\u2060"),
    ("name", "\u3164 \u2800"),
    ("name", "\u202e\u202c"),
    ("time_zone", ""),
    ("time_zone", "Mars/Olympus"),
    ("time_zone", "../../etc/passwd"),
    ("time_zone", "UTC\x00"),
    ("support_addresses", "not an address"),
    ("support_addresses", "@"),
    ("support_addresses", "a@b@c.example"),
    ("support_addresses", "a\x00@shop.example"),
    ("support_addresses", "good@shop.example\nbad"),
    ("support_addresses", f"{'x' * 300}@shop.example"),
    ("support_addresses", "<script>"),
    ("support_addresses", "a b@shop.example"),
    ("support_addresses", "\n".join(f"a{n}@shop.example" for n in range(MOST_ADDRESSES + 1))),
)


def test_what_is_wrong_is_said_beside_its_field_and_nothing_changes(cast: Cast) -> None:
    client = signed_in(cast.olivia)
    for field, value in WRONG:
        response = client.post(GENERAL, {**VALID, field: value})
        assert response.status_code == 422, value
        # Not parsed each time: a list of six hundred time zones takes a while.
        assert 'class="errorlist' in response.content.decode()
        assert "“<script>” is" not in response.content.decode()
    assert acme(cast).time_zone == "UTC"


def test_what_was_typed_is_still_there_after_a_refusal(cast: Cast) -> None:
    response = signed_in(cast.olivia).post(GENERAL, {**VALID, "name": "Changed", "support_addresses": "bad"})
    assert soup_of(response).select_one("input[name=name]")["value"] == "Changed"
    assert "bad" in soup_of(response).select_one("textarea").get_text()


def test_an_empty_form_is_refused(cast: Cast) -> None:
    assert signed_in(cast.olivia).post(GENERAL).status_code == 422


def test_no_support_address_is_allowed(cast: Cast) -> None:
    assert signed_in(cast.olivia).post(GENERAL, {**VALID, "support_addresses": ""}).status_code == 302
    assert acme(cast).support_addresses == []


def test_the_old_address_of_the_settings_works_too(cast: Cast) -> None:
    assert signed_in(cast.ava).get("/acme/settings/").status_code == 200


# --- Colours --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_is_kept_in_a_cookie(cast: Cast, theme: str) -> None:
    client = signed_in(cast.ava)
    response = client.post("/theme/", {"theme": theme, "next": GENERAL})
    assert response["Location"] == GENERAL
    assert (response.cookies["theme"].value, response.cookies["theme"]["samesite"]) == (theme, "Lax")
    assert soup_of(client.get(GENERAL)).select_one("html")["data-theme"] == theme


def test_any_other_theme_is_the_systems() -> None:
    client = Client()
    for theme in ("system", "", "purple", '"><script>', "\x00"):
        client.post("/theme/", {"theme": "dark"})
        response = client.post("/theme/", {"theme": theme})
        assert (response.status_code, response.cookies["theme"].value) == (302, ""), theme


def test_a_cookie_that_was_tampered_with_is_the_systems(cast: Cast) -> None:
    client = signed_in(cast.ava)
    client.cookies["theme"] = "x onload=alert(1)"
    page = client.get(GENERAL)
    assert page.status_code == 200
    assert "onload=alert" not in page.content.decode()


ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "http:///evil.example",
    "///evil.example",
    "\x00//evil.example",
    " //evil.example",
    "",
)


def test_the_theme_never_leads_elsewhere() -> None:
    client = Client()
    for target in ELSEWHERE:
        response = client.post("/theme/", {"theme": "dark", "next": target})
        assert (response.status_code, response["Location"]) == (302, "/"), target


def test_the_theme_leads_to_any_place_of_ours_as_it_stands() -> None:
    client = Client()
    for target in ("inbox", "alive", "account_login", "a.b", "/a\nb", "/acme/inbox/?view=all", "?x"):
        response = client.post("/theme/", {"theme": "dark", "next": target})
        assert response.status_code == 302
        assert "\n" not in response["Location"]
        assert response["Location"].startswith(target[:2]), target


def test_the_theme_is_chosen_by_a_form_only() -> None:
    assert Client().get("/theme/").status_code == 405


# --- The way in -----------------------------------------------------------------------------------------------------
def test_a_person_with_one_workspace_goes_straight_in(cast: Cast) -> None:
    assert signed_in(cast.ava).get("/")["Location"] == "/acme/"


def test_a_person_with_two_chooses(cast: Cast) -> None:
    with tenant_context(cast.next_door.pk):
        add_member(user=cast.ava.user, role=Role.ADMINISTRATOR, by=cast.mallory)
    page = signed_in(cast.ava).get("/")
    links = {link["href"] for link in soup_of(page).select("a")}
    assert {"/acme/", "/nextdoor/"} <= links
    assert "Administrator" in text_of(page)


def test_a_person_who_was_removed_has_no_way_in(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Membership.objects.filter(pk=cast.ava.pk).update(removed_at=timezone.now())
    client = signed_in(cast.ava)
    assert client.get("/").status_code == 200
    assert client.get("/acme/inbox/").status_code == 404


def test_two_tabs_show_two_workspaces(cast: Cast) -> None:
    with tenant_context(cast.next_door.pk):
        add_member(user=cast.ava.user, role=Role.OWNER, by=cast.mallory)
    client = signed_in(cast.ava)
    assert client.post("/nextdoor/settings/general/", {**VALID, "name": "Renamed"}).status_code == 302
    assert client.post(GENERAL, VALID).status_code == 403
    assert acme(cast).name == "Acme Goods"


def test_pages_about_people_stay_in_no_cache(cast: Cast) -> None:
    for url in ("/acme/inbox/", "/acme/settings/general/", "/acme/inbox/999/"):
        response = signed_in(cast.ava).get(url)
        assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))


def test_two_workspaces_may_name_the_same_support_address_and_neither_learns_of_it(cast: Cast) -> None:
    """Saying no would tell whose address it is, and let anybody reserve a stranger's. It is a label, not a way in."""
    address = {"support_addresses": "support@shop.example"}
    said = signed_in(cast.mallory).post("/nextdoor/settings/general/", {**VALID, **address})
    assert said.status_code == 302
    assert acme(cast).support_addresses == ["support@shop.example"]
