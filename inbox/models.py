"""Contacts, conversations, messages. All tenant-owned; public numbers instead of ids in addresses."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models import Membership, TenantOwned
from tenants.rls.constraints import SameTenantKey


class Contact(TenantOwned):
    """A person who writes to the shop. Known by any number of addresses."""

    number = models.BigIntegerField()
    name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_contact_number"),
        ]

    def __str__(self) -> str:
        return f"contact {self.number}"


class ContactAddress(TenantOwned):
    """One address of a contact: as typed, and in the form in which addresses are compared."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="addresses"
    )
    email = models.CharField(max_length=320)
    email_norm = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_contactaddress_contact", field="contact"),
            models.UniqueConstraint(fields=["tenant", "email_norm"], name="inbox_contactaddress_once"),
        ]
        indexes = [models.Index(fields=["tenant", "contact"], name="inbox_contactaddress_of")]

    def __str__(self) -> str:
        return f"address {self.pk}"


class Conversation(TenantOwned):
    """One thread of mails with one contact. `needs_reply`: the newest message came from the contact."""

    number = models.BigIntegerField()
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="conversations"
    )
    subject = models.CharField(max_length=500, blank=True)
    snippet = models.CharField(max_length=200, blank=True)
    needs_reply = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_message_at = models.DateTimeField(default=timezone.now)
    # What it said was erased with its person; that there was a conversation, and when, stays.
    erased_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_conversation_contact", field="contact"),
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_conversation_number"),
        ]
        # One for a view by state, one for all of them: measured, each list needs its own (docs/architecture.md).
        indexes = [
            models.Index(fields=["tenant", "needs_reply", "-last_message_at", "-id"], name="inbox_conversation_state"),
            models.Index(fields=["tenant", "-last_message_at", "-id"], name="inbox_conversation_newest"),
            models.Index(fields=["tenant", "contact"], name="inbox_conversation_contact_i"),
        ]

    def __str__(self) -> str:
        return f"conversation {self.number}"


class Message(TenantOwned):
    """One mail of a conversation. `message_id`, `in_reply_to` and `references` are without angle brackets."""

    class Kind(models.TextChoices):
        RECEIVED = "received", "Received"
        SENT = "sent", "Sent"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="messages"
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    from_name = models.CharField(max_length=200, blank=True)
    from_email = models.CharField(max_length=320)
    to = models.JSONField(default=list)  # [[name, address], ...]
    cc = models.JSONField(default=list)
    subject = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    message_id = models.CharField(max_length=500)
    in_reply_to = models.CharField(max_length=500, blank=True)
    references = models.JSONField(default=list)
    text = models.TextField(blank=True)  # what was newly written
    quoted = models.TextField(blank=True)  # the history that the mail repeats
    html = models.TextField(blank=True)  # sanitised
    is_automatic = models.BooleanField(default=False)  # an auto-reply, a list, a bounce: never answered by a machine

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_message_conversation", field="conversation"),
            models.UniqueConstraint(fields=["tenant", "message_id"], name="inbox_message_once"),
            models.CheckConstraint(condition=Q(kind__in=["received", "sent"]), name="inbox_message_kind"),
        ]
        indexes = [models.Index(fields=["tenant", "conversation", "sent_at", "id"], name="inbox_message_of")]

    def __str__(self) -> str:
        return f"message {self.pk}"


class Reference(TenantOwned):
    """A Message-ID that a known message names, so that a parent arriving later finds its conversation."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="known_ids"
    )
    message_id = models.CharField(max_length=500)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_reference_conversation", field="conversation"),
            models.UniqueConstraint(fields=["tenant", "message_id", "conversation"], name="inbox_reference_once"),
        ]
        indexes = [models.Index(fields=["tenant", "conversation"], name="inbox_reference_of")]

    def __str__(self) -> str:
        return f"reference {self.pk}"


class Attachment(TenantOwned):
    """A file that came with a message."""

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="attachments"
    )
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    content_id = models.CharField(max_length=255, blank=True)
    inline = models.BooleanField(default=False)
    content = models.BinaryField()

    class Meta(TenantOwned.Meta):
        constraints = [*TenantOwned.Meta.constraints, SameTenantKey(name="inbox_attachment_message", field="message")]
        indexes = [models.Index(fields=["tenant", "message"], name="inbox_attachment_of")]

    def __str__(self) -> str:
        return f"attachment {self.pk}"


class Mention(TenantOwned):
    """What a conversation's messages name and a store may know: an order, a telephone number. Read by rules on arrival."""

    class Kind(models.TextChoices):
        ORDER = "order", "The name of an order"
        PHONE = "phone", "A telephone number"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="mentions"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.CharField(max_length=40)  # in the form in which it is compared: "1042", "UK-1042", "+46701234567"
    typed = models.CharField(max_length=60)  # as it stands in the message

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_mention_conversation", field="conversation"),
            models.UniqueConstraint(fields=["tenant", "conversation", "kind", "value"], name="inbox_mention_once"),
        ]

    def __str__(self) -> str:
        return f"mention {self.pk}"


class ConversationTopic(TenantOwned):
    """What a conversation is about: as the rules see it, and what an agent said of that. A topic that an agent added has no
    confidence; one that an agent took away stays, so that the rules do not bring it back."""

    class Topic(models.TextChoices):
        ORDER_STATUS = "order_status", _("Order status")
        CANCEL = "cancel", _("Cancellation")
        RETURN_EXCHANGE = "return_exchange", _("Return or exchange")
        REFUND = "refund", _("Refund")
        ADDRESS_CHANGE = "address_change", _("Address change")
        ORDER_CHANGE = "order_change", _("Order change")
        PRODUCT_QUESTION = "product_question", _("Product question")
        OTHER = "other", _("Other")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="topics"
    )
    topic = models.CharField(max_length=20, choices=Topic.choices)
    confidence = models.FloatField(null=True)  # of the rules, 0 to 1
    confirmed = models.BooleanField(null=True)  # by an agent: it is that, it is not that, nobody said
    confirmed_by = models.ForeignKey(
        Membership, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_conversationtopic_conversation", field="conversation"),
            SameTenantKey(name="inbox_conversationtopic_by", field="confirmed_by"),
            models.UniqueConstraint(fields=["tenant", "conversation", "topic"], name="inbox_conversationtopic_once"),
        ]

    def __str__(self) -> str:
        return f"topic {self.pk}"


class WatchedView(TenantOwned):
    """A view of the list that somebody looked at, by what it shows: what needs a reply, what does not, or (null) all."""

    needs_reply = models.BooleanField(null=True)
    # When its first conversations were last prepared for whoever opens one.
    warmed_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "needs_reply"], name="inbox_watchedview_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"view {self.pk}"


class CustomerLink(TenantOwned):
    """Which customer of a store a contact is, because somebody said so. The store is named by its number, which it keeps."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="links"
    )
    store_number = models.BigIntegerField()
    customer_id = models.CharField(max_length=20)  # Shopify's digits
    linked_by = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    linked_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_customerlink_contact", field="contact"),
            SameTenantKey(name="inbox_customerlink_by", field="linked_by"),
            models.UniqueConstraint(fields=["tenant", "contact", "store_number"], name="inbox_customerlink_once"),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"


class OrderConfirmation(TenantOwned):
    """That an order under another address is this contact's, because an agent made sure, and how. Never for automation."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="confirmations"
    )
    store_number = models.BigIntegerField()
    order_id = models.CharField(max_length=20)  # Shopify's digits
    reason = models.CharField(max_length=500)
    confirmed_by = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    confirmed_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_orderconfirmation_contact", field="contact"),
            SameTenantKey(name="inbox_orderconfirmation_by", field="confirmed_by"),
            models.UniqueConstraint(
                fields=["tenant", "contact", "store_number", "order_id"], name="inbox_orderconfirmation_once"
            ),
        ]

    def __str__(self) -> str:
        return f"confirmation {self.pk}"


class RuledOut(TenantOwned):
    """That a customer or an order of a store is not this contact's, because somebody said so. Nobody is asked that again."""

    class Kind(models.TextChoices):
        CUSTOMER = "customer", "A customer"
        ORDER = "order", "An order"

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="ruled_out"
    )
    store_number = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    shopify_id = models.CharField(max_length=20)  # Shopify's digits
    ruled_out_by = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    ruled_out_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_ruledout_contact", field="contact"),
            SameTenantKey(name="inbox_ruledout_by", field="ruled_out_by"),
            models.UniqueConstraint(
                fields=["tenant", "contact", "store_number", "kind", "shopify_id"], name="inbox_ruledout_once"
            ),
        ]

    def __str__(self) -> str:
        return f"ruled out {self.pk}"


class ReplyDraft(TenantOwned):
    """What a member has begun to write in a conversation and has not sent."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="drafts"
    )
    writer = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    text = models.TextField(blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    # The window that kept this text, and which of its savings it was.
    window = models.UUIDField(null=True)
    turn = models.PositiveIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_replydraft_conversation", field="conversation"),
            SameTenantKey(name="inbox_replydraft_writer", field="writer"),
            models.UniqueConstraint(fields=["tenant", "conversation", "writer"], name="inbox_replydraft_once"),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"
