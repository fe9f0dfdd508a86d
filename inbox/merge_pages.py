"""The pages on which conversations are merged and split: what can be chosen, and what was."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox import merging
from inbox.cards import Person
from inbox.faces import face, person
from inbox.listing import subject_of, thread_url
from inbox.models import Conversation, Message
from tenants.access import Visit
from tenants.names import shown

OFFERED = 50
NO_SUCH = gettext_lazy("No conversation has this number.")


@dataclass(frozen=True, slots=True)
class Choice:
    """A conversation, or a message, that may be chosen."""

    number: int
    title: str
    text: str
    person: Person
    at: datetime
    messages: int = 0
    url: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class MergePage:
    """`asked`: the conversations are with several contacts, and whoever merges them says so once more."""

    url: str
    back_url: str
    number: int
    subject: str
    choices: tuple[Choice, ...]
    other: str
    asked: bool = False
    kept_number: int = 0  # under which the whole stands, once that is known
    kept_person: str = ""
    error: str | Promise = ""


@dataclass(frozen=True, slots=True)
class SplitPage:
    url: str
    back_url: str
    subject: str
    seen: str
    choices: tuple[Choice, ...]
    error: str | Promise = ""


def merge_page(
    visit: Visit,
    conversation: Conversation,
    *,
    chosen: Collection[int] = (),
    other: str = "",
    asked: bool = False,
    error: str | Promise = "",
) -> MergePage:
    """What can be merged with a conversation: what is chosen already, then the newest others of its contact."""
    slug = visit.workspace.slug
    rows = _offered(conversation, chosen)
    whole = [conversation, *(row for row in rows if row.number in chosen)] if asked else []
    return MergePage(
        url=reverse("inbox:merge", kwargs={"workspace": slug, "number": conversation.number}),
        back_url=reverse("inbox:thread", kwargs={"workspace": slug, "number": conversation.number}),
        number=conversation.number,
        subject=subject_of(conversation),
        choices=tuple(_conversation(row, slug, chosen=row.number in chosen) for row in rows),
        other="" if asked else other,
        asked=asked,
        kept_number=min((each.number for each in whole), default=0),
        kept_person=person(merging.first_of(whole).contact).name if whole else "",
        error=error,
    )


def split_page(
    visit: Visit, conversation: Conversation, *, chosen: Collection[int] = (), error: str | Promise = ""
) -> SplitPage:
    """The messages of a conversation, to take some of them out."""
    slug = visit.workspace.slug
    messages = merging.messages_of(conversation)
    return SplitPage(
        url=reverse("inbox:split", kwargs={"workspace": slug, "number": conversation.number}),
        back_url=reverse("inbox:thread", kwargs={"workspace": slug, "number": conversation.number}),
        subject=subject_of(conversation),
        seen=merging.fingerprint(messages),
        choices=_messages(messages, conversation, chosen),
        error=error,
    )


def _offered(conversation: Conversation, chosen: Collection[int]) -> list[Conversation]:
    known = Conversation.objects.select_related("contact").annotate(length=Count("messages"))
    others = known.filter(erased_at=None).exclude(pk=conversation.pk).order_by("-last_message_at", "-pk")
    picked = list(others.filter(number__in=chosen)) if chosen else []
    own = others.filter(contact=conversation.contact_id).exclude(number__in=chosen)
    return [*picked, *own[:OFFERED]]


def _conversation(row: Conversation, slug: str, *, chosen: bool) -> Choice:
    return Choice(
        number=row.number,
        title=subject_of(row),
        text=row.snippet,
        person=person(row.contact),
        at=row.last_message_at,
        messages=row.length,  # type: ignore[attr-defined]  # counted in the query
        url=thread_url(slug, row.number, "all"),
        chosen=chosen,
    )


def _messages(messages: Sequence[Message], of: Conversation, chosen: Collection[int]) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            number=place,
            title=shown(row.from_name) or row.from_email or _("The shop"),
            text=" ".join(row.text.split())[:160],
            person=face(
                shown(row.from_name) or row.from_email or "?",
                of.contact_id,
                colleague=row.kind == Message.Kind.SENT,
            ),
            at=row.sent_at,
            chosen=place in chosen,
        )
        for place, row in enumerate(messages, 1)
    )
