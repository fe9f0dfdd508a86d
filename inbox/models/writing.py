"""What members have begun to write."""

from django.db import models
from django.utils import timezone

from inbox.models.conversations import Conversation
from tenants.models import Membership, TenantOwned
from tenants.rls.constraints import SameTenantKey


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
