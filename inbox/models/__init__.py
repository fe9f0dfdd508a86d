"""Contacts, conversations, messages. All tenant-owned; public numbers instead of ids in addresses."""

from inbox.models.contacts import Contact, ContactAddress, MovedContact
from inbox.models.conversations import (
    Conversation,
    ConversationTopic,
    Mention,
    MovedConversation,
    Reference,
    Separation,
    WatchedView,
)
from inbox.models.mail import Delivery, Mailbox, MailIdentity, OutgoingMail, RawMail
from inbox.models.matching import CustomerLink, OrderConfirmation, RuledOut
from inbox.models.messages import Attachment, Message
from inbox.models.search import SearchEntry
from inbox.models.work import (
    ConversationEvent,
    ConversationTag,
    Notification,
    NotificationRule,
    Presence,
    SavedView,
    Tag,
)
from inbox.models.writing import Note, ReplyDraft, SavedReply

__all__ = [
    "Attachment",
    "Contact",
    "ContactAddress",
    "Conversation",
    "ConversationEvent",
    "ConversationTag",
    "ConversationTopic",
    "CustomerLink",
    "Delivery",
    "MailIdentity",
    "Mailbox",
    "Mention",
    "Message",
    "MovedContact",
    "MovedConversation",
    "Note",
    "Notification",
    "NotificationRule",
    "OrderConfirmation",
    "OutgoingMail",
    "Presence",
    "RawMail",
    "Reference",
    "ReplyDraft",
    "RuledOut",
    "SavedReply",
    "SavedView",
    "SearchEntry",
    "Separation",
    "Tag",
    "WatchedView",
]
