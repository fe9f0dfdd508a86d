"""The doors of the inbox: list, thread, the sections beside it, files."""

import re

from django.core.exceptions import SuspiciousFileOperation
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from inbox import pages
from inbox.models import Attachment, ContactAddress, Conversation, Message
from integrations.shopify import interface
from integrations.shopify.sections import Section
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page

# The frame of a mail's HTML: nothing runs, nothing is fetched, links open elsewhere.
FRAME_POLICY = "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; frame-ancestors 'self'"


@require_GET
@requires(Permission.READ_INBOX)
def home(request: MemberRequest) -> HttpResponse:
    """The workspace's own address leads into its inbox."""
    return redirect("inbox:list", workspace=request.visit.workspace.slug)


@require_GET
@requires(Permission.READ_INBOX)
def conversations(request: MemberRequest) -> HttpResponse:
    """The list: whole, or its next rows."""
    after = request.GET.get("after", "")
    try:
        page = pages.inbox_page(request.visit, view=_view(request), after=after)
    except ValueError:
        raise Http404 from None
    part = "list" if after and request.htmx else ""  # type: ignore[attr-defined]
    return render_page(request, "inbox/inbox.html", page, part=part)


@require_GET
@requires(Permission.READ_INBOX)
def thread(request: MemberRequest, number: int) -> HttpResponse:
    """A conversation beside the list; by htmx the conversation alone, so that the list keeps its place."""
    view, found = _view(request), _conversation(number)
    if request.htmx and request.htmx.target == "conversation":  # type: ignore[attr-defined]
        page = pages.thread_page(request.visit, view=view, conversation=found)
        return render_page(request, "inbox/inbox.html", page, part="thread")
    return render_page(request, "inbox/inbox.html", pages.inbox_page(request.visit, view=view, conversation=found))


@require_GET
@requires(Permission.READ_INBOX)
def section(request: MemberRequest, number: int, store: int) -> HttpResponse:
    """One store's section: what is stored now. Polled while an answer is on its way; `refresh=1` asks for a new one."""
    found = _section(request, number, store)
    if found is None:
        raise Http404
    return render_page(request, "shopify/section.html" if request.htmx else "shopify/section_page.html", found)  # type: ignore[attr-defined]


@require_GET
@requires(Permission.READ_INBOX)
def order(request: MemberRequest, number: int, store: int, order: str) -> HttpResponse:
    """One folded order in full, when it is opened."""
    detail = interface.order_detail(store_number=store, email_norm=_address(number), legacy_id=order)
    if detail is None:
        raise Http404
    return render_page(request, "shopify/order_detail.html" if request.htmx else "shopify/order_page.html", detail)  # type: ignore[attr-defined]


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
    rows = Message.objects.filter(conversation=_conversation(number)).order_by("sent_at", "pk")
    row = rows[position - 1 : position].first() if 0 < position < 1_000_000 else None
    if row is None:
        raise Http404
    return row


def _view(request: MemberRequest) -> str:
    view = request.GET.get("view", "needs-reply")
    if view not in pages.VIEWS:
        raise Http404
    return view


def _conversation(number: int) -> Conversation:
    # Never first(), which sorts by id: for a large workspace PostgreSQL then walks the ids until it meets the number.
    return get_object_or_404(Conversation.objects.select_related("contact"), number=number)


def _address(number: int) -> str:
    """The address of a conversation's contact (empty: it has none), in one query: sections are polled."""
    first = ContactAddress.objects.filter(contact=OuterRef("contact")).order_by("pk").values("email_norm")[:1]
    return get_object_or_404(Conversation.objects.values_list(Subquery(first), flat=True), number=number) or ""


def _section(request: MemberRequest, number: int, store: int) -> Section | None:
    tries = request.GET.get("try", "0")
    return interface.section(
        store_number=store,
        email_norm=_address(number),
        addresses=pages.sections_of(request.visit.workspace.slug, number),
        viewer=pages.viewer(request.visit),
        attempt=min(int(tries), 1000) if tries.isascii() and tries.isdigit() and len(tries) < 5 else 0,
        force="refresh" in request.GET,
    )
