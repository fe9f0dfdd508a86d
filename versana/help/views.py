"""The doors of the help: for everybody, and in the frame of the workspace that one came from."""

from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tenants.access import Visit, public
from tenants.visiting import visit_of
from versana.help import pages
from versana.rendering import render_page

WHY = "The help says what the product does, and nothing of anybody’s."


@require_GET
@public(WHY)
def index(request: HttpRequest) -> HttpResponse:
    visit = _frame(request)
    return render_page(request, "help/index.html", pages.index(visit.workspace if visit else None))


@require_GET
@public(WHY)
def page(request: HttpRequest, slug: str) -> HttpResponse:
    visit = _frame(request)
    found = pages.page(slug, visit.workspace if visit else None)
    if found is None:
        raise Http404
    return render_page(request, f"help/{slug}.html", found)


def _frame(request: HttpRequest) -> Visit | None:
    """The rail and the menus of the workspace that a link of ours names, or else of the page that led here."""
    came_from = urlsplit(request.headers.get("Referer", "")[:2000])
    named = request.GET.get("workspace") or came_from.path.strip("/").partition("/")[0]
    visit = visit_of(request, named)
    request.visit = visit  # type: ignore[attr-defined]
    return visit
