"""Saved replies: kept under Settings, and picked beside an answer."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import composer, drafts, saved_pages, saved_replies
from inbox.models import SavedReply
from inbox.views.finding import conversation, view_of
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page

LONGEST = 100_000  # characters that are looked at


@require_GET
@requires(Permission.WORK_INBOX)
def all_of_them(request: MemberRequest) -> HttpResponse:
    """Settings -> Saved replies."""
    return render_page(request, "inbox/saved_replies.html", saved_pages.saved_page(request.visit))


@require_http_methods(["GET", "POST"])
@requires(Permission.WORK_INBOX)
def add(request: MemberRequest) -> HttpResponse:
    shared, by = "shared" in request.GET, request.visit.membership
    if shared and not saved_replies.may_share(by):
        raise PermissionDenied
    if request.method != "POST":
        return _form(request, None, "", "", shared=shared)
    name, text = _typed(request)
    try:
        saved_replies.add(name=name, text=text, shared=shared, by=by)
    except saved_replies.BadReply as error:
        return _form(request, None, name, text, shared=shared, error=error)
    return redirect("inbox:saved_replies", workspace=request.visit.workspace.slug)


@require_http_methods(["GET", "POST"])
@requires(Permission.WORK_INBOX)
def change(request: MemberRequest, saved_reply: int) -> HttpResponse:
    row, by = _row(request, saved_reply), request.visit.membership
    if not saved_replies.may_change(row, by=by):
        raise PermissionDenied
    shared = row.owner_id is None
    if request.method != "POST":
        return _form(request, row, row.name, row.text, shared=shared)
    name, text = _typed(request)
    try:
        saved_replies.change(saved_reply=row, name=name, text=text, by=by)
    except saved_replies.BadReply as error:
        return _form(request, row, name, text, shared=shared, error=error)
    return redirect("inbox:saved_replies", workspace=request.visit.workspace.slug)


@require_POST
@requires(Permission.WORK_INBOX)
def remove(request: MemberRequest, saved_reply: int) -> HttpResponse:
    saved_replies.remove(saved_reply=_row(request, saved_reply), by=request.visit.membership)
    return redirect("inbox:saved_replies", workspace=request.visit.workspace.slug)


@require_GET
@requires(Permission.WORK_INBOX)
def choices(request: MemberRequest, number: int) -> HttpResponse:
    """Those that can be put into an answer here: a list for the page's menu, or a page of its own."""
    found = conversation(number)
    if found.erased_at is not None:
        raise Http404
    page = saved_pages.picker(request.visit, found, view=view_of(request))
    return render_page(request, "inbox/_saved_choices.html" if request.htmx else "inbox/saved_choices_page.html", page)  # type: ignore[attr-defined]


@require_POST
@requires(Permission.WORK_INBOX)
def use(request: MemberRequest, number: int) -> HttpResponse:
    """Without scripts: put one behind what is written, and back to the conversation."""
    found, by, view = conversation(number), request.visit.membership, view_of(request)
    picker = saved_pages.picker(request.visit, found, view=view)
    wanted = request.POST.get("saved_reply", "")
    chosen = next((each for each in picker.choices if str(each.number) == wanted), None)
    if chosen is None or not chosen.text:  # deleted meanwhile, or blocked, which the page says
        return render_page(request, "inbox/saved_choices_page.html", picker, status=422)
    kept = drafts.of(found, writer=by)
    text = f"{kept.text.rstrip()}\n\n{chosen.text}".strip()[: drafts.MAX_LENGTH]
    try:
        drafts.save(conversation=found, text=text, base=kept.base, by=by, anyway=True)
    except drafts.Erased:
        raise Http404 from None
    return redirect(f"{composer.thread_url(request.visit, found, view=view)}#composer")


def _row(request: MemberRequest, number: int) -> SavedReply:
    """One's own or everybody's. Raises PermissionDenied for another member's."""
    row = get_object_or_404(SavedReply, number=number)
    if row.owner_id not in (None, request.visit.membership.pk):
        raise PermissionDenied
    return row


def _typed(request: MemberRequest) -> tuple[str, str]:
    """Whether it can be kept, is judged where it is kept; what was typed comes back as it was."""
    return request.POST.get("name", "")[:LONGEST], request.POST.get("text", "")[:LONGEST]


def _form(
    request: MemberRequest,
    row: SavedReply | None,
    name: str,
    text: str,
    *,
    shared: bool,
    error: saved_replies.BadReply | None = None,
) -> HttpResponse:
    page = saved_pages.saved_form(request.visit, row=row, name=name, text=text, shared=shared, error=error)
    return render_page(request, "inbox/saved_reply.html", page, status=422 if error else 200)
