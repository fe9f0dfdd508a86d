"""Render a page object: whole, or one named part of its template for htmx."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def render_page(
    request: HttpRequest, template: str, page: object, *, part: str = "", status: int = 200
) -> HttpResponse:
    """`template` with `page` as its only context of its own. The view, not the client, chooses the part."""
    name = f"{template}#{part}" if part else template
    return render(request, name, {"page": page}, status=status)
