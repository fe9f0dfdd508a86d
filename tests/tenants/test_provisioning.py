"""Opening a workspace: which names it may have, who is in it, and that a refusal leaves nothing behind."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tenants import provisioning
from tenants.doors import tenant_ids, tenant_of_shop, tenant_of_slug, workspaces_of
from tenants.models import AuditEvent, Membership, Tenant, User
from tenants.provisioning import ProvisioningError, open_workspace
from tenants.rls.context import TenantError, tenant_context
from tenants.roles import Role


@pytest.fixture
def olivia(db: None) -> User:
    return User.objects.create_user(email="olivia@acme.example", name="Olivia")


def test_a_new_workspace_has_its_owner_and_an_audit_row(olivia: User) -> None:
    tenant = open_workspace(slug="acme", name="Acme Goods", owner=olivia, support_addresses=["Help@Shop.Example "])
    with tenant_context(tenant.pk):
        assert Tenant.objects.get().support_addresses == ["help@shop.example"]
        assert Membership.objects.get().role == Role.OWNER
        event = AuditEvent.objects.get()
    assert (event.action, event.actor_name, event.actor_role, event.target) == (
        "workspace.opened",
        "Olivia",
        "owner",
        "acme",
    )
    assert [w.slug for w in workspaces_of(olivia.pk)] == ["acme"]


@pytest.mark.parametrize(
    "slug",
    [
        "",
        " ",
        "Acme",
        "acme ",
        " acme",
        "acme\n",
        "-acme",
        "acme-",
        "a" * 41,
        "ac me",
        "acme/x",
        "..",
        "acmé",
        "аcme",
        "a_b",
        "a.b",
        "%61",
        "a'--",
        "a\x00",
        "/",
        "a\u200b",
    ],
    ids=repr,
)
def test_a_malformed_address_is_refused(slug: str, olivia: User) -> None:
    with pytest.raises(ProvisioningError, match="cannot be an address"):
        open_workspace(slug=slug, name="X", owner=olivia)
    assert tenant_ids() == []


@pytest.mark.parametrize("slug", sorted(provisioning.RESERVED))
def test_a_reserved_word_is_refused(slug: str, olivia: User) -> None:
    with pytest.raises(ProvisioningError):
        open_workspace(slug=slug, name="X", owner=olivia)
    assert tenant_of_slug(slug) is None


@pytest.mark.parametrize("slug", ["a", "0", "a-b", "a--b", "a" * 40, "0-0"])
def test_a_wellformed_address_is_accepted(slug: str, olivia: User) -> None:
    tenant = open_workspace(slug=slug, name="X", owner=olivia)
    assert tenant_of_slug(slug) == tenant.pk


def test_a_taken_address_is_refused_and_leaves_nothing_behind(olivia: User) -> None:
    first = open_workspace(slug="acme", name="Acme", owner=olivia)
    mallory = User.objects.create_user(email="mallory@example.com")
    with pytest.raises(ProvisioningError, match="taken"):
        open_workspace(slug="acme", name="Fake", owner=mallory)
    assert workspaces_of(mallory.pk) == ()
    assert tenant_ids() == [first.pk]
    with tenant_context(first.pk):
        assert Tenant.objects.get().name == "Acme"
        assert AuditEvent.objects.count() == 1


def test_a_workspace_cannot_be_opened_from_inside_another(olivia: User) -> None:
    tenant = open_workspace(slug="acme", name="Acme", owner=olivia)
    with tenant_context(tenant.pk), pytest.raises(TenantError):
        open_workspace(slug="second", name="Second", owner=olivia)
    assert tenant_of_slug("second") is None


def test_a_member_is_added_once_and_audited(olivia: User) -> None:
    tenant = open_workspace(slug="acme", name="Acme", owner=olivia)
    adam = User.objects.create_user(email="adam@acme.example")
    with tenant_context(tenant.pk):
        by = Membership.objects.select_related("user").get()
        provisioning.add_member(user=adam, role=Role.ADMINISTRATOR, by=by)
        event = AuditEvent.objects.get(action="member.added")
    assert event.actor_id == by.pk
    assert event.detail == {"role": "administrator"}
    assert "@" not in event.target


# --- The questions before a workspace is known -----------------------------------------------------------------------
@pytest.mark.parametrize("name", ["", "nobody", "x' OR true --", "acme\x1f", "a" * 10_000, "ACME", "%", "acme%"])
def test_a_name_of_nobody_has_no_workspace(name: str, olivia: User) -> None:
    open_workspace(slug="acme", name="Acme", owner=olivia)
    assert tenant_of_slug(name) is None
    assert tenant_of_shop(name) is None


@pytest.mark.parametrize("user_id", [0, -1, 9_000_000_000_000_000])
def test_nobody_has_no_workspaces(user_id: int, db: None) -> None:
    assert workspaces_of(user_id) == ()


def test_a_removed_person_has_no_workspace(olivia: User) -> None:
    tenant = open_workspace(slug="acme", name="Acme", owner=olivia)
    with tenant_context(tenant.pk):
        Membership.objects.update(removed_at="2026-11-01T00:00:00Z")
    assert workspaces_of(olivia.pk) == ()


def test_the_doors_need_no_workspace_and_open_none(olivia: User) -> None:
    open_workspace(slug="acme", name="Acme", owner=olivia)
    tenant_ids()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.tenant_id', true)")
        assert cursor.fetchone()[0] in (None, "")


@given(st.text(max_size=60))
def test_what_is_accepted_as_an_address_is_one_path_segment(slug: str) -> None:
    if provisioning._SLUG.fullmatch(slug):
        assert slug.isascii()
        assert slug == slug.lower()
        assert not set(slug) & set("/?#%&. _")
