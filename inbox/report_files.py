"""A table of the reports as a file for a spreadsheet: counts, and lengths in whole seconds."""

import csv
import io
from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext as _

from inbox import reports
from inbox.report_pages import HEADS, columns_of, group_rows, values_of
from inbox.reports import Figures, Period

# A spreadsheet takes a cell that begins so for a formula, though it is somebody's name.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(by: str, period: Period) -> str:
    """The table by day, topic, assignee or store, with a line of heads."""
    rows = _days(period) if by == "day" else group_rows(by, period)
    shown = columns_of(by)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["", *(_head(n) for n in shown)])
    writer.writerows([safe(name), *(_cell(values_of(figures)[n]) for n in shown)] for name, figures in rows)
    return out.getvalue()


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _days(period: Period) -> Iterable[tuple[str, Figures]]:
    return ((day.isoformat(), figures) for day, figures in reports.by_day(period).items())


def _head(n: int) -> str:
    lengths = {4: HEADS[4], 5: HEADS[4], 7: HEADS[7], 8: HEADS[7]}
    if n not in lengths:
        return str(HEADS[n])
    name = _("%(what)s (seconds)") % {"what": HEADS[n]}
    return f"{lengths[n].partition(',')[0]}, {name}" if n in (5, 8) else str(name)


def _cell(value: int | timedelta | None) -> str | int:
    return "" if value is None else int(value.total_seconds()) if isinstance(value, timedelta) else value
