"""Work on conversations: what was done to them, tags, who is looking, views that were kept, and what people are told of."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox.models.conversations import Conversation
from tenants.models import Membership, TenantOwned
from tenants.rls.constraints import SameTenantKey


class ConversationEvent(TenantOwned):
    """What was done to a conversation, as its thread tells it. `by` is null for what happened by itself (it woke, a mail
    opened it again). `detail` holds numbers, names of tags and words of the code; never what a contact wrote."""

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", _("assigned")
        UNASSIGNED = "unassigned", _("unassigned")
        CLOSED = "closed", _("closed")
        REOPENED = "reopened", _("reopened")
        SNOOZED = "snoozed", _("snoozed")
        WOKE = "woke", _("woke")
        TAGGED = "tagged", _("tagged")
        UNTAGGED = "untagged", _("untagged")
        PRIORITY = "priority", _("priority")
        SPAM = "spam", _("spam")
        NOT_SPAM = "not_spam", _("not spam")
        MERGED = "merged", _("merged")
        SPLIT = "split", _("split")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="events"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    by = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False,
        related_name="+",
    )  # fmt: skip
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_conversationevent_conversation", field="conversation"),
            SameTenantKey(name="inbox_conversationevent_by", field="by"),
        ]
        indexes = [models.Index(fields=["tenant", "conversation", "at", "id"], name="inbox_conversationevent_of")]

    def __str__(self) -> str:
        return f"event {self.pk}"


class Tag(TenantOwned):
    """A word that the team puts on conversations. `name_norm`: how names are compared."""

    number = models.BigIntegerField()
    name = models.CharField(max_length=40)
    name_norm = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_tag_number"),
            models.UniqueConstraint(fields=["tenant", "name_norm"], name="inbox_tag_once"),
        ]

    def __str__(self) -> str:
        return f"tag {self.number}"


class ConversationTag(TenantOwned):
    """That a conversation has a tag."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="tagged"
    )
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_conversationtag_conversation", field="conversation"),
            SameTenantKey(name="inbox_conversationtag_tag", field="tag"),
            models.UniqueConstraint(fields=["tenant", "conversation", "tag"], name="inbox_conversationtag_once"),
        ]
        indexes = [models.Index(fields=["tenant", "tag", "conversation"], name="inbox_conversationtag_by")]

    def __str__(self) -> str:
        return f"tag of a conversation {self.pk}"


class Presence(TenantOwned):
    """When a member last had a conversation before them, and when they last wrote in it."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="present"
    )
    member = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    seen_at = models.DateTimeField(default=timezone.now)
    typed_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_presence_conversation", field="conversation"),
            SameTenantKey(name="inbox_presence_member", field="member"),
            models.UniqueConstraint(fields=["tenant", "conversation", "member"], name="inbox_presence_once"),
        ]

    def __str__(self) -> str:
        return f"presence {self.pk}"


class SavedView(TenantOwned):
    """A list that was kept: a name for the query of its address. `owner`: whose own it is; null: everybody's."""

    number = models.BigIntegerField()
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    owner = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False,
        related_name="+",
    )  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_savedview_owner", field="owner"),
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_savedview_number"),
            models.UniqueConstraint(
                fields=["tenant", "owner", "name"], name="inbox_savedview_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"view {self.number}"


class Notification(TenantOwned):
    """What a member is told of: that somebody gave them a conversation, named them in a note, that theirs was answered, or that a
    reply of theirs did not leave."""

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", _("Assigned to you")
        MENTIONED = "mentioned", _("You were mentioned")
        REPLIED = "replied", _("New message")
        FAILED = "failed", _("Reply not sent")
        UNKNOWN = "unknown", _("Not known whether a reply was sent")

    member = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="notifications"
    )
    by = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False,
        related_name="+",
    )  # fmt: skip
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    # When it is to be mailed if it is unread by then; null: not, or not any more.
    mail_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_notification_member", field="member"),
            SameTenantKey(name="inbox_notification_conversation", field="conversation"),
            SameTenantKey(name="inbox_notification_by", field="by"),
            # One unread of a kind; and how the unread ones are counted, however many were read.
            models.UniqueConstraint(
                fields=["tenant", "member", "kind", "conversation"],
                condition=Q(read_at=None),
                name="inbox_notification_unread_once",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "member", "-at", "-id"], name="inbox_notification_of"),
            models.Index(
                fields=["tenant", "mail_at"], condition=Q(mail_at__isnull=False), name="inbox_notification_due"
            ),
            models.Index(fields=["tenant", "conversation"], name="inbox_notification_about"),
        ]

    def __str__(self) -> str:
        return f"notification {self.pk}"


class NotificationRule(TenantOwned):
    """What a member wants by mail, and when not. Hours are of the workspace's time zone; null: no quiet hours."""

    member = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    mail_assigned = models.BooleanField(default=True)
    mail_mentioned = models.BooleanField(default=True)
    mail_replied = models.BooleanField(default=False)
    mail_unsent = models.BooleanField(default=True)  # failed, or not known
    quiet_from = models.SmallIntegerField(null=True, blank=True)  # 0 to 23
    quiet_until = models.SmallIntegerField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_notificationrule_member", field="member"),
            models.UniqueConstraint(fields=["tenant", "member"], name="inbox_notificationrule_once"),
        ]

    def __str__(self) -> str:
        return f"rule of notification {self.pk}"
