"""What templates may say beyond Django's own: icons, badges, moments, ages, and a mail's text as paragraphs.

A moment is always a `<time>` with the exact instant in it. Ages are words that the page's script keeps counting, from the
same sentences (`age_words`), so that server and browser never disagree.
"""

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from django import template
from django.utils import dateformat, timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide

from integrations.shopify.vocabulary import Badge

register = template.Library()

MINUTE, HOUR, DAY = 60, 3_600, 86_400


# --- Icons and badges -----------------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, size: int = 16) -> str:
    """An outline icon. Decoration only: the control around it carries the name."""
    return _icon(str(name), size)


@lru_cache(maxsize=256)
def _icon(name: str, size: int) -> str:
    stroke = 2 if size > 16 else 2.2  # a hairline at the small sizes otherwise
    return mark_safe(lucide(name, size=size, stroke_width=stroke, aria_hidden="true", focusable="false"))  # noqa: S308 - from the icon package


@register.simple_tag
def badge(state: Badge, bare: bool = False) -> str:
    """A state as word, shape and colour; `bare` leaves the ground out, for folded rows."""
    return _badge(state.tone, state.shape, state.word, bare)


@lru_cache(maxsize=1024)
def _badge(tone: str, shape: str, word: str, bare: bool) -> SafeString:
    html = '<span class="badge {}{}"><svg class="shape" aria-hidden="true"><use href="#s-{}"/></svg>{}</span>'
    return format_html(html, tone, " bare" if bare else "", shape, word)


# --- Moments --------------------------------------------------------------------------------------------------------
def _pattern(style: str) -> str:
    """Date patterns are translatable: day and month change places between languages."""
    patterns = {
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
    return patterns[style]


@register.simple_tag
def moment(when: datetime | None, tz: str = "", style: str = "stamp") -> str:
    """When something happened: in the reader's zone, or in `tz` (a store's) with the reader's time in the tooltip."""
    if when is None:
        return ""
    reader = timezone.get_current_timezone()
    return _moment(
        when, tz, str(reader), style, timezone.now().astimezone(reader).date().toordinal(), get_language() or ""
    )


@lru_cache(maxsize=8192)
def _moment(when: datetime, tz: str, reader: str, style: str, today: int, language: str) -> SafeString:
    here = when.astimezone(_zone(reader))
    there = when.astimezone(_zone(tz or reader))
    html = '<time datetime="{}" title="{}">{}</time>'
    return format_html(html, _instant(when), _tooltip(here, there, tz), _in_style(there, style, today))


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
    return dateformat.format(when, _pattern(style))


@lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo:
    """The zone of that name, or UTC for a name that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def _instant(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- Ages -----------------------------------------------------------------------------------------------------------
def _age_words() -> tuple[str, ...]:
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


@register.simple_tag
def age_words() -> str:
    """The sentences of an age, for the script that keeps them current."""
    return "|".join(_age_words())


@register.filter
def age(when: datetime | None) -> str:
    """`12m`, `3h`, `Sat`, `Nov 3`: for lists."""
    return _aged(when, "short")


@register.filter
def ago(when: datetime | None) -> str:
    """`12 s ago`, `4 min ago`, `Fri, 08:31`: for sections and cards."""
    return _aged(when, "long")


def _aged(when: datetime | None, length: str) -> str:
    if when is None:
        return ""
    now = timezone.now()
    there = timezone.localtime(when)
    text = _age_text(now, there, length)
    return format_html(
        '<time datetime="{}" title="{}" data-age="{}">{}</time>', _instant(when), _write(there, "full"), length, text
    )


def _age_text(now: datetime, when: datetime, length: str) -> str:
    seconds = max(0, int((now - when).total_seconds()))
    words = _age_words()
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
        return dateformat.format(when, "D")
    return _in_style(when, "short", today)


# --- The text of a mail ---------------------------------------------------------------------------------------------
# Works on escaped text, so an address ends where an escaped bracket or quote begins.
_ADDRESS = re.compile(r"https?://(?:(?!&(?:lt|gt|quot|#x27);)[^\s<]){1,2000}", re.IGNORECASE)
_AFTER_ADDRESS = re.compile(r"[.,;:!?)\]]+$")
_ORDER_NUMBER = re.compile(r"(?<![\w&#/])#(?:[A-Z]{1,4}-?)?\d{3,9}\b")


@register.filter
def prose(text: str) -> SafeString:
    """Plain text as paragraphs, with its web addresses as links and its order numbers marked. Everything is escaped."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return mark_safe("".join(f'<p dir="auto">{_line_breaks(one)}</p>' for one in paragraphs if one.strip()))  # noqa: S308 - escaped in _line_breaks


def _line_breaks(paragraph: str) -> str:
    escaped = str(escape(paragraph.strip("\n")))
    out, end = [], 0
    for found in _ADDRESS.finditer(escaped):
        address = _AFTER_ADDRESS.sub("", found.group())
        out += [_mark_orders(escaped[end : found.start()]), _link(address)]
        end = found.start() + len(address)
    out.append(_mark_orders(escaped[end:]))
    return "".join(out).replace("\n", "<br>")


def _link(address: str) -> str:
    """`address` is escaped. The page behind it learns nothing of us, and a search engine nothing of it."""
    return f'<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>'


def _mark_orders(escaped: str) -> str:
    return _ORDER_NUMBER.sub(r'<span class="ref">\g<0></span>', escaped)
