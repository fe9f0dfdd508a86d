"""What follows when a message arrives: whoever opens the conversation finds the contact's orders already there."""

from datetime import datetime, timedelta

from inbox import gist
from inbox.events import MessageArrived
from inbox.models import ContactAddress, Conversation, Mention, Message
from integrations.shopify import interface
from tenants.outbox.events import publish

# An import of a shop's mail of years must not have every store asked for everybody who ever wrote.
RECENT = timedelta(days=1)


def announce(*, message: Message, now: datetime) -> None:
    """Tell, once this is committed, that a contact wrote just now."""
    if message.kind == Message.Kind.RECEIVED and now - message.sent_at <= RECENT:
        publish(MessageArrived(conversation_id=message.conversation_id))


def prefetch(*, conversation_id: int) -> None:
    """Have the contact's stale orders refreshed where the conversation is about an order; other mail has no store asked.

    Fifty mails of one contact have each store asked once: what is fresh, or on its way, is left alone.
    """
    conversation = Conversation.objects.filter(pk=conversation_id, erased_at=None).first()
    if conversation is not None and gist.order_related(conversation):
        interface.warm(person=_person(conversation))


def _person(conversation: Conversation) -> interface.Person:
    addresses = ContactAddress.objects.filter(contact=conversation.contact_id).order_by("pk")
    named = Mention.objects.filter(conversation=conversation).order_by("-pk").values_list("kind", "value")
    return interface.Person(
        emails=tuple(addresses.values_list("email_norm", flat=True)),
        phones=tuple(value for kind, value in named if kind == Mention.Kind.PHONE),
        orders=tuple(value for kind, value in named if kind == Mention.Kind.ORDER),
    )
