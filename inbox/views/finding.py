"""The row that a path names, or 404."""

from django.shortcuts import get_object_or_404

from inbox.models import Conversation


def conversation(number: int) -> Conversation:
    # Never first(), which sorts by id: for a large workspace PostgreSQL then walks the ids until it meets the number.
    return get_object_or_404(Conversation.objects.select_related("contact"), number=number)
