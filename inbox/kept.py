"""What the inbox keeps about people: each field, why, and how it is forgotten. `personal.py` does the forgetting."""

from tenants.personal import Kept, Plain, Who

_ERASED = "Blanked when the contact is erased; deleted with the workspace."
_MAIL = "To read, find and answer what people write to the shop."
_CONTACT, _SHAPE = Who.CONTACT, "Words of the code."

KEPT = (
    Kept("inbox.Contact", ("name",), _CONTACT, "The name with which somebody writes", "To address people by it.", _ERASED),
    Kept("inbox.Contact", ("note",), _CONTACT, "What the team keeps in mind about somebody", "To serve people by it.", _ERASED),
    Kept(
        "inbox.ContactAddress", ("email", "email_norm"), _CONTACT, "Mail addresses",
        "To know who writes, and which customer of a store that is.",
        "Deleted when the contact is erased. A hash with the installation’s key stays, so that older mail does not bring the address back.",
    ),
    Kept("inbox.Conversation", ("subject", "snippet"), _CONTACT, "Subject and first words of a conversation", _MAIL, _ERASED),
    Kept(
        "inbox.Message", ("from_name", "from_email", "to", "cc", "bcc", "reply_to"), _CONTACT, "Senders and receivers of a mail", _MAIL,
        "Blanked when the contact is erased, also in mails of others.",
    ),
    Kept(
        "inbox.Message", ("subject", "text", "quoted", "html"), _CONTACT, "What a mail says", _MAIL,
        "Blanked when the contact is erased; in mails of others the address, the numbers and the full name are struck.",
    ),
    Kept(
        "inbox.Message", ("message_id", "in_reply_to", "references"), _CONTACT, "Ids of a mail, which can hold an address",
        "To put mails of one thread together, each once.", "Replaced when the contact is erased.",
    ),
    Kept(
        "inbox.Reference", ("message_id",), _CONTACT, "Ids of mails that others name",
        "To put mails of one thread together.", "Deleted when the contact is erased.",
    ),
    Kept(
        "inbox.Attachment", ("name", "content", "content_id"), _CONTACT, "Files that came with a mail", _MAIL,
        "Deleted when the contact is erased; of mails of others, where they name the contact in plain text.",
    ),
    Kept(
        "inbox.Mention", ("value", "typed"), _CONTACT, "Order numbers and telephone numbers that a mail names",
        "To look the order up, and to suggest whose it is.", "Deleted when the contact is erased.",
    ),
    Kept(
        "inbox.CustomerLink", ("customer_id",), _CONTACT, "Which customer of a store a contact is, by Shopify’s number",
        "To show the right customer beside the conversation.", "Deleted when the contact or the customer is erased.",
    ),
    Kept(
        "inbox.OrderConfirmation", ("order_id", "reason"), _CONTACT, "Which order is a contact’s though it is under another address, and how an agent knows",
        "To show the order, and to account for that.", "Deleted when the contact or the order’s customer is erased; of the reasons of others, what names them is struck.",
    ),
    Kept(
        "inbox.RuledOut", ("shopify_id",), _CONTACT, "Which customers and orders of a store are not a contact’s, by Shopify’s number",
        "To offer nobody twice for whom somebody decided already.", "Deleted when the contact, or the customer, is erased.",
    ),
    Kept(
        "inbox.Note", ("text",), _CONTACT, "What members say to each other in a conversation", "To work on a conversation together.",
        "Deleted when the contact is erased; in notes about others, they are struck.",
    ),
    Kept(
        "inbox.Delivery", ("recipient",), _CONTACT, "With whom a mail arrived, and with whom it did not", "To know that an answer has not reached somebody.",
        "Deleted when the contact is erased.",
    ),
    Kept(
        "inbox.RawMail", ("raw", "digest", "recipient"), _CONTACT, "Mail that came in and is not filed yet, or could not be", _MAIL,
        "Deleted when it is filed; when a contact is erased, so is what names them in plain text.",
    ),
    Kept(
        "inbox.SavedView", ("name", "query"), _CONTACT, "What a kept view searches for, which can be somebody’s address",
        "To find the same conversations again.", "Deleted when the contact is erased whom it names.",
    ),
    Kept(
        "inbox.SearchEntry", ("vector",), _CONTACT, "The words of mails, notes, names and addresses, and their places", "To find conversations by them.",
        "Deleted when the contact is erased; of mails and notes of others, written anew without what is struck there.",
    ),
    Kept("inbox.ReplyDraft", ("recipients",), _CONTACT, "Whom a reply that is not sent yet is for", _MAIL, "Deleted when the contact is erased; in what is written to others, they are taken out."),
    Kept("inbox.ReplyDraft", ("text",), _CONTACT, "What a member has begun to write", _MAIL, "Deleted when the contact is erased; in what is written to others, they are struck."),
)  # fmt: skip
PLAIN = (
    Plain("inbox.ConversationTopic", ("topic",), _SHAPE),
    Plain("inbox.Mention", ("kind",), _SHAPE),
    Plain("inbox.RuledOut", ("kind",), _SHAPE),
    Plain("inbox.Message", ("kind",), _SHAPE),
    Plain("inbox.Attachment", ("content_type",), "A kind of file."),
    Plain("inbox.Conversation", ("state",), _SHAPE),
    Plain("inbox.WatchedView", ("name",), _SHAPE),
    Plain("inbox.Message", ("authentication",), _SHAPE),
    Plain("inbox.ConversationEvent", ("kind", "detail"), "What was done: words of the code, numbers, names of tags."),
    Plain("inbox.Notification", ("kind",), _SHAPE),
    Plain("inbox.Tag", ("name", "name_norm"), "A word of the team’s for many conversations."),
    Plain(
        "inbox.SavedReply",
        ("name", "text"),
        "Words of the team’s for everybody; whoever is named in them all the same is struck when they are erased.",
    ),
    Plain("inbox.OutgoingMail", ("state", "error"), _SHAPE),
    Plain("inbox.OutgoingMail", ("provider_id",), "A number that the mail provider drew."),
    Plain("inbox.Delivery", ("state",), _SHAPE),
    Plain("inbox.MailIdentity", ("from_name", "from_email", "reply_to", "signature"), "How the shop calls itself."),
    Plain("inbox.RawMail", ("source", "state", "authentication", "reason"), _SHAPE),
    Plain("inbox.Mailbox", ("address", "host", "username", "password", "folder", "failure"), "The shop’s own mailbox."),
    Plain("inbox.ReplyDraft", ("kind",), _SHAPE),
    Plain("inbox.ReplyDraft", ("window",), "Drawn at random by a page when it is opened."),
)
