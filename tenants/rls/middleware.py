"""Everything under /<workspace>/ runs in one transaction of that workspace, rendering included.

Around the whole request and not ATOMIC_REQUESTS, which leaves template rendering outside. Safe, because no web request
waits for the outside world (docs/architecture.md).
"""

import zoneinfo
from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode

from tenants import second_factors
from tenants.access import Visit
from tenants.doors import workspaces_of
from tenants.models import Membership
from tenants.rls.context import tenant_context
from tenants.views.closed import answer_for_closed, spelled_otherwise
from versana.observability import context as log_context


class WorkspaceMiddleware:
    """Finds the workspace among the person's own; any other is "not found", existing or not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.visit = None  # type: ignore[attr-defined]
        slug = _workspace_in(request.path_info)
        if slug is None:
            return self.get_response(request)
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        workspaces = workspaces_of(int(request.user.pk))
        workspace = next((w for w in workspaces if w.slug == slug), None)
        if workspace is None:
            return spelled_otherwise(request, slug, workspaces) or render(request, "404.html", status=404)
        if workspace.erase_after is not None and (answer := answer_for_closed(request, workspace)) is not None:
            return answer
        if workspace.requires_second_factor and not second_factors.has_one(int(request.user.pk)):
            return _to_set_up(request)
        with (
            tenant_context(workspace.id),
            timezone.override(_zone(workspace.time_zone)),
            log_context.bound(tenant=workspace.id),
        ):
            membership = Membership.objects.get(pk=workspace.membership_id)
            membership.user = request.user
            request.visit = Visit(workspace=workspace, workspaces=workspaces, membership=membership)  # type: ignore[attr-defined]
            response = self.get_response(request)
            # What stands on these pages is about people: it stays in no cache, and Back after signing out asks anew.
            patch_cache_control(response, private=True, no_store=True)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page; a part of a page is refused instead, since that page would be painted into the open one."""
    if request.headers.get("HX-Request") != "true":
        return redirect_to_login(request.get_full_path())
    response = HttpResponse("Signed out.\n", status=401, content_type="text/plain")
    patch_cache_control(response, private=True, no_store=True)
    return response


def _to_set_up(request: HttpRequest) -> HttpResponse:
    """The way to a second factor. It leads back to the page that was wanted; after a form, to the page it stood on."""
    in_part = request.headers.get("HX-Request") == "true"
    wanted = request.get_full_path()
    if in_part or request.method not in ("GET", "HEAD"):
        wanted = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    url = f"{reverse('tenants:second_factor_wanted')}?{urlencode({'next': wanted})}"
    if in_part:
        response = HttpResponse("A second factor is required.\n", status=403, content_type="text/plain")
        response["HX-Redirect"] = url
    else:
        response = redirect(url)
    patch_cache_control(response, private=True, no_store=True)
    return response


def _workspace_in(path: str) -> str | None:
    try:
        return resolve(path).kwargs.get("workspace")
    except (Resolver404, Http404):
        return None


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
