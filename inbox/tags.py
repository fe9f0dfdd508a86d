"""Words that the team puts on conversations. A tag comes into being when it is first put on one."""

import unicodedata
from collections.abc import Sequence

from django.db import transaction

from inbox import deeds
from inbox.deeds import Erased
from inbox.models import Conversation, ConversationEvent, ConversationTag, Tag
from tenants import audit
from tenants.audit import Action
from tenants.models import Membership
from tenants.numbering import next_number

LONGEST = 40
MOST = 20  # on one conversation: more would say nothing


class BadTag(Exception):
    """What was typed is no name for a tag: `reason` in plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def normalised(name: str) -> tuple[str, str]:
    """A name as it is shown and as it is compared: one spelling of each letter, single spaces, no case. Raises BadTag."""
    shown = " ".join(unicodedata.normalize("NFC", name).split()).strip("#,;").strip()
    if not shown or not any(letter.isalnum() for letter in shown):
        raise BadTag("A tag needs a letter or a digit.")
    if any(not letter.isprintable() for letter in shown):
        raise BadTag("A tag holds letters, digits and signs that can be seen.")
    compared = unicodedata.normalize("NFKC", shown).casefold()
    if max(len(shown), len(compared)) > LONGEST:
        raise BadTag(f"A tag has at most {LONGEST} characters.")
    return shown, compared


@transaction.atomic
def add(*, conversation: Conversation, name: str, by: Membership) -> bool:
    """Put a tag on a conversation, a new one or one that is known in whatever case. False when it was there. Raises BadTag, and
    Erased where there is nothing to work on any more."""
    normalised(name)
    rows = deeds.locked(pk=conversation.pk)
    if any(row.erased_at for row in rows):
        raise Erased
    put, full = put_on(rows=rows, name=name, by=by)
    if full:
        raise BadTag(f"A conversation has at most {MOST} tags.")
    return bool(put)


@transaction.atomic
def remove(*, conversation: Conversation, tag: Tag, by: Membership) -> bool:
    """Take a tag off a conversation. False when it was not there."""
    return bool(take_off(rows=deeds.locked(pk=conversation.pk), tag=tag, by=by))


def put_on(*, rows: Sequence[Conversation], name: str, by: Membership) -> tuple[list[Conversation], list[Conversation]]:
    """Put a tag on conversations that are locked: on which it was put, and those that have too many. Raises BadTag."""
    shown, compared = normalised(name)
    if not rows:
        return [], []
    tag = Tag.objects.filter(name_norm=compared).first() or _made(shown, compared)
    held = _held(rows)
    without = [row for row in rows if tag.pk not in held[row.pk]]
    full = [row for row in without if len(held[row.pk]) >= MOST]
    put = [row for row in without if row not in full]
    ConversationTag.objects.bulk_create(ConversationTag(conversation=row, tag=tag) for row in put)
    _tell(put, ConversationEvent.Kind.TAGGED, tag, by=by)
    return put, full


def take_off(*, rows: Sequence[Conversation], tag: Tag, by: Membership) -> list[Conversation]:
    """Take a tag off conversations that are locked: those on which it was."""
    held = _held(rows)
    gone = [row for row in rows if tag.pk in held[row.pk]]
    ConversationTag.objects.filter(conversation__in=gone, tag=tag).delete()
    _tell(gone, ConversationEvent.Kind.UNTAGGED, tag, by=by)
    return gone


@transaction.atomic
def delete(*, tag: Tag, by: Membership) -> None:
    """Take a tag off every conversation and forget it."""
    count = ConversationTag.objects.filter(tag=tag).delete()[0]
    audit.record(Action.TAG_DELETED, by=by, target=tag.name, conversations=count)
    tag.delete()


def _made(shown: str, compared: str) -> Tag:
    """Made by whoever comes first: of two at once, the second finds it."""
    made = Tag(number=next_number("tag"), name=shown, name_norm=compared)
    Tag.objects.bulk_create([made], ignore_conflicts=True)
    return Tag.objects.get(name_norm=compared)


def _held(rows: Sequence[Conversation]) -> dict[int, set[int]]:
    """The ids of the tags that are on each conversation, by its id."""
    held: dict[int, set[int]] = {row.pk: set() for row in rows}
    for conversation_id, tag_id in ConversationTag.objects.filter(conversation__in=rows).values_list(
        "conversation_id", "tag_id"
    ):
        held[conversation_id].add(tag_id)
    return held


def _tell(rows: Sequence[Conversation], kind: str, tag: Tag, *, by: Membership) -> None:
    deeds.tell(rows, {row.pk: (kind, {"tag": tag.name}) for row in rows}, by=by)
