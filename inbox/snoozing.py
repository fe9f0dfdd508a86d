"""Until when a conversation may sleep: the times that are offered, and one that a member names. Pure but for the zone."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

MORNING = time(9)
LAST_HOUR = 20  # "later today" is not offered for the night
LATER = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Choice:
    key: str
    label: str
    when: datetime


def choices(now: datetime, zone: ZoneInfo) -> tuple[Choice, ...]:
    """What is offered at `now`, in a workspace's zone: the next ones first."""
    here = now.astimezone(zone)
    later = (here + LATER).replace(minute=0, second=0, microsecond=0)
    days_to_monday = 7 - here.weekday()
    offered = [
        Choice("tomorrow", _("Tomorrow morning"), _morning(here, 1, zone)),
        Choice("monday", _("Next Monday"), _morning(here, days_to_monday, zone)),
        Choice("week", _("In a week"), _morning(here, 7, zone)),
        Choice("month", _("In a month"), _morning(here, 30, zone)),
    ]
    if later.date() == here.date() and later.hour <= LAST_HOUR:
        offered.insert(0, Choice("later", _("Later today"), later))
    return tuple(offered)


def time_of(key: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """What one of the offered keys means at `now`; None for another word, or one that is not offered at this hour."""
    return next((choice.when for choice in choices(now, zone) if choice.key == key), None)


def _morning(here: datetime, days: int, zone: ZoneInfo) -> datetime:
    # Put together from date and time: adding days to an instant would miss nine o'clock where clocks change between.
    return datetime.combine(here.date() + timedelta(days=days), MORNING, tzinfo=zone)
