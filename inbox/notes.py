"""Words among colleagues in a conversation, which are never sent; and who is named in them."""

import re
from collections.abc import Iterator
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from inbox import drafts, indexing, notices
from inbox.conversations import Erased
from inbox.models import Conversation, Note, Notification
from tenants import audit, members
from tenants.models import Membership
from tenants.roles import Permission, may

MAX_LENGTH = 20_000
_TWICE = timedelta(minutes=1)  # the same words of the same member within it are one note, sent twice


class BadNote(ValueError):
    """Why there is no note, in words for its writer."""

    def __init__(self, reason: str) -> None:
        super().__init__("This is no note.")
        self.reason = reason


@transaction.atomic
def add(*, conversation: Conversation, text: str, by: Membership) -> Note:
    """Write a note; whoever is named in it by an @ is told. Its draft is gone. Raises BadNote and Erased."""
    words = text.replace("\r\n", "\n").replace("\x00", "").strip("\n").rstrip()
    if not words.strip():
        raise BadNote(_("There is no note yet: write something first."))
    if len(words) > MAX_LENGTH:
        too_long = _("This note has %(length)d characters; at most %(most)d are kept.")
        raise BadNote(too_long % {"length": len(words), "most": MAX_LENGTH})
    row = Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    if row.erased_at is not None:
        raise Erased
    again = Note.objects.filter(conversation=row, writer=by, text=words, created_at__gt=Now() - _TWICE)
    note = again.order_by("-pk").first()
    if note is None:
        note = Note.objects.create(conversation=row, writer=by, text=words, created_at=Now())
        note.refresh_from_db(fields=["created_at"])
        indexing.note(note=note)
        for member in mentioned(words):
            notices.tell(member=member, kind=Notification.Kind.MENTIONED, conversation=row, by=by)
    drafts.discard(conversation=row, by=by, kind=drafts.Kind.NOTE)
    return note


@transaction.atomic
def remove(*, note: Note, by: Membership) -> None:
    """Take a note away: its writer, or whoever changes settings, which is recorded. Raises PermissionDenied for others."""
    if not may_remove(note, by=by):
        raise PermissionDenied
    if note.writer_id != by.pk:
        writer = Membership.objects.select_related("user").get(pk=note.writer_id)
        audit.record(
            audit.Action.NOTE_DELETED,
            by=by,
            target=f"conversation {note.conversation.number}",
            writer=writer.user.display_name,
        )
    note.delete()


def may_remove(note: Note, *, by: Membership) -> bool:
    return note.writer_id == by.pk or may(by.role, Permission.CHANGE_SETTINGS)


def mentioned(text: str) -> list[Membership]:
    """The members whom `@Name` names: by their whole name, or by its first word where only one has it."""
    if "@" not in text:
        return []
    present = list(members.present())
    called: dict[str, list[Membership]] = {}
    for member in present:
        for name in _called(member):
            called.setdefault(name, []).append(member)
    unique = {name: found[0] for name, found in called.items() if len(found) == 1}
    return list(dict.fromkeys(_named(text.casefold(), unique)))


def _called(member: Membership) -> set[str]:
    name = " ".join(member.user.display_name.casefold().split())
    return {name, name.partition(" ")[0]} - {""}


def _named(text: str, called: dict[str, Membership]) -> Iterator[Membership]:
    """The longest name first: @Ava Brandt is not the other Ava."""
    names = sorted(called, key=len, reverse=True)
    if names:
        for found in re.finditer(rf"(?<![\w.])@({'|'.join(map(re.escape, names))})(?!\w)", text):
            yield called[found[1]]
