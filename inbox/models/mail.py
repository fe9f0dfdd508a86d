"""Mail on its way: what goes out and how far it got, what came in and is not filed yet, mailboxes that are polled."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox.models.messages import Message
from tenants.crypto.fields import SealedTextField
from tenants.models import Membership, TenantOwned
from tenants.rls.constraints import SameTenantKey


class OutgoingMail(TenantOwned):
    """A message of ours on its way out, written in the transaction of the message. One row a message, and one Message-ID.

    queued -> sending -> sent | failed | unknown. Taken back before it left: cancelled. `unknown`: the worker died, or the
    connection was lost, after the mail was handed over and before the server said that it has it. A person decides
    then; nothing is sent twice by itself.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")
        UNKNOWN = "unknown", _("Not known whether it was sent")
        CANCELLED = "cancelled", _("Taken back")

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="outgoing"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    next_run_at = models.DateTimeField(default=timezone.now)  # not before then: it can be taken back until it leaves
    claimed_until = models.DateTimeField(null=True)
    # Set just before the text is handed to the server: whoever finds it on a claim that ran out does not know what happened.
    handed_over_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=60, blank=True)  # a word of the code, never the server's
    provider_id = models.CharField(max_length=255, blank=True)  # by which a provider names it in what it tells later
    settled_by = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False,
        related_name="+",
    )  # fmt: skip

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_outgoingmail_message", field="message"),
            SameTenantKey(name="inbox_outgoingmail_by", field="settled_by"),
            models.UniqueConstraint(fields=["tenant", "message"], name="inbox_outgoingmail_once"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "next_run_at"],
                condition=Q(state__in=["queued", "sending"]),
                name="inbox_outgoingmail_due",
            ),
            models.Index(fields=["tenant", "state", "-created_at"], name="inbox_outgoingmail_in_state"),
            models.Index(fields=["tenant", "provider_id"], name="inbox_outgoingmail_by_provider"),
        ]

    def __str__(self) -> str:
        return f"outgoing mail {self.pk}"


class Delivery(TenantOwned):
    """How far a mail of ours got with one receiver, as the provider or a bounce told us."""

    class State(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        DEFERRED = "deferred", _("Delayed")
        BOUNCED = "bounced", _("Bounced")
        REJECTED = "rejected", _("Rejected")
        COMPLAINED = "complained", _("Marked as spam by the receiver")

    outgoing = models.ForeignKey(
        OutgoingMail, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="deliveries"
    )
    recipient = models.CharField(max_length=320)
    state = models.CharField(max_length=12, choices=State.choices)
    at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_delivery_outgoing", field="outgoing"),
            models.UniqueConstraint(fields=["tenant", "outgoing", "recipient"], name="inbox_delivery_once"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class MailIdentity(TenantOwned):
    """As whom the workspace writes. One row a workspace; without one it cannot send."""

    from_name = models.CharField(max_length=100, blank=True)
    from_email = models.CharField(max_length=254)  # one of the workspace's support addresses
    reply_to = models.CharField(max_length=254, blank=True)
    signature = models.TextField(blank=True)
    undo_seconds = models.SmallIntegerField(default=10)  # how long a reply can be taken back
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant"], name="inbox_mailidentity_once"),
            models.CheckConstraint(condition=Q(undo_seconds__range=(0, 60)), name="inbox_mailidentity_undo"),
        ]

    def __str__(self) -> str:
        return f"mail identity {self.pk}"


class RawMail(TenantOwned):
    """A mail as it came in, kept until it is filed as a message. Once filed it is gone; one that cannot be filed stays with
    the reason, so that a person can fetch it."""

    class Source(models.TextChoices):
        PROVIDER = "provider", _("Mail provider")
        DOOR = "door", _("Own mail server")
        MAILBOX = "mailbox", _("Mailbox")

    class State(models.TextChoices):
        NEW = "new", _("Waiting")
        REFUSED = "refused", _("Could not be filed")

    number = models.BigIntegerField()
    source = models.CharField(max_length=10, choices=Source.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    raw = models.BinaryField()
    digest = models.CharField(max_length=64)  # of the bytes: the same mail handed in twice is one row
    recipient = models.CharField(max_length=320, blank=True)  # the address of ours that it was handed in for
    authentication = models.CharField(max_length=10, choices=Message.Authentication.choices, blank=True)
    spam = models.BooleanField(default=False)  # the provider takes it for spam
    reason = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    attempts = models.SmallIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_rawmail_number"),
            models.UniqueConstraint(fields=["tenant", "digest"], name="inbox_rawmail_once"),
        ]
        indexes = [models.Index(fields=["tenant", "state", "received_at"], name="inbox_rawmail_in_state")]

    def __str__(self) -> str:
        return f"raw mail {self.pk}"


class Mailbox(TenantOwned):
    """A mailbox that is polled over IMAP, for those who have no provider that hands mail in."""

    number = models.BigIntegerField()
    address = models.CharField(max_length=254)
    host = models.CharField(max_length=253)
    port = models.IntegerField(default=993)
    username = models.CharField(max_length=254)
    password = SealedTextField(bind_to=("tenant_id", "number"))
    folder = models.CharField(max_length=100, default="INBOX")
    uid_validity = models.BigIntegerField(null=True)
    last_uid = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    polled_at = models.DateTimeField(null=True)
    next_poll_at = models.DateTimeField(default=timezone.now)
    failing_since = models.DateTimeField(null=True)
    failure = models.CharField(max_length=40, blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_mailbox_number"),
            models.UniqueConstraint(fields=["tenant", "host", "username", "folder"], name="inbox_mailbox_once"),
        ]

    def __str__(self) -> str:
        return f"mailbox {self.number}"
