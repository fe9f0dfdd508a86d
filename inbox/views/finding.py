"""The row that an address names, and the view it was opened from; or 404."""

from django.db.models import OuterRef
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from inbox import looking, notices
from inbox.models import Conversation
from tenants.models import Membership


def conversation(number: int, *, reader: Membership | None = None) -> Conversation:
    """By the number that it has, or had until it was merged into another; what it was merged into has another number.
    `reader`: with `told`, whether this member has unread notices of it."""
    # Never first(), which sorts by id: for a large workspace PostgreSQL then walks the ids until it meets the number.
    rows = Conversation.objects.select_related("contact", "assignee__user")
    if reader is not None:
        rows = rows.annotate(told=notices.about(OuterRef("pk"), member=reader))
    try:
        return rows.get(number=number)
    except Conversation.DoesNotExist:
        return get_object_or_404(rows, former_numbers__number=number)


def view_of(request: HttpRequest) -> str:
    """The name of the list that the address says (`looking.Looking.words`)."""
    try:
        return looking.of(request.GET.dict()).words
    except looking.NoSuchList:
        raise Http404 from None


def kind_of(request: HttpRequest) -> str:
    """Which box an address is about: the one for an answer, or the one for a note."""
    return "note" if request.GET.get("write") == "note" else "reply"
