"""Charts as points: what a template draws as SVG. Pure.

A plot is WIDTH by HEIGHT units, which the page stretches to the room there is; so words stand beside it and not in it, and
lines keep their width (`vector-effect`). Days without a value leave a gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

WIDTH, HEIGHT = 1000, 200
_SHARE = 0.62  # of a day's room that its bar takes
_STEPS = (1, 2, 3, 4, 5)
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# The tops of a scale of lengths, in seconds: half of each is a round length too.
_LENGTHS = (
    *(n * _MINUTE for n in (2, 4, 10, 20, 30, 60)),
    *(n * _HOUR for n in (2, 4, 8, 12, 24)),
    *(n * _DAY for n in (2, 4, 10, 20, 30, 60, 120, 240, 400, 800)),
)


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """`marks`: the words of the scale from the top down; `bars`, `lines` (each a path) and `band` (polygons) in units."""

    name: str  # "volume": by which its parts are told apart on the page
    title: str
    text: str  # what it shows, for who does not see it
    marks: tuple[str, ...]
    days: tuple[str, ...]  # the first, the middle and the last
    legend: tuple[tuple[str, str], ...]  # (what it looks like: "bar", "line", "thin"; word)
    bars: tuple[Bar, ...] = ()
    line: str = ""
    thin: str = ""
    dots: str = ""  # the days of `line` that stand alone
    thin_dots: str = ""
    band: tuple[str, ...] = ()


def top_of_counts(values: Sequence[int]) -> int:
    """A round even number that no value is above."""
    most, unit = max([*values, 1]), 2
    while True:
        for step in _STEPS:
            if step * unit >= most:
                return step * unit
        unit *= 10


def top_of_lengths(values: Sequence[float | None]) -> int:
    """A round length in seconds that no value is above."""
    most = max([value for value in values if value is not None], default=0)
    return next((top for top in _LENGTHS if top >= most), top_of_counts([int(most / _DAY) + 1]) * _DAY)


def bars(values: Sequence[int], top: int) -> tuple[Bar, ...]:
    """One for each day that has any."""
    room = WIDTH / max(len(values), 1)
    return tuple(
        Bar(
            round((n + (1 - _SHARE) / 2) * room, 2),
            round(_y(value, top), 2),
            round(room * _SHARE, 2),
            round(HEIGHT - _y(value, top), 2),
        )
        for n, value in enumerate(values)
        if value
    )


def line(values: Sequence[float | None], top: int) -> str:
    """A path from the middle of each day to the next. A day between two gaps has no line: it is one of the `dots`."""
    runs = [[f"{_x(n, len(values))} {_point(value, top)}" for n, value in run] for run in _runs(values)]
    return " ".join(f"M{' L'.join(points)}" for points in runs if len(points) > 1)


def dots(values: Sequence[float | None], top: int) -> str:
    """A path of the days between two gaps, each too short to be more than the round ends of its stroke."""
    alone = [run[0] for run in _runs(values) if len(run) == 1]
    return " ".join(f"M{_x(n, len(values))} {_point(value, top)} h0.01" for n, value in alone)


def band(low: Sequence[float | None], high: Sequence[float | None], top: int) -> tuple[str, ...]:
    """What lies between two lines, one polygon for each stretch without a gap. Both have the same gaps."""
    out = []
    for run in _runs(high):
        above = [f"{_x(n, len(high))},{_point(value, top)}" for n, value in run]
        below = [f"{_x(n, len(low))},{_point(low[n] or 0, top)}" for n, _ in reversed(run)]
        out.append(" ".join([*above, *below]))
    return tuple(out)


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    there = [(n, value) for n, value in enumerate(values) if value is not None]
    runs = groupby(enumerate(there), key=lambda pair: pair[1][0] - pair[0])
    return [[one for _, one in run] for _, run in runs]


def _x(n: int, of: int) -> float:
    return round((n + 0.5) * WIDTH / of, 2)


def _y(value: float, top: int) -> float:
    return HEIGHT * (1 - value / top)


def _point(value: float, top: int) -> float:
    return round(_y(value, top), 2)
