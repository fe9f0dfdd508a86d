"""The doors without a workspace: where Shopify sends browsers, and where an installation from Shopify's side is claimed.

What binds an installation to a browser are two words in its session, which signing in keeps (Django cycles the session's key
and keeps its content for whoever was nobody before).
"""

import secrets

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from integrations.shopify import attempts, checking, connecting, installing
from integrations.shopify.connecting import Connected, Failed
from integrations.shopify.credentials import AppUnreadable, NoApp
from integrations.shopify.models import ConnectionAttempt
from integrations.shopify.oauth import CallbackRefused
from integrations.shopify.pages import installing as pages
from tenants import doors, switches
from tenants.access import public, signed_in
from tenants.models import User
from tenants.switches import Switch
from versana.rendering import render_page

BROWSER, INSTALLATION, OPENED = "shopify_browser", "shopify_installation", "shopify_opened"


@require_GET
@never_cache
@public(
    "Shopify sends a merchant's browser here, signed; who it is turns out after the consent (App Store rule 2.3.2)."
)
def install(request: HttpRequest, slug: str = "", number: int = 0) -> HttpResponse:
    """The app's address at Shopify: of the installation's own app, or of a workspace's (`slug`, `number`)."""
    try:
        asked = installing.opening(query=request.META.get("QUERY_STRING", ""), slug=slug, number=number)
    except CallbackRefused as refused:
        return _explain(request, refused.reason, status=400)
    except (NoApp, AppUnreadable) as error:
        return _explain(request, error.code, status=503)
    if asked.working:
        request.session[OPENED] = asked.shop
        return redirect("shopify:opened")
    if not switches.is_on(Switch.CONNECT_STORES):
        return _explain(request, "paused", status=503)
    return redirect(installing.begin(asked, browser=_browser(request)))


@require_GET
@never_cache
@signed_in
def opened(request: HttpRequest) -> HttpResponse:
    """The app was opened in the admin of a store that is connected: to its settings, for whoever belongs there."""
    shop = request.session.get(OPENED, "")
    workspace = installing.home_of(shop=shop, user=_user(request)) if shop else None
    if workspace is None:
        return _explain(request, "store_of_others" if shop else "installation_gone", status=404)
    checking.ask_after_opening(tenant_id=workspace.id, shop=shop)
    return redirect("tenants:general", workspace=workspace.slug)


@require_GET
@never_cache
@public(
    "Shopify sends the owner's browser here; the session is checked inside, so that no code ends up in a sign-in address."
)
def callback(request: HttpRequest) -> HttpResponse:
    """Shopify's answer. Redirects at once, so that code and signature leave the address bar."""
    query = request.META.get("QUERY_STRING", "")
    if installing.began(query):
        return _installed(request, query)
    if not request.user.is_authenticated:
        left = connecting.signed_out(query=query)
        return _failed(left) if left else redirect("account_login")
    result = connecting.complete(query=query, session_key=request.session.session_key or "", user=_user(request))
    return _failed(result) if isinstance(result, Failed) else _connected(result)


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def claim(request: HttpRequest) -> HttpResponse:
    """Which workspace is it for? POST answers."""
    token = request.session.get(INSTALLATION, "")
    result: installing.Waiting | Connected | Failed
    try:
        if request.method == "POST":
            slug, shop = request.POST.get("workspace", "")[:100], request.POST.get("shop", "")[:255]
            result = installing.claim(token=token, user=_user(request), slug=slug, shop=shop)
        else:
            result = installing.waiting(token=token, user=_user(request))
    except installing.Refused as refused:
        return _explain(request, refused.code, status=503 if refused.code == "paused" else 410)
    if isinstance(result, installing.Waiting):
        return render_page(request, "shopify/claim.html", pages.claim_page(result))
    request.session.pop(INSTALLATION, None)
    return _failed(result) if isinstance(result, Failed) else _connected(result)


@require_GET
@never_cache
@public("Shows a failed attempt to the person who made it, or an installation's to the browser that it happened in.")
def attempt(request: HttpRequest, reference: str) -> HttpResponse:
    """Why a connection failed. Anybody else's attempt is not found; who is nobody yet is asked to sign in first."""
    user_id = int(request.user.pk) if request.user.is_authenticated else None
    found = attempts.of_person(reference=reference, user_id=user_id, browser=request.session.get(BROWSER, ""))
    if found is None and user_id is None:
        return redirect_to_login(request.get_full_path())
    if found is None or found.outcome in ("", attempts.CONNECTED, attempts.ARRIVED):
        raise Http404
    page = pages.failure_page(found, retry_url=_retry_url(user_id, found))
    return render_page(request, "shopify/failure.html", page)


def _installed(request: HttpRequest, query: str) -> HttpResponse:
    user_id = int(request.user.pk) if request.user.is_authenticated else None
    result = installing.complete(query=query, browser=_browser(request), user_id=user_id)
    if isinstance(result, CallbackRefused):
        return _explain(request, result.reason, status=400)
    if isinstance(result, Failed):
        return _failed(result)
    request.session[INSTALLATION] = result.token
    return redirect("shopify:claim")


def _browser(request: HttpRequest) -> str:
    """A secret of this browser's session, made when it is first needed."""
    if BROWSER not in request.session:
        request.session[BROWSER] = secrets.token_urlsafe(32)
    return str(request.session[BROWSER])


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("the view is for people who are signed in")
    return request.user


def _failed(result: Failed) -> HttpResponse:
    return redirect("shopify:attempt", reference=result.reference)


def _connected(result: Connected) -> HttpResponse:
    general = reverse("tenants:general", kwargs={"workspace": result.workspace})
    return redirect(f"{general}?connected={result.shop_domain}")


def _explain(request: HttpRequest, code: str, *, status: int) -> HttpResponse:
    """What went wrong, where no attempt is on record."""
    home = reverse("tenants:home") if request.user.is_authenticated else ""
    return render_page(request, "shopify/failure.html", pages.explanation_page(code, home), status=status)


def _retry_url(user_id: int | None, attempt: ConnectionAttempt) -> str:
    if user_id is None:
        return ""
    slug = next((w.slug for w in doors.workspaces_of(user_id) if w.id == attempt.tenant_id), None)
    return reverse("tenants:general", kwargs={"workspace": slug}) if slug else reverse("tenants:home")
