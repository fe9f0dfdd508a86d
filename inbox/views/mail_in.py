"""The doors of Settings -> Mail in: the workspace's address, mailboxes, and mail that could not be filed."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import mail_in_pages, mailboxes
from inbox.email import doorstep
from inbox.mailbox_form import MailboxForm
from inbox.mailboxes import AlreadyThere, TooMany
from inbox.models import Mailbox
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_http_methods(["GET", "POST"])
@requires(Permission.CHANGE_SETTINGS)
def mail_in(request: MemberRequest) -> HttpResponse:
    """How mail gets in; POST adds a mailbox."""
    form = MailboxForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            mailboxes.add(entered=form.entered(), by=request.visit.membership)
            return _back(request)
        except AlreadyThere:
            form.say_already_there()
        except TooMany:
            form.say_too_many()
    page = mail_in_pages.mail_in_page(request.visit, form)
    return render_page(request, "inbox/mail_in.html", page, status=422 if form.errors else 200)


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def mailbox_remove(request: MemberRequest, number: int) -> HttpResponse:
    mailboxes.remove(mailbox=_mailbox(number), by=request.visit.membership)
    return _back(request)


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def mailbox_check(request: MemberRequest, number: int) -> HttpResponse:
    mailboxes.check(mailbox=_mailbox(number))
    return _back(request)


@require_GET
@requires(Permission.CHANGE_SETTINGS)
def refused_mail(request: MemberRequest, number: int) -> HttpResponse:
    """A mail that could not be filed, to save and never to show: it came from outside."""
    try:
        raw = doorstep.fetch(number=number, by=request.visit.membership)
    except doorstep.NoSuchMail:
        raise Http404 from None
    response = HttpResponse(raw, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="mail-{number}.eml"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def refused_mail_again(request: MemberRequest, number: int) -> HttpResponse:
    try:
        doorstep.try_again(number=number, by=request.visit.membership)
    except doorstep.NoSuchMail:
        raise Http404 from None
    except doorstep.NotRefused:
        pass  # it is being tried already, and the page says so
    return _back(request)


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def refused_mail_delete(request: MemberRequest, number: int) -> HttpResponse:
    try:
        doorstep.delete(number=number, by=request.visit.membership)
    except doorstep.NoSuchMail:
        raise Http404 from None
    except doorstep.NotRefused:
        pass  # it is about to be filed, and the page says so
    return _back(request)


def _mailbox(number: int) -> Mailbox:
    row = Mailbox.objects.defer("password").filter(number=number).first()
    if row is None:
        raise Http404
    return row


def _back(request: MemberRequest) -> HttpResponse:
    return redirect(reverse("inbox:mail_in", kwargs={"workspace": request.visit.workspace.slug}))
