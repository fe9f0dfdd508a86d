"""Every path of the product: who may call it is said in the code, and is so over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tenants import access, provisioning
from tenants.models import Tenant, User
from tenants.rls.context import tenant_context
from tenants.roles import Permission, Role, may
from tests.isolation.rows import workspace

# WhiteNoise looks for collected files, which only an installation has.
pytestmark = pytest.mark.filterwarnings("ignore:No directory at:UserWarning")
OURS = ("tenants", "inbox", "integrations", "versana")
# Paths whose views carry no marker, each with its reason. An entry that matches nothing fails.
UNMARKED = {
    "healthz": "The supervisor's question whether the process is alive; answers one word.",
    "readyz": "The supervisor's question whether the database answers; answers one word.",
    "account/": "allauth's own views, which guard themselves; sign-up is closed (tenants/accounts.py).",
    "_gallery/": "Every page with made-up content, for looking at; installed with DEBUG and in tests alone.",
}
SAMPLES = {
    "workspace": "somewhere", "number": 1, "store": 1, "position": 1, "file": 1, "order": "x", "reference": "x",
    "token": "x",
}  # fmt: skip


@dataclass(frozen=True)
class Path:
    route: str
    pattern: URLPattern

    @property
    def access(self) -> str:
        return str(getattr(self.pattern.callback, "access", ""))

    def address(self, slug: str) -> str:
        address = self.route
        for name, converter in self.pattern.pattern.converters.items():
            value = slug if name == "workspace" else SAMPLES.get(name, 1)
            kind = next(k for k in ("slug", "int", "str", "path", "uuid") if f"<{k}:{name}>" in address)
            address = address.replace(f"<{kind}:{name}>", converter.to_url(value))
        return "/" + address


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[Path]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        else:
            yield Path(route, pattern)


PATHS = list(_walk(get_resolver()))
MEMBERS = [path for path in PATHS if "<slug:workspace>" in path.route]


def _excused(path: Path) -> str | None:
    return next((prefix for prefix in UNMARKED if path.route.startswith(prefix)), None)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.route or "home")
def test_every_view_says_who_may_call_it(path: Path) -> None:
    if _excused(path) is None:
        assert path.access.startswith(("member:", "signed-in", "public: ")), f"{path.route} says nothing"
        assert path.pattern.callback.__module__.startswith(OURS)


def test_every_excuse_is_needed_and_has_a_reason() -> None:
    assert {_excused(path) for path in PATHS} - {None} == set(UNMARKED)
    assert all(len(reason) > 20 for reason in UNMARKED.values())


def test_a_public_view_gives_its_reason() -> None:
    reasons = [path.access.removeprefix("public: ") for path in PATHS if path.access.startswith("public")]
    assert all(len(reason) > 10 for reason in reasons)


@pytest.mark.parametrize("path", MEMBERS, ids=lambda path: path.route)
def test_a_path_of_a_workspace_is_for_its_members(path: Path) -> None:
    assert path.access.startswith("member:")
    assert path.access.removeprefix("member:") in set(Permission)


def test_no_workspace_can_take_a_first_segment_of_ours() -> None:
    first = {path.route.split("/")[0] for path in PATHS}
    assert {word for word in first if word and not word.startswith("<")} <= provisioning.RESERVED


@pytest.fixture
def people(db: None) -> dict[str, object]:
    mine, theirs = workspace("mine"), workspace("theirs")
    members = {role: User.objects.create_user(email=f"{role}@example.com") for role in Role.values}
    with tenant_context(mine.pk):
        for role, user in members.items():
            provisioning.add_member(user=user, role=Role(role), by=None)
    return {"mine": mine, "theirs": theirs, **members}


def _client(user: object) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])  # type: ignore[arg-type]
    return client


def _answers(client: Client, address: str) -> set[int]:
    return {client.get(address).status_code, client.post(address).status_code}


@pytest.mark.parametrize("path", MEMBERS, ids=lambda path: path.route)
def test_over_http_a_stranger_a_visitor_and_a_member_get_what_they_should(
    path: Path, people: dict[str, object]
) -> None:
    mine, theirs = people["mine"], people["theirs"]
    assert isinstance(mine, Tenant)
    assert isinstance(theirs, Tenant)
    permission = Permission(path.access.removeprefix("member:"))
    assert _answers(Client(), path.address(mine.slug)) == {302}
    for role in Role.values:
        client = _client(people[role])
        assert _answers(client, path.address(theirs.slug)) == {404}
        assert _answers(client, path.address("no-such-place")) == {404}
        answers = _answers(client, path.address(mine.slug))
        assert not {status for status in answers if status >= 500}
        if not may(role, permission):
            assert answers <= {403, 405}, (role, answers)


def test_an_unknown_role_may_do_nothing() -> None:
    assert not any(
        may(role, permission) for role in ("", "OWNER", "superuser", "owner ", "none") for permission in Permission
    )


def test_only_an_owner_connects_stores() -> None:
    assert [role for role in Role.values if may(role, Permission.CONNECT_STORES)] == [Role.OWNER]


def test_a_view_behind_a_permission_is_not_reached_without_it() -> None:
    @access.requires(Permission.CONNECT_STORES)
    def view(request: access.MemberRequest) -> HttpResponse:
        return HttpResponse("reached")

    request = RequestFactory().post("/")
    for role in ("agent", "administrator", "nobody"):
        seen = visit_of(role)
        request.visit = seen  # type: ignore[attr-defined]
        with pytest.raises(access.PermissionDenied):
            view(request, workspace="x")
    request.visit = visit_of("owner")  # type: ignore[attr-defined]
    assert view(request, workspace="x").content == b"reached"


def visit_of(role: str) -> access.Visit:
    place = access.Workspace(id=1, slug="x", name="X", time_zone="UTC", role=role, membership_id=1)
    return access.Visit(workspace=place, workspaces=(place,), membership=access.Membership(tenant_id=1, role=role))


def test_a_signed_in_view_sends_a_visitor_to_sign_in(client: Client, db: None) -> None:
    response = client.get(reverse("tenants:home"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))
