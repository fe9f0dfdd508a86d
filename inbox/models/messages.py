"""Messages and the files that came with them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from inbox.models.conversations import Conversation
from tenants.models import Membership, TenantOwned
from tenants.rls.constraints import SameTenantKey


class Message(TenantOwned):
    """One mail of a conversation. `message_id`, `in_reply_to` and `references` are without angle brackets."""

    class Kind(models.TextChoices):
        RECEIVED = "received", "Received"
        SENT = "sent", "Sent"

    class Authentication(models.TextChoices):
        PASS = "pass", "The sender’s domain vouches for it"
        FAIL = "fail", "The sender’s domain disowns it"
        NONE = "none", "The sender’s domain does not say"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="messages"
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    from_name = models.CharField(max_length=200, blank=True)
    from_email = models.CharField(max_length=320)
    to = models.JSONField(default=list)  # [[name, address], ...]
    cc = models.JSONField(default=list)
    bcc = models.JSONField(default=list)  # of what the shop sent: nobody else's is ever known
    reply_to = models.JSONField(default=list)  # whom an answer is for, where that is not the sender: [[name, address]]
    writer = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False,
        related_name="+",
    )  # fmt: skip
    subject = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    message_id = models.CharField(max_length=500)
    in_reply_to = models.CharField(max_length=500, blank=True)
    references = models.JSONField(default=list)
    text = models.TextField(blank=True)  # what was newly written
    quoted = models.TextField(blank=True)  # the history that the mail repeats
    html = models.TextField(blank=True)  # sanitised
    # What the provider found of the sender: DKIM and SPF together, as DMARC does. Empty: nobody looked.
    authentication = models.CharField(max_length=10, choices=Authentication.choices, blank=True)
    # An answer that nobody wrote (an absence, a bounce): it does not change whose turn it is, and opens nothing again.
    answers_by_itself = models.BooleanField(default=False, db_default=False)
    is_automatic = models.BooleanField(default=False)  # an auto-reply, a list, a bounce: never answered by a machine

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_message_conversation", field="conversation"),
            SameTenantKey(name="inbox_message_writer", field="writer"),
            models.UniqueConstraint(fields=["tenant", "message_id"], name="inbox_message_once"),
            models.CheckConstraint(condition=Q(kind__in=["received", "sent"]), name="inbox_message_kind"),
        ]
        indexes = [
            models.Index(fields=["tenant", "conversation", "sent_at", "id"], name="inbox_message_of"),
            models.Index(fields=["tenant", "sent_at"], name="inbox_message_sent"),  # reports: the rows of a period
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"


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
