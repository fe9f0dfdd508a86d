"""The row that an address names, and the view it was opened from; or 404."""

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from inbox import listing
from inbox.models import Conversation


def conversation(number: int) -> Conversation:
    # Never first(), which sorts by id: for a large workspace PostgreSQL then walks the ids until it meets the number.
    return get_object_or_404(Conversation.objects.select_related("contact", "assignee__user"), number=number)


def view_of(request: HttpRequest) -> str:
    view = request.GET.get("view", "needs-reply")
    if view not in listing.VIEWS:
        raise Http404
    return view


def kind_of(request: HttpRequest) -> str:
    """Which box an address is about: the one for an answer, or the one for a note."""
    return "note" if request.GET.get("write") == "note" else "reply"
