"""The row that an address names, and the view it was opened from; or 404."""

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from inbox import looking
from inbox.models import Conversation


def conversation(number: int) -> Conversation:
    # Never first(), which sorts by id: for a large workspace PostgreSQL then walks the ids until it meets the number.
    return get_object_or_404(Conversation.objects.select_related("contact", "assignee__user"), number=number)


def view_of(request: HttpRequest) -> str:
    """The name of the list that the address says (`looking.Looking.words`)."""
    try:
        return looking.of(request.GET.dict()).words
    except looking.NoSuchList:
        raise Http404 from None
