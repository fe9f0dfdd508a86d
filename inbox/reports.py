"""What a workspace's days looked like: how much mail, how soon an answer, how long until it was closed.

Everything is counted from the rows as they are now, for the days of a period in the workspace's time zone:

* received and sent: messages by the time that they carry; not spam, and not what was taken back or could not be sent.
* new: conversations that began in the period.
* first response: of conversations that were first answered in the period, from the contact's first message to that answer.
* time to close: of conversations that were closed in the period and still are, from their beginning. One that was opened
  again counts when it is closed again, and with its whole length.

Of lengths the median and the 90th percentile are given, between two rows where they fall between two.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Aggregate, Count, DurationField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncDate

from inbox import labels
from inbox.models import ContactAddress, Conversation, ConversationTopic, CustomerLink, Message, OutgoingMail
from integrations.shopify import interface
from versana.moments import zone

LONGEST: Final = 366  # days of a period
MOST_STORES: Final = 20  # compared with each other in one page
_MEDIAN, _NINE_OF_TEN = 0.5, 0.9
_NOT_SENT = (OutgoingMail.State.CANCELLED, OutgoingMail.State.FAILED)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of a time zone, the last one included."""

    first: date
    last: date
    zone: str

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.first, time.min, tzinfo=zone(self.zone)).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """The first moment that is not in it any more."""
        return datetime.combine(self.last + timedelta(days=1), time.min, tzinfo=zone(self.zone)).astimezone(UTC)

    def days(self) -> Iterator[date]:
        for n in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=n)


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took: in half of the cases at most `median`, in nine of ten at most `p90`."""

    median: timedelta
    p90: timedelta


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a day, of a period, or of a part of one. None where there is nothing to say."""

    received: int = 0
    sent: int = 0
    new: int = 0
    answered: int = 0
    response: Spread | None = None
    closed: int = 0
    closing: Spread | None = None


@dataclass(frozen=True, slots=True)
class Store:
    """A store of the workspace, and the contacts that it knows."""

    number: int
    name: str
    contacts: Q = field(compare=False)


class Percentile(Aggregate):
    """PostgreSQL's percentile_cont over lengths of time."""

    function = "percentile_cont"
    name = "Percentile"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: Any, share: float, **extra: Any) -> None:
        super().__init__(expression, share=share, output_field=DurationField(), **extra)


def totals(period: Period, days: dict[date, Figures]) -> Figures:
    """The whole period, of whose `days` the counts are known. Its lengths are not those of its days, and are read."""
    every = list(days.values())
    return Figures(
        received=sum(one.received for one in every),
        sent=sum(one.sent for one in every),
        new=sum(one.new for one in every),
        answered=sum(one.answered for one in every),
        response=_read(_answered(period).aggregate(**_spread())),
        closed=sum(one.closed for one in every),
        closing=_read(_closed(period).aggregate(**_spread())),
    )


def by_day(period: Period) -> dict[date, Figures]:
    """Every day of the period, in order."""
    tz = zone(period.zone)
    found = _by(
        begun=_begun(period).annotate(key=TruncDate("created_at", tzinfo=tz)),
        answered=_answered(period).annotate(key=TruncDate("answered_at", tzinfo=tz)),
        closed=_closed(period).annotate(key=TruncDate("closed_at", tzinfo=tz)),
    )
    rows = _messages(period).annotate(day=TruncDate("sent_at", tzinfo=tz)).values("day", "kind").annotate(n=Count("pk"))
    for row in rows.order_by():
        name = "received" if row["kind"] == Message.Kind.RECEIVED else "sent"
        found[row["day"]] = replace(found[row["day"]], **{name: row["n"]})
    return {day: found[day] for day in period.days()}


def by_topic(period: Period) -> dict[str, Figures]:
    """Every topic that occurs. A conversation counts for each that its chips show."""
    rows = ConversationTopic.objects.filter(labels.holding()).annotate(key=F("topic"))
    others = ConversationTopic.objects.filter(labels.holding(), conversation=OuterRef("conversation"))
    unsaid = Q(topic=labels.OTHER, confirmed=None)
    rows = rows.exclude(unsaid & Exists(others.exclude(topic=labels.OTHER)))
    return dict(
        _by(
            begun=_begun(period, rows, "conversation__"),
            answered=_answered(period, rows, "conversation__"),
            closed=_closed(period, rows, "conversation__"),
        )
    )


def by_assignee(period: Period) -> dict[int | None, Figures]:
    """Whose the conversations are now, by the key of the membership; None: nobody's. `sent`: what a member wrote, whosever
    the conversation is."""
    mine = {"key": F("assignee_id")}
    found = _by(
        begun=_begun(period).annotate(**mine),
        answered=_answered(period).annotate(**mine),
        closed=_closed(period).annotate(**mine),
    )
    sent = _messages(period).filter(kind=Message.Kind.SENT).values("writer_id").annotate(n=Count("pk"))
    for row in sent.order_by():
        found[row["writer_id"]] = replace(found[row["writer_id"]], sent=row["n"])
    return dict(found)


def stores() -> list[Store]:
    """The workspace's stores, at most MOST_STORES, each with the contacts that it knows: by an address, as far as their orders
    were looked up lately, or because a member said so."""
    out = []
    for number, name in interface.store_names()[:MOST_STORES]:
        known = ContactAddress.objects.filter(email_norm__in=interface.known_addresses(store_number=number))
        said = CustomerLink.objects.filter(store_number=number)
        either = Q(contact_id__in=known.values("contact_id")) | Q(contact_id__in=said.values("contact_id"))
        out.append(Store(number, name, either))
    return out


def by_store(period: Period, of: list[Store]) -> dict[int, Figures]:
    """By a store's number. A conversation counts for each store that knows its contact."""
    if not of:
        return {}
    begun = _begun(period).aggregate(**{f"n{s.number}": Count("pk", filter=s.contacts) for s in of})
    answered, closed = (
        rows.aggregate(**{f"{k}{s.number}": v for s in of for k, v in _spread(s.contacts).items()})
        for rows in (_answered(period), _closed(period))
    )
    return {
        s.number: Figures(
            new=begun[f"n{s.number}"],
            answered=answered[f"n{s.number}"],
            response=_read(answered, s.number),
            closed=closed[f"n{s.number}"],
            closing=_read(closed, s.number),
        )
        for s in of
    }


# --- The rows that count --------------------------------------------------------------------------------------------
def _messages(period: Period) -> QuerySet[Message]:
    rows = Message.objects.filter(sent_at__gte=period.begin, sent_at__lt=period.end)
    unsent = OutgoingMail.objects.filter(message=OuterRef("pk"), state__in=_NOT_SENT)
    return rows.exclude(conversation__state=Conversation.State.SPAM).exclude(Exists(unsent))


def _within(rows: QuerySet[Any], column: str, period: Period, prefix: str) -> QuerySet[Any]:
    range_ = {f"{prefix}{column}__gte": period.begin, f"{prefix}{column}__lt": period.end}
    return rows.filter(**range_).exclude(**{f"{prefix}state": Conversation.State.SPAM})


def _begun(period: Period, rows: QuerySet[Any] | None = None, prefix: str = "") -> QuerySet[Any]:
    return _within(Conversation.objects.all() if rows is None else rows, "created_at", period, prefix)


def _answered(period: Period, rows: QuerySet[Any] | None = None, prefix: str = "") -> QuerySet[Any]:
    """With how long the contact waited. A conversation that the shop began counts from the contact's first word on."""
    within = _within(Conversation.objects.all() if rows is None else rows, "answered_at", period, prefix)
    asked = Message.objects.filter(conversation=OuterRef(f"{prefix}pk"), kind=Message.Kind.RECEIVED)
    first = Subquery(asked.order_by("sent_at", "id").values("sent_at")[:1])
    return within.annotate(span=F(f"{prefix}answered_at") - first)


def _closed(period: Period, rows: QuerySet[Any] | None = None, prefix: str = "") -> QuerySet[Any]:
    within = _within(Conversation.objects.all() if rows is None else rows, "closed_at", period, prefix)
    return within.annotate(span=F(f"{prefix}closed_at") - F(f"{prefix}created_at"))


# --- Putting them together ------------------------------------------------------------------------------------------
def _spread(only: Q | None = None) -> dict[str, Aggregate]:
    return {
        "n": Count("pk", filter=only),
        "median": Percentile("span", _MEDIAN, filter=only),
        "p90": Percentile("span", _NINE_OF_TEN, filter=only),
    }


def _read(row: Mapping[str, Any], suffix: int | str = "") -> Spread | None:
    median, p90 = row[f"median{suffix}"], row[f"p90{suffix}"]
    return None if median is None or p90 is None else Spread(median, p90)


def _by(*, begun: QuerySet[Any], answered: QuerySet[Any], closed: QuerySet[Any]) -> defaultdict[Any, Figures]:
    """Queries that carry a `key`, as figures by that key."""
    out: defaultdict[Any, Figures] = defaultdict(Figures)
    for row in begun.values("key").annotate(n=Count("pk")).order_by():
        out[row["key"]] = replace(out[row["key"]], new=row["n"])
    for row in answered.values("key").annotate(**_spread()).order_by():
        out[row["key"]] = replace(out[row["key"]], answered=row["n"], response=_read(row))
    for row in closed.values("key").annotate(**_spread()).order_by():
        out[row["key"]] = replace(out[row["key"]], closed=row["n"], closing=_read(row))
    return out
