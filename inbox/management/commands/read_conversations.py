"""`manage.py read_conversations --workspace acme`: topics, order numbers and telephones of what is already stored.

For conversations that came in before the rules did, or under older rules.
"""

from inbox import gist
from inbox.management.over_conversations import OverConversations
from inbox.models import Conversation


class Command(OverConversations):
    help = "Read the stored conversations of a workspace by the rules: topics, order numbers, telephone numbers."
    done = "read"

    def each(self, conversation: Conversation) -> None:
        gist.refresh(conversation=conversation)
