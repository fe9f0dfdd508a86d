"""What came with a message: its HTML in a frame, its files."""

import re

from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from inbox.models import Attachment, Message
from inbox.views.finding import conversation
from tenants.access import MemberRequest, requires
from tenants.roles import Permission

# The frame of a mail's HTML: nothing runs, nothing is fetched, links open elsewhere.
FRAME_POLICY = "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; frame-ancestors 'self'"


@require_GET
@xframe_options_sameorigin
@requires(Permission.READ_INBOX)
def message_html(request: MemberRequest, number: int, position: int) -> HttpResponse:
    """The sanitised HTML of a mail, as the document of a sandboxed frame with a policy of its own."""
    row = _message(number, position)
    if not row.html:
        raise Http404
    document = f'<!doctype html><meta charset="utf-8"><base target="_blank"><title>Mail</title><body>{row.html}</body>'
    response = HttpResponse(document)
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    return response


@require_GET
@requires(Permission.READ_INBOX)
def attachment(request: MemberRequest, number: int, position: int, file: int) -> HttpResponse:
    """A file to save, never to show: it came from outside."""
    rows = Attachment.objects.filter(message=_message(number, position)).order_by("pk")
    row = rows[file - 1 : file].first() if 0 < file < 10_000 else None
    if row is None:
        raise Http404
    name = _file_name(row.name)
    response = HttpResponse(bytes(row.content), content_type="application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _file_name(name: str) -> str:
    """A sender's name for a file as one that no system minds; "file" where nothing is left of it."""
    try:
        return get_valid_filename(re.split(r"[/\\]", name)[-1]).strip(".") or "file"
    except SuspiciousFileOperation:
        return "file"


def _message(number: int, position: int) -> Message:
    rows = Message.objects.filter(conversation=conversation(number)).order_by("sent_at", "pk")
    row = rows[position - 1 : position].first() if 0 < position < 1_000_000 else None
    if row is None:
        raise Http404
    return row
