"""The audit row and the change it tells of happen together or not at all."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed
from django.db import DatabaseError, transaction

from tenants import audit, provisioning, workspaces
from tenants.audit import Action
from tenants.models import AuditEvent, Membership, Tenant, User
from tenants.rls.context import TenantError, tenant_context
from tenants.roles import Role
from tests.isolation.rows import workspace
from versana.observability import context as log_context


@pytest.fixture
def owner(db: None) -> Membership:
    tenant = workspace("acme")
    with tenant_context(tenant.pk):
        membership: Membership = Membership.objects.select_related("user", "tenant").get()
    return membership


def test_a_row_says_who_did_what(owner: Membership) -> None:
    with tenant_context(owner.tenant_id):
        event = audit.record(Action.STORE_CONNECTED, by=owner, target="store 3", scopes=["read_orders"])
    assert (event.actor_id, event.actor_name, event.actor_role) == (owner.pk, "Acme", "owner")
    assert (event.action, event.target, event.detail) == ("store.connected", "store 3", {"scopes": ["read_orders"]})


def test_the_system_itself_is_named_too(owner: Membership) -> None:
    with tenant_context(owner.tenant_id):
        event = audit.record(Action.STORE_DISCONNECTED, by=None, target="store 3")
    assert (event.actor_id, event.actor_name, event.actor_role) == (None, "VersanaCX", "system")


def test_without_a_workspace_nothing_is_recorded(owner: Membership) -> None:
    with pytest.raises(TenantError):
        audit.record(Action.STORE_CONNECTED, by=owner, target="store 3")


def test_a_person_of_another_workspace_cannot_be_named_as_the_actor(owner: Membership) -> None:
    other = workspace("other")
    with tenant_context(other.pk), pytest.raises(DatabaseError), transaction.atomic():
        audit.record(Action.STORE_CONNECTED, by=owner, target="store 3")


@pytest.mark.parametrize("target", ["x" * 201, "\x00"])
def test_when_the_audit_row_fails_the_change_fails(target: str, owner: Membership) -> None:
    """One transaction: a member who cannot be recorded is not added."""
    adam = User.objects.create_user(email="adam@acme.example")

    def add() -> None:
        with tenant_context(owner.tenant_id):
            provisioning.add_member(user=adam, role=Role.AGENT, by=None)
            audit.record(Action.MEMBER_ADDED, by=None, target=target)

    with pytest.raises((DatabaseError, ValueError)):
        add()
    with tenant_context(owner.tenant_id):
        assert not Membership.objects.filter(user=adam).exists()


def test_a_settings_change_that_cannot_be_recorded_is_not_made(owner: Membership) -> None:
    too_long = log_context.bound(client="c" * 9)  # longer than the audit's column, which therefore refuses the row
    with too_long, tenant_context(owner.tenant_id), pytest.raises(DatabaseError), transaction.atomic():
        workspaces.change(name="Renamed", time_zone="UTC", support_addresses=[], by=owner)
    with tenant_context(owner.tenant_id):
        assert Tenant.objects.get().name == "Acme"
        assert not AuditEvent.objects.filter(action=Action.WORKSPACE_CHANGED).exists()


def test_a_change_of_nothing_leaves_no_row(owner: Membership) -> None:
    with tenant_context(owner.tenant_id):
        workspaces.change(name="Acme", time_zone="UTC", support_addresses=[], by=owner)
        assert not AuditEvent.objects.filter(action=Action.WORKSPACE_CHANGED).exists()
        workspaces.change(name="Acme 2", time_zone="UTC", support_addresses=[], by=owner)
        row = AuditEvent.objects.get(action=Action.WORKSPACE_CHANGED)
        assert (row.before, row.after) == ({"name": "Acme"}, {"name": "Acme 2"})


def test_a_workspace_sees_its_own_history_alone(owner: Membership) -> None:
    other = workspace("other")
    with tenant_context(other.pk):
        assert {event.tenant_id for event in AuditEvent.objects.all()} == {other.pk}


@pytest.mark.parametrize("name", ["save", "delete"])
def test_the_application_cannot_rewrite_an_audit_row(name: str, owner: Membership) -> None:
    with tenant_context(owner.tenant_id):
        event = AuditEvent.objects.first()
        event.target = "something else"
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            getattr(event, name)()
        assert AuditEvent.objects.get(pk=event.pk).target != "something else"


# --- A person's own security ----------------------------------------------------------------------------------------
def test_a_second_factor_that_the_workspace_asks_for_is_not_given_up_in_silence(owner: Membership) -> None:
    relaxed = workspace("relaxed")
    with tenant_context(relaxed.pk):
        provisioning.add_member(user=owner.user, role=Role.AGENT, by=None)
    with tenant_context(owner.tenant_id):
        Tenant.objects.update(require_second_factor=True)
    first, second = (Authenticator.objects.create(user=owner.user, type=kind, data={}) for kind in ("totp", "webauthn"))

    def removed() -> int:
        with tenant_context(owner.tenant_id):
            return AuditEvent.objects.filter(action=Action.SECOND_FACTOR_REMOVED, actor=owner).count()

    for factor, expected in ((first, 0), (second, 1)):
        factor.delete()
        authenticator_removed.send(sender=Authenticator, request=None, user=owner.user, authenticator=factor)
        assert removed() == expected
    with tenant_context(owner.tenant_id):
        assert AuditEvent.objects.get(action=Action.SECOND_FACTOR_REMOVED).target == f"member {owner.number}"
    with tenant_context(relaxed.pk):
        assert not AuditEvent.objects.filter(action=Action.SECOND_FACTOR_REMOVED).exists()
