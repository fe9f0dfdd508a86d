"""Contacts, conversations, messages. All tenant-owned; public numbers instead of ids in addresses."""

from inbox.models.contacts import Contact, ContactAddress
from inbox.models.conversations import Conversation, ConversationTopic, Mention, Reference, WatchedView
from inbox.models.matching import CustomerLink, OrderConfirmation, RuledOut
from inbox.models.messages import Attachment, Message
from inbox.models.writing import ReplyDraft

__all__ = [
    "Attachment",
    "Contact",
    "ContactAddress",
    "Conversation",
    "ConversationTopic",
    "CustomerLink",
    "Mention",
    "Message",
    "OrderConfirmation",
    "Reference",
    "ReplyDraft",
    "RuledOut",
    "WatchedView",
]
