"""The doors of a workspace's own Shopify apps: enter one, change its secret, remove it. For owners."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from integrations.shopify import app_entry
from integrations.shopify.app_entry import AppRefused
from integrations.shopify.forms import AppForm, SecretForm
from integrations.shopify.models import ShopifyApp
from integrations.shopify.pages import own_apps as pages
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_http_methods(["GET", "POST"])
@requires(Permission.CONNECT_STORES)
def apps(request: MemberRequest) -> HttpResponse:
    """The workspace's own apps, and the form for another one."""
    form = AppForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            entered = app_entry.add(**form.cleaned_data, by=request.visit.membership)
        except AppRefused as refused:
            form.add_error(None, pages.why(refused.code))
        else:
            return _to(request, entered)
    page = pages.apps_page(request.visit, form)
    return render_page(request, "shopify/apps.html", page, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.CONNECT_STORES)
def app(request: MemberRequest, number: int) -> HttpResponse:
    """One app: what to enter at Shopify; POST changes its secret."""
    row = _row(number)
    form = SecretForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            app_entry.change_secret(
                app=row, client_secret=form.cleaned_data["client_secret"], by=request.visit.membership
            )
        except AppRefused as refused:
            form.add_error("client_secret", pages.why(refused.code))
        else:
            return _to(request, row)
    page = pages.app_page(request.visit, row, form)
    return render_page(request, "shopify/app.html", page, status=422 if form.errors else 200)


@require_POST
@requires(Permission.CONNECT_STORES)
def end_rotation(request: MemberRequest, number: int) -> HttpResponse:
    """The old secret counts no more."""
    row = _row(number)
    app_entry.end_rotation(app=row, by=request.visit.membership)
    return _to(request, row)


@require_POST
@requires(Permission.CONNECT_STORES)
def remove(request: MemberRequest, number: int) -> HttpResponse:
    row = _row(number)
    try:
        app_entry.remove(app=row, by=request.visit.membership)
    except AppRefused as refused:
        page = pages.app_page(request.visit, row, SecretForm(), error=pages.why(refused.code))
        return render_page(request, "shopify/app.html", page, status=422)
    return redirect("shopify:apps", workspace=request.visit.workspace.slug)


def _row(number: int) -> ShopifyApp:
    row = ShopifyApp.objects.select_related("entered_by__user").filter(number=number).first()
    if row is None:
        raise Http404
    return row


def _to(request: MemberRequest, row: ShopifyApp) -> HttpResponse:
    return redirect("shopify:app", workspace=request.visit.workspace.slug, number=row.number)
