"""The doors of Settings -> Data: export, close, open again. For owners."""

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants import closing, exporting
from tenants.access import MemberRequest, requires
from tenants.forms.workspace import CloseForm
from tenants.pages import data as pages
from tenants.roles import Permission
from versana.rendering import render_page, render_zip


@require_GET
@requires(Permission.EXPORT_DATA)
def data(request: MemberRequest) -> HttpResponse:
    """Settings -> Data."""
    return render_page(request, "tenants/data.html", pages.data_page(request.visit))


@require_http_methods(["GET", "POST"])
@requires(Permission.EXPORT_DATA)
def exports(request: MemberRequest) -> HttpResponse:
    """The panel that polls itself; POST asks for an export."""
    refused = False
    if request.method == "POST":
        try:
            exporting.request(by=request.visit.membership)
        except exporting.AlreadyUnderWay:
            refused = True
        except (exporting.TooManyKept, exporting.Paused):
            pass  # the panel says so
    if not request.htmx:  # type: ignore[attr-defined]
        return _back(request)
    panel = pages.exports_panel(request.visit, refused=refused)
    return render_page(request, "tenants/_exports.html", panel)


@require_GET
@requires(Permission.EXPORT_DATA)
def fetch(request: MemberRequest, number: int) -> HttpResponse:
    """The file."""
    try:
        file = exporting.fetch(number=number, by=request.visit.membership)
    except exporting.NotThere:
        raise Http404 from None
    return render_zip(name=file.name, size=file.size, pieces=file.pieces)


@require_POST
@requires(Permission.EXPORT_DATA)
def delete(request: MemberRequest, number: int) -> HttpResponse:
    try:
        exporting.delete(number=number, by=request.visit.membership)
    except exporting.NotThere:
        raise Http404 from None
    return _back(request)


@require_http_methods(["GET", "POST"])
@requires(Permission.CLOSE_WORKSPACE)
def close(request: MemberRequest) -> HttpResponse:
    """Asks who it is, and to type the address; then the workspace is closed.

    A POST is not kept while allauth asks for the password: it would be resumed on a path without a workspace.
    """
    if is_reauthentication_required(request, app="account"):
        if request.method == "POST":
            return redirect(request.path)
        raise ReauthenticationRequired
    form = CloseForm(request.POST if request.method == "POST" else None, slug=request.visit.workspace.slug)
    if request.method == "POST" and form.is_valid():
        closing.close(by=request.visit.membership)
        return _back(request)
    page = pages.close_page(request.visit, error=str(form.errors["address"][0]) if form.errors else "")
    return render_page(request, "tenants/close.html", page, status=422 if form.errors else 200)


@require_POST
@requires(Permission.CLOSE_WORKSPACE)
def reopen(request: MemberRequest) -> HttpResponse:
    try:
        closing.reopen(by=request.visit.membership)
    except closing.TooLate:
        page = pages.data_page(request.visit, too_late=True)
        return render_page(request, "tenants/data.html", page, status=409)
    return _back(request)


def _back(request: MemberRequest) -> HttpResponse:
    return redirect(reverse("tenants:data", kwargs={"workspace": request.visit.workspace.slug}))
