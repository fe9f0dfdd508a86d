"""The doors of General, and of the choice between workspaces."""

import re

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants import doors, workspaces
from tenants.access import MemberRequest, public, requires, signed_in
from tenants.forms.general import GeneralForm
from tenants.models import Tenant
from tenants.pages import general as pages
from tenants.roles import Permission
from versana.rendering import render_page

_DOMAIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,254}")


@require_GET
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """Straight into the only workspace; a choice when there are several, a word when there is none."""
    own = doors.workspaces_of(int(request.user.pk or 0))
    if len(own) == 1:
        return redirect("inbox:home", workspace=own[0].slug)
    return render_page(request, "tenants/choose.html", pages.choose_page(own))


@require_http_methods(["GET", "POST"])
@requires(Permission.SEE_SETTINGS)
def general(request: MemberRequest) -> HttpResponse:
    """Settings -> General."""
    visit = request.visit
    tenant = Tenant.objects.get(pk=visit.workspace.id)
    form = GeneralForm(initial=pages.initial(tenant))
    if request.method == "POST":
        if not visit.may(Permission.CHANGE_SETTINGS):
            raise PermissionDenied
        form = GeneralForm(request.POST)
        if form.is_valid():
            workspaces.change(**form.cleaned_data, by=visit.membership)
            return redirect(reverse("tenants:general", kwargs={"workspace": visit.workspace.slug}) + "?saved=1")
    connected = request.GET.get("connected", "")
    page = pages.general_page(
        visit,
        tenant,
        form,
        host=settings.PUBLIC_URL.partition("://")[2],
        saved="saved" in request.GET,
        connected=connected if _DOMAIN.fullmatch(connected) else "",
    )
    return render_page(request, "tenants/general.html", page, status=422 if form.errors else 200)


@require_POST
@public("A choice of colours, kept in a cookie; changes nothing of anybody's.")
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the system says."""
    chosen = request.POST.get("theme", "")
    back = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    # Not redirect(): it would take "inbox" for the name of a view.
    response = HttpResponseRedirect(back if safe else "/")
    if chosen in ("light", "dark"):
        response.set_cookie(
            "theme", chosen, max_age=31_536_000, secure=request.is_secure(), samesite="Lax", httponly=True
        )
    else:
        response.delete_cookie("theme")
    return response
