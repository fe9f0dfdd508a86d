"""Everything under /<workspace>/: who gets in, what a stranger learns (nothing), and that a failed request changes nothing."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from tenants import provisioning
from tenants.models import Counter, Membership, Tenant, User
from tenants.rls.context import TenantError, current_tenant_id, tenant_context
from tenants.rls.middleware import WorkspaceMiddleware
from tenants.roles import Role
from tests.isolation.rows import workspace

# WhiteNoise looks for collected files, which only an installation has.
pytestmark = pytest.mark.filterwarnings("ignore:No directory at:UserWarning")
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


def owner_of(tenant: Tenant) -> User:
    with tenant_context(tenant.pk):
        return Membership.objects.select_related("user").get(role=Role.OWNER).user


def signed_in_as(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend=BACKEND)
    return client


def through(user: object, path: str, view: object) -> HttpResponse:
    """One request through the middleware alone, with `view` as the rest of the application."""
    request = RequestFactory().get(path)
    request.user = user  # type: ignore[assignment]
    return WorkspaceMiddleware(view)(request)  # type: ignore[arg-type]


def nobody_may_come_here(request: HttpRequest) -> HttpResponse:
    raise AssertionError("the view was reached")


def visible_text(response: HttpResponse, slug: str) -> str:
    """The page without the tokens that differ from answer to answer."""
    nonce = getattr(response.wsgi_request, "csp_nonce", "") or "no nonce"  # type: ignore[attr-defined]
    text = response.content.decode().replace(str(nonce), "").replace(slug, "")
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "", text)


def test_a_foreign_workspace_and_none_at_all_look_the_same(db: None) -> None:
    mine, theirs = workspace("mine"), workspace("theirs")
    client = signed_in_as(owner_of(mine))
    foreign = client.get(reverse("inbox:list", kwargs={"workspace": theirs.slug}))
    unknown = client.get(reverse("inbox:list", kwargs={"workspace": "no-such-place"}))
    assert foreign.status_code == unknown.status_code == 404
    assert visible_text(foreign, theirs.slug) == visible_text(unknown, "no-such-place")
    assert {k for k in foreign.headers if k != "X-Request-Id"} == {k for k in unknown.headers if k != "X-Request-Id"}


def test_a_stranger_costs_the_same_questions_whether_the_workspace_exists(
    db: None, django_assert_num_queries: object
) -> None:
    mine, theirs = workspace("mine"), workspace("theirs")
    user = owner_of(mine)
    for slug in (theirs.slug, "no-such-place"):
        with django_assert_num_queries(1):  # type: ignore[operator]
            assert through(user, f"/{slug}/inbox/", nobody_may_come_here).status_code == 404


@pytest.mark.parametrize("path", ["/{}/inbox/", "/{}/settings/general/", "/{}/inbox/1/?a=b&c=d"])
def test_a_visitor_is_sent_to_sign_in_and_back(path: str, client: Client, db: None) -> None:
    tenant = workspace("mine")
    for slug in (tenant.slug, "no-such-place"):
        response = client.get(path.format(slug))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login") + "?next=/" + slug)


def test_a_removed_member_is_a_stranger_at_once(db: None) -> None:
    tenant = workspace("mine")
    user = User.objects.create_user(email="left@example.com")
    with tenant_context(tenant.pk):
        membership = provisioning.add_member(user=user, role=Role.AGENT, by=None)
    seen: list[int] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(current_tenant_id())
        return HttpResponse()

    assert through(user, f"/{tenant.slug}/inbox/", view).status_code == 200
    with tenant_context(tenant.pk):
        Membership.objects.filter(pk=membership.pk).update(removed_at="2026-11-01T00:00:00Z")
    assert through(user, f"/{tenant.slug}/inbox/", view).status_code == 404
    assert seen == [tenant.pk]


def test_the_view_runs_inside_its_workspace_and_nothing_remains_after_it(db: None) -> None:
    tenant = workspace("mine")

    def view(request: HttpRequest) -> HttpResponse:
        assert current_tenant_id() == tenant.pk
        assert request.visit.workspace.slug == tenant.slug  # type: ignore[attr-defined]
        assert request.visit.membership.user is request.user  # type: ignore[attr-defined]
        Counter.objects.create(noun="seen")
        return HttpResponse("done")

    assert through(owner_of(tenant), f"/{tenant.slug}/inbox/", view).content == b"done"
    with pytest.raises(TenantError):
        current_tenant_id()
    with tenant_context(tenant.pk):
        assert Counter.objects.filter(noun="seen").exists()


@pytest.mark.parametrize(("status", "kept"), [(200, True), (302, True), (403, True), (500, False), (503, False)])
def test_a_failed_request_changes_nothing(status: int, kept: bool, db: None) -> None:
    tenant = workspace("mine")

    def view(request: HttpRequest) -> HttpResponse:
        Counter.objects.create(noun="half")
        return HttpResponse(status=status)

    assert through(owner_of(tenant), f"/{tenant.slug}/inbox/", view).status_code == status
    with tenant_context(tenant.pk):
        assert Counter.objects.filter(noun="half").exists() is kept


def test_an_exception_on_its_way_through_changes_nothing(db: None) -> None:
    tenant = workspace("mine")

    def view(request: HttpRequest) -> HttpResponse:
        Counter.objects.create(noun="half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        through(owner_of(tenant), f"/{tenant.slug}/inbox/", view)
    with tenant_context(tenant.pk):
        assert not Counter.objects.filter(noun="half").exists()


def test_the_person_in_two_workspaces_is_in_one_at_a_time(db: None) -> None:
    one, two = workspace("one"), workspace("two")
    user = owner_of(one)
    with tenant_context(two.pk):
        provisioning.add_member(user=user, role=Role.AGENT, by=None)
    roles: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        roles.append(request.visit.workspace.role)  # type: ignore[attr-defined]
        assert Tenant.objects.count() == 1
        return HttpResponse()

    for tenant in (one, two, one):
        through(user, f"/{tenant.slug}/inbox/", view)
    assert roles == [Role.OWNER, Role.AGENT, Role.OWNER]


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/account/login/", "/no/such/page", "/%00/inbox/", "/../etc/passwd", "/a b/inbox/", "/ÄÖ/inbox/"],
)
def test_a_path_without_a_workspace_opens_none(path: str, db: None) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        with pytest.raises(TenantError):
            current_tenant_id()
        assert request.visit is None  # type: ignore[attr-defined]
        return HttpResponse()

    assert through(owner_of(workspace("mine")), path, view).status_code == 200


def test_a_time_zone_that_nobody_knows_does_not_close_the_workspace(db: None) -> None:
    tenant = workspace("mine")
    with tenant_context(tenant.pk):
        Tenant.objects.update(time_zone="Atlantis/Centre")
    assert through(owner_of(tenant), f"/{tenant.slug}/inbox/", lambda request: HttpResponse()).status_code == 200


def test_a_slug_is_a_value_and_never_sql(db: None) -> None:
    client = signed_in_as(owner_of(workspace("mine")))
    assert client.get("/x'; DROP TABLE tenants_user; --/inbox/").status_code == 404
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_user")
        assert cursor.fetchone()[0] > 0
