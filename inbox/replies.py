"""An answer: written, queued, and for some seconds taken back.

The message and its row in the queue of outgoing mail are one transaction, behind the conversation's row: of two members who
answer at once the second is told of the first. A form is sent once, whatever its browser and the network make of it: what came
from it is found by the form's key, which begins the Message-ID (drafts.py).
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models.functions import Now
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from inbox import conversations, drafts, indexing, recipients
from inbox.conversations import Erased
from inbox.email import joining
from inbox.email.charsets import one_line, storable
from inbox.email.inbound import summarise
from inbox.events import ReplyQueued
from inbox.models import Conversation, ConversationEvent, MailIdentity, Message, OutgoingMail
from inbox.recipients import Person, Recipients
from tenants.addresses import normalise
from tenants.models import Membership
from tenants.outbox.events import publish

State = Conversation.State
LONGEST_SUBJECT = 500
REFERENCES = 20  # the first and the newest: what programs thread by, in a header of bearable length
_ANSWERED = re.compile(r"\s*re\s*(\[\d+\])?\s*:", re.IGNORECASE)
# Which events say in what state a conversation is.
_STATES = [ConversationEvent.Kind(kind) for kind in ("closed", "reopened", "snoozed", "woke", "spam", "not_spam")]


class CannotReply(Exception):
    """Why nothing was sent, in words for whoever wants to send."""

    def __init__(self, reason: str) -> None:
        super().__init__("This reply cannot be sent.")
        self.reason = reason


class NewerMessages(Exception):
    """Others wrote since the sender looked: `messages`, the oldest first."""

    def __init__(self, messages: Sequence[Message]) -> None:
        super().__init__("A newer message arrived.")
        self.messages = tuple(messages)


class TooLate(Exception):
    """It is on its way, and cannot be taken back."""


class TakenBack(Exception):
    """What this form sent was taken back; a request of it that comes late sends nothing."""


@transaction.atomic
def reply(
    *,
    conversation: Conversation,
    text: str,
    by: Membership,
    to: Sequence[Person],
    cc: Sequence[Person] = (),
    bcc: Sequence[Person] = (),
    close: bool = False,
    seen_message: int = 0,
    anyway: bool = False,
    key: UUID | None = None,
) -> Message:
    """Queue an answer; with `close` nothing is left to do. `seen_message`: the newest one that the writer saw.

    Sent once more from the same form (`key`), it is the message from before. Raises Erased, CannotReply with the reason,
    NewerMessages unless `anyway`, and TakenBack.
    """
    row = _locked(conversation.pk)
    mark = drafts.mark_of(row, writer=by, key=key or uuid4())
    before = drafts.sent_as(mark, conversation=row) if key else None
    if before is not None:
        return before
    if drafts.of(row, writer=by).recipients.get(drafts.TAKEN_BACK) == mark:
        raise TakenBack
    people = _people(row, Recipients(tuple(to), tuple(cc), tuple(bcc)))
    words = _words(text)
    newer = list(Message.objects.filter(conversation=row, pk__gt=seen_message).order_by("sent_at", "pk"))
    if newer and not anyway:
        raise NewerMessages(newer)
    identity = MailIdentity.objects.annotate(now=Now()).first()  # the clock once the conversation is ours
    if identity is None:
        raise CannotReply(no_identity())
    message = _write(row, identity, words, people, by=by, mark=mark)
    _queue(message, now=identity.now, undo=timedelta(seconds=identity.undo_seconds))
    summarise(row)
    indexing.conversation(conversation=row)
    drafts.discard(conversation=row, by=by)
    if close:
        _close(row, message, by=by)
    return message


@transaction.atomic
def take_back(*, message: Message, by: Membership) -> None:
    """As if it had not been sent: its text is a draft again, and what it closed is open. Only its writer can, while no worker
    has it. Raises TooLate, of which the sender and this one always tell only one."""
    row = _locked(message.conversation_id)
    if message.writer_id != by.pk:
        raise TooLate
    # Of this one table: what a joined one says is not looked at again once the sender has let the row go.
    queued = OutgoingMail.objects.filter(message_id=message.pk, state=OutgoingMail.State.QUEUED, attempts=0)
    if not queued.update(state=OutgoingMail.State.CANCELLED):
        raise TooLate
    typed = {name: recipients.typed(getattr(message, name)) for name in ("to", "cc", "bcc")}
    mark = {drafts.TAKEN_BACK: message.message_id.partition("@")[0]}
    drafts.give_back(conversation=row, by=by, text=message.text, recipients={**typed, **mark})
    _open_again(row, message.pk)
    message.delete()
    if Message.objects.filter(conversation=row).exists():
        summarise(row)
    indexing.conversation(conversation=row)


def no_identity() -> str:
    return _("Nothing can be sent yet: it is not set with which address this workspace writes.")


def blocked() -> str:
    return _("This contact is blocked. Unblock them to write to them.")


def _locked(pk: int) -> Conversation:
    row = Conversation.objects.select_for_update(no_key=True, of=("self",)).select_related("contact").get(pk=pk)
    if row.erased_at is not None:
        raise Erased
    return row


def _people(row: Conversation, people: Recipients) -> Recipients:
    if row.contact.blocked_at is not None:
        raise CannotReply(blocked())
    try:
        return recipients.checked(people)
    except recipients.BadRecipients as bad:
        raise CannotReply(bad.reason) from None


def _words(text: str) -> str:
    words = storable(text).replace("\r\n", "\n").strip("\n").rstrip()
    if not words.strip():
        raise CannotReply(_("There is nothing to send yet: write something first."))
    if len(words) > drafts.MAX_LENGTH:
        too_long = _("This reply has %(length)d characters; at most %(most)d can be sent.")
        raise CannotReply(too_long % {"length": len(words), "most": drafts.MAX_LENGTH})
    return words


def _write(
    row: Conversation, identity: MailIdentity, words: str, people: Recipients, *, by: Membership, mark: str
) -> Message:
    """The message as it is going out. It never stands before what it answers, whatever two clocks say."""
    messages = Message.objects.filter(conversation=row)
    parent = messages.order_by("kind", "-sent_at", "-pk").first()  # "received" before "sent"
    newest = messages.order_by("-sent_at", "-pk").values_list("sent_at", flat=True).first()
    now: datetime = identity.now  # type: ignore[attr-defined]
    named = _references(parent)
    message = Message.objects.create(
        conversation=row,
        kind=Message.Kind.SENT,
        writer=by,
        from_name=one_line(identity.from_name, 100),
        from_email=identity.from_email,
        to=[list(person) for person in people.to],
        cc=[list(person) for person in people.cc],
        bcc=[list(person) for person in people.bcc],
        subject=_subject((parent.subject if parent else "") or row.subject),
        sent_at=max(now, newest or now),
        received_at=now,
        message_id=f"{mark}@{normalise(identity.from_email).rpartition('@')[2]}",
        in_reply_to=named[-1] if named else "",
        references=named,
        text=words,
    )
    joining.remember(conversation=row, named=named)
    indexing.message(message=message)
    return message


def _references(parent: Message | None) -> list[str]:
    """RFC 5322, 3.6.4: those of the parent and its own id. An erased mail has no id that anybody knows."""
    if parent is None or "@" not in parent.message_id:
        return []
    before = list(parent.references) or [parent.in_reply_to]
    ids = list(dict.fromkeys(each for each in (*before, parent.message_id) if each))
    return ids if len(ids) <= REFERENCES else [ids[0], *ids[1 - REFERENCES :]]


def _subject(before: str) -> str:
    subject = one_line(before, LONGEST_SUBJECT)
    return subject if _ANSWERED.match(subject) else one_line(f"Re: {subject}", LONGEST_SUBJECT)


def _queue(message: Message, *, now: datetime, undo: timedelta) -> None:
    row = OutgoingMail.objects.create(message=message, created_at=now, next_run_at=now + undo)
    publish(ReplyQueued(outgoing_id=row.pk), at=row.next_run_at if undo else None)


# --- Closed by an answer, and open again without it ------------------------------------------------------------------
def _close(row: Conversation, message: Message, *, by: Membership) -> None:
    state, until = row.state, row.snoozed_until
    if conversations.close(conversation=row, by=by):
        told = ConversationEvent.objects.filter(conversation=row, kind=ConversationEvent.Kind.CLOSED, by=by)
        before = {"reply": message.pk, "state": state, "until": until.isoformat() if until else ""}
        ConversationEvent.objects.filter(pk=told.order_by("-pk").values_list("pk", flat=True)[0]).update(detail=before)


def _open_again(row: Conversation, message_id: int) -> None:
    """Unless somebody has changed its state since, which then stands."""
    told = ConversationEvent.objects.filter(conversation=row, kind=ConversationEvent.Kind.CLOSED)
    closing = told.filter(detail__reply=message_id).first()
    if closing is None:
        return
    later = ConversationEvent.objects.filter(conversation=row, pk__gt=closing.pk, kind__in=_STATES).exists()
    if not later and row.state == State.CLOSED:
        values = _before(closing.detail)
        Conversation.objects.filter(pk=row.pk).update(**values, closed_at=None)
        row.refresh_from_db(fields=["state", "snoozed_until", "closed_at"])
    closing.delete()


def _before(detail: dict[str, Any]) -> dict[str, Any]:
    until = parse_datetime(str(detail.get("until", "")))
    if detail.get("state") == State.SNOOZED and until:
        return {"state": State.SNOOZED, "snoozed_until": until}
    return {"state": detail.get("state") if detail.get("state") == State.SPAM else State.OPEN, "snoozed_until": None}
