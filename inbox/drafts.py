"""What members have begun to write and have not sent: one text per member and conversation.

A draft may be open in several windows. Each window tells which text it began from (`base`); one that did not begin from the
text that is kept does not replace it unless its writer says so. A window that kept the text itself goes on with it, also when
the answer to that was lost on the way; of its savings the last one counts, whichever arrives first.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from inbox.models import Conversation, ReplyDraft
from tenants.models import Membership

MAX_LENGTH = 100_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A text and when it was kept; `at` is None while nothing is."""

    text: str = ""
    at: datetime | None = None

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


def of(conversation: Conversation, *, writer: Membership) -> Draft:
    """What this member has begun to write here."""
    return _draft(ReplyDraft.objects.filter(conversation=conversation, writer=writer).order_by("writer").first())


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
) -> Draft:
    """Keep a text; an empty one ends the draft. Raises NewerDraft, unless `anyway`, and Erased.

    The same text once more changes nothing, so a request that is sent twice is no second window. `looking`: nothing was
    written since the text was kept; where it was thrown away meanwhile it does not come back, and ThrownAway is raised.
    """
    # Behind the conversation's row, as an erasure: a text that is kept meanwhile would outlive it.
    if not Conversation.objects.select_for_update(no_key=True).filter(pk=conversation.pk, erased_at=None).exists():
        raise Erased
    ReplyDraft.objects.bulk_create([ReplyDraft(conversation=conversation, writer=by)], ignore_conflicts=True)
    row = ReplyDraft.objects.select_for_update().get(conversation=conversation, writer=by)
    kept = _draft(row)
    if text == row.text and text:
        return kept
    own = window is not None and window.kept(row)
    if window is not None and own and window.turn <= row.turn:
        return kept
    if row.text and kept.base != base and not (own or anyway):
        raise NewerDraft(kept)
    if looking and not row.text and text.strip() and not anyway:
        raise ThrownAway
    if not text.strip():
        row.delete()
        return Draft()
    key, turn = (window.key, window.turn) if window else (None, 0)
    ReplyDraft.objects.filter(pk=row.pk).update(text=text, updated_at=Now(), window=key, turn=turn)
    row.refresh_from_db()
    return _draft(row)


def discard(*, conversation: Conversation, by: Membership) -> None:
    """Forget what this member began to write here, in whichever window."""
    ReplyDraft.objects.filter(conversation=conversation, writer=by).delete()


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
    return Draft(row.text, row.updated_at) if row and row.text else Draft()
