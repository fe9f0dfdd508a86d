"""What members write: replies and notes that are not sent yet, notes, texts to reply with again."""

from django.db import models
from django.utils import timezone

from inbox.models.conversations import Conversation
from tenants.models import Membership, TenantOwned
from tenants.rls.constraints import SameTenantKey


class ReplyDraft(TenantOwned):
    """What a member has begun to write in a conversation and has not sent: an answer, or a note to colleagues."""

    class Kind(models.TextChoices):
        REPLY = "reply", "An answer"
        NOTE = "note", "A note"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="drafts"
    )
    writer = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.REPLY)
    text = models.TextField(blank=True)
    # Whom an answer goes to, where that was changed: {"to": [...], "cc": [...], "bcc": [...]}, addresses as typed.
    recipients = models.JSONField(default=dict)
    updated_at = models.DateTimeField(default=timezone.now)
    # The window that kept this text, and which of its savings it was.
    window = models.UUIDField(null=True)
    turn = models.PositiveIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_replydraft_conversation", field="conversation"),
            SameTenantKey(name="inbox_replydraft_writer", field="writer"),
            models.UniqueConstraint(fields=["tenant", "conversation", "writer", "kind"], name="inbox_replydraft_once"),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"


class Note(TenantOwned):
    """A word among colleagues in a conversation. It is never sent to anybody."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="notes"
    )
    writer = models.ForeignKey(
        Membership, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_note_conversation", field="conversation"),
            SameTenantKey(name="inbox_note_writer", field="writer"),
        ]
        indexes = [models.Index(fields=["tenant", "conversation", "created_at", "id"], name="inbox_note_of")]

    def __str__(self) -> str:
        return f"note {self.pk}"


class SavedReply(TenantOwned):
    """A text to reply with again, with places for what differs. `owner`: whose own it is; null: everybody's."""

    number = models.BigIntegerField()
    name = models.CharField(max_length=80)
    text = models.TextField()
    owner = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False,
        related_name="+",
    )  # fmt: skip
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_savedreply_owner", field="owner"),
            models.UniqueConstraint(fields=["tenant", "number"], name="inbox_savedreply_number"),
            models.UniqueConstraint(
                fields=["tenant", "owner", "name"], name="inbox_savedreply_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"saved reply {self.number}"
