"""Answers: a page object, whole or one named part of its template for htmx; a file to take away."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header


def render_page(
    request: HttpRequest, template: str, page: object, *, part: str = "", status: int = 200
) -> HttpResponse:
    """`template` with `page` as its only context of its own. The view, not the client, chooses the part."""
    name = f"{template}#{part}" if part else template
    return render(request, name, {"page": page}, status=status)


def render_zip(*, name: str, size: int, pieces: Iterator[bytes]) -> HttpResponse:
    """A zip file for the browser to save. Its pieces are read after the request's own transaction has ended."""
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    # mypy knows both as answers; the decorators' type names the plain one.
    return response  # type: ignore[return-value]
