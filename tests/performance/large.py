"""`./dev bench --seed large`: what pages cost in a workspace of 10 thousand conversations, and where there are a million.

Two databases on one server: one workspace of 10,000 conversations alone, and 1,000 workspaces (Zipf) with a million, five
messages each. The same is asked in both in turns (seat.py, asking.py), in an order that chance decides; then gunicorn is put
before each, with two workers as in production, and as much is asked of it as it answers.
"""

import http.client
import itertools
import os
import platform
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.performance import crowd
from tests.performance.measuring import percentile
from tests.performance.seat import CLOSE, HTMX, ROWS, SLUG, Seat
from versana.devservices.demonstration import GUNICORN
from versana.devservices.postgres import free_port

TITLE = "## A large workspace beside a small one"
SMALL = 10_000
LIST_STATEMENTS, THREAD_STATEMENTS, MOST_RATIO, MOST_CLOSING = 12, 15, 1.25, 300
WARM_UP = 5
# As in the image that is deployed (Dockerfile).
WORKERS = ["--workers", "2"]  # the last one said counts
CLIENTS, SECONDS = 8, 20.0


@dataclass
class Asked:
    """One row: milliseconds, statements of one, and growing tables that were read from end to end."""

    taken: list[float] = field(default_factory=list)
    statements: int = 0
    scans: tuple[str, ...] = ()


@dataclass
class Rate:
    answered: int
    seconds: float
    taken: list[float]


def main(rounds: int, conversations: int) -> list[str]:
    sizes = {"small": (1, min(SMALL, conversations)), "large": (crowd.TENANTS, conversations)}
    seats, filled = {}, {}
    for name, (tenants, number) in sizes.items():
        seats[name] = Seat(f"versana_{name}", tenants=tenants, conversations=number)
        filled[name] = seats[name].heard()  # one after the other: both make the same roles
    asked = {name: {row: _explained(seat, row) for row in ROWS} for name, seat in seats.items()}
    _in_turns(seats, asked, rounds)
    rates = {name: {what: _rate(seat, paths) for what, paths in _visits(seat).items()} for name, seat in seats.items()}
    for seat in seats.values():
        seat.close()
    return [*heading(filled, rounds), *table(asked), *aims(asked), *served(rates)]


def _explained(seat: Seat, row: str) -> Asked:
    found = seat.ask(f"explained {row}")
    return Asked(statements=found["statements"], scans=tuple(found["scans"]))


def _in_turns(seats: Mapping[str, Seat], asked: Mapping[str, Mapping[str, Asked]], rounds: int) -> None:
    chance, order = random.Random(2026), list(itertools.product(ROWS, seats))
    for number in range(-WARM_UP, rounds):
        chance.shuffle(order)
        for row, name in order:
            milliseconds = float(seats[name].ask(f"milliseconds {row}"))
            if number >= 0:
                asked[name][row].taken.append(milliseconds)


# --- As much as is answered -------------------------------------------------------------------------------------------
def _visits(seat: Seat) -> dict[str, list[str]]:
    threads: list[str] = seat.ask("threads")
    lists = [f"/{SLUG}/inbox/?view=all", f"/{SLUG}/inbox/?view=open"]
    return {"list": lists, "thread": threads, "both, a list to four threads": [*lists[:1], *threads[:4]]}


def _rate(seat: Seat, paths: list[str]) -> Rate:
    cookie = seat.ask("cookie")
    with _gunicorn(seat) as port:
        _visit(port, cookie, paths, seconds=3)
        return _visit(port, cookie, paths, seconds=SECONDS)


@contextmanager
def _gunicorn(seat: Seat) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", *GUNICORN, *WORKERS, "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    env = {**seat.env, "PUBLIC_URL": f"http://localhost:{port}"}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("gunicorn does not answer")


def _visit(port: int, cookie: str, paths: list[str], *, seconds: float) -> Rate:
    """Each client on a connection that stays open, the next question as soon as the answer was read."""
    taken: list[list[float]] = [[] for _ in range(CLIENTS)]
    wrong: list[str] = []
    begun = time.perf_counter()

    def ask(number: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for path in itertools.islice(itertools.cycle(paths), number, None):
            at = time.perf_counter()
            if at - begun > seconds or wrong:
                return
            headers = {"Cookie": cookie, "Host": f"localhost:{port}", **(HTMX if "/inbox/?" not in path else {})}
            line.request("GET", path, headers=headers)
            response = line.getresponse()
            response.read()
            if response.status != 200:
                wrong.append(f"{path} answered {response.status}")
            taken[number].append((time.perf_counter() - at) * 1000)

    clients = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(seconds + 90)
    if wrong:
        raise RuntimeError(wrong[0])
    every = [each for some in taken for each in some]
    return Rate(len(every), time.perf_counter() - begun, every)


# --- What is printed ------------------------------------------------------------------------------------------------
def heading(filled: Mapping[str, Mapping[str, Any]], rounds: int) -> list[str]:
    def counted(rows: Mapping[str, int]) -> str:
        return ", ".join(
            f"{rows[name]:,} {name}" for name in ("inbox_conversation", "inbox_message", "inbox_searchentry")
        )

    small, large = filled["small"], filled["large"]
    return [
        TITLE,
        "",
        "Printed by `./dev bench --seed large --write docs/performance.md`. Two databases on one server, asked in turns, whole requests",
        "in one process as a workspace's owner: a workspace that is alone with its 10 thousand conversations, and the largest of a",
        "thousand. Statements: all that a warm request issues (session, person, workspace, naming it for the transaction, and what the",
        "page reads), but BEGIN and COMMIT. *thread*: as it is opened from a list; scans: plans of what functions ask, too.",
        f"Aims: a ratio of at most {MOST_RATIO} for list and thread, {LIST_STATEMENTS} statements for the list, {THREAD_STATEMENTS} for a thread, no sequential scan",
        f"of a table that grows, {MOST_CLOSING} ms for the bulk close (the deed without its page, rolled back each time). A rare filter fills a",
        "page in the large one alone, so it paints more rows there.",
        "",
        f"* {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.system()} {platform.machine()}, {os.cpu_count()} processors ({_processor()}), which other work used at the same time",
        f"* Small: one workspace, {counted(small['rows'])}",
        f"* Large: {crowd.TENANTS:,} workspaces (Zipf), {counted(large['rows'])}; filled in {large['seconds']:.0f} s. {rounds} rounds",
        "",
        "| request | p50 ms, small | p99 | p50 ms, large | p99 | ratio at p50 | at p99 | statements | sequential scans |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def table(asked: Mapping[str, Mapping[str, Asked]]) -> Iterator[str]:
    for row in ROWS:
        small, large = asked["small"][row], asked["large"][row]
        low, high = (tuple(percentile(each.taken, share) for share in (0.5, 0.99)) for each in (small, large))
        ratios = f"{high[0] / low[0]:.2f} | {high[1] / low[1]:.2f}"
        scans = ", ".join([*large.scans, *(f"{table} (small)" for table in small.scans)]) or "none"
        yield f"| {row} | {low[0]:.1f} | {low[1]:.1f} | {high[0]:.1f} | {high[1]:.1f} | {ratios} | {large.statements} | {scans} |"


def aims(asked: Mapping[str, Mapping[str, Asked]]) -> Iterator[str]:
    """Each aim, and whether it was reached. The noise: a page against itself, in the same database and in the same turns."""

    def p50(name: str, row: str) -> float:
        return percentile(asked[name][row].taken, 0.5)

    yield ""
    for row, most in (("list", LIST_STATEMENTS), ("thread", THREAD_STATEMENTS)):
        again = [p50(name, f"{row} again (A/A)") / p50(name, row) for name in asked]
        ratio, statements = p50("large", row) / p50("small", row), asked["large"][row].statements
        yield f"* {row}: ratio {ratio:.2f} at the median ({_word(ratio <= MOST_RATIO)}; A/A {again[0]:.2f} small, {again[1]:.2f} large), {statements} statements ({_word(statements <= most)})"
    scanned = [row for row in ROWS if asked["large"][row].scans]
    yield f"* Sequential scans in the large one: {', '.join(scanned) or 'none'} ({_word(not scanned)})"
    yield f"* {CLOSE}: {p50('large', CLOSE):.0f} ms at the median ({_word(p50('large', CLOSE) < MOST_CLOSING)})"


def _word(reached: bool) -> str:
    return "reached" if reached else "missed"


def served(rates: Mapping[str, Mapping[str, Rate]]) -> Iterator[str]:
    yield from (
        "",
        f"Gunicorn with 2 workers of 8 threads, as deployed; {CLIENTS} clients on connections that stay open, on the same machine as the",
        f"server and PostgreSQL, for {SECONDS:.0f} s; one row after the other, so that other work shows.",
        "",
        "| asked | in | requests a second | p50 ms | p99 ms |",
        "|---|---|---:|---:|---:|",
    )
    for what in rates["large"]:
        for name in rates:
            rate = rates[name][what]
            times = f"{percentile(rate.taken, 0.5):.0f} | {percentile(rate.taken, 0.99):.0f}"
            yield f"| {what} | {name} | {rate.answered / rate.seconds:.1f} | {times} |"
