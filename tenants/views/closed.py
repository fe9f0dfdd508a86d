"""What the middleware answers before a workspace's own views are asked: one that is being closed, one spelled otherwise."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import resolve
from django.utils import timezone

from tenants.doors import Workspace
from tenants.pages.data import closed_page
from tenants.roles import Permission, may
from versana.rendering import render_page

# What an owner still opens: the data, to take away or to keep.
LEFT = frozenset({"data", "data-exports", "data-export", "data-export-delete", "data-reopen"})


def answer_for_closed(request: HttpRequest, workspace: Workspace) -> HttpResponse | None:
    """A plain page for everybody but owners, who are led to the data. None: let the view answer.

    From the day of the erasure on it is the plain page for owners too: rows go, and nothing is to be saved any more.
    """
    over = workspace.erase_after is not None and workspace.erase_after <= timezone.now()
    if over or not may(workspace.role, Permission.CLOSE_WORKSPACE):
        return render_page(request, "tenants/closed.html", closed_page(workspace, over=over), status=403)
    match = resolve(request.path_info)
    if match.namespace == "tenants" and match.url_name in LEFT:
        return None
    return redirect("tenants:data", workspace=workspace.slug)


def spelled_otherwise(request: HttpRequest, slug: str, own: tuple[Workspace, ...]) -> HttpResponse | None:
    """/ACME/inbox/ leads to /acme/inbox/ for those who are in it; to anybody else it is as absent as any other."""
    plain = slug.lower()
    if request.method not in ("GET", "HEAD") or slug == plain or not any(w.slug == plain for w in own):
        return None
    return redirect(request.get_full_path().replace(f"/{slug}/", f"/{plain}/", 1))
