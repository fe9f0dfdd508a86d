"""Settings -> Security: the rule that everybody needs a second factor, and that it holds for every path of a workspace."""

import pytest
from django.test import Client

from integrations.shopify.sandbox import RunningSandbox
from tenants.models import AuditEvent, Tenant
from tenants.provisioning import add_member
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests.conftest import Cast
from tests.tenants.signing_in import CONFIRM_BY_CODE, cast, confirm, recovery_codes, set_up_app, sign_in, with_app
from tests.tenants.test_access import MEMBERS, Path
from tests.walking import answer, failed, shopify, signed_in, soup_of, start, text_of

__all__ = ["cast", "shopify"]  # fixtures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
SECURITY = "/acme/settings/security/"
WANTED = "/account/second-factor/"


def require(cast: Cast, required: bool = True) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(require_second_factor=required)


def required(cast: Cast) -> bool:
    with tenant_context(cast.acme.pk):
        return Tenant.objects.get().require_second_factor


def actions(cast: Cast) -> list[str]:
    with tenant_context(cast.acme.pk):
        return list(
            AuditEvent.objects.filter(action__startswith="security.").order_by("pk").values_list("action", flat=True)
        )


# --- The setting -----------------------------------------------------------------------------------------------------
def test_olivia_requires_a_second_factor_and_makes_it_optional_again(cast: Cast) -> None:
    with_app(cast.olivia.user)
    client = signed_in(cast.olivia)
    for rule, on in (("required", True), ("required", True), ("optional", False)):
        assert client.post(SECURITY, {"rule": rule})["Location"] == f"{SECURITY}?saved=1"
        assert required(cast) is on
    assert actions(cast) == ["security.second_factor_required", "security.second_factor_optional"]


def test_an_owner_without_a_factor_cannot_lock_herself_out(cast: Cast) -> None:
    response = signed_in(cast.olivia).post(SECURITY, {"rule": "required"})
    assert response.status_code == 422
    assert "lock yourself out" in text_of(response)
    assert (required(cast), actions(cast)) == (False, [])


@pytest.mark.parametrize("who", ["adam", "ava"])
def test_who_is_not_the_owner_reads_it_only(cast: Cast, who: str) -> None:
    member = getattr(cast, who)
    with_app(member.user)
    client = signed_in(member)
    page = client.get(SECURITY)
    assert page.status_code == 200
    assert "Only an owner" in text_of(page)
    assert not soup_of(page).select("main form")
    assert client.post(SECURITY, {"rule": "required"}).status_code == 403
    assert not required(cast)


def test_owners_and_administrators_see_who_has_none_and_agents_do_not(cast: Cast) -> None:
    with_app(cast.olivia.user)
    with tenant_context(cast.next_door.pk):
        add_member(user=cast.adam.user, role=Role.AGENT, by=cast.mallory)
    for who in (cast.olivia, cast.adam):
        names = [one.get_text() for one in soup_of(signed_in(who).get(SECURITY)).select(".names li > span:first-child")]
        assert names == ["Adam", "Ava"]
    assert not soup_of(signed_in(cast.ava).get(SECURITY)).select(".names")


@pytest.mark.parametrize("data", [{}, {"rule": ""}, {"rule": "\x00"}, {"rule": "off"}, {"rule": "x" * 10_000}])
def test_any_other_rule_is_refused(cast: Cast, data: dict[str, str]) -> None:
    with_app(cast.olivia.user)
    assert signed_in(cast.olivia).post(SECURITY, data).status_code == 422
    assert actions(cast) == []


def test_mallory_finds_no_security_page(cast: Cast) -> None:
    with_app(cast.mallory.user)
    client = signed_in(cast.mallory)
    assert (client.get(SECURITY).status_code, client.post(SECURITY, {"rule": "required"}).status_code) == (404, 404)


# --- The rule --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", MEMBERS, ids=lambda path: path.route)
def test_no_path_of_the_workspace_opens_without_a_factor(cast: Cast, path: Path) -> None:
    require(cast)
    address = path.address("acme")
    client = signed_in(cast.olivia)
    for method in ("get", "post", "head", "put", "delete", "options"):
        response = getattr(client, method)(address)
        assert response.status_code == 302, method
        assert response["Location"].startswith(f"{WANTED}?next="), method
        assert "no-store" in response["Cache-Control"]
    part = client.get(address, headers={"hx-request": "true"})
    assert (part.status_code, part["Content-Type"]) == (403, "text/plain")
    assert part["HX-Redirect"].startswith(WANTED)
    assert "acme" not in part.content.decode().lower()


def test_nothing_changes_before_the_factor(cast: Cast) -> None:
    require(cast)
    client = signed_in(cast.olivia)
    client.post("/acme/settings/general/", {"name": "Mine", "time_zone": "UTC"})
    client.post(SECURITY, {"rule": "optional"})
    assert required(cast)
    with tenant_context(cast.acme.pk):
        assert Tenant.objects.get().name == "Acme Goods"


def test_a_stranger_learns_nothing_of_the_rule(cast: Cast) -> None:
    require(cast)
    assert signed_in(cast.mallory).get("/acme/inbox/").status_code == 404


def test_the_rule_is_one_workspaces_own(cast: Cast) -> None:
    require(cast)
    with tenant_context(cast.next_door.pk):
        add_member(user=cast.ava.user, role=Role.AGENT, by=cast.mallory)
    client = signed_in(cast.ava)
    assert client.get("/nextdoor/inbox/").status_code == 200
    assert client.get("/acme/inbox/").status_code == 302


def test_ava_is_led_to_the_set_up_and_back_to_where_she_was_going(cast: Cast) -> None:
    require(cast)
    client = sign_in(Client(), cast.ava.user)
    page = client.get("/acme/inbox/?view=all", follow=True)
    assert "Acme Goods lets in whoever has one" in text_of(page)
    confirm(client)
    set_up_app(client)
    codes = client.get("/account/2fa/recovery-codes/")
    assert soup_of(codes).select_one(".banner a")["href"] == "/account/continue/"
    assert client.get("/account/continue/")["Location"] == "/acme/inbox/?view=all"
    assert client.get("/acme/inbox/?view=all").status_code == 200
    assert client.get("/account/continue/")["Location"] == "/"  # once


def test_recovery_codes_alone_are_no_second_factor(cast: Cast) -> None:
    require(cast)
    with_app(cast.ava.user)
    cast.ava.user.authenticator_set.filter(type="totp").delete()  # type: ignore[attr-defined]
    assert signed_in(cast.ava).get("/acme/inbox/").status_code == 302


def test_who_removes_the_last_factor_is_led_to_the_set_up_again(cast: Cast) -> None:
    require(cast)
    secret = with_app(cast.ava.user)
    client = sign_in(Client(), cast.ava.user, secret)
    assert client.get("/acme/inbox/").status_code == 200
    client.post(CONFIRM_BY_CODE, {"code": recovery_codes(cast.ava.user)[0]})
    client.post("/account/2fa/totp/deactivate/")
    assert client.get("/acme/inbox/")["Location"].startswith(WANTED)


def test_after_a_form_or_a_part_one_comes_back_to_its_page(cast: Cast) -> None:
    require(cast)
    client = sign_in(Client(), cast.ava.user)
    page = "http://testserver/acme/inbox/7/"
    for kind in ({"referer": page}, {"hx-request": "true", "hx-current-url": page}):
        response = client.post("/acme/settings/general/", headers=kind)
        url = response.headers.get("HX-Redirect") or response.headers["Location"]
        client.get(url)
        assert client.get("/account/continue/")["Location"] == "/acme/inbox/7/"


def test_the_way_back_leads_to_no_other_place(cast: Cast) -> None:
    require(cast)
    client = sign_in(Client(), cast.ava.user)
    for target in (
        "https://evil.example/acme/",
        "//evil.example/acme/",
        "/\\evil.example",
        "/nextdoor/inbox/",
        "javascript:alert(1)",
        "\x00",
        "http://testserver//evil.example/",
        "http://[",
        "x" * 10_000,
    ):
        assert client.get(WANTED, {"next": target}).status_code == 200, target[:30]
        assert client.get("/account/continue/")["Location"] == "/", target[:30]
    with_app(cast.ava.user)
    for target in ("https://evil.example/", "//evil.example", "http://testserver//evil.example/"):
        assert client.get(WANTED, {"next": target})["Location"] == "/"


# --- Shopify's way back ----------------------------------------------------------------------------------------------
def test_a_store_is_not_connected_when_the_factor_went_on_the_way(cast: Cast, shopify: RunningSandbox) -> None:
    with_app(cast.olivia.user)
    require(cast)
    client = signed_in(cast.olivia)
    back = answer(shopify, start(client))
    cast.olivia.user.authenticator_set.all().delete()  # type: ignore[attr-defined]
    assert failed(client, client.get(back)).outcome == "second_factor_missing"


def test_a_store_is_connected_with_the_factor(cast: Cast, shopify: RunningSandbox) -> None:
    with_app(cast.olivia.user)
    require(cast)
    client = signed_in(cast.olivia)
    assert "connected=" in client.get(answer(shopify, start(client)))["Location"]
