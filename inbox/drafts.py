"""What members have begun to write and have not sent: per member and conversation one answer, and one note to colleagues.

A draft may be open in several windows. Each window tells which text it began from (`base`); one that did not begin from the
text that is kept does not replace it unless its writer says so. A window that kept the text itself goes on with it, also when
the answer to that was lost on the way; of its savings the last one counts, whichever arrives first.

Each form has a key, drawn when it is painted. What was sent from it is known by its mark, so that a saving which comes late
does not bring back as a draft what is on its way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models.functions import Now

from inbox.models import Conversation, Message, ReplyDraft
from tenants.models import Membership

Kind = ReplyDraft.Kind
MAX_LENGTH = 100_000
TAKEN_BACK = "taken_back"  # beside the recipients: the mark of what was taken back, which is not sent by a late request


@dataclass(frozen=True, slots=True)
class Draft:
    """A text and when it was kept; `at` is None while nothing is. `recipients`: where those of an answer were changed."""

    text: str = ""
    at: datetime | None = None
    recipients: Mapping[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return self.at.isoformat() if self.at else ""


@dataclass(frozen=True, slots=True)
class Window:
    """Where a text is written: `turn` counts the savings of one window."""

    key: UUID
    turn: int = 0

    def kept(self, row: ReplyDraft) -> bool:
        return bool(row.text) and row.window == self.key


class NewerDraft(Exception):
    """Another window kept a text that this one has not seen: `kept`."""

    def __init__(self, kept: Draft) -> None:
        super().__init__("Another window kept a newer text.")
        self.kept = kept


class ThrownAway(Exception):
    """The text that a window looked for was thrown away in another one."""


class Erased(Exception):
    """The conversation was erased: nothing is written in it any more."""


def of(conversation: Conversation, *, writer: Membership, kind: str = Kind.REPLY) -> Draft:
    """What this member has begun to write here."""
    return both(conversation, writer=writer)[kind]


def both(conversation: Conversation, *, writer: Membership) -> dict[str, Draft]:
    """The answer and the note that this member has begun here, by kind."""
    return by_kind(ReplyDraft.objects.filter(conversation=conversation, writer=writer))


def by_kind(rows: Iterable[ReplyDraft]) -> dict[str, Draft]:
    """One member's drafts in one conversation: the answer and the note."""
    begun = {row.kind: row for row in rows}
    return {str(kind): _draft(begun.get(kind)) for kind in Kind}


def mark_of(conversation: Conversation, *, writer: Membership, key: UUID) -> str:
    """What is sent from the form with this key begins its Message-ID so. Nobody else's key leads to it."""
    return uuid5(key, f"{conversation.tenant_id}.{conversation.pk}.{writer.pk}").hex


def sent_as(mark: str, *, conversation: Conversation) -> Message | None:
    """What was sent from a form already."""
    return Message.objects.filter(conversation=conversation, message_id__startswith=f"{mark}@").first()


@transaction.atomic
def save(
    *,
    conversation: Conversation,
    text: str,
    base: str,
    by: Membership,
    anyway: bool = False,
    window: Window | None = None,
    looking: bool = False,
    kind: str = Kind.REPLY,
    recipients: Mapping[str, str] | None = None,
    key: UUID | None = None,
) -> Draft:
    """Keep a text; an empty one ends the draft. Raises NewerDraft, unless `anyway`, and Erased.

    The same text once more changes nothing, so a request that is sent twice is no second window. `looking`: nothing was
    written since the text was kept; where it was thrown away meanwhile it does not come back, and ThrownAway is raised.
    `recipients`: whom an answer goes to, as typed; None leaves them. `key`: of the form; what was sent from it is no draft.
    """
    # Behind the conversation's row, as an erasure: a text that is kept meanwhile would outlive it.
    if not Conversation.objects.select_for_update(no_key=True).filter(pk=conversation.pk, erased_at=None).exists():
        raise Erased
    ReplyDraft.objects.bulk_create([ReplyDraft(conversation=conversation, writer=by, kind=kind)], ignore_conflicts=True)
    row = ReplyDraft.objects.select_for_update().get(conversation=conversation, writer=by, kind=kind)
    kept, addressed = _draft(row), _addressed(row, recipients)
    if text == row.text and text and addressed == row.recipients:
        return kept
    own = window is not None and window.kept(row)
    if window is not None and own and window.turn <= row.turn:
        return kept
    if row.text and kept.base != base and not (own or anyway):
        raise NewerDraft(kept)
    if looking and not row.text and text.strip() and not anyway:
        raise ThrownAway
    if not text.strip() or (not row.text and _was_sent(conversation, by, key)):
        row.delete()
        return Draft()
    of, turn = (window.key, window.turn) if window else (None, 0)
    ReplyDraft.objects.filter(pk=row.pk).update(text=text, recipients=addressed, updated_at=Now(), window=of, turn=turn)
    row.refresh_from_db()
    return _draft(row)


def _addressed(row: ReplyDraft, recipients: Mapping[str, str] | None) -> dict[str, Any]:
    if recipients is None:
        return row.recipients
    back = row.recipients.get(TAKEN_BACK)
    return {**recipients, **({TAKEN_BACK: back} if back else {})}


def _was_sent(conversation: Conversation, by: Membership, key: UUID | None) -> bool:
    return key is not None and sent_as(mark_of(conversation, writer=by, key=key), conversation=conversation) is not None


def discard(*, conversation: Conversation, by: Membership, kind: str = Kind.REPLY) -> None:
    """Forget what this member began to write here, in whichever window."""
    ReplyDraft.objects.filter(conversation=conversation, writer=by, kind=kind).delete()


def give_back(*, conversation: Conversation, by: Membership, text: str, recipients: Mapping[str, Any]) -> None:
    """What was sent and taken back stands in the box again, before what was begun since. In the caller's transaction."""
    row, _made = ReplyDraft.objects.get_or_create(conversation=conversation, writer=by, kind=Kind.REPLY)
    joined = f"{text}\n\n{row.text}".strip() if row.text.strip() else text
    ReplyDraft.objects.filter(pk=row.pk).update(
        text=joined[:MAX_LENGTH], recipients=dict(recipients), updated_at=Now(), window=None, turn=0
    )


def move(*, into: Conversation, others: list[Conversation]) -> None:
    """Two conversations became one: whoever wrote in several goes on with all of it."""
    for row in ReplyDraft.objects.filter(conversation__in=others).exclude(text="").order_by("updated_at", "pk"):
        target, made = ReplyDraft.objects.get_or_create(
            conversation=into,
            writer_id=row.writer_id,
            kind=row.kind,
            defaults={"text": row.text, "updated_at": row.updated_at, "recipients": row.recipients},
        )
        if not made:
            joined = f"{target.text}\n\n{row.text}".strip()[:MAX_LENGTH]
            ReplyDraft.objects.filter(pk=target.pk).update(text=joined, updated_at=Now(), window=None)


def _draft(row: ReplyDraft | None) -> Draft:
    return Draft(row.text, row.updated_at, row.recipients) if row and row.text else Draft()
