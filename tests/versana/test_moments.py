"""Moments and ages: the words, the zones, the languages."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import dateformat, timezone, translation

from versana import moments

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def text(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def title(html: str) -> str:
    found = re.search(r'title="([^"]*)"', html)
    assert found
    return found.group(1)


@pytest.fixture(autouse=True)
def _in_utc() -> None:
    timezone.activate(UTC)
    yield
    timezone.deactivate()


@pytest.mark.parametrize(
    ("seconds", "short", "long"),
    [
        (-30, "now", "just now"),
        (0, "now", "just now"),
        (12, "now", "12 s ago"),
        (59, "now", "59 s ago"),
        (60, "1m", "1 min ago"),
        (3599, "59m", "59 min ago"),
        (3600, "1h", "1 h ago"),
        (86_399, "23h", "23 h ago"),
    ],
)
def test_a_young_age_is_counted(seconds: int, short: str, long: str) -> None:
    when = timezone.now() - timedelta(seconds=seconds, milliseconds=1)
    assert text(moments.age(when)) == short
    assert text(moments.ago(when)) == long


def test_an_older_age_is_a_weekday_then_a_date_then_a_date_with_its_year() -> None:
    now = timezone.now()
    assert text(moments.age(now - timedelta(days=2))) == (now - timedelta(days=2)).strftime("%a")
    assert re.fullmatch(r"[A-Z][a-z]{2} \d{1,2}(, \d{4})?", text(moments.age(now - timedelta(days=30))))
    assert text(moments.age(now - timedelta(days=800))).endswith(str((now - timedelta(days=800)).year))


def test_an_age_that_is_unknown_is_empty() -> None:
    assert moments.age(None) == moments.ago(None) == moments.moment(None) == ""


def test_the_script_gets_the_sentences_that_the_server_writes() -> None:
    assert moments.age_words().split("|") == [
        "now",
        "{n}m",
        "{n}h",
        "just now",
        "{n} s ago",
        "{n} min ago",
        "{n} h ago",
    ]


def test_a_moment_is_a_time_with_its_exact_instant() -> None:
    html = moments.moment(NOON, style="stamp")
    assert html.startswith('<time datetime="2026-11-18T12:00:00Z" title="Wed, Nov 18, 2026, 12:00">')
    assert text(html) == "Nov 18, 2026, 12:00"


def test_a_stores_moment_is_in_its_zone_with_the_readers_in_the_tooltip() -> None:
    html = moments.moment(datetime(2026, 11, 18, 3, 0, tzinfo=UTC), "America/New_York", "day")
    assert text(html) == "Nov 17, 2026"
    assert title(html) == "Tue, Nov 17, 2026, 22:00 in New York, Wed, Nov 18, 2026, 03:00 here"


def test_zones_with_the_same_clock_say_it_once() -> None:
    assert title(moments.moment(NOON, "Africa/Abidjan", "day")) == "Wed, Nov 18, 2026, 12:00"


@pytest.mark.parametrize("zone", ["No/Such_Zone", "../../etc/passwd", "\x00", "a" * 5000])
def test_a_zone_that_does_not_exist_counts_as_utc(zone: str) -> None:
    assert text(moments.moment(NOON, zone, "stamp")) == "Nov 18, 2026, 12:00"


def test_today_is_called_today() -> None:
    now = timezone.now()
    assert text(moments.moment(now, style="recent")) == f"Today, {now:%H:%M}"
    assert text(moments.moment(now - timedelta(days=3), style="recent")).startswith(
        (now - timedelta(days=3)).strftime("%a, ")
    )


@pytest.mark.parametrize("pattern", ["M j, Y", "D, M j, Y, H:i", "M Y", "D, H:i"])
def test_the_fast_writer_writes_what_django_writes(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "_patterns", lambda language: {"any": pattern})
    for language in ("en-us", "de", "sv", "ar"):
        with translation.override(language):
            for days in range(0, 400, 17):
                when = NOON + timedelta(days=days, minutes=days)
                assert moments._write(when, "any") == dateformat.format(when, pattern)


def test_a_translators_own_pattern_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "_patterns", lambda language: {"any": r"jS \o\f F Y"})
    assert moments._write(NOON, "any") == "18th of November 2026"
