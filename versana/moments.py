"""Moments and ages in words and patterns of the reader's language, fast enough for a page with hundreds of them.

A moment is always a `<time>` with the exact instant in it and the whole date in its tooltip. Ages are words that the page's
script keeps counting, from the same sentences, so that server and browser never disagree.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from html import escape
from zoneinfo import ZoneInfo

from django.utils import dateformat, timezone
from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

MINUTE, HOUR, DAY = 60, 3_600, 86_400


# --- Moments --------------------------------------------------------------------------------------------------------
@lru_cache(maxsize=32)
def _patterns(language: str) -> dict[str, str]:
    """Date patterns are translatable: day and month change places between languages."""
    return {
        "day": pgettext("date: Nov 18, 2026", "M j, Y"),
        "short": pgettext("date: Nov 18", "M j"),
        "month": pgettext("date: Mar 2024", "M Y"),
        "weekday": pgettext("date: Tue, Nov 24", "D, M j"),
        "clock": pgettext("date: 14:02", "H:i"),
        "weekday_clock": pgettext("date: Sat, 09:12", "D, H:i"),
        "day_clock": pgettext("date: Nov 20, 08:34", "M j, H:i"),
        "delivered": pgettext("date: Sat, Nov 21, 11:40", "D, M j, H:i"),
        "stamp": pgettext("date: Nov 20, 2026, 08:34", "M j, Y, H:i"),
        "full": pgettext("date: Fri, Nov 20, 2026, 08:34", "D, M j, Y, H:i"),
    }


def moment(when: datetime | None, tz: str = "", style: str = "stamp") -> str:
    """When something happened: in the reader's zone, or in `tz` (a store's) with the reader's time in the tooltip."""
    if when is None:
        return ""
    return moments(tz, style)(when)


def stamp(when: datetime) -> str:
    """Date and time in the reader's zone as plain words, where no element can stand."""
    return _write(when.astimezone(timezone.get_current_timezone()), "stamp")


def day_of(day: date, *, short: bool = False) -> str:
    """A day as plain words: "Nov 18, 2026", or "Nov 18"."""
    return _write(datetime.combine(day, time.min), "short" if short else "day")


def moments(tz: str, style: str) -> Callable[[datetime], str]:
    """`moment` for many at once: whose language, whose zone and which day it is are found out once."""
    reader = timezone.get_current_timezone()
    today = timezone.now().astimezone(reader).date().toordinal()
    language = get_language() or ""
    return lambda when: _moment(when, tz, str(reader), style, today, language)


@lru_cache(maxsize=8192)
def _moment(when: datetime, tz: str, reader: str, style: str, today: int, language: str) -> SafeString:
    here = when.astimezone(zone(reader))
    there = when.astimezone(zone(tz or reader))
    return _time(when, _tooltip(here, there, tz), _in_style(there, style, today))


def _in_style(when: datetime, style: str, today: int) -> str:
    """`recent` and `short` say only as much of the date as today leaves open."""
    days = today - when.date().toordinal()
    this_year = datetime.fromordinal(today).year == when.year
    if style == "recent":
        if days == 0:
            return _("Today, %(time)s") % {"time": _write(when, "clock")}
        style = "weekday_clock" if 0 < days < 7 else "day_clock" if this_year else "stamp"
    elif style == "short" and not this_year:
        style = "day"
    return _write(when, style)


def _tooltip(here: datetime, there: datetime, tz: str) -> str:
    if there.utcoffset() == here.utcoffset():
        return _write(here, "full")
    city = tz.rpartition("/")[2].replace("_", " ")
    return _("%(there)s in %(city)s, %(here)s here") % {
        "there": _write(there, "full"),
        "city": city,
        "here": _write(here, "full"),
    }


def _write(when: datetime, style: str) -> str:
    """Like Django's `date` filter, which takes 30 microseconds a piece: a section of fifty orders writes 150 dates."""
    language = get_language() or ""
    pattern = _patterns(language)[style]
    if _SIMPLE.fullmatch(pattern) is None:
        return dateformat.format(when, pattern)
    months, weekdays = _names(language)
    values = {
        "D": weekdays[when.weekday()],
        "M": months[when.month],
        "j": str(when.day),
        "Y": str(when.year),
        "H": f"{when.hour:02}",
        "i": f"{when.minute:02}",
    }
    return "".join([values.get(letter, letter) for letter in pattern])


_SIMPLE = re.compile(r"[DMjYHi ,.:/-]+")


@lru_cache(maxsize=32)
def _names(language: str) -> tuple[dict[int, str], dict[int, str]]:
    """Short names of months and weekdays, as Django's date filter writes them."""
    months = {number: str(name).title() for number, name in MONTHS_3.items()}
    return months, {number: str(name) for number, name in WEEKDAYS_ABBR.items()}


@lru_cache(maxsize=512)
def zone(name: str) -> tzinfo:
    """The zone of that name, or UTC for a name that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def _time(when: datetime, title: str, text: str, more: str = "") -> SafeString:
    html = f'<time datetime="{_instant(when)}" title="{escape(title)}"{more}>{escape(text)}</time>'
    return mark_safe(html)  # noqa: S308 - escaped above


def _instant(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- Ages -----------------------------------------------------------------------------------------------------------
@lru_cache(maxsize=32)
def _age_words(language: str) -> tuple[str, ...]:
    """Short: now, minutes, hours. Long: now, seconds, minutes, hours. `{n}` is the number."""
    return (
        pgettext("age", "now"),
        pgettext("age in minutes", "{n}m"),
        pgettext("age in hours", "{n}h"),
        pgettext("age", "just now"),
        pgettext("age", "{n} s ago"),
        pgettext("age", "{n} min ago"),
        pgettext("age", "{n} h ago"),
    )


def age_words() -> str:
    """The sentences of an age, for the script that keeps them current."""
    return "|".join(_age_words(get_language() or ""))


def age(when: datetime | None) -> str:
    """`12m`, `3h`, `Sat`, `Nov 3`: for lists."""
    return _aged(when, "short")


def ago(when: datetime | None) -> str:
    """`12 s ago`, `4 min ago`, `Fri, 08:31`: for sections and cards."""
    return _aged(when, "long")


def _aged(when: datetime | None, length: str) -> str:
    if when is None:
        return ""
    now = timezone.now()
    there = timezone.localtime(when)
    text = _age_text(now, there, length)
    return _time(when, _write(there, "full"), text, f' data-age="{length}"')


def _age_text(now: datetime, when: datetime, length: str) -> str:
    seconds = max(0, int((now - when).total_seconds()))
    words = _age_words(get_language() or "")
    short = length == "short"
    if seconds < (MINUTE if short else 5):
        return words[0] if short else words[3]
    if seconds < MINUTE:
        return words[4].format(n=seconds)
    if seconds < HOUR:
        return words[1 if short else 5].format(n=seconds // MINUTE)
    if seconds < DAY:
        return words[2 if short else 6].format(n=seconds // HOUR)
    return _old_text(timezone.localtime(now), when, short=short)


def _old_text(now: datetime, when: datetime, *, short: bool) -> str:
    today = now.date().toordinal()
    if not short:
        return _in_style(when, "recent", today)
    if today - when.date().toordinal() < 7:
        return _names(get_language() or "")[1][when.weekday()]
    return _in_style(when, "short", today)
