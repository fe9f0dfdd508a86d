"""Closing a workspace: who may, what everybody meets from that moment on, the mails, and the way back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from integrations.shopify.models import OrderContext, Store
from integrations.shopify.sandbox import RunningSandbox
from tenants import closing, doors, exporting, handovers, invitations, members
from tenants.members import MemberError
from tenants.models import AuditEvent, Membership, Tenant, User
from tenants.outbox import delivery
from tenants.outbox.models import Event
from tenants.provisioning import add_member
from tenants.rls.context import tenant_context
from tenants.roles import Role
from tests import factories
from tests.conftest import PASSWORD, Cast
from tests.isolation.rows import workspace
from tests.tenants.joining import audited, invite
from tests.walking import answer, cast, pending, shopify, signed_in, soup_of, start, text_of, work

__all__ = ["cast", "shopify"]  # fixtures
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
CLOSE = "/acme/settings/data/close/"
DATA = "/acme/settings/data/"
EVERYWHERE = (
    "/acme/",
    "/acme/inbox/",
    "/acme/inbox/1/",
    "/acme/settings/general/",
    DATA,
    CLOSE,
    "/acme/settings/shopify/",
)


def close(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        closing.close(by=cast.olivia)


def acme(cast: Cast) -> Tenant:
    with tenant_context(cast.acme.pk):
        return Tenant.objects.get()


def age(cast: Cast, **length: float) -> None:
    """The workspace was closed so long ago."""
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(erase_after=timezone.now() + timedelta(days=30) - timedelta(**length))


# --- Who may, and how -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["adam", "ava"])
def test_nobody_but_an_owner_closes_or_sees_the_data_page(cast: Cast, who: str) -> None:
    client = signed_in(getattr(cast, who))
    for address in (DATA, CLOSE):
        assert client.get(address).status_code == 403
    assert client.post(CLOSE, {"address": "acme"}).status_code == 403
    assert "/settings/data/" not in client.get("/acme/settings/general/").content.decode()
    assert acme(cast).closed_at is None


def test_mallory_closes_nothing_next_door(cast: Cast) -> None:
    assert signed_in(cast.mallory).post(CLOSE, {"address": "acme"}).status_code == 404
    assert signed_in(cast.mallory).post("/nextdoor/settings/data/close/", {"address": "acme"}).status_code == 422
    assert acme(cast).closed_at is None


@pytest.mark.parametrize("typed", ["", "acm", "Acme Goods", "acme/", "acme x", "acme\x00"])
def test_only_the_address_itself_confirms(cast: Cast, typed: str) -> None:
    response = signed_in(cast.olivia).post(CLOSE, {"address": typed})
    assert response.status_code == 422
    assert acme(cast).closed_at is None


def test_an_owner_closes_it_by_its_address(cast: Cast) -> None:
    client = signed_in(cast.olivia)
    assert "Type acme to confirm" in text_of(client.get(CLOSE))
    assert client.post(CLOSE, {"address": " ACME "})["Location"] == DATA
    tenant = acme(cast)
    assert tenant.closed_by == "Olivia"
    assert timedelta(days=29, hours=23) < tenant.erase_after - timezone.now() <= timedelta(days=30)
    assert "Acme Goods is closed" in text_of(client.get(DATA))


def test_whoever_left_a_browser_open_is_asked_for_the_password_first() -> None:
    client = Client()
    olivia = User.objects.get(email_norm="olivia@acme.example")
    olivia.set_password(PASSWORD)
    olivia.save()
    client.force_login(olivia)
    asked = client.get(CLOSE)
    assert asked["Location"].startswith("/account/reauthenticate/?next=")
    assert client.post(CLOSE, {"address": "acme"})["Location"] == CLOSE
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 200
    assert client.get(CLOSE).status_code == 302
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == CLOSE
    assert client.get(CLOSE).status_code == 200
    assert client.post(CLOSE, {"address": "acme"})["Location"] == DATA


def test_closing_twice_keeps_the_first_day(cast: Cast) -> None:
    close(cast)
    day = acme(cast).erase_after
    close(cast)
    assert acme(cast).erase_after == day
    with tenant_context(cast.acme.pk):
        assert AuditEvent.objects.filter(action="workspace.closed").count() == 1


# --- What everybody meets -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["adam", "ava"])
def test_members_meet_a_plain_page_on_every_path(cast: Cast, who: str) -> None:
    close(cast)
    client = signed_in(getattr(cast, who))
    for address in EVERYWHERE:
        response = client.get(address)
        assert (response.status_code, "is being closed" in text_of(response)) == (403, True), address
        assert client.post(address).status_code == 403
    assert client.get("/").status_code == 302  # their only workspace: its own page says what is going on


def test_owners_are_led_to_the_data_from_everywhere(cast: Cast) -> None:
    close(cast)
    client = signed_in(cast.olivia)
    for address in EVERYWHERE:
        if address != DATA:
            assert client.get(address)["Location"] == DATA, address
            assert client.post(address)["Location"] == DATA, address
    assert "Open the workspace again" in text_of(client.get(DATA))


def test_nobody_is_invited_and_nothing_offered_in_a_closed_workspace(cast: Cast) -> None:
    invitation = invite(cast.adam)
    with tenant_context(cast.acme.pk):
        handover = handovers.offer(taker=cast.adam, by=cast.olivia)
    close(cast)
    with tenant_context(cast.acme.pk):
        with pytest.raises(MemberError, match="This workspace is closed"):
            handovers.accept(handover=handover, by=cast.adam)
        handovers.withdraw(handover=handover, by=cast.olivia)  # what ends something is no beginning
        sent, events = len(mail.outbox), len(audited(cast.acme))
        for refused in (
            lambda: invitations.invite(email="lena@elsewhere.example", role=Role.AGENT, by=cast.olivia),
            lambda: invitations.resend(invitation=invitation, by=cast.adam),
            lambda: handovers.offer(taker=cast.ava, by=cast.olivia),
        ):
            with pytest.raises(MemberError, match="This workspace is closed"):
                refused()
        assert (len(mail.outbox), len(audited(cast.acme))) == (sent, events)
        assert exporting.request(by=cast.olivia).number == 1, "the data may be taken away until the day"


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("invite/", {"email": "lena@elsewhere.example", "role": "agent"}, 422),
        ("invitations/1/resend/", {}, 409),
        ("handover/", {"taker": "2", "slug": "acme"}, 409),
    ],
    ids=["invite", "resend", "offer"],
)
def test_a_form_that_meets_the_closing_half_way_is_told_why(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, path: str, form: dict[str, str], status: int
) -> None:
    """The request was let in, and the workspace is closed when it gets the lock."""
    invite(cast.adam)
    mail.outbox.clear()
    real = members.lock

    def closed_meanwhile() -> Tenant:
        Tenant.objects.update(closed_at=timezone.now())
        return real()

    monkeypatch.setattr(members, "lock", closed_meanwhile)
    response = signed_in(cast.olivia).post(f"/acme/settings/members/{path}", form)
    assert (response.status_code, "This workspace is closed." in text_of(response)) == (status, True)
    assert mail.outbox == []


def test_the_neighbour_and_another_workspace_of_a_member_go_on(cast: Cast) -> None:
    with tenant_context(cast.next_door.pk):
        add_member(user=cast.ava.user, role=Role.AGENT, by=cast.mallory)
    close(cast)
    client = signed_in(cast.ava)
    assert client.get("/nextdoor/inbox/").status_code == 200
    assert "Agent, being closed" in text_of(client.get("/"))
    assert signed_in(cast.mallory).get("/nextdoor/inbox/").status_code == 200


def test_a_stranger_meets_what_was_always_there(cast: Cast) -> None:
    close(cast)
    assert signed_in(cast.mallory).get("/acme/inbox/").status_code == 404
    assert Client().get("/acme/inbox/").status_code == 302


@pytest.mark.parametrize("act", [closing.close, closing.reopen])
def test_an_owner_demoted_since_the_page_let_them_in_closes_and_opens_nothing(
    cast: Cast, act: Callable[..., Tenant]
) -> None:
    """As in a request that waited for the lock while another owner took the role away."""
    if act is closing.reopen:
        close(cast)
    with tenant_context(cast.acme.pk):
        Membership.objects.filter(pk=cast.olivia.pk).update(role=Role.AGENT)
        before = Tenant.objects.get().closed_at
        with pytest.raises(PermissionDenied):
            act(by=cast.olivia)
        assert Tenant.objects.get().closed_at == before


def test_from_the_day_itself_on_owners_are_out_too(cast: Cast) -> None:
    close(cast)
    age(cast, days=30, seconds=1)
    client = signed_in(cast.olivia)
    for address in (DATA, "/acme/inbox/"):
        assert "is being erased" in text_of(client.get(address))
    assert client.post("/acme/settings/data/reopen/").status_code == 403
    assert acme(cast).closed_at is not None


# --- The way back ---------------------------------------------------------------------------------------------------
def test_an_owner_opens_it_again_and_everybody_is_back(cast: Cast) -> None:
    close(cast)
    assert signed_in(cast.ava).post("/acme/settings/data/reopen/").status_code == 403
    assert signed_in(cast.olivia).post("/acme/settings/data/reopen/")["Location"] == DATA
    tenant = acme(cast)
    assert (tenant.closed_at, tenant.closed_by, tenant.erase_after) == (None, "", None)
    assert signed_in(cast.ava).get("/acme/inbox/").status_code == 200
    with tenant_context(cast.acme.pk):
        actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))[-2:]
    assert actions == ["workspace.closed", "workspace.reopened"]


def test_it_is_too_late_once_the_day_has_come(cast: Cast) -> None:
    close(cast)
    age(cast, days=30)
    with tenant_context(cast.acme.pk), pytest.raises(closing.TooLate):
        closing.reopen(by=cast.olivia)


def test_opening_what_is_open_changes_nothing(cast: Cast) -> None:
    assert signed_in(cast.olivia).post("/acme/settings/data/reopen/").status_code == 302
    with tenant_context(cast.acme.pk):
        assert not AuditEvent.objects.filter(action="workspace.reopened").exists()


# --- Mails ----------------------------------------------------------------------------------------------------------
def letters() -> list[tuple[str, str]]:
    return sorted((message.to[0], message.subject) for message in mail.outbox)


def test_every_owner_gets_a_mail_now_and_two_before_the_day(cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Membership.objects.filter(pk=cast.adam.pk).update(role=Role.OWNER)
    close(cast)
    owners = ["adam@acme.example", "olivia@acme.example"]
    assert letters() == [(owner, "Acme Goods on VersanaCX is closed") for owner in owners]
    assert "/acme/settings/data/" in mail.outbox[0].body
    mail.outbox.clear()
    work()
    assert letters() == []  # nothing before its day
    for event in Event.objects.filter(kind="tenants.events.ErasureNear").order_by("next_run_at"):
        days = acme(cast).erase_after - event.next_run_at
        assert days == timedelta(days=event.payload["days"])
        Event.objects.filter(pk=event.pk).update(held_until=None)
        assert delivery.deliver(event.pk)
        assert letters() == [(owner, "Acme Goods on VersanaCX is about to be erased") for owner in owners]
        mail.outbox.clear()


def test_no_reminder_after_it_was_opened_again_or_closed_anew(cast: Cast) -> None:
    close(cast)
    with tenant_context(cast.acme.pk):
        closing.reopen(by=cast.olivia)
        Event.objects.filter(kind="tenants.events.ErasureNear").update(held_until=None)
    mail.outbox.clear()
    work()
    assert pending("ErasureNear") == 0
    assert letters() == []


# --- Stores ---------------------------------------------------------------------------------------------------------
def test_stores_are_disconnected_and_stay_so(cast: Cast, shopify: RunningSandbox) -> None:
    with tenant_context(cast.acme.pk):
        store = factories.connected_store(shopify, by=cast.olivia)
        OrderContext.objects.create(store=store, key="x@example.com", head={})
    work()
    close(cast)
    work()
    work()  # the farewell
    with tenant_context(cast.acme.pk):
        store = Store.objects.get()
        assert (store.state, store.access_token) == (Store.State.DISCONNECTED, None)
        assert not OrderContext.objects.exists()
        event = AuditEvent.objects.get(action="store.disconnected")
        assert event.actor_name == "Olivia"
        closing.reopen(by=cast.olivia)
    assert not [row for row in shopify.sandbox.tokens.rows() if row["alive"]]
    with tenant_context(cast.acme.pk):
        assert Store.objects.get().state == Store.State.DISCONNECTED


def test_a_store_connected_after_the_way_back_is_not_taken_for_an_old_one(cast: Cast, shopify: RunningSandbox) -> None:
    close(cast)
    with tenant_context(cast.acme.pk):
        closing.reopen(by=cast.olivia)
        factories.connected_store(shopify, by=cast.olivia)
    work()
    with tenant_context(cast.acme.pk):
        assert Store.objects.get().state == Store.State.CONNECTED


def test_an_approval_that_arrives_after_the_closing_connects_nothing(cast: Cast, shopify: RunningSandbox) -> None:
    client = signed_in(cast.olivia)
    way_back = answer(shopify, start(client))
    close(cast)
    page = client.get(client.get(way_back)["Location"])
    assert "The workspace is closed" in text_of(page)
    with tenant_context(cast.acme.pk):
        assert not Store.objects.exists()


# --- Spelling -------------------------------------------------------------------------------------------------------
def test_an_address_in_capitals_leads_its_members_to_the_right_one(cast: Cast) -> None:
    client = signed_in(cast.ava)
    assert client.get("/ACME/inbox/?view=all")["Location"] == "/acme/inbox/?view=all"
    assert client.get("/Acme/inbox/1/")["Location"] == "/acme/inbox/1/"
    assert client.post("/ACME/settings/general/").status_code == 404
    assert signed_in(cast.mallory).get("/ACME/inbox/").status_code == 404
    for path in ("/acmé/inbox/", "/ac me/inbox/", "/acme%2f/inbox/", "/ΑCME/inbox/", "/acme\u200b/inbox/"):
        assert client.get(path).status_code == 404, path


def test_ten_workspaces_and_the_current_one_is_marked(cast: Cast) -> None:
    for number in range(9):
        tenant = workspace(f"w{number}")
        with tenant_context(tenant.pk):
            add_member(user=cast.ava.user, role=Role.AGENT, by=None)
    assert len(doors.workspaces_of(cast.ava.user_id)) == 10
    links = soup_of(signed_in(cast.ava).get("/acme/inbox/")).select("#workspace-menu a")
    assert len(links) == 10
    assert [link["href"] for link in links if link.has_attr("aria-current")] == ["/acme/"]
