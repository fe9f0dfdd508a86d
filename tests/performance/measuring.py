"""Interleaved requests and what is told of them: medians and 95th percentiles, never a single extreme."""

import http.client
import random
import statistics
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.acceptance.painted import Browser
from tests.performance.counting import HEADER

WARM_UP = 40


@dataclass(frozen=True)
class Asked:
    """One address, asked by one who is signed in."""

    browser: Browser
    path: str
    htmx: bool = False


class Line:
    """A connection that stays open, as a browser's does."""

    def __init__(self, asked: Asked) -> None:
        host = urllib.parse.urlsplit(asked.browser.base).netloc.replace("localhost", "127.0.0.1")
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in asked.browser.cookies)
        self.path, self.connection = asked.path, http.client.HTTPConnection(host, timeout=60)
        self.headers = {"Cookie": cookies, **({"HX-Request": "true"} if asked.htmx else {})}
        self.size = self.statements = 0

    def milliseconds(self) -> float:
        begun = time.perf_counter()
        self.connection.request("GET", self.path, headers=self.headers)
        response = self.connection.getresponse()
        self.size = len(response.read())
        self.statements = int(response.headers.get(HEADER, "0"))
        taken = (time.perf_counter() - begun) * 1000
        if response.status != 200:
            raise RuntimeError(f"{self.path} answered {response.status}")
        return taken


def interleaved(asked: Mapping[str, Asked], rounds: int) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Milliseconds and sizes by name. In each round every name once, in an order that chance decides."""
    lines = {name: Line(each) for name, each in asked.items()}
    taken: dict[str, list[float]] = {name: [] for name in asked}
    names = list(asked)
    chance = random.Random(2026)
    for number in range(-WARM_UP, rounds):
        chance.shuffle(names)
        for name in names:
            milliseconds = lines[name].milliseconds()
            if number >= 0:
                taken[name].append(milliseconds)
    return taken, {name: line.size for name, line in lines.items()}


def statements(asked: Asked) -> int:
    """How many SQL statements one answer takes, once the connection is warm."""
    line = Line(asked)
    line.milliseconds()
    line.milliseconds()
    return line.statements


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def ratios(over: Sequence[float], under: Sequence[float]) -> tuple[float, float]:
    """At the median, and at the 95th percentile."""
    return statistics.median(over) / statistics.median(under), percentile(over, 0.95) / percentile(under, 0.95)
