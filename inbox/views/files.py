"""What came with a message: its HTML in a frame, its files."""

import re

from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from inbox import file_kinds, file_links, message_files
from inbox.email.html import framed
from inbox.models import Attachment, Message
from inbox.views.finding import conversation
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page

# The frame of a mail's HTML: nothing runs, links open elsewhere, and nothing is fetched but the pictures named in `img-src`.
FRAME_POLICY = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:{pictures}; "
    "frame-ancestors 'self'"
)


@require_GET
@xframe_options_sameorigin
@requires(Permission.READ_INBOX)
def message_html(request: MemberRequest, number: int, position: int) -> HttpResponse:
    """The HTML of a mail, as the document of a sandboxed frame with a policy of its own. `pictures`: the member's word that
    those from elsewhere are wanted, without which none is."""
    row = _message(number, position, mark=request.GET.get("is", ""))
    if not row.html:
        raise Http404
    remote = file_links.wants_pictures(request.visit, row.pk, request.GET.get("pictures", ""))
    own = message_files.inline(request.visit, row, number=number)
    shown = framed(row.html, own=own, remote=remote)
    response = HttpResponse(
        f'<!doctype html><meta charset="utf-8"><base target="_blank"><title>Mail</title><body>{shown}</body>'
    )
    ours = f" {request.get_host()}{file_links.folder(request.visit, number=number)}" if own else ""
    elsewhere = " https: http:" if remote else ""
    response.headers["Content-Security-Policy"] = FRAME_POLICY.format(pictures=ours + elsewhere)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@require_GET
@requires(Permission.READ_INBOX)
def file(request: MemberRequest, number: int) -> HttpResponse:
    """A file, by a link that was made for this member: to be saved, or, of four kinds of picture, to be seen.

    A link whose time is over leads to a fresh one.
    """
    try:
        link = file_links.read(request.visit, request.GET.get("link", ""))
    except file_links.Forged:
        raise Http404 from None
    rows = Attachment.objects.filter(message__conversation=conversation(number))
    row = get_object_or_404(rows.defer("content") if link.over else rows, pk=link.attachment_id)
    if link.over:
        fresh = file_links.url_of(request.visit, number=number, attachment_id=row.pk, shown=link.shown)
        if link.shown:
            return redirect(fresh)
        page = message_files.expired_page(request.visit, row, number=number, url=fresh)
        return render_page(request, "inbox/file_expired.html", page, status=410)
    return _shown(row) if link.shown else _saved(row)


def _saved(row: Attachment) -> HttpResponse:
    """To save, never to show: it came from outside."""
    response = HttpResponse(bytes(row.content), content_type="application/octet-stream")
    name = _file_name(row.name)
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _shown(row: Attachment) -> HttpResponse:
    """As the picture that its own bytes say it is; whatever else it is called, it is not shown."""
    content = bytes(row.content)
    found = file_kinds.picture(content)
    if found is None:
        raise Http404
    response = HttpResponse(content, content_type=found.content_type)
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _file_name(name: str) -> str:
    """A sender's name for a file as one that no system minds; "file" where nothing is left of it."""
    try:
        return get_valid_filename(re.split(r"[/\\]", name)[-1]).strip(".") or "file"
    except SuspiciousFileOperation:
        return "file"


def _message(number: int, position: int, *, mark: str) -> Message:
    """The message at a place of the thread. `mark`: which one stood there when the page was painted, if that is told."""
    rows = Message.objects.filter(conversation=conversation(number)).order_by("sent_at", "pk")
    row = rows[position - 1 : position].first() if 0 < position < 1_000_000 else None
    if row is None or (mark and mark != file_links.mark_of(row.pk)):
        raise Http404
    return row
