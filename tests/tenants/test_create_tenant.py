"""The command that opens the first workspace of an installation."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from tenants import doors
from tenants.models import Tenant, User
from tenants.rls.context import tenant_context

pytestmark = pytest.mark.django_db
GOOD = "a long enough passphrase\n"


def create(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = GOOD) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(password))
    call_command("create_tenant", "harbor", "--name", "Harbor & Pine", "--owner", "olivia@acme.example", *arguments)


def test_it_opens_a_workspace_and_makes_its_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    create(monkeypatch, "--time-zone", "Europe/Vienna", "--support-address", "Help@Harbor.example")
    olivia = User.objects.get(email_norm="olivia@acme.example")
    (workspace,) = doors.workspaces_of(olivia.pk)
    assert (workspace.slug, workspace.role, workspace.time_zone) == ("harbor", "owner", "Europe/Vienna")
    assert olivia.check_password(GOOD.strip())
    with tenant_context(workspace.id):
        assert Tenant.objects.get().support_addresses == ["help@harbor.example"]


def test_an_existing_person_keeps_their_password(monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.create_user("Olivia@acme.example", "the one she has already")
    create(monkeypatch, password="")
    assert User.objects.get().check_password("the one she has already")


@pytest.mark.parametrize(
    ("arguments", "password", "says"),
    [
        (("--time-zone", "Vienna"), GOOD, "not a time zone"),
        (("--support-address", "help"), GOOD, "not an e-mail address"),
        ((), "short\n", "too short"),
        ((), "", "too short"),
    ],
    ids=["zone", "address", "short password", "no password"],
)
def test_what_is_wrong_is_said_and_nothing_is_made(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], password: str, says: str
) -> None:
    with pytest.raises(CommandError, match=says):
        create(monkeypatch, *arguments, password=password)
    assert not User.objects.exists()
    assert doors.tenant_of_slug("harbor") is None


def test_a_taken_address_makes_no_person_either(monkeypatch: pytest.MonkeyPatch) -> None:
    create(monkeypatch)
    with pytest.raises(CommandError, match="is taken"):
        create(monkeypatch, "--owner", "adam@acme.example")
    assert not User.objects.filter(email_norm="adam@acme.example").exists()


def test_a_member_is_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    create(monkeypatch)
    monkeypatch.setattr(sys, "stdin", io.StringIO(GOOD))
    call_command("add_member", "harbor", "ava@acme.example", "--role", "agent", "--name", "Ava")
    ava = User.objects.get(email_norm="ava@acme.example")
    assert [workspace.role for workspace in doors.workspaces_of(ava.pk)] == ["agent"]
    with pytest.raises(CommandError, match="a member already"):
        call_command("add_member", "harbor", "AVA@acme.example")


def test_nobody_is_added_to_a_workspace_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="no workspace"):
        call_command("add_member", "nowhere", "ava@acme.example")
    assert not User.objects.exists()
