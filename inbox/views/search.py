"""The page of search."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from inbox import search
from tenants.access import MemberRequest, requires
from tenants.roles import Permission
from versana.rendering import render_page


@require_GET
@requires(Permission.READ_INBOX)
def find(request: MemberRequest) -> HttpResponse:
    """What is found for `q`, newest hits first; by htmx the next rows alone."""
    after = request.GET.get("after", "")
    narrowed = search.Narrowed.of(request.GET)
    try:
        page = search.page(request.visit, typed=request.GET.get("q", ""), narrowed=narrowed, after=after)
    except ValueError:
        raise Http404 from None
    part = "rows" if after and request.htmx else ""  # type: ignore[attr-defined]
    return render_page(request, "inbox/search.html", page, part=part)
