"""Handing over a workspace: offered by an owner, accepted by the taker, and never a moment without an owner."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from tenants import handovers, members
from tenants.members import MemberError
from tenants.models import Handover
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests.conftest import Cast
from tests.tenants.joining import audited, invite, roles, together
from tests.walking import cast, signed_in, soup_of, text_of

__all__ = ["cast"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
MEMBERS = "/acme/settings/members/"
HANDOVER = f"{MEMBERS}handover/"
OFFER = f"{HANDOVER}1/"


def offer(cast: Cast) -> Handover:
    with tenant_context(cast.acme.pk):
        return handovers.offer(taker=cast.adam, by=cast.olivia)


def test_a_workspace_is_offered_by_typing_its_address_and_accepted(cast: Cast) -> None:
    olivia, adam = signed_in(cast.olivia), signed_in(cast.adam)
    assert olivia.post(HANDOVER, {"taker": "2", "slug": " Acme "})["Location"] == f"{MEMBERS}?done=offered"
    assert roles(cast.acme)["olivia"] == "owner"
    assert {m.to[0]: m.subject for m in mail.outbox} == {
        "adam@acme.example": "Olivia offers you the ownership of Acme Goods",
        "olivia@acme.example": "You offered Acme Goods to Adam",
    }
    assert OFFER in str(mail.outbox[0].body)
    assert soup_of(adam.get(MEMBERS)).select_one(".offer a")["href"] == OFFER
    assert "Olivia becomes administrator" in text_of(adam.get(OFFER))
    mail.outbox.clear()
    assert adam.post(f"{OFFER}accept/")["Location"] == f"{MEMBERS}?done=accepted"
    assert roles(cast.acme) == {"olivia": "administrator", "adam": "owner", "ava": "agent"}
    assert {m.to[0] for m in mail.outbox} == {"adam@acme.example", "olivia@acme.example"}
    offered, done = audited(cast.acme, "ownership")
    assert (offered.action, offered.actor_name, offered.target) == ("ownership.offered", "Olivia", "member 2")
    assert (done.action, done.actor_name, done.actor_role) == ("ownership.handed_over", "Adam", "administrator")
    assert done.before == {"member 1": "owner", "member 2": "administrator"}
    assert done.after == {"member 1": "administrator", "member 2": "owner"}


@pytest.mark.parametrize("slug", ["", "acm", "nextdoor", "acme/", "acme\x00", "A" * 300])
def test_a_workspace_is_not_offered_by_the_wrong_address(cast: Cast, slug: str) -> None:
    assert signed_in(cast.olivia).post(HANDOVER, {"taker": "2", "slug": slug}).status_code == 422
    assert (audited(cast.acme, "ownership"), mail.outbox) == ([], [])


@pytest.mark.parametrize("taker", ["", "1", "99", "x", "-1", "2\x00", "9" * 40])
def test_a_workspace_is_offered_to_a_member_who_is_no_owner(cast: Cast, taker: str) -> None:
    assert signed_in(cast.olivia).post(HANDOVER, {"taker": taker, "slug": "acme"}).status_code == 422
    assert audited(cast.acme, "ownership") == []


def test_one_offer_is_open_at_a_time(cast: Cast) -> None:
    offer(cast)
    response = signed_in(cast.olivia).post(HANDOVER, {"taker": "3", "slug": "acme"})
    assert response.status_code == 409
    assert "Withdraw that offer first" in text_of(response)


def test_only_the_taker_sees_and_answers_the_offer(cast: Cast) -> None:
    offer(cast)
    for who in (cast.olivia, cast.ava):
        client = signed_in(who)
        assert client.get(OFFER).status_code == 404
        assert client.post(f"{OFFER}accept/").status_code == 403
        assert client.post(f"{OFFER}decline/").status_code == 403
    for path in (OFFER, f"{OFFER}accept/", f"{OFFER}decline/", f"{OFFER}withdraw/"):
        assert signed_in(cast.mallory).post(path).status_code == 404
    assert "offered" not in text_of(signed_in(cast.ava).get(MEMBERS))
    assert roles(cast.acme)["olivia"] == "owner"


def test_a_declined_offer_changes_nothing_and_is_told(cast: Cast) -> None:
    offer(cast)
    mail.outbox.clear()
    assert signed_in(cast.adam).post(f"{OFFER}decline/")["Location"] == f"{MEMBERS}?done=declined"
    assert [(m.to[0], m.subject) for m in mail.outbox] == [
        ("olivia@acme.example", "Adam declined the ownership of Acme Goods")
    ]
    assert audited(cast.acme, "ownership")[-1].detail == {"handover": 1, "reason": "declined"}
    assert signed_in(cast.adam).post(f"{OFFER}accept/").status_code == 409
    assert roles(cast.acme)["adam"] == "administrator"


def test_a_withdrawn_offer_cannot_be_accepted(cast: Cast) -> None:
    offer(cast)
    assert signed_in(cast.adam).post(f"{OFFER}withdraw/").status_code == 403
    assert signed_in(cast.olivia).post(f"{OFFER}withdraw/")["Location"] == f"{MEMBERS}?done=withdrawn"
    assert signed_in(cast.adam).post(f"{OFFER}accept/").status_code == 409
    assert signed_in(cast.adam).get(OFFER)["Location"] == f"{MEMBERS}?done=over"
    assert roles(cast.acme)["adam"] == "administrator"


def test_an_offer_expires_after_a_week_and_makes_room(cast: Cast) -> None:
    offer(cast)
    with tenant_context(cast.acme.pk):
        row = Handover.objects.get()
        assert row.expires_at - row.created_at > timedelta(days=6, hours=23)
        Handover.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert signed_in(cast.adam).post(f"{OFFER}accept/").status_code == 409
    assert soup_of(signed_in(cast.adam).get(MEMBERS)).select(".offer") == []
    assert signed_in(cast.olivia).post(HANDOVER, {"taker": "3", "slug": "acme"}).status_code == 302


def test_an_offer_ends_when_its_giver_is_no_owner_any_more(cast: Cast) -> None:
    offer(cast)
    with tenant_context(cast.acme.pk):
        members.change_role(member=cast.ava, role=Role.OWNER, by=cast.olivia)
        members.change_role(member=cast.olivia, role=Role.AGENT, by=cast.ava)
        with pytest.raises(MemberError):
            handovers.accept(handover=Handover.objects.get(), by=cast.adam)
    assert roles(cast.acme) == {"olivia": "agent", "adam": "administrator", "ava": "owner"}


def test_the_givers_invitations_of_owners_end_with_the_ownership(cast: Cast) -> None:
    invitation = invite(cast.olivia, role=Role.OWNER)
    handover = offer(cast)
    with tenant_context(cast.acme.pk):
        handovers.accept(handover=handover, by=cast.adam)
        invitation.refresh_from_db()
    assert invitation.revoked_at


@pytest.mark.django_db(transaction=True)
def test_accepted_and_withdrawn_at_once_is_one_of_them(transactional_db: None, cast: Cast) -> None:
    handover = offer(cast)

    def accept() -> str:
        with tenant_context(cast.acme.pk):
            handovers.accept(handover=handover, by=cast.adam)
        return "adam"

    def withdraw() -> str:
        with tenant_context(cast.acme.pk):
            handovers.withdraw(handover=handover, by=cast.olivia)
        return "olivia"

    results = together(accept, withdraw)
    (owner,) = [result for result in results if isinstance(result, str)]
    (loser,) = [result for result in results if isinstance(result, Exception)]
    assert isinstance(loser, MemberError | PermissionDenied)
    assert [name for name, role in roles(cast.acme).items() if role == "owner"] == [owner]


def test_there_is_nobody_to_hand_over_to(cast: Cast) -> None:
    response = signed_in(cast.mallory).get("/nextdoor/settings/members/handover/")
    assert "Invite somebody first" in text_of(response)
