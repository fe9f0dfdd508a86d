"""The page of the reports: figures in words, charts, and the tables behind them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inbox import charts, reports
from inbox.charts import Chart
from inbox.forms import GROUPS, PERIODS, ReportForm
from inbox.models import ConversationTopic
from inbox.reports import Figures, Period, Spread
from tenants.access import Visit
from tenants.models import Membership
from versana.moments import day_of

HEADS = (
    gettext_lazy("Received"),
    gettext_lazy("Sent"),
    gettext_lazy("New"),
    gettext_lazy("First answered"),
    gettext_lazy("First response, median"),
    gettext_lazy("90th percentile"),
    gettext_lazy("Closed"),
    gettext_lazy("Time to close, median"),
    gettext_lazy("90th percentile"),
)
# Which of these a table shows: what a topic or a store received and sent is not known apart from the others.
_COLUMNS = {"day": (0, 1, 2, 3, 4, 5, 6, 7, 8), "assignee": (1, 2, 3, 4, 5, 6, 7, 8)}
_OTHERS = (2, 3, 4, 5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class Tile:
    name: str
    value: str
    more: str


@dataclass(frozen=True, slots=True)
class Table:
    """`heads` of the columns after the first. `key`: under which name it can be taken away as a file."""

    title: str
    first: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    note: str
    export_url: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    form: ReportForm
    choices: tuple[tuple[str, str, bool], ...]  # periods that begin so many days ago: word, address, selected
    groups: tuple[tuple[str, str, bool], ...]
    by: str
    time_zone: str
    period: str
    tiles: tuple[Tile, ...] = ()
    charts: tuple[Chart, ...] = ()
    days: Table | None = None
    group: Table | None = None
    empty: bool = False


def report_page(visit: Visit, form: ReportForm) -> ReportPage:
    """Of a form that was checked. One that asks wrongly has a page without figures."""
    base = reverse("inbox:reports", kwargs={"workspace": visit.workspace.slug})
    by, asked = form.by(), form.days()
    page = ReportPage(
        form=form,
        choices=tuple(
            (_("%(n)d days") % {"n": n}, _address(base, {"period": n}, by), asked == n and form.is_valid())
            for n in PERIODS
        ),
        groups=tuple((str(word), _address(base, form.query(), name), name == by) for name, word in GROUPS),
        by=by,
        time_zone=visit.workspace.time_zone.replace("_", " "),
        period="",
    )
    if not form.is_valid():
        return page
    return _with_figures(page, form.period(visit.workspace.time_zone), base, form)


def _with_figures(page: ReportPage, period: Period, base: str, form: ReportForm) -> ReportPage:
    days = reports.by_day(period)
    whole = reports.totals(period, days)
    tables = f"{base}export/?{urlencode({**form.query(), 'by': page.by})}"
    return ReportPage(
        form=page.form,
        choices=page.choices,
        groups=page.groups,
        by=page.by,
        time_zone=page.time_zone,
        period=_("%(first)s to %(last)s") % {"first": day_of(period.first), "last": day_of(period.last)},
        tiles=tile_list(whole),
        charts=chart_list(days),
        days=table_of("day", _day_rows(days), export_url=f"{tables}&table=day"),
        group=table_of(page.by, group_rows(page.by, period), export_url=f"{tables}&table={page.by}"),
        empty=whole == Figures(),
    )


# --- Tables ---------------------------------------------------------------------------------------------------------
def columns_of(by: str) -> tuple[int, ...]:
    """Which of HEADS a table by this shows."""
    return _COLUMNS.get(by, _OTHERS)


def values_of(figures: Figures) -> tuple[int | timedelta | None, ...]:
    """In the order of HEADS."""
    response, closing = figures.response, figures.closing
    return (
        figures.received,
        figures.sent,
        figures.new,
        figures.answered,
        response.median if response else None,
        response.p90 if response else None,
        figures.closed,
        closing.median if closing else None,
        closing.p90 if closing else None,
    )


def table_of(by: str, rows: Iterable[tuple[str, Figures]], *, export_url: str) -> Table:
    """A table by day, topic, assignee or store."""
    title, first, note = map(str, _WORDS[by])
    shown = columns_of(by)
    return Table(
        title=title,
        first=first,
        heads=tuple(str(HEADS[n]) for n in shown),
        rows=tuple((name, tuple(_cell(values_of(figures)[n]) for n in shown)) for name, figures in rows),
        note=note,
        export_url=export_url,
    )


_WORDS = {
    "day": (gettext_lazy("By day"), gettext_lazy("Day"), ""),
    "topic": (
        gettext_lazy("By topic"),
        gettext_lazy("Topic"),
        gettext_lazy("A conversation with several topics counts for each of them."),
    ),
    "assignee": (
        gettext_lazy("By assignee"),
        gettext_lazy("Assignee"),
        gettext_lazy("Conversations count for whom they are assigned to now; what was sent counts for who wrote it."),
    ),
    "store": (
        gettext_lazy("By store"),
        gettext_lazy("Store"),
        gettext_lazy(
            "A conversation counts for each store that knows its contact: by the address, as far as orders were looked up in "
            "the last 30 days, or because a member linked them. Conversations with nobody whom a store knows stand in no line."
        ),
    ),
}


def group_rows(by: str, period: Period) -> list[tuple[str, Figures]]:
    """The parts of a period, the one with most new conversations first."""
    if by == "store":
        stores = reports.stores()
        found = reports.by_store(period, stores)
        return _largest_first((store.name, found[store.number]) for store in stores)
    if by == "assignee":
        mine = reports.by_assignee(period)
        people = Membership.objects.select_related("user").in_bulk([pk for pk in mine if pk is not None])
        names = {pk: member.user.display_name for pk, member in people.items()}
        return _largest_first((names[pk] if pk else _("Nobody"), figures) for pk, figures in mine.items())
    words = dict(ConversationTopic.Topic.choices)
    return _largest_first((str(words.get(key, key)), figures) for key, figures in reports.by_topic(period).items())


def _largest_first(rows: Iterable[tuple[str, Figures]]) -> list[tuple[str, Figures]]:
    return sorted(rows, key=lambda row: (-row[1].new, -row[1].answered, row[0]))


def _day_rows(days: dict[date, Figures]) -> list[tuple[str, Figures]]:
    return [(day_of(day), figures) for day, figures in days.items()]


# --- Words ----------------------------------------------------------------------------------------------------------
def span(length: timedelta) -> str:
    """ "42 s", "12 min", "3 h 5 min", "2 d 4 h": two units at most, cut off and not rounded up."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return _("%(s)d s") % {"s": seconds}
    minutes, hours = seconds // 60 % 60, seconds // 3600 % 24
    days = seconds // 86_400
    if days:
        return _("%(d)d d %(h)d h") % {"d": days, "h": hours} if hours else _("%(d)d d") % {"d": days}
    if hours:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes} if minutes else _("%(h)d h") % {"h": hours}
    return _("%(m)d min") % {"m": minutes}


def _cell(value: int | timedelta | None) -> str:
    return "–" if value is None else span(value) if isinstance(value, timedelta) else _count(value)


def _count(number: int) -> str:
    return str(formats.number_format(number, force_grouping=True))


def tile_list(whole: Figures) -> tuple[Tile, ...]:
    """The row of numbers at the top."""
    return (
        Tile(_("Received"), _count(whole.received), _("messages")),
        Tile(_("Sent"), _count(whole.sent), _("messages")),
        Tile(_("New"), _count(whole.new), _("conversations")),
        _time_tile(_("First response"), whole.response, whole.answered),
        _time_tile(_("Time to close"), whole.closing, whole.closed),
    )


def _time_tile(name: str, spread: Spread | None, count: int) -> Tile:
    of = ngettext("of %(n)d conversation", "of %(n)d conversations", count) % {"n": count}
    if spread is None:
        return Tile(name, "–", of)
    return Tile(name, span(spread.median), _("9 of 10 within %(p90)s") % {"p90": span(spread.p90)})


# --- Charts ---------------------------------------------------------------------------------------------------------
def chart_list(days: dict[date, Figures]) -> tuple[Chart, ...]:
    """What is drawn of a period's days."""
    return (
        _volume(days),
        _lengths("response", _("First response time"), days, [figures.response for figures in days.values()]),
        _lengths("closing", _("Time to close"), days, [figures.closing for figures in days.values()]),
    )


def _volume(days: dict[date, Figures]) -> Chart:
    received, sent = [f.received for f in days.values()], [f.sent for f in days.values()]
    top = charts.top_of_counts([*received, *sent])
    text = _("Per day between %(least)d and %(most)d received, %(all)d in all; %(sent)d sent in all.")
    return Chart(
        name="volume",
        title=_("Messages per day"),
        text=text % {"least": min(received), "most": max(received), "all": sum(received), "sent": sum(sent)},
        marks=(_count(top), _count(top // 2), "0"),
        days=_three(list(days)),
        legend=(("bar", _("Received")), ("line", _("Sent"))),
        bars=charts.bars(received, top),
        line=charts.line(sent, top),
        dots=charts.dots(sent, top),
    )


def _lengths(name: str, title: str, days: dict[date, Figures], spreads: list[Spread | None]) -> Chart:
    middle = [spread.median.total_seconds() if spread else None for spread in spreads]
    high = [spread.p90.total_seconds() if spread else None for spread in spreads]
    top = charts.top_of_lengths(high)
    there = [value for value in middle if value is not None]
    text = (
        _("The median of a day is between %(least)s and %(most)s.")
        % {"least": span(timedelta(seconds=min(there))), "most": span(timedelta(seconds=max(there)))}
        if there
        else _("There is nothing to show for these days.")
    )
    return Chart(
        name=name,
        title=title,
        text=text,
        marks=(span(timedelta(seconds=top)), span(timedelta(seconds=top // 2)), "0"),
        days=_three(list(days)),
        legend=(("line", _("Median")), ("thin", _("90th percentile"))),
        line=charts.line(middle, top),
        thin=charts.line(high, top),
        dots=charts.dots(middle, top),
        thin_dots=charts.dots(high, top),
        band=charts.band(middle, high, top),
    )


def _three(days: list[date]) -> tuple[str, ...]:
    """The first, the middle and the last; of few days each once."""
    chosen = [days[0], days[len(days) // 2], days[-1]] if len(days) > 2 else days
    return tuple(day_of(day, short=True) for day in chosen)


def _address(base: str, query: dict[str, object], by: str) -> str:
    return f"{base}?{urlencode({**query, 'by': by})}"
