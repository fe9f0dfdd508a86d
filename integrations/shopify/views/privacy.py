"""The doors of Settings -> Privacy: requests about people's data, what is kept, erasing a contact."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations.shopify import compliance, data_requests
from integrations.shopify.forms import EraseForm
from integrations.shopify.pages import privacy as pages
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page, render_zip


@require_GET
@requires(Permission.SEE_PRIVACY)
def privacy(request: MemberRequest) -> HttpResponse:
    """Settings -> Privacy."""
    return render_page(request, "shopify/privacy.html", pages.privacy_page(request.visit))


@require_GET
@requires(Permission.SEE_PRIVACY)
def kept(request: MemberRequest) -> HttpResponse:
    """What is kept about people, why, and how it is forgotten: to be read, and to be printed."""
    return render_page(request, "shopify/privacy_kept.html", pages.kept_page(request.visit))


@require_GET
@requires(Permission.ANSWER_FOR_DATA)
def fetch(request: MemberRequest, number: int) -> HttpResponse:
    """The file of a data request."""
    try:
        file = data_requests.fetch(number=number, by=request.visit.membership)
    except data_requests.NotThere:
        raise Http404 from None
    return render_zip(name=file.name, size=file.size, pieces=file.pieces)


@require_POST
@requires(Permission.ANSWER_FOR_DATA)
def done(request: MemberRequest, number: int) -> HttpResponse:
    """The data were handed over."""
    try:
        data_requests.finish(number=number, by=request.visit.membership)
    except data_requests.NotThere:
        raise Http404 from None
    return _back(request)


@require_POST
@requires(Permission.ANSWER_FOR_DATA)
def again(request: MemberRequest, number: int) -> HttpResponse:
    """The file's time was over: make it anew."""
    try:
        data_requests.make_again(number=number)
    except data_requests.NotThere:
        raise Http404 from None
    return _back(request)


@require_http_methods(["GET", "POST"])
@requires(Permission.ANSWER_FOR_DATA)
def erase(request: MemberRequest) -> HttpResponse:
    """An address, then the same address again, then the contact is erased. It stands in no query: those are logged."""
    if request.method == "GET":
        return _back(request)
    form = EraseForm(request.POST)
    if not form.is_valid():
        page = pages.privacy_page(request.visit, entered=request.POST.get("address", "")[:320], error=form.sentence())
        return render_page(request, "shopify/privacy.html", page, status=422)
    if form.confirmed():
        compliance.erase_by_hand(address=form.cleaned_data["address"], by=request.visit.membership)
        return _back(request)
    error = _("This is not the same address.") if form.cleaned_data["again"] else ""
    page_to_confirm = pages.erase_page(request.visit, address=form.cleaned_data["address"], error=error)
    return render_page(request, "shopify/erase.html", page_to_confirm, status=422 if error else 200)


def _back(request: MemberRequest) -> HttpResponse:
    return redirect("shopify:privacy", workspace=request.visit.workspace.slug)
