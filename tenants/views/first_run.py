"""The door of an installation without people: the link from its console, and the page that it leads to."""

from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from tenants import first_run
from tenants.access import public
from tenants.forms.workspace import FirstRunForm
from tenants.pages.first_run import WelcomePage
from tenants.provisioning import ProvisioningError
from versana.rendering import render_page

LINK = "first_run"  # in the session: the hash of the link that this browser came by


@require_GET
@never_cache
@public("There is nobody yet who could sign in. The token in the path is the right to come in.")
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Takes the token out of the address bar: neither history nor Referer keeps it."""
    token_hash = first_run.hash_of(token)
    try:
        first_run.check(token_hash)
    except first_run.LinkRefused:
        response = _refused(request)
    else:
        request.session[LINK] = token_hash
        response = redirect("welcome")
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_http_methods(["GET", "POST"])
@never_cache
@public("There is nobody yet who could sign in. The link that this browser came by is the right to come in.")
def welcome(request: HttpRequest) -> HttpResponse:
    """Account and workspace in one form; then into the settings, signed in."""
    token_hash = str(request.session.get(LINK, ""))
    try:
        first_run.check(token_hash)
        form = FirstRunForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            opened = first_run.complete(token_hash=token_hash, **form.cleaned_data)
            return _in(request, opened)
    except first_run.LinkRefused:
        return _refused(request)
    except ProvisioningError as error:
        form.refuse_address(error)
    return render_page(request, "tenants/welcome.html", WelcomePage(form), status=422 if form.errors else 200)


def _in(request: HttpRequest, opened: first_run.Opened) -> HttpResponseRedirect:
    del request.session[LINK]
    general = reverse("tenants:general", kwargs={"workspace": opened.tenant.slug})
    return perform_login(request, opened.user, redirect_url=general)


def _refused(request: HttpRequest) -> HttpResponse:
    """Unknown, used, expired, malformed: the same page, so that trying teaches nothing."""
    return render(request, "tenants/link_refused.html", status=404)
