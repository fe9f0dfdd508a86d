"""Who may call a view. Every view of ours carries one of these markers; a test walks the URLconf and refuses one without."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from tenants.doors import Workspace
from tenants.models import Membership, User
from tenants.roles import Permission, may

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Visit:
    """A person in a workspace, for the length of one request."""

    workspace: Workspace
    workspaces: tuple[Workspace, ...]
    membership: Membership

    def may(self, permission: Permission) -> bool:
        return may(self.workspace.role, permission)


class MemberRequest(HttpRequest):
    """A request under /<workspace>/: the middleware has found who it is."""

    visit: Visit
    user: User


MemberView = Callable[Concatenate[MemberRequest, P], HttpResponseBase]


def requires(permission: Permission) -> Callable[[MemberView[P]], Callable[..., HttpResponseBase]]:
    """The view is for members of the workspace in the path who hold `permission`; others get 403."""

    def mark(view: MemberView[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, workspace: str, **kwargs: Any) -> HttpResponseBase:
            visit = cast("MemberRequest", request).visit
            if not visit.may(permission):
                raise PermissionDenied
            return view(cast(MemberRequest, request), **kwargs)  # type: ignore[call-arg]

        guarded.access = f"member:{permission}"  # type: ignore[attr-defined]
        return guarded

    return mark


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view is for anybody who is signed in, on a path without a workspace. Others are sent to sign in."""

    guarded = login_required(view)
    guarded.access = "signed-in"  # type: ignore[attr-defined]
    return guarded


def public(reason: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """The view is for everybody, and `reason` says why that is right."""

    def mark(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        view.access = f"public: {reason}"  # type: ignore[attr-defined]
        return view

    return mark
