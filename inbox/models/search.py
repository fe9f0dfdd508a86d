"""What search finds things by."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from inbox.models.conversations import Conversation
from inbox.models.messages import Message
from inbox.models.writing import Note
from tenants.models import TenantOwned
from tenants.rls.constraints import SameTenantKey


class SearchEntry(TenantOwned):
    """The words of one message, of one note, or (neither) of what is said of a conversation: subject, contact, orders.

    A table of its own: whoever reads messages does not read their words a second time, and one index serves all kinds. Kept
    by inbox/indexing.py in the transaction of what it is about; read across the wall by one function (tenants/rls/database.py).
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="entries"
    )
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    note = models.ForeignKey(
        Note, null=True, blank=True, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    at = models.DateTimeField()
    vector = SearchVectorField()

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            SameTenantKey(name="inbox_searchentry_conversation", field="conversation"),
            SameTenantKey(name="inbox_searchentry_message", field="message"),
            SameTenantKey(name="inbox_searchentry_note", field="note"),
            models.UniqueConstraint(fields=["tenant", "message"], name="inbox_searchentry_message_once"),
            models.UniqueConstraint(fields=["tenant", "note"], name="inbox_searchentry_note_once"),
            models.UniqueConstraint(
                fields=["tenant", "conversation"],
                condition=Q(message=None, note=None),
                name="inbox_searchentry_conversation_once",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-at", "-id"], name="inbox_searchentry_newest"),
            models.Index(fields=["tenant", "conversation"], name="inbox_searchentry_of"),
            # Not led by the workspace, which each vector names in a lexeme instead: PostgreSQL intersects it with the words,
            # as it would a column of btree_gin. A short list of what is not sorted in yet: every search reads it.
            GinIndex(fields=["vector"], name="inbox_searchentry_words", gin_pending_list_limit=256),
        ]

    def __str__(self) -> str:
        return f"search entry {self.pk}"
