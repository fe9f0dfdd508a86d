"""The doors of Settings -> Security."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tenants import second_factors
from tenants.access import MemberRequest, requires
from tenants.forms.security import RuleForm
from tenants.models import Tenant
from tenants.pages import security as pages
from tenants.roles import Permission
from versana.rendering import render_page


@require_http_methods(["GET", "POST"])
@requires(Permission.SEE_SETTINGS)
def security(request: MemberRequest) -> HttpResponse:
    """Whether everybody needs a second factor, and who lacks one."""
    visit = request.visit
    none_yourself = False
    form = RuleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not visit.may(Permission.SET_SECURITY):
            raise PermissionDenied
        if form.is_valid():
            try:
                act = (
                    second_factors.require if form.cleaned_data["rule"] == "required" else second_factors.make_optional
                )
                act(by=visit.membership)
            except second_factors.NoneYourself:
                none_yourself = True
            else:
                return redirect(reverse("tenants:security", kwargs={"workspace": visit.workspace.slug}) + "?saved=1")
    page = pages.security_page(
        visit, Tenant.objects.get(pk=visit.workspace.id), none_yourself=none_yourself, saved="saved" in request.GET
    )
    return render_page(request, "tenants/security.html", page, status=422 if none_yourself or form.errors else 200)
