"""Search: what was typed, and the conversations in which it is said, newest hits first.

The finder (tenants/doors.py) names at most 200 entries by their words; the rows are read again behind the wall, which is
where the filters of the list narrow them. So the work is bounded and there is no total: a count would visit every hit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Left
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import queries
from inbox.cards import Option, Person
from inbox.faces import face
from inbox.highlights import Piece, excerpt, marked, spans
from inbox.listing import subject_of, thread_url
from inbox.models import (
    ContactAddress,
    Conversation,
    ConversationTag,
    ConversationTopic,
    Mention,
    Message,
    Note,
    SearchEntry,
    Tag,
)
from inbox.words import TEXT_LIMIT
from tenants import members
from tenants.access import Visit
from tenants.doors import SEARCH_LIMIT, SearchTooLong, entries_with
from tenants.names import shown
from versana import keyset

PAGE = 25  # conversations
ROUNDS = 5  # of SEARCH_LIMIT entries each, where filters leave few of them
PATIENCE_MS = 3_000
TAGS_SHOWN = 200
State, Topic = Conversation.State, ConversationTopic.Topic


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which conversations count, as the form of the page says it; an empty word narrows nothing."""

    state: str = ""
    assignee: str = ""  # a member's number, or "nobody"
    tag: str = ""
    topic: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Narrowed":
        """What is none of our words is left out."""
        state, topic = given.get("state", ""), given.get("topic", "")
        assignee, tag = given.get("assignee", ""), given.get("tag", "")
        return cls(
            state=state if state in State.values else "",
            assignee=assignee if assignee == "nobody" or _is_number(assignee) else "",
            tag=tag if _is_number(tag) else "",
            topic=topic if topic in Topic.values else "",
        )

    def rows(self, entries: QuerySet[SearchEntry]) -> QuerySet[SearchEntry]:
        entries = entries.filter(conversation__erased_at=None)
        if self.state:
            entries = entries.filter(conversation__state=self.state)
        else:  # Spam is found where it is looked for.
            entries = entries.exclude(conversation__state=State.SPAM)
        if self.assignee == "nobody":
            entries = entries.filter(conversation__assignee=None)
        elif self.assignee:
            entries = entries.filter(conversation__assignee__number=int(self.assignee))
        if self.tag:
            on = ConversationTag.objects.filter(conversation=OuterRef("conversation"), tag__number=int(self.tag))
            entries = entries.filter(Exists(on))
        if self.topic:
            about = ConversationTopic.objects.filter(conversation=OuterRef("conversation"), topic=self.topic)
            entries = entries.filter(Exists(about.exclude(confirmed=False)))
        return entries

    def query(self) -> dict[str, str]:
        given = {"state": self.state, "assignee": self.assignee, "tag": self.tag, "topic": self.topic}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A conversation in which it is said: where (`place`), and the words around it."""

    number: int
    url: str
    person: Person
    subject: tuple[Piece, ...]
    place: str
    said: tuple[Piece, ...]
    at: datetime
    state: str  # empty for an open one
    needs_reply: bool
    hits: int  # among those looked at


@dataclass(frozen=True, slots=True)
class SearchPage:
    url: str
    typed: str
    rows: tuple[FoundRow, ...] = ()
    next_url: str = ""
    title: str = ""  # why there are no rows, or that there are
    advice: tuple[str, ...] = ()
    states: tuple[Option, ...] = ()
    assignees: tuple[Option, ...] = ()
    tags: tuple[Option, ...] = ()
    topics: tuple[Option, ...] = ()
    narrowed: bool = False
    continued: bool = False  # not the newest hits


@dataclass(slots=True)
class _Gathered:
    """The newest entry of each conversation, in order; and behind which entry one goes on."""

    entries: dict[int, SearchEntry] = field(default_factory=dict)
    hits: dict[int, int] = field(default_factory=dict)
    last: tuple[datetime, int] | None = None
    more: bool = False


def page(visit: Visit, *, typed: str, narrowed: Narrowed, after: str = "") -> SearchPage:
    """What is found for `typed`. Raises ValueError for a position that is none of ours."""
    typed = typed.replace("\x00", " ")[: queries.QUERY_LIMIT]
    url = reverse("inbox:find", kwargs={"workspace": visit.workspace.slug})
    behind = keyset.parts(after) if after else None
    query = queries.parsed(typed)
    empty = _menus(SearchPage(url, typed, narrowed=bool(narrowed.query()), continued=bool(after)), narrowed)
    if not query.tsquery():
        title, advice = _nothing_asked(query)
        return replace(empty, title=title, advice=advice)
    try:
        found = _gathered(query, narrowed, behind)
    except SearchTooLong:
        return replace(
            empty, title=_("This search took too long"), advice=(_("Add a word, or days (after:2026-01-31)."),)
        )
    rows = _rows(visit, query, found)
    position = keyset.position_of(*found.last) if found.more and found.last else ""
    asked = {"q": typed, **narrowed.query(), "after": position}
    return replace(
        empty,
        rows=rows,
        next_url=f"{url}?{urlencode(asked)}" if position else "",
        title="" if rows else _nothing_found(more=found.more, continued=bool(after)),
        advice=() if rows or found.more else _advice(query, narrowed),
    )


# --- Finding --------------------------------------------------------------------------------------------------------
def _gathered(query: queries.Query, narrowed: Narrowed, behind: tuple[datetime, int] | None) -> _Gathered:
    out = _Gathered(last=behind or _end_of(query.until))
    for _round in range(ROUNDS):
        ids = entries_with(
            words=query.tsquery(),
            since=_begin_of(query.since),
            before=out.last,
            limit=SEARCH_LIMIT,
            milliseconds=PATIENCE_MS,
        )
        full = _take(ids, narrowed, out)
        out.more = full or len(ids) == SEARCH_LIMIT
        if full or not out.more:
            break
    return out


def _take(ids: list[int], narrowed: Narrowed, out: _Gathered) -> bool:
    """Add the entries; whether the page is full before the last of them."""
    if not ids:
        return False
    named = SearchEntry.objects.filter(pk__in=ids)
    counts = set(narrowed.rows(named).values_list("pk", flat=True))
    for entry in named.defer("vector").select_related("conversation__contact").order_by("-at", "-pk"):
        known = entry.conversation_id in out.entries
        if entry.pk in counts and not known and len(out.entries) == PAGE:
            return True
        out.last = (entry.at, entry.pk)
        if entry.pk in counts:
            out.entries.setdefault(entry.conversation_id, entry)
            out.hits[entry.conversation_id] = out.hits.get(entry.conversation_id, 0) + 1
    return False


def _begin_of(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), timezone.get_current_timezone()) if day else None


def _end_of(day: date | None) -> tuple[datetime, int] | None:
    begin = _begin_of(day)
    return (begin, 0) if begin else None


# --- Shown ----------------------------------------------------------------------------------------------------------
def _rows(visit: Visit, query: queries.Query, found: _Gathered) -> tuple[FoundRow, ...]:
    entries = found.entries.values()
    texts = _texts(entries)
    about = _about([each for each in entries if each.pk not in texts])
    return tuple(
        _row(
            visit,
            query.wanted,
            entry,
            texts.get(entry.pk) or about.get(entry.conversation_id, []),
            found.hits[entry.conversation_id],
        )
        for entry in entries
    )


def _row(
    visit: Visit, terms: tuple[queries.Term, ...], entry: SearchEntry, texts: list[tuple[str, str]], hits: int
) -> FoundRow:
    row = entry.conversation
    place, said = next(((place, line) for place, text in texts if (line := excerpt(text, terms))), ("", ()))
    if not said and texts and not spans(row.subject, terms):
        place = texts[0][0]
    name = shown(row.contact.name) or subject_of(row)
    return FoundRow(
        number=row.number,
        url=thread_url(visit.workspace.slug, row.number, "all"),
        person=face(name, row.contact_id),
        subject=marked(subject_of(row), terms),
        place=place,
        said=said or (Piece(row.snippet, False),),
        at=entry.at,
        state="" if row.state == State.OPEN else str(State(row.state).label),
        needs_reply=row.needs_reply and row.state == State.OPEN,
        hits=hits,
    )


def _texts(entries: Iterable[SearchEntry]) -> dict[int, list[tuple[str, str]]]:
    """What the entries of messages and notes are about, by the entry: where it stands, and the text."""
    messages = {each.message_id: each.pk for each in entries if each.message_id}
    notes = {each.note_id: each.pk for each in entries if each.note_id}
    out: dict[int, list[tuple[str, str]]] = {}
    rows = Message.objects.filter(pk__in=messages).annotate(begin=Left("text", TEXT_LIMIT))
    for row in rows.only("kind", "from_name", "from_email", "to", "cc", "subject"):
        people = [text for person in (*row.to, *row.cc) for text in person]
        place = _("Message") if row.kind == Message.Kind.RECEIVED else _("Answer")
        out[messages[row.pk]] = [
            (place, row.begin),
            (_("From"), f"{row.from_name} {row.from_email}".strip()),
            (_("To"), " ".join(map(str, people))),
            (_("Subject"), row.subject),
        ]
    for note in Note.objects.filter(pk__in=notes):
        out[notes[note.pk]] = [(_("Note"), note.text)]
    return out


def _about(entries: list[SearchEntry]) -> dict[int, list[tuple[str, str]]]:
    """What is said of conversations, by the conversation."""
    if not entries:
        return {}
    ids, contacts = [each.conversation_id for each in entries], {each.conversation.contact_id for each in entries}
    addresses: dict[int, list[str]] = {}
    for contact_id, email in (
        ContactAddress.objects.filter(contact__in=contacts).order_by("pk").values_list("contact_id", "email")
    ):
        addresses.setdefault(contact_id, []).append(email)
    orders: dict[int, list[str]] = {}
    for conversation_id, value in (
        Mention.objects.filter(conversation__in=ids).order_by("pk").values_list("conversation_id", "value")
    ):
        orders.setdefault(conversation_id, []).append(value)
    return {
        row.pk: [
            (_("Contact"), " ".join([row.contact.name, *addresses.get(row.contact_id, [])]).strip()),
            (_("Named"), " ".join(orders.get(row.pk, []))),
        ]
        for row in (entry.conversation for entry in entries)
    }


# --- What is said where nothing is shown, and what may be chosen -----------------------------------------------------
def _nothing_asked(query: queries.Query) -> tuple[str, tuple[str, ...]]:
    if query.terms:
        return _("Name a word that should be there"), (_("What is ruled out alone would leave nearly everything."),)
    if query.short:
        return _("That is too short to search for"), (_("Type a word of two letters or more, or a number."),)
    return _("Search all conversations"), _ways()


def _ways() -> tuple[str, ...]:
    return (
        _("Words, names, addresses and order numbers: all of them must be there."),
        _("“two words” in quotes stand in a row; a minus before a word rules it out."),
        _("from:maya, to:warehouse and subject:refund say where."),
        _("after:2026-01-31 and before:2026-03-01 say when."),
    )


def _nothing_found(*, more: bool, continued: bool) -> str:
    if more:
        return _("None of the hits looked at so far are left by the filters")
    return _("No older hits") if continued else _("Nothing found")


def _advice(query: queries.Query, narrowed: Narrowed) -> tuple[str, ...]:
    said = []
    if narrowed.query():
        said.append(_("Take away a filter."))
    if len(query.terms) > 1:
        said.append(_("Leave out a word: all of them must stand in one message."))
    if any(term.exact for term in query.terms):
        said.append(_("Without quotes a word also finds longer ones."))
    return (*said, _("Look for fewer letters: “refun” finds refund and refunded."))


def _menus(page: SearchPage, narrowed: Narrowed) -> SearchPage:
    people = sorted(members.present(), key=lambda one: one.user.display_name.casefold())
    names = [(str(one.number), one.user.display_name) for one in people]
    known = Tag.objects.order_by("name_norm").values_list("number", "name")[:TAGS_SHOWN]
    return replace(
        page,
        states=_options([(value, str(label)) for value, label in State.choices], narrowed.state),
        assignees=_options([("nobody", _("Nobody")), *names], narrowed.assignee),
        tags=_options([(str(number), name) for number, name in known], narrowed.tag),
        topics=_options([(value, str(label)) for value, label in Topic.choices], narrowed.topic),
    )


def _options(pairs: list[tuple[str, str]], chosen: str) -> tuple[Option, ...]:
    return tuple(Option(value, label, current=value == chosen) for value, label in pairs)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
