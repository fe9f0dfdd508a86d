"""The doors of the store cards: connect, disconnect, permissions, and where Shopify sends the owner back."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations.shopify import attempts, connecting, oauth, scopes, stores
from integrations.shopify.credentials import NoApp, installation_app
from integrations.shopify.domains import ShopDomainError, shop_domain
from integrations.shopify.forms import ConnectForm, DisconnectForm
from integrations.shopify.models import ConnectionAttempt, Store
from integrations.shopify.pages import stores as pages
from tenants import doors, switches
from tenants.access import MemberRequest, public, requires, signed_in
from tenants.roles import Permission
from tenants.switches import Switch
from versana.rendering import render_page


@require_GET
@requires(Permission.SEE_SETTINGS)
def panel(request: MemberRequest) -> HttpResponse:
    """The section as a part of General; as a page of its own without htmx."""
    connected = request.GET.get("connected", "")
    try:
        known = Store.objects.filter(shop_domain=shop_domain(connected), state=Store.State.CONNECTED).exists()
    except ShopDomainError:
        known = False
    return _panel(request, just_connected=connected if known else "")


@require_POST
@requires(Permission.CONNECT_STORES)
def connect(request: MemberRequest) -> HttpResponse:
    """Begin: remember the attempt, and send the owner to Shopify's own consent screen."""
    form = ConnectForm(request.POST)
    if not form.is_valid():
        return _panel(request, error=_first_error(form), entered=request.POST.get("shop", "")[:300], status=422)
    shop = form.cleaned_data["shop"]
    # Reconnecting a store we know is no typing of a domain.
    if not (settings.SHOPIFY_DOMAIN_ENTRY or Store.objects.filter(shop_domain=shop).exists()):
        return _panel(request, error=_("Install the app from Shopify’s own pages to connect a store."), status=422)
    if not switches.is_on(Switch.CONNECT_STORES):
        return _panel(
            request, error=_("Connecting stores is paused in this installation. Try again later."), status=422
        )
    try:
        app = installation_app()
    except NoApp:
        return _panel(
            request,
            error=_(
                "This installation has no Shopify app yet. Whoever runs it must set SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET."
            ),
            status=422,
        )
    if doors.tenant_of_shop(shop) not in (None, request.visit.workspace.id):
        return _panel(
            request, error=_("This store is already connected to another workspace."), entered=shop, status=422
        )
    begun = attempts.begin(shop_domain=shop, session_key=request.session.session_key or "", by=request.visit.membership)
    return redirect(
        oauth.authorize_url(
            shop=shop,
            client_id=app.client_id,
            state=begun.state,
            scopes=scopes.requested(all_orders=settings.SHOPIFY_REQUEST_ALL_ORDERS),
            redirect_uri=settings.PUBLIC_URL + reverse("shopify:callback"),
        )
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.CONNECT_STORES)
def disconnect(request: MemberRequest, number: int) -> HttpResponse:
    """Asks to confirm by naming the store; then at once."""
    store = Store.objects.filter(number=number).exclude(state=Store.State.DISCONNECTED).first()
    if store is None:
        raise Http404
    form = DisconnectForm(request.POST if request.method == "POST" else None, shop_domain=store.shop_domain)
    if request.method == "POST" and form.is_valid():
        stores.disconnect(store=store, by=request.visit.membership)
        return redirect("tenants:general", workspace=request.visit.workspace.slug)
    page = pages.disconnect_page(request.visit, store, error=_first_error(form) if request.method == "POST" else "")
    return render_page(request, "shopify/disconnect.html", page, status=422 if page.error else 200)


@require_GET
@requires(Permission.SEE_SETTINGS)
def permissions(request: MemberRequest) -> HttpResponse:
    return render_page(request, "shopify/permissions.html", pages.permissions_page(request.visit))


@require_GET
@never_cache
@public(
    "Shopify sends the owner's browser here; the session is checked inside, so that no code ends up in a sign-in address."
)
def callback(request: HttpRequest) -> HttpResponse:
    """Shopify's answer. Redirects at once, so that code and signature leave the address bar."""
    query = request.META.get("QUERY_STRING", "")
    if not request.user.is_authenticated:
        left = connecting.signed_out(query=query)
        return redirect("shopify:attempt", reference=left.reference) if left else redirect("account_login")
    result = connecting.complete(query=query, session_key=request.session.session_key or "", user=request.user)
    if isinstance(result, connecting.Failed):
        return redirect("shopify:attempt", reference=result.reference)
    return redirect(
        reverse("tenants:general", kwargs={"workspace": result.workspace}) + f"?connected={result.shop_domain}"
    )


@require_GET
@signed_in
def attempt(request: HttpRequest, reference: str) -> HttpResponse:
    """Why a connection failed, for the person who tried. Anybody else's is not found."""
    found = attempts.of_person(reference=reference, user_id=int(request.user.pk or 0))
    if found is None or found.outcome in ("", attempts.CONNECTED):
        raise Http404
    return render_page(request, "shopify/failure.html", pages.failure_page(found, retry_url=_retry_url(request, found)))


def _retry_url(request: HttpRequest, attempt: ConnectionAttempt) -> str:
    slug = next((w.slug for w in doors.workspaces_of(int(request.user.pk or 0)) if w.id == attempt.tenant_id), None)
    return reverse("tenants:general", kwargs={"workspace": slug}) if slug else reverse("tenants:home")


def _panel(
    request: MemberRequest, *, status: int = 200, error: str = "", entered: str = "", just_connected: str = ""
) -> HttpResponse:
    page = pages.panel(request.visit, error=error, entered=entered, just_connected=just_connected)
    template = "shopify/panel.html" if request.htmx else "shopify/panel_page.html"  # type: ignore[attr-defined]
    return render_page(request, template, page, status=status)


def _first_error(form: ConnectForm | DisconnectForm) -> str:
    return next((str(errors[0]) for errors in form.errors.values()), "")
