"""The doors of Settings -> Mail: as whom the workspace writes, and the mail that is on its way."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import identity, mail_pages, sending
from inbox.mail_forms import IdentityForm, SettleForm
from inbox.models import OutgoingMail
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_http_methods(["GET", "POST"])
@requires(Permission.SEE_SETTINGS)
def mail(request: MemberRequest) -> HttpResponse:
    """Settings -> Mail."""
    visit, row, addresses = request.visit, identity.current(), identity.addresses()
    form = IdentityForm(initial=mail_pages.initial(row, visit, addresses), addresses=addresses)
    if request.method == "POST":
        if not visit.may(Permission.CHANGE_SETTINGS):
            raise PermissionDenied
        form = IdentityForm(request.POST, addresses=addresses)
        if form.is_valid():
            identity.change(**form.cleaned_data, by=visit.membership)
            return redirect(reverse("inbox:mail", kwargs={"workspace": visit.workspace.slug}) + "?saved=1")
    page = mail_pages.identity_page(visit, form, row, saved="saved" in request.GET)
    return render_page(request, "inbox/mail.html", page, status=422 if form.errors else 200)


@require_GET
@requires(Permission.WORK_INBOX)
def queue(request: MemberRequest) -> HttpResponse:
    """The mail that is on its way, and what became of it."""
    page = mail_pages.queue_page(request.visit, gone="gone" in request.GET)
    return render_page(request, "inbox/mail_queue.html", page)


@require_POST
@requires(Permission.WORK_INBOX)
def settle(request: MemberRequest, outgoingmail: int) -> HttpResponse:
    """Somebody knows what became of a mail, or decides that it goes again."""
    row, form = get_object_or_404(OutgoingMail, pk=outgoingmail), SettleForm(request.POST)
    if not form.is_valid():
        return render_page(request, "inbox/mail_queue.html", mail_pages.queue_page(request.visit), status=422)
    try:
        sending.settle(mail=row, sent=form.cleaned_data["what"] == "sent", by=request.visit.membership)
    except sending.NotSettled:
        return _back(request, gone=True)
    return _back(request)


@require_POST
@requires(Permission.WORK_INBOX)
def retry(request: MemberRequest, outgoingmail: int) -> HttpResponse:
    """Once more, now."""
    try:
        sending.retry(mail=get_object_or_404(OutgoingMail, pk=outgoingmail), by=request.visit.membership)
    except sending.NotSettled:
        return _back(request, gone=True)
    return _back(request)


def _back(request: MemberRequest, *, gone: bool = False) -> HttpResponse:
    url = reverse("inbox:mail_queue", kwargs={"workspace": request.visit.workspace.slug})
    return redirect(f"{url}?gone=1" if gone else url)
