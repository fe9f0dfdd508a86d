"""`manage.py index_conversations --workspace acme`: has search find what is older than search."""

from inbox import indexing
from inbox.management.over_conversations import OverConversations
from inbox.models import Conversation


class Command(OverConversations):
    help = "Index the stored conversations of a workspace for search."
    done = "indexed"

    def each(self, conversation: Conversation) -> None:
        indexing.whole(conversation=conversation)
