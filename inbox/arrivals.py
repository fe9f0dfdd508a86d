"""What follows when a message arrives: whoever opens the conversation finds the contact's orders already there."""

from datetime import datetime

from inbox import conversations, gist, persons
from inbox.events import MessageArrived
from inbox.models import Conversation, Message
from integrations.shopify import interface
from tenants.outbox.events import publish


def announce(*, message: Message, now: datetime) -> None:
    """A contact wrote: open what was closed, and have their orders looked up once this is committed.

    An import of a shop's mail of years must not have every store asked for everybody who ever wrote.
    """
    conversations.message_arrived(conversation=message.conversation, message=message)
    if message.conversation.state == Conversation.State.SPAM:
        return
    if message.kind == Message.Kind.RECEIVED and now - message.sent_at <= conversations.RECENT:
        publish(MessageArrived(conversation_id=message.conversation_id))


def prefetch(*, conversation_id: int) -> None:
    """Have the contact's stale orders refreshed where the conversation is about an order; other mail has no store asked.

    Fifty mails of one contact have each store asked once: what is fresh, or on its way, is left alone.
    """
    rows = Conversation.objects.filter(gist.about_orders(), pk=conversation_id, erased_at=None)
    rows = rows.exclude(state=Conversation.State.SPAM)
    number = rows.values_list("number", flat=True).first()
    if number is not None:
        interface.warm(person=persons.person_of(number=number))
