"""The doors of the store cards: connect, check, disconnect, permissions."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations.shopify import checking, connecting, stores
from integrations.shopify.domains import ShopDomainError, shop_domain
from integrations.shopify.forms import ConnectForm, DisconnectForm
from integrations.shopify.models import Store
from integrations.shopify.pages import health
from integrations.shopify.pages import stores as pages
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page

POLLS = frozenset(str(number) for number in range(1, 100))


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
    entered = {"entered": request.POST.get("shop", "")[:300], "entered_app": request.POST.get("app", "")[:20]}
    if not form.is_valid():
        return _panel(request, error=_first_error(form), status=422, **entered)
    session_key = request.session.session_key or ""
    try:
        address = connecting.begin(**form.cleaned_data, session_key=session_key, by=request.visit.membership)
    except connecting.CannotBegin as refused:
        return _panel(request, error=pages.why_not_begun(refused.code), status=422, **entered)
    return redirect(address)


@require_GET
@requires(Permission.SEE_STORE_HEALTH)
def check(request: MemberRequest, number: int) -> HttpResponse:
    """The part of a card that polls itself while a check is under way."""
    return _check(request, number)


@require_POST
@requires(Permission.CONNECT_STORES)
def begin_check(request: MemberRequest, number: int) -> HttpResponse:
    checking.ask(store=_store(number))
    return _check(request, number)


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


def _check(request: MemberRequest, number: int) -> HttpResponse:
    store = _store(number)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("shopify:panel", workspace=request.visit.workspace.slug)
    polls = int(request.GET["try"]) if request.GET.get("try", "") in POLLS else 0
    was = request.GET.get("was", "")
    was = was if was in Store.State.values else store.state
    part = health.check_part(store, request.visit, polls=polls, was=was)
    if part.state == "done" and was != store.state:  # The card above says what is no longer so.
        response = _panel(request)
        response["HX-Retarget"], response["HX-Reswap"] = "#shopify", "outerHTML"
        return response
    return render_page(request, "shopify/_check.html", part)


def _store(number: int) -> Store:
    store = health.listed().filter(number=number).first()
    if store is None:
        raise Http404
    return store


def _panel(request: MemberRequest, *, status: int = 200, **said: str) -> HttpResponse:
    page = pages.panel(request.visit, **said)
    template = "shopify/panel.html" if request.htmx else "shopify/panel_page.html"  # type: ignore[attr-defined]
    return render_page(request, template, page, status=status)


def _first_error(form: ConnectForm | DisconnectForm) -> str:
    return next((str(errors[0]) for errors in form.errors.values()), "")
