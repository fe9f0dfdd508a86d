"""The list, and the thread beside it."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from inbox import composer, listing, pages, watched
from inbox.views.finding import conversation, kind_of, view_of
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


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
        page = pages.inbox_page(request.visit, view=view_of(request), after=after)
    except ValueError:
        raise Http404 from None
    if not after:
        watched.note(needs_reply=listing.VIEWS[view_of(request)])
    part = "list" if after and request.htmx else ""  # type: ignore[attr-defined]
    return render_page(request, "inbox/inbox.html", page, part=part)


@require_GET
@requires(Permission.READ_INBOX)
def thread(request: MemberRequest, number: int) -> HttpResponse:
    """A conversation beside the list; by htmx the conversation alone, so that the list keeps its place."""
    view, found = view_of(request), conversation(number)
    writing = kind_of(request) if "write" in request.GET else ""
    asked = composer.Asked(writing=writing, everybody="all" in request.GET)
    if request.htmx and request.htmx.target == "conversation":  # type: ignore[attr-defined]
        watched.note(needs_reply=listing.VIEWS[view])  # the list stands beside it
        page = pages.thread_page(request.visit, view=view, conversation=found, asked=asked)
        return render_page(request, "inbox/inbox.html", page, part="thread")
    page = pages.inbox_page(request.visit, view=view, conversation=found, asked=asked)
    return render_page(request, "inbox/inbox.html", page)
