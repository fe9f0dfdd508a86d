"""Conversations, what their mails name, what they are about, and who looks at which list of them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox.models.contacts import Contact
from tenants.models import Membership, TenantOwned
from tenants.rls.constraints import SameTenantKey


class Conversation(TenantOwned):
    """One thread of mails with one contact. `needs_reply`: the newest message came from the contact."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        SNOOZED = "snoozed", _("Snoozed")
        CLOSED = "closed", _("Closed")
        SPAM = "spam", _("Spam")

    class Priority(models.IntegerChoices):
        LOW = 0, _("Low")
        NORMAL = 1, _("Normal")
        HIGH = 2, _("High")
        URGENT = 3, _("Urgent")

    number = models.BigIntegerField()
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="conversations"
    )
    subject = models.CharField(max_length=500, blank=True)
    snippet = models.CharField(max_length=200, blank=True)
    needs_reply = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_message_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    assignee = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False,
        related_name="+",
    )  # fmt: skip
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    snoozed_until = models.DateTimeField(null=True)  # set while, and only while, it is snoozed
    closed_at = models.DateTimeField(null=True)  # when it was last closed; null while it is not
    answered_at = models.DateTimeField(null=True)  # when the shop first answered
    # What it said was erased with its person; that there was a conversation, and when, stays.
    erased_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_conversation_contact", field="contact"),
            SameTenantKey(name="inbox_conversation_assignee", field="assignee"),
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_conversation_number"),
            models.CheckConstraint(
                condition=Q(state="snoozed", snoozed_until__isnull=False)
                | (~Q(state="snoozed") & Q(snoozed_until__isnull=True)),
                name="inbox_conversation_snoozed",
            ),
        ]
        # Each list has its own, in its own order: measured, one that serves two of them serves neither (docs/architecture.md).
        indexes = [
            models.Index(fields=["tenant", "state", "-last_message_at", "-id"], name="inbox_conversation_in_state"),
            models.Index(
                fields=["tenant", "state", "needs_reply", "-last_message_at", "-id"], name="inbox_conversation_waiting"
            ),
            models.Index(
                fields=["tenant", "assignee", "state", "-last_message_at", "-id"], name="inbox_conversation_assigned"
            ),
            # Whoever has few among many: without it they are looked for among all, or sorted.
            models.Index(
                fields=["tenant", "assignee", "-last_message_at", "-id"],
                condition=Q(assignee__isnull=False),
                name="inbox_conversation_had_by",
            ),
            models.Index(fields=["tenant", "-last_message_at", "-id"], name="inbox_conversation_newest"),
            # Few are urgent: among all of a state they would be looked for long.
            models.Index(
                fields=["tenant", "priority", "state", "-last_message_at", "-id"],
                condition=~Q(priority=1),
                name="inbox_conversation_urgent",
            ),
            models.Index(
                fields=["tenant", "snoozed_until"], condition=Q(state="snoozed"), name="inbox_conversation_wakes"
            ),
            # Of one contact the newest first; and, for the list of contacts, whether a conversation is its contact's newest.
            models.Index(fields=["tenant", "contact", "-last_message_at", "-id"], name="inbox_conversation_of_contact"),
            # What reports count: the rows of a period, however many there are.
            models.Index(fields=["tenant", "created_at"], name="inbox_conversation_begun"),
            models.Index(
                fields=["tenant", "answered_at"],
                condition=Q(answered_at__isnull=False),
                name="inbox_conversation_answered",
            ),
            models.Index(
                fields=["tenant", "closed_at"], condition=Q(closed_at__isnull=False), name="inbox_conversation_closed"
            ),
        ]

    def __str__(self) -> str:
        return f"conversation {self.number}"


class MovedConversation(TenantOwned):
    """A number that a conversation had until it was merged into another: addresses with it still lead to its messages."""

    number = models.BigIntegerField()
    into = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="former_numbers"
    )

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_movedconversation_into", field="into"),
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_movedconversation_once"),
        ]
        indexes = [models.Index(fields=["tenant", "into"], name="inbox_movedconversation_of")]

    def __str__(self) -> str:
        return f"moved conversation {self.number}"


class Separation(TenantOwned):
    """That a member took two conversations apart: no mail that belongs to both makes them one again. `one` has the lower id."""

    one = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    other = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_separation_one", field="one"),
            SameTenantKey(name="inbox_separation_other", field="other"),
            models.UniqueConstraint(fields=["tenant", "one", "other"], name="inbox_separation_once"),
        ]
        indexes = [models.Index(fields=["tenant", "other"], name="inbox_separation_other_i")]

    def __str__(self) -> str:
        return f"separation {self.pk}"


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
        indexes = [models.Index(fields=["tenant", "topic", "conversation"], name="inbox_conversationtopic_about")]

    def __str__(self) -> str:
        return f"topic {self.pk}"


class WatchedView(TenantOwned):
    """A view of the list that somebody looked at. `name`: the view's, and behind "mine" the id of the member whose it is;
    rows from before views had names have none, and are not looked at any more."""

    name = models.CharField(max_length=40, null=True)  # noqa: DJ001 - older rows would be one and the same otherwise
    # When its first conversations were last prepared for whoever opens one.
    warmed_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "name"], name="inbox_watchedview_named"),
        ]

    def __str__(self) -> str:
        return f"view {self.pk}"
