"""Words that the team puts on conversations. A tag comes into being when it is first put on one."""

import unicodedata

from django.db import transaction

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
    """Put a tag on a conversation, a new one or one that is known in whatever case. False when it was there. Raises BadTag."""
    shown, compared = normalised(name)
    Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    tag = Tag.objects.filter(name_norm=compared).first() or _made(shown, compared)
    rows = ConversationTag.objects.filter(conversation=conversation)
    if rows.filter(tag=tag).exists():
        return False
    if rows.count() >= MOST:
        raise BadTag(f"A conversation has at most {MOST} tags.")
    ConversationTag.objects.create(conversation=conversation, tag=tag)
    _tell(conversation, ConversationEvent.Kind.TAGGED, tag, by=by)
    return True


@transaction.atomic
def remove(*, conversation: Conversation, tag: Tag, by: Membership) -> bool:
    """Take a tag off a conversation. False when it was not there."""
    Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    gone, _ = ConversationTag.objects.filter(conversation=conversation, tag=tag).delete()
    if gone:
        _tell(conversation, ConversationEvent.Kind.UNTAGGED, tag, by=by)
    return bool(gone)


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


def _tell(conversation: Conversation, kind: str, tag: Tag, *, by: Membership) -> None:
    ConversationEvent.objects.create(conversation=conversation, kind=kind, by=by, detail={"tag": tag.name})
