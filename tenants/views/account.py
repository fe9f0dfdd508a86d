"""The doors of a person's own account, beside allauth's: what there is, the way to a second factor and back, sessions."""

from urllib.parse import urlsplit

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tenants import accounts, doors, second_factors
from tenants.access import signed_in
from tenants.pages import account as pages
from versana.rendering import render_page


@require_GET
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Your account."""
    return render_page(request, "account/index.html", pages.account_page(_person(request)))


@require_GET
@signed_in
def second_factor_wanted(request: HttpRequest) -> HttpResponse:
    """Where the middleware leads a member without a second factor, from a workspace that requires one."""
    user_id = _person(request)
    wanted = _own_path(request, request.GET.get("next", ""))
    if second_factors.has_one(user_id):
        return HttpResponseRedirect(wanted or "/")
    slug = _slug_in(wanted)
    workspace = next((w for w in doors.workspaces_of(user_id) if w.slug == slug), None)
    # A page of no workspace asks for one too: there an installation from Shopify's side waits to be claimed.
    if workspace is not None or slug == "":
        second_factors.remember_wanted(request.session, wanted)
    page = pages.SecondFactorWantedPage(workspace=workspace.name if workspace else "")
    return render_page(request, "account/second_factor_wanted.html", page)


@require_GET
@signed_in
def go_on(request: HttpRequest) -> HttpResponse:
    """To the page that was wanted before the second factor was asked for."""
    return HttpResponseRedirect(_own_path(request, second_factors.take_wanted(request.session)) or "/")


@require_POST
@signed_in
def end_session(request: HttpRequest, session: int) -> HttpResponse:
    """Sign one other browser of one's own out."""
    found = UserSession.objects.filter(pk=session, user_id=request.user.pk).first()
    if found is None:
        raise Http404
    if found.session_key == request.session.session_key:
        return redirect("account_logout")
    accounts.end_session(session=found)
    messages.success(request, _("That browser is signed out."))
    return redirect("usersessions_list")


def _person(request: HttpRequest) -> int:
    return int(request.user.pk or 0)


def _slug_in(path: str) -> str | None:
    """The workspace that a page of ours is in, "" for a page of none; None where there is no page."""
    try:
        return str(resolve(urlsplit(path).path).kwargs.get("workspace", ""))
    except (Resolver404, Http404):
        return None


def _own_path(request: HttpRequest, address: str) -> str:
    """The path and query of an address of ours; "" for any other."""
    if not url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    # A path that begins with two strokes would be another host's.
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\x00" not in path else ""
