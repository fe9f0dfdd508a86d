"""Invitations: who may send them to whom, what their link tells to whom, and that it lets in one person once."""

from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tenants import accounts, invitations, members
from tenants.invitations import MOST_IN_AN_HOUR, MOST_OPEN
from tenants.models import Invitation, Membership, Tenant, User
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests.conftest import Cast
from tests.tenants.joining import (
    NINA,
    PASSWORD,
    audited,
    invite,
    link_in_mail,
    proven,
    roles,
    together,
    token_in_mail,
)
from tests.walking import cast, everything_stored, signed_in, soup_of, text_of
from versana.observability.logging import redacted

__all__ = ["cast"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
MEMBERS = "/acme/settings/members/"
INVITE = f"{MEMBERS}invite/"
FORM = {"name": "Nina Okafor", "password": PASSWORD}


def heading(response: HttpResponse) -> str:
    return str(soup_of(response).select_one("h1").get_text())


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- Sent -----------------------------------------------------------------------------------------------------------
def test_an_invitation_is_a_mail_with_a_link_and_one_audit_row(cast: Cast) -> None:
    response = signed_in(cast.adam).post(INVITE, {"email": " Nina@Elsewhere.example ", "role": "agent"})
    assert response["Location"] == f"{MEMBERS}?done=invited"
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["Nina@Elsewhere.example"], "Adam invites you to Acme Goods")
    assert sent.alternatives == []
    (event,) = audited(cast.acme, "member.invited")
    assert (event.actor_name, event.target, event.detail) == ("Adam", "invitation 1", {"role": "agent"})
    with tenant_context(cast.acme.pk):
        row = Invitation.objects.get()
    assert (row.email, row.email_norm) == ("Nina@Elsewhere.example", NINA)
    assert timedelta(days=6, hours=23) < row.expires_at - timezone.now() <= timedelta(days=7)
    assert len(token_in_mail()) == 43
    assert token_in_mail() not in everything_stored(cast.acme)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "nobody",
        "@acme.example",
        "nina@",
        "nina@elsewhere.example\r\nBcc: all@acme.example",
        "nina@elsewhere.example\nx",
        "nina\x00@elsewhere.example",
        "a,b@elsewhere.example",
        "nina@elsewhere.example, other@acme.example",
        "Olivia <olivia@elsewhere.example>",
        '"Olivia"@elsewhere.example',
        "<script>@elsewhere.example",
        "nina@else where.example",
        "nina@-.example",
        f"{'n' * 300}@elsewhere.example",
        f"nina@{'e' * 300}.example",
        "nina@elsewhere.example\u2028x",
        "n\u0131na@xn--.example",
        "ni\u212aa@elsewhere.example",  # casefolded it would be nika's
        "nina.stra\u00dfe@elsewhere.example",
    ],
    ids=repr,
)
def test_what_is_no_address_is_not_invited(cast: Cast, email: str) -> None:
    response = signed_in(cast.olivia).post(INVITE, {"email": email, "role": "agent"})
    assert response.status_code == 422
    assert soup_of(response).select(".invite .errorlist")
    assert (mail.outbox, audited(cast.acme, "member.invited")) == ([], [])


def test_an_address_in_another_script_is_one_address_however_it_is_written(cast: Cast) -> None:
    client = signed_in(cast.olivia)
    assert client.post(INVITE, {"email": "nina@bücher.example", "role": "agent"}).status_code == 302
    again = client.post(INVITE, {"email": "NINA@xn--bcher-kva.example", "role": "agent"})
    assert "invited already" in text_of(again)


@pytest.mark.parametrize("email", ["ava@acme.example", "AVA@ACME.example", "ava@private.example"])
def test_a_member_is_not_invited_again_by_any_address_of_theirs(cast: Cast, email: str) -> None:
    proven(cast.ava.user, "ava@private.example")
    response = signed_in(cast.olivia).post(INVITE, {"email": email, "role": "administrator"})
    assert response.status_code == 422
    assert "a member already" in text_of(response)


@pytest.mark.parametrize("role", ["", "root", "Agent", "agent\x00"])
def test_nobody_is_invited_in_a_role_that_does_not_exist(cast: Cast, role: str) -> None:
    assert signed_in(cast.olivia).post(INVITE, {"email": NINA, "role": role}).status_code == 422
    assert mail.outbox == []


def test_a_workspace_has_so_many_open_invitations(cast: Cast) -> None:
    row = invite(cast.olivia)
    with tenant_context(cast.acme.pk):
        for index in range(MOST_OPEN - 1):
            row.pk, row.number = None, 1000 + index
            row.email = row.email_norm = f"p{index}@elsewhere.example"
            row.save(force_insert=True)
    response = signed_in(cast.olivia).post(INVITE, {"email": "one@more.example", "role": "agent"})
    assert f"{MOST_OPEN} invitations are open" in text_of(response)
    assert len(soup_of(signed_in(cast.olivia).get(MEMBERS)).select(".panel .person")) == MOST_OPEN


def test_a_workspace_sends_so_many_invitations_an_hour(cast: Cast) -> None:
    client = signed_in(cast.olivia)
    invite(cast.olivia)
    for _ in range(MOST_IN_AN_HOUR - 1):
        assert client.post(f"{MEMBERS}invitations/1/resend/").status_code == 302
    again = client.post(f"{MEMBERS}invitations/1/resend/")
    other = client.post(INVITE, {"email": "one@more.example", "role": "agent"})
    assert (again.status_code, other.status_code, len(mail.outbox)) == (409, 422, MOST_IN_AN_HOUR)
    assert "Try again later" in text_of(again)
    client.post(f"{MEMBERS}invitations/1/revoke/")
    assert client.post(INVITE, {"email": NINA, "role": "agent"}).status_code == 422


@pytest.mark.parametrize("what", ["resend", "revoke"])
def test_invitations_of_others_are_not_found(cast: Cast, what: str) -> None:
    with tenant_context(cast.next_door.pk):
        invitations.invite(email=NINA, role=Role.AGENT, by=cast.mallory)
    assert signed_in(cast.olivia).post(f"{MEMBERS}invitations/1/{what}/").status_code == 404
    assert signed_in(cast.mallory).post(f"{MEMBERS}invitations/1/{what}/").status_code == 404
    assert signed_in(cast.ava).post(f"{MEMBERS}invitations/1/{what}/").status_code == 403


def test_an_administrator_does_not_touch_the_invitation_of_an_owner(cast: Cast) -> None:
    invite(cast.olivia, role=Role.OWNER)
    client = signed_in(cast.adam)
    assert client.post(f"{MEMBERS}invitations/1/resend/").status_code == 403
    assert client.post(f"{MEMBERS}invitations/1/revoke/").status_code == 403
    assert soup_of(client.get(MEMBERS)).select(".panel form") == []


def test_a_name_with_line_breaks_stays_in_its_line(cast: Cast) -> None:
    User.objects.filter(pk=cast.adam.user_id).update(name="Adam\r\nBcc: all@acme.example\n\nPay <b>here</b>")
    cast.adam.user.refresh_from_db()
    invite(cast.adam)
    assert mail.outbox[0].subject.startswith("Adam Bcc: all@acme.example Pay <b>here</b> invites you")
    assert mail.outbox[0].recipients() == [NINA]


# --- Nobody is signed in --------------------------------------------------------------------------------------------
def test_somebody_new_makes_an_account_and_stands_in_the_inbox(cast: Cast) -> None:
    invite(cast.adam, "Nina@Elsewhere.example", Role.ADMINISTRATOR)
    client = Client()
    page = client.get(link_in_mail())
    text = text_of(page)
    for word in ("Join Acme Goods", "Adam", "Administrator", "Nina@Elsewhere.example"):
        assert word in text
    assert client.post(link_in_mail(), FORM)["Location"] == "/acme/"
    assert client.get("/acme/inbox/").status_code == 200
    nina = User.objects.get(email_norm=NINA)
    assert nina.check_password(PASSWORD)
    assert (nina.name, nina.emailaddress_set.get().verified) == ("Nina Okafor", True)
    assert roles(cast.acme)["Nina"] == "administrator"
    (event,) = audited(cast.acme, "invitation.accepted")
    assert (event.actor_name, event.target) == ("Nina Okafor", "invitation 1")
    assert event.detail == {"role": "administrator", "member": 4}
    assert audited(cast.acme, "member.added")[-1].pk < event.pk


def test_the_new_person_signs_in_again_by_password(cast: Cast) -> None:
    invite(cast.adam)
    Client().post(link_in_mail(), FORM)
    client = Client()
    assert client.post("/account/login/", {"login": NINA, "password": PASSWORD}).status_code == 302
    assert client.get("/")["Location"] == "/acme/"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"name": "Nina", "password": ""},
        {"name": "", "password": PASSWORD},
        {"name": " \t", "password": PASSWORD},
        {"name": "\u200b\u202e\u200d", "password": PASSWORD},
        {"name": "Nina", "password": "short"},
        {"name": "Nina", "password": "passwordpassword"[:8]},
        {"name": "Nina", "password": NINA},
        {"name": "Nina\x00", "password": PASSWORD},
        {"name": "Nina", "password": f"{PASSWORD}\x00"},
        {"name": "N" * 121, "password": PASSWORD},
        {"name": "Nina", "password": "x1" * 5000},
    ],
    ids=lambda form: repr(form)[:60],
)
def test_a_form_that_is_not_right_makes_nobody(cast: Cast, form: dict[str, str]) -> None:
    invite(cast.adam)
    response = Client().post(link_in_mail(), form)
    assert response.status_code == 422
    assert "Nina@" not in roles(cast.acme)
    assert not User.objects.filter(email_norm=NINA).exists()
    assert PASSWORD not in response.content.decode()


def test_whoever_has_an_account_signs_in_first_and_comes_back(cast: Cast) -> None:
    accounts.create(email=NINA, password=PASSWORD, name="Nina")
    invite(cast.adam)
    client = Client()
    link = soup_of(client.get(link_in_mail())).select_one(".actions a")["href"]
    assert unquote(link) == f"/account/login/?next={link_in_mail()}"
    assert soup_of(client.get(link)).select_one("input[name=next]")["value"] == link_in_mail()
    response = client.post(link_in_mail(), FORM)
    assert response.status_code == 200  # nothing is taken from somebody who has not signed in
    assert "nina" not in roles(cast.acme)
    login = client.post("/account/login/", {"login": NINA, "password": PASSWORD, "next": link_in_mail()})
    assert login["Location"] == link_in_mail()
    assert client.post(link_in_mail())["Location"] == "/acme/"
    assert roles(cast.acme)["nina"] == "agent"


# --- Somebody is signed in ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("email", [NINA, "NINA@Elsewhere.Example", "nina@private.example"])
def test_one_button_accepts_for_any_proven_address(cast: Cast, email: str) -> None:
    nina = accounts.create(email=NINA, password=PASSWORD, name="Nina")
    proven(nina, "nina@private.example")
    invite(cast.olivia, email, Role.OWNER)
    client = client_of(nina)
    page = soup_of(client.get(link_in_mail()))
    assert [button.get_text() for button in page.select("main form button")] == ["Accept the invitation"]
    assert "nina" not in roles(cast.acme)  # looking is not accepting
    assert client.post(link_in_mail())["Location"] == "/acme/"
    assert roles(cast.acme)["nina"] == "owner"


def test_an_address_that_is_not_proven_does_not_count(cast: Cast) -> None:
    nina = accounts.create(email="nina@private.example", password=PASSWORD)
    nina.emailaddress_set.create(email=NINA, verified=False, primary=False)
    invite(cast.adam)
    assert client_of(nina).post(link_in_mail()).status_code == 403
    assert "nina" not in roles(cast.acme)


def test_a_forwarded_invitation_does_not_let_in_somebody_else(cast: Cast) -> None:
    invite(cast.adam)
    proven(cast.mallory.user)
    client = signed_in(cast.mallory)
    for response in (client.get(link_in_mail()), client.post(link_in_mail(), FORM)):
        assert response.status_code == 403
        assert heading(response) == "This invitation is for another address"
        assert NINA not in response.content.decode()
        assert "n…@elsewhere.example" in text_of(response)
    assert "mallory" not in roles(cast.acme)
    assert not User.objects.filter(email_norm=NINA).exists()
    form = soup_of(response).select_one("main form")
    out = client.post(form["action"], {"next": form.select_one("[name=next]")["value"]})
    assert out["Location"] == link_in_mail()
    assert heading(client.get(link_in_mail())) == "Join Acme Goods"


def test_a_removed_member_who_is_invited_again_gets_the_same_row(cast: Cast) -> None:
    proven(cast.ava.user)
    with tenant_context(cast.acme.pk):
        members.remove(member=cast.ava, by=cast.olivia)
    invite(cast.olivia, "ava@acme.example", Role.ADMINISTRATOR)
    assert signed_in(cast.ava).post(link_in_mail())["Location"] == "/acme/"
    with tenant_context(cast.acme.pk):
        row = Membership.objects.get(user=cast.ava.user)
    assert (row.pk, row.role, row.removed_at) == (cast.ava.pk, "administrator", None)


@pytest.mark.parametrize("how", ["removed", "gone"])
def test_nobody_comes_back_by_an_invitation_from_before(cast: Cast, how: str) -> None:
    """Ava was asked a second time, at an address that she proved only afterwards."""
    invite(cast.olivia, "ava@private.example", Role.ADMINISTRATOR)
    invite(cast.olivia, "somebody@else.example")
    proven(cast.ava.user, "ava@private.example")
    with tenant_context(cast.acme.pk):
        if how == "removed":
            members.remove(member=cast.ava, by=cast.adam)
        else:
            members.leave(by=cast.ava)
        link = Invitation.objects.get(number=1)
        assert Invitation.objects.filter(revoked_at=None).get().number == 2
    assert link.revoked_at
    assert audited(cast.acme, "member.")[-1].detail["invitations_revoked"] == [1]


def test_a_member_by_now_is_led_in_and_keeps_the_role(cast: Cast) -> None:
    nina = accounts.create(email=NINA, password=PASSWORD)
    invite(cast.olivia, role=Role.OWNER)
    with tenant_context(cast.acme.pk):
        members.place(user=nina, role=Role.AGENT)
    assert client_of(nina).post(link_in_mail())["Location"] == "/acme/"
    assert roles(cast.acme)["nina"] == "agent"


# --- Links that lead nowhere ----------------------------------------------------------------------------------------
def test_an_expired_link_says_so(cast: Cast) -> None:
    invite(cast.adam)
    with tenant_context(cast.acme.pk):
        Invitation.objects.update(expires_at=timezone.now())
    for response in (Client().get(link_in_mail()), Client().post(link_in_mail(), FORM)):
        assert (response.status_code, heading(response)) == (410, "This invitation has expired")
        assert NINA not in response.content.decode()
    assert "nina" not in roles(cast.acme)
    listed = soup_of(signed_in(cast.adam).get(MEMBERS)).select_one(".panel .person")
    assert "Expired" in listed.get_text()


def test_an_expired_invitation_lives_again_when_it_is_sent_again(cast: Cast) -> None:
    invite(cast.adam)
    with tenant_context(cast.acme.pk):
        Invitation.objects.update(expires_at=timezone.now())
    old = link_in_mail()
    assert signed_in(cast.adam).post(f"{MEMBERS}invitations/1/resend/")["Location"] == f"{MEMBERS}?done=resent"
    assert old != link_in_mail()
    gone = Client().get(old)
    assert gone.status_code == 404
    assert "only the link in the newest mail works" in text_of(gone)
    assert Client().post(link_in_mail(), FORM)["Location"] == "/acme/"
    assert [event.action for event in audited(cast.acme, "invitation")] == ["invitation.resent", "invitation.accepted"]


def test_a_revoked_link_says_so_and_its_address_can_be_invited_anew(cast: Cast) -> None:
    invite(cast.adam)
    client = signed_in(cast.olivia)
    assert client.post(f"{MEMBERS}invitations/1/revoke/")["Location"] == f"{MEMBERS}?done=revoked"
    response = Client().post(link_in_mail(), FORM)
    assert (response.status_code, heading(response)) == (410, "This invitation was revoked")
    assert client.post(f"{MEMBERS}invitations/1/revoke/").status_code == 409
    assert client.post(f"{MEMBERS}invitations/1/resend/").status_code == 409
    assert client.post(INVITE, {"email": NINA, "role": "agent"}).status_code == 302


def test_a_used_link_lets_nobody_in_again(cast: Cast) -> None:
    invite(cast.adam)
    Client().post(link_in_mail(), FORM)
    with tenant_context(cast.acme.pk):
        members.remove(member=Membership.objects.get(user__email=NINA), by=cast.olivia)
    for client in (Client(), client_of(User.objects.get(email=NINA))):
        response = client.post(link_in_mail())
        assert (response.status_code, heading(response)) == (410, "This invitation was used")
    assert "nina" not in roles(cast.acme)


def test_a_closed_workspace_takes_nobody_in(cast: Cast) -> None:
    invite(cast.adam)
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(closed_at=timezone.now())
    response = Client().post(link_in_mail(), FORM)
    assert (response.status_code, heading(response)) == (410, "This workspace is closed")


def test_unknown_malformed_and_forged_links_look_alike(cast: Cast) -> None:
    invite(cast.adam)
    token = token_in_mail()
    with tenant_context(cast.acme.pk):
        stored = Invitation.objects.get().token_hash
    forged = [
        token[:-1],
        token + "A",
        token.swapcase(),
        token[::-1],
        stored,
        "A" * 43,
        "x",
        "%00",
        "1",
        "a b",
        "é" * 43,
    ]
    answers = {(r.status_code, text_of(r)) for t in forged for r in [Client().get(f"/invitation/{t}/")]}
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert Client().get(f"/invitation/{token}/x/").status_code == 404
    assert Client().put(link_in_mail()).status_code == 405


@pytest.mark.parametrize("state", ["open", "used"])
def test_a_links_page_is_kept_by_nobody_and_its_address_told_to_nobody(cast: Cast, state: str) -> None:
    invite(cast.adam)
    if state == "used":
        Client().post(link_in_mail(), FORM)
    response = Client().get(link_in_mail())
    assert {"no-store", "private", "no-cache"} <= set(response["Cache-Control"].split(", "))
    assert response["Referrer-Policy"] == "strict-origin"
    assert soup_of(response).select_one("meta[name=referrer]")["content"] == "strict-origin"


def test_no_log_line_holds_a_token(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    """Neither our own line nor the one that Django writes about a refused request."""
    invite(cast.adam)
    with caplog.at_level("INFO"):
        Client().get(link_in_mail())
        signed_in(cast.ava).get(link_in_mail())
        Client().post(link_in_mail(), FORM)
        Client().get(link_in_mail())
        Client().get(link_in_mail().rstrip("/") + "/x/")
    lines = [record.getMessage() for record in caplog.records]
    assert len([line for line in lines if "/invitation/" in line]) == 8
    assert not [line for line in lines if token_in_mail() in line]
    assert redacted(f"Gone: {link_in_mail()}") == "Gone: /invitation/[token]/"


# --- Two at once ----------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_two_browsers_at_once_make_one_account_and_one_member(transactional_db: None, cast: Cast) -> None:
    invite(cast.adam)
    link = link_in_mail()
    answers = together(*[lambda: Client().post(link, FORM)] * 4)
    # Who comes a moment later still sees the page of an invitation, and by now has an account to sign in with.
    places = [answer.headers.get("Location", link) for answer in answers]
    assert sorted(set(places)) == ["/acme/", link]
    assert places.count("/acme/") == 1
    assert User.objects.filter(email_norm=NINA).count() == 1
    assert roles(cast.acme)["nina"] == "agent"
    assert len(audited(cast.acme, "invitation.accepted")) == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_of_somebody_signed_in_are_one_membership(transactional_db: None, cast: Cast) -> None:
    nina = accounts.create(email=NINA, password=PASSWORD)
    invite(cast.adam)
    link, clients = link_in_mail(), [client_of(nina) for _ in range(4)]
    together(*[lambda client=client: client.post(link) for client in clients])
    assert len(audited(cast.acme, "invitation.accepted")) == 1
    assert roles(cast.acme)["nina"] == "agent"


@pytest.mark.django_db(transaction=True)
def test_two_workspaces_at_once_make_one_account(transactional_db: None, cast: Cast) -> None:
    invite(cast.adam)
    ours = link_in_mail()
    with tenant_context(cast.next_door.pk):
        invitations.invite(email=NINA, role=Role.AGENT, by=cast.mallory)
    theirs = link_in_mail()
    answers = together(lambda: Client().post(ours, FORM), lambda: Client().post(theirs, FORM))
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert User.objects.filter(email_norm=NINA).count() == 1
    assert ("nina" in roles(cast.acme)) + ("nina" in roles(cast.next_door)) == 1


@pytest.mark.django_db(transaction=True)
def test_revoked_and_accepted_at_once_is_one_of_them(transactional_db: None, cast: Cast) -> None:
    invitation = invite(cast.adam)
    link = link_in_mail()

    def revoke() -> object:
        with tenant_context(cast.acme.pk):
            return invitations.revoke(invitation=invitation, by=cast.olivia)

    together(lambda: Client().post(link, FORM), revoke)
    with tenant_context(cast.acme.pk):
        invitation.refresh_from_db()
    assert bool(invitation.accepted_at) != bool(invitation.revoked_at)
    assert ("nina" in roles(cast.acme)) == bool(invitation.accepted_at)
