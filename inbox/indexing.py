"""Keeps what search finds things by (inbox/models/search.py), in the transaction of what it is about.

Whoever writes or changes a message, a note, a contact or what a conversation names calls this; tests/architecture/test_indexed.py
knows who does. A message has an entry of its own, which later ones do not touch: what a mail costs does not grow with its thread.
"""

from collections.abc import Iterable

from django.db.models import QuerySet

from inbox import words
from inbox.models import ContactAddress, Conversation, Mention, Message, Note, SearchEntry
from tenants.rls.context import current_tenant_id

# How texts are told apart in a query: what it is called, who wrote it, to whom, and everything else.
SUBJECT, SENDER, RECEIVER, REST = "A", "B", "C", "D"
CONVERSATIONS_A_STEP = 200


def message(*, message: Message) -> None:
    """A message was written, or what it says has changed."""
    _keep([_of_message(message)], "message")


def note(*, note: Note) -> None:
    """A note was written, or what it says has changed."""
    _keep([_of_note(note)], "note")


def conversation(*, conversation: Conversation) -> None:
    """The subject of a conversation, its contact, the orders that it names or the time of its newest message have changed."""
    _conversations([conversation.pk])


def contact(*, contact_id: int) -> None:
    """The name or the addresses of a contact have changed, or which conversations are theirs."""
    rows = Conversation.objects.filter(contact_id=contact_id, erased_at=None).order_by("pk")
    after = 0
    while ids := list(rows.filter(pk__gt=after).values_list("pk", flat=True)[:CONVERSATIONS_A_STEP]):
        _conversations(ids)
        after = ids[-1]


def move(*, into: Conversation, others: Iterable[Conversation]) -> None:
    """Messages and notes of `others` are in `into` now. To be called before `others` are deleted."""
    entries = SearchEntry.objects.filter(conversation__in=list(others))
    entries.filter(message=None, note=None).delete()
    entries.update(conversation=into)


def forget(*, conversation_ids: Iterable[int]) -> None:
    """Nothing of these conversations is found any more: they were erased."""
    SearchEntry.objects.filter(conversation__in=list(conversation_ids)).delete()


def whole(*, conversation: Conversation) -> None:
    """All of a conversation anew, for what is older than search."""
    if conversation.erased_at is not None:
        forget(conversation_ids=[conversation.pk])
        return
    _keep([_of_message(row) for row in Message.objects.filter(conversation=conversation)], "message")
    _keep([_of_note(row) for row in Note.objects.filter(conversation=conversation)], "note")
    _conversations([conversation.pk])


def _conversations(ids: list[int]) -> None:
    rows = Conversation.objects.filter(pk__in=ids, erased_at=None).select_related("contact")
    addresses: dict[int, list[str]] = {}
    of = ContactAddress.objects.filter(contact__in={row.contact_id for row in rows}).order_by("pk")
    for contact_id, email in of.values_list("contact_id", "email"):
        addresses.setdefault(contact_id, []).append(email)
    orders: dict[int, list[str]] = {}
    named = Mention.objects.filter(conversation__in=ids).order_by("pk")
    for conversation_id, value in named.values_list("conversation_id", "value"):
        orders.setdefault(conversation_id, []).append(value)
    known = {entry.conversation_id: entry for entry in _of_conversations(ids)}
    changed = []
    for row in rows:
        entry = _of_conversation(row, addresses.get(row.contact_id, []), orders.get(row.pk, []))
        before = known.get(row.pk)
        if before is None or before.at != entry.at or not words.same(before.vector, entry.vector):
            entry.pk = before.pk if before else None
            changed.append(entry)
    SearchEntry.objects.bulk_update([each for each in changed if each.pk], ["at", "vector"])
    SearchEntry.objects.bulk_create([each for each in changed if not each.pk])


def _of_conversations(ids: list[int]) -> QuerySet[SearchEntry]:
    return SearchEntry.objects.filter(message=None, note=None, conversation__in=ids)


def _of_conversation(row: Conversation, addresses: list[str], orders: list[str]) -> SearchEntry:
    people = [(SENDER, text) for text in (row.contact.name, *addresses)]
    said = [(SUBJECT, row.subject), *people, *((REST, order) for order in orders)]
    return SearchEntry(conversation_id=row.pk, at=row.last_message_at, vector=_vector(said))


def _of_message(row: Message) -> SearchEntry:
    receivers = [text for person in (*row.to, *row.cc) for text in person]
    said = [
        (SUBJECT, row.subject),
        (SENDER, row.from_name),
        (SENDER, row.from_email),
        *((RECEIVER, str(text)) for text in receivers[:200]),
        (REST, row.text),
    ]
    return SearchEntry(conversation_id=row.conversation_id, message=row, at=row.sent_at, vector=_vector(said))


def _of_note(row: Note) -> SearchEntry:
    return SearchEntry(
        conversation_id=row.conversation_id, note=row, at=row.created_at, vector=_vector([(REST, row.text)])
    )


def _vector(said: Iterable[tuple[str, str]]) -> str:
    """With the workspace as a lexeme, which no text has: see the index of words."""
    return words.vector(said, mark=f"~{current_tenant_id()}")


def _keep(entries: list[SearchEntry], of: str) -> None:
    SearchEntry.objects.bulk_create(
        entries,
        batch_size=100,
        update_conflicts=True,
        unique_fields=["tenant", of],
        update_fields=["conversation", "at", "vector"],
    )
