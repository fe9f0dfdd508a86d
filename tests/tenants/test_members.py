"""Members: who may change whom, that a workspace never loses its last owner, and what a removed person still reaches."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from tenants import accounts, exporting, handovers, members, provisioning, second_factors, workspaces
from tenants.members import MemberError
from tenants.models import AuditEvent, Handover, Invitation, Membership, Tenant, User
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests.conftest import Cast
from tests.tenants.joining import audited, invite, roles, together
from tests.walking import cast, signed_in, soup_of, text_of

__all__ = ["cast"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
MEMBERS = "/acme/settings/members/"
OLIVIA, ADAM, AVA = (f"{MEMBERS}{number}/" for number in (1, 2, 3))


def second_owner(cast: Cast) -> Membership:
    with tenant_context(cast.acme.pk):
        return members.change_role(member=cast.adam, role=Role.OWNER, by=cast.olivia)


# --- Who may change whom --------------------------------------------------------------------------------------------
def test_an_owner_makes_an_agent_an_owner_and_it_is_audited_once(cast: Cast) -> None:
    response = signed_in(cast.olivia).post(f"{AVA}role/", {"role": "owner"})
    assert response["Location"] == f"{MEMBERS}?done=role"
    assert roles(cast.acme)["ava"] == "owner"
    (event,) = audited(cast.acme, "member.role")
    assert (event.actor_name, event.actor_role, event.target) == ("Olivia", "owner", "member 3")
    assert (event.before, event.after) == ({"role": "agent"}, {"role": "owner"})
    (told,) = mail.outbox
    assert told.to == ["ava@acme.example"]
    assert told.subject == "You are now owner in Acme Goods"


def test_an_administrator_manages_administrators_and_agents(cast: Cast) -> None:
    client = signed_in(cast.adam)
    assert client.post(f"{AVA}role/", {"role": "administrator"}).status_code == 302
    assert client.post(f"{AVA}role/", {"role": "agent"}).status_code == 302
    assert client.post(f"{AVA}remove/").status_code == 302
    assert roles(cast.acme) == {"olivia": "owner", "adam": "administrator"}


@pytest.mark.parametrize(
    ("who", "path", "data"),
    [
        ("adam", f"{OLIVIA}role/", {"role": "agent"}),
        ("adam", f"{OLIVIA}remove/", {}),
        ("adam", f"{AVA}role/", {"role": "owner"}),
        ("adam", f"{ADAM}role/", {"role": "owner"}),
        ("ava", f"{ADAM}role/", {"role": "agent"}),
        ("ava", f"{AVA}role/", {"role": "owner"}),
        ("ava", f"{ADAM}remove/", {}),
        ("ava", f"{MEMBERS}invite/", {"email": "x@y.example", "role": "agent"}),
        ("adam", f"{MEMBERS}invite/", {"email": "x@y.example", "role": "owner"}),
        ("adam", f"{MEMBERS}handover/", {"taker": "2", "slug": "acme"}),
    ],
)
def test_nobody_reaches_above_their_role(cast: Cast, who: str, path: str, data: dict[str, str]) -> None:
    before = roles(cast.acme)
    response = signed_in(getattr(cast, who)).post(path, data)
    assert response.status_code == 403
    assert "You may not open this" in text_of(response)
    assert roles(cast.acme) == before
    assert audited(cast.acme, "member.r") == []
    assert mail.outbox == []


@pytest.mark.parametrize("role", ["", "OWNER", "superuser", "owner\x00", "agent ", "' OR 1=1"])
def test_a_role_that_does_not_exist_is_refused(cast: Cast, role: str) -> None:
    response = signed_in(cast.olivia).post(f"{AVA}role/", {"role": role})
    assert response.status_code == 422
    assert roles(cast.acme)["ava"] == "agent"


def test_the_same_role_again_changes_and_tells_nothing(cast: Cast) -> None:
    assert signed_in(cast.olivia).post(f"{AVA}role/", {"role": "agent"}).status_code == 302
    assert (audited(cast.acme, "member.role"), mail.outbox) == ([], [])


@pytest.mark.parametrize("number", ["0", "4", "999999999999999999999", "-1", "1e3"])
def test_a_number_of_nobody_here_is_not_found(cast: Cast, number: str) -> None:
    """Mallory's is 1, as Olivia's; numbers beyond ours are nobody's, whoever has them next door."""
    for what in ("role", "remove"):
        assert signed_in(cast.olivia).post(f"{MEMBERS}{number}/{what}/", {"role": "agent"}).status_code == 404


def test_mallory_finds_no_page_about_the_people_next_door(cast: Cast) -> None:
    client = signed_in(cast.mallory)
    for path in (MEMBERS, f"{AVA}role/", f"{AVA}remove/", f"{MEMBERS}invite/", f"{MEMBERS}leave/"):
        assert (client.get(path).status_code, client.post(path).status_code) == (404, 404)


# --- Never the last owner -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [f"{OLIVIA}role/", f"{MEMBERS}leave/"])
def test_the_last_owner_stays(cast: Cast, path: str) -> None:
    response = signed_in(cast.olivia).post(path, {"role": "agent"})
    assert response.status_code == 409
    assert "always has an owner" in text_of(response)
    assert roles(cast.acme)["olivia"] == "owner"


def test_an_owner_who_was_removed_does_not_count(cast: Cast) -> None:
    second_owner(cast)
    assert signed_in(cast.olivia).post(f"{ADAM}remove/").status_code == 302
    assert signed_in(cast.olivia).post(f"{MEMBERS}leave/").status_code == 409


def test_nobody_removes_themselves_by_the_wrong_door(cast: Cast) -> None:
    second_owner(cast)
    assert "leave the workspace" in text_of(signed_in(cast.olivia).post(f"{OLIVIA}remove/"))
    assert roles(cast.acme)["olivia"] == "owner"


def test_one_of_two_owners_may_leave(cast: Cast) -> None:
    second_owner(cast)
    assert signed_in(cast.olivia).post(f"{MEMBERS}leave/")["Location"] == "/"
    assert roles(cast.acme) == {"adam": "owner", "ava": "agent"}
    assert [event.action for event in audited(cast.acme, "member.left")] == ["member.left"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["demote", "remove", "leave"])
def test_two_owners_at_once_leave_exactly_one_owner(transactional_db: None, cast: Cast, how: str) -> None:
    second_owner(cast)

    def act(by: Membership, on: Membership) -> Callable[[], object]:
        def run() -> object:
            with tenant_context(cast.acme.pk):
                if how == "demote":
                    return members.change_role(member=on, role=Role.AGENT, by=by)
                return members.remove(member=on, by=by) if how == "remove" else members.leave(by=by)

        return run

    results = together(act(cast.olivia, cast.adam), act(cast.adam, cast.olivia))
    refused = [result for result in results if isinstance(result, Exception)]
    assert len(refused) == 1
    assert isinstance(refused[0], MemberError if how == "leave" else PermissionDenied)
    assert list(roles(cast.acme).values()).count("owner") == 1


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_demote_themselves_at_once_leave_one(transactional_db: None, cast: Cast) -> None:
    second_owner(cast)

    def demote(who: Membership) -> Callable[[], object]:
        def run() -> object:
            with tenant_context(cast.acme.pk):
                return members.change_role(member=who, role=Role.AGENT, by=who)

        return run

    results = together(demote(cast.olivia), demote(cast.adam))
    assert [type(result) for result in results if isinstance(result, Exception)] == [MemberError]
    assert list(roles(cast.acme).values()).count("owner") == 1


# --- Removed --------------------------------------------------------------------------------------------------------
def test_a_removed_person_is_locked_out_with_the_page_still_open(cast: Cast) -> None:
    client = signed_in(cast.ava)
    assert client.get("/acme/inbox/").status_code == 200
    assert signed_in(cast.olivia).post(f"{AVA}remove/")["Location"] == f"{MEMBERS}?done=removed"
    for path in ("/acme/inbox/", MEMBERS, f"{MEMBERS}leave/"):
        assert client.get(path).status_code == 404
    assert client.post(f"{MEMBERS}leave/").status_code == 404
    (event,) = audited(cast.acme, "member.removed")
    assert (event.target, event.detail) == ("member 3", {"role": "agent"})
    assert [(m.to, m.subject) for m in mail.outbox] == [(["ava@acme.example"], "You were removed from Acme Goods")]


def test_a_removed_person_keeps_the_session_and_the_other_workspaces(cast: Cast) -> None:
    places = []
    for index in range(9):
        place = provisioning.open_workspace(slug=f"place-{index}", name=f"Place {index}", owner=cast.mallory.user)
        with tenant_context(place.pk):
            provisioning.add_member(user=cast.ava.user, role=Role.AGENT, by=None)
        places.append(place.slug)
    client = signed_in(cast.ava)
    signed_in(cast.olivia).post(f"{AVA}remove/")
    assert client.get("/acme/inbox/").status_code == 404
    assert {client.get(f"/{slug}/inbox/").status_code for slug in places} == {200}
    assert "acme" not in {link["href"].split("/")[1] for link in soup_of(client.get("/")).select(".pick a")}


def test_a_role_taken_away_while_its_form_is_open_is_403_and_changes_nothing(cast: Cast) -> None:
    client = signed_in(cast.adam)
    assert client.get(f"{AVA}role/").status_code == 200
    signed_in(cast.olivia).post(f"{ADAM}role/", {"role": "agent"})
    response = client.post(f"{AVA}role/", {"role": "administrator"})
    assert response.status_code == 403
    assert "Your role in this workspace does not include it" in text_of(response)
    assert roles(cast.acme) == {"olivia": "owner", "adam": "agent", "ava": "agent"}


def test_the_role_is_read_again_behind_the_lock(cast: Cast) -> None:
    """As in a request that had passed the door when the role was taken away."""
    with tenant_context(cast.acme.pk):
        members.change_role(member=cast.adam, role=Role.AGENT, by=cast.olivia)
        with pytest.raises(PermissionDenied):
            members.remove(member=cast.ava, by=cast.adam)
        members.remove(member=cast.adam, by=cast.olivia)
        with pytest.raises(PermissionDenied):
            members.leave(by=cast.adam)


@pytest.mark.parametrize(
    "change",
    [
        lambda by: workspaces.change(name="Mine", time_zone="UTC", support_addresses=[], by=by),
        lambda by: second_factors.make_optional(by=by),
        lambda by: exporting.request(by=by),
    ],
    ids=["settings", "rule", "export"],
)
def test_a_change_of_the_workspace_reads_the_role_behind_the_lock_too(
    cast: Cast, change: Callable[[Membership], object]
) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(require_second_factor=True)
        Membership.objects.filter(pk=cast.olivia.pk).update(role=Role.AGENT)
        events = AuditEvent.objects.count()
        with pytest.raises(PermissionDenied):
            change(cast.olivia)
        assert AuditEvent.objects.count() == events


def test_whoever_is_removed_already_cannot_be_changed(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        members.remove(member=cast.ava, by=cast.olivia)
        with pytest.raises(MemberError, match="not in the workspace"):
            members.change_role(member=cast.ava, role=Role.OWNER, by=cast.olivia)
    assert signed_in(cast.olivia).post(f"{AVA}remove/").status_code == 404


def test_a_person_who_comes_back_gets_the_old_row(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        members.remove(member=cast.ava, by=cast.olivia)
        again = provisioning.add_member(user=cast.ava.user, role=Role.ADMINISTRATOR, by=cast.olivia)
        assert (again.pk, again.number, again.removed_at) == (cast.ava.pk, cast.ava.number, None)
        assert again.joined_at > cast.ava.joined_at
        with pytest.raises(MemberError):
            provisioning.add_member(user=cast.ava.user, role=Role.OWNER, by=cast.olivia)
    assert roles(cast.acme)["ava"] == "administrator"


@pytest.mark.parametrize("what", ["remove", "role"])
def test_what_rests_on_a_member_ends_with_their_role(cast: Cast, what: str) -> None:
    invite(cast.adam)
    with tenant_context(cast.acme.pk):
        handovers.offer(taker=cast.adam, by=cast.olivia)
    signed_in(cast.olivia).post(f"{ADAM}{what}/", {"role": "agent"})
    with tenant_context(cast.acme.pk):
        assert Invitation.objects.get().revoked_at
        assert Handover.objects.get().ended_at
    event = audited(cast.acme, "member.r")[-1]
    assert (event.detail["handovers_ended"], event.detail["invitations_revoked"]) == ([1], [1])


def test_an_owner_who_becomes_administrator_keeps_the_invitations_they_may_still_send(cast: Cast) -> None:
    second_owner(cast)
    invite(cast.adam, "agent@elsewhere.example", Role.AGENT)
    invite(cast.adam, "owner@elsewhere.example", Role.OWNER)
    with tenant_context(cast.acme.pk):
        members.change_role(member=cast.adam, role=Role.ADMINISTRATOR, by=cast.olivia)
        open_ones = Invitation.objects.filter(revoked_at=None).values_list("email", flat=True)
        assert list(open_ones) == ["agent@elsewhere.example"]


# --- The page -------------------------------------------------------------------------------------------------------
def test_an_agent_sees_people_and_no_button(cast: Cast) -> None:
    invite(cast.olivia)
    page = signed_in(cast.ava).get(MEMBERS)
    text = text_of(page)
    assert "Olivia" in text
    assert "olivia@acme.example" in text
    for hidden in ("nina@", "Password only", "Second factor", "Change role", "Remove", "Hand over", "Send invitation"):
        assert hidden not in text
    main = soup_of(page).select_one("main")
    assert main.select("form") == []
    assert [link["href"] for link in main.select("a")] == [f"{MEMBERS}leave/"]


def test_everybody_has_the_same_face_in_the_rail_and_in_the_list(cast: Cast) -> None:
    for number, member in enumerate((cast.olivia, cast.adam, cast.ava)):
        page = soup_of(signed_in(member).get(MEMBERS))
        assert page.select_one(".rail .face")["class"] == page.select(".person .face")[number]["class"]


def test_an_administrator_finds_no_button_on_an_owner(cast: Cast) -> None:
    page = soup_of(signed_in(cast.adam).get(MEMBERS))
    links = {link["href"] for link in page.select(".people a")}
    assert links == {f"{ADAM}role/", f"{MEMBERS}leave/", f"{AVA}role/", f"{AVA}remove/"}
    assert [option["value"] for option in page.select("select[name=role] option")] == ["agent", "administrator"]
    assert page.select_one("#hand-over") is None


def test_who_manages_sees_who_has_a_second_factor(cast: Cast) -> None:
    Authenticator.objects.create(user=cast.ava.user, type=Authenticator.Type.TOTP, data={})
    Authenticator.objects.create(user=cast.adam.user, type=Authenticator.Type.RECOVERY_CODES, data={})
    rows = soup_of(signed_in(cast.olivia).get(MEMBERS)).select(".person")
    said = {row.select_one("b").get_text(): row.select_one(".factor").get_text().strip() for row in rows}
    assert said == {"Olivia": "Password only", "Adam": "Password only", "Ava": "Second factor"}


def test_sixty_members_fill_two_pages(cast: Cast, django_assert_max_num_queries: Callable[[int], object]) -> None:
    with tenant_context(cast.acme.pk):
        for index in range(57):
            user = User.objects.create_user(email=f"p{index:02}@acme.example", name=f"Person {index:02}")
            provisioning.add_member(user=user, role=Role.AGENT, by=None)
    client = signed_in(cast.olivia)
    client.get(MEMBERS)
    with django_assert_max_num_queries(20):  # type: ignore[attr-defined]
        first = client.get(MEMBERS)
    second = client.get(f"{MEMBERS}?page=2")
    assert [len(soup_of(page).select(".person")) for page in (first, second)] == [50, 10]
    assert "60 people" in text_of(first)
    assert [b.get_text() for b in soup_of(first).select(".person b")[:3]] == ["Olivia", "Adam", "Ava"]
    for odd in ("0", "99", "x", "-3", "\x00", "1e9", "9" * 400):
        assert client.get(MEMBERS, {"page": odd}).status_code == 200


def test_a_name_cannot_write_into_the_page(cast: Cast) -> None:
    User.objects.filter(pk=cast.ava.user_id).update(name="<script>alert(1)</script>\u202e")
    content = signed_in(cast.olivia).get(MEMBERS).content.decode()
    assert "<script>alert" not in content


def test_a_word_about_what_was_done_is_one_of_ours(cast: Cast) -> None:
    page = signed_in(cast.ava).get(MEMBERS, {"done": "Call+0900-1234"})
    assert "0900" not in soup_of(page).select_one("main").get_text()


def test_a_password_is_all_that_a_person_needs_to_be_somebodys_member(cast: Cast) -> None:
    """Removing never ends an account: who is in no workspace still signs in, and is told so."""
    lena = accounts.create(email="lena@acme.example", password="a heron stands on one leg", name="Lena")
    with tenant_context(cast.acme.pk):
        provisioning.add_member(user=lena, role=Role.AGENT, by=None)
        Membership.objects.filter(user=lena).update(removed_at=timezone.now())
    client = Client()
    client.force_login(lena)
    assert "No workspace yet" in text_of(client.get("/"))
