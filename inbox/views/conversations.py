"""The list, and the thread beside it."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from inbox import bulk, composer, listing, notices, outcomes_told, pages, watched
from inbox.list_cards import Said
from inbox.views.finding import conversation, kind_of, view_of
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_GET
@requires(Permission.READ_INBOX)
def conversations(request: MemberRequest) -> HttpResponse:
    """The list: whole, or its next rows."""
    after, view = request.GET.get("after", ""), view_of(request)
    more = bool(after and request.htmx)  # type: ignore[attr-defined]
    try:
        page = pages.inbox_page(request.visit, view=view, after=after, rows_only=more, said=_said(request, view))
    except ValueError:
        raise Http404 from None
    if not after:
        watched.note(view=view, by=request.visit.membership)
    return render_page(request, "inbox/inbox.html", page, part="list" if more else "")


def _said(request: MemberRequest, view: str) -> Said | None:
    """What was just done to many, which a page without scripts is told in its address."""
    word = request.GET.get("said", "")
    try:
        return (
            outcomes_told.said(request.visit, bulk.unsealed(word, by=request.visit.membership), view=view)
            if word
            else None
        )
    except bulk.NothingToUndo:
        return None


@require_GET
@requires(Permission.READ_INBOX)
def thread(request: MemberRequest, number: int) -> HttpResponse:
    """A conversation beside the list; by htmx the conversation alone, so that the list keeps its place."""
    view, found = view_of(request), conversation(number, reader=request.visit.membership)
    if found.number != number:
        return redirect(listing.thread_url(request.visit.workspace.slug, found.number, view))
    if found.told:  # type: ignore[attr-defined]
        notices.read(conversation=found, by=request.visit.membership)
    writing = kind_of(request) if "write" in request.GET else ""
    asked = composer.Asked(writing=writing, everybody="all" in request.GET)
    if request.htmx and request.htmx.target == "conversation":  # type: ignore[attr-defined]
        watched.note(view=view, by=request.visit.membership)  # the list stands beside it
        page = pages.thread_page(request.visit, view=view, conversation=found, asked=asked)
        return render_page(request, "inbox/inbox.html", page, part="thread")
    page = pages.inbox_page(request.visit, view=view, conversation=found, asked=asked)
    return render_page(request, "inbox/inbox.html", page)


@require_GET
@requires(Permission.READ_INBOX)
def printed(request: MemberRequest, number: int) -> HttpResponse:
    """The whole conversation for paper."""
    return render_page(request, "inbox/print.html", pages.printed_page(request.visit, conversation(number)))
