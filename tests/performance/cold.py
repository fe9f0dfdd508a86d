"""How long a contact whom nobody looked at yet takes with five stores, beside one store that is as slow: part of `./dev bench`.

Two installations alike, one with five stores connected and one with one; each store answers after 300 ms. A trial opens the
conversation of somebody new in both, in turns, and polls every section as a browser does, until all are painted. What is
stored is told too: polling goes in steps and would hide a difference smaller than one.
"""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.acceptance.painted import Browser, conversations, settled
from tests.acceptance.stack import Installation, installation
from tests.performance import data
from tests.performance.measuring import percentile

SLOW_MS, MOST = 300, 1.25
TITLE = "## Five stores that nobody asked yet, beside one"


def compared(place: Path, trials: int, settings: str) -> list[str]:
    """The table: seconds until all sections are painted, and until all answers are stored."""
    taken: dict[int, list[tuple[float, float]]] = {1: [], 5: []}
    with ExitStack() as stack:
        running = {count: stack.enter_context(_with_stores(place, count, settings)) for count in taken}
        paths = {count: conversations(browser, "acme") for count, (_, browser) in running.items()}
        for number in range(trials + 1):
            for count, (here, browser) in running.items():
                one = _opened(here, browser, paths[count][number])
                if number:  # the first one warms up
                    taken[count].append(one)
    return [TITLE, "", *_said(taken)]


@contextmanager
def _with_stores(place: Path, count: int, settings: str) -> Iterator[tuple[Installation, Browser]]:
    shops = data.SHOPS[:count]
    here_at = place / f"stores-{count}"
    here_at.mkdir()
    stores, mailbox = data.write(here_at, shops=shops)
    with installation(stores=stores, mailboxes=[mailbox], web=1, workers=5, settings=settings) as here:
        here.connect(*shops)
        here.settle(60)
        here.sandbox("settings", {"latency_ms": SLOW_MS})
        yield here, here.browser()


def _opened(here: Installation, browser: Browser, path: str) -> tuple[float, float]:
    with here.database() as database:
        database.execute("DELETE FROM shopify_ordercontext")
    begun = time.time()
    sections = browser.page(path).select("section.section")
    with ThreadPoolExecutor(len(sections)) as pool:
        kinds = {str(one["data-kind"]) for one in pool.map(lambda section: settled(browser, section), sections)}
    painted = time.time() - begun
    if "loading" in kinds:
        raise RuntimeError("a section was never answered")
    with here.database() as database:
        row = database.execute("SELECT extract(epoch FROM max(fetched_at)) FROM shopify_ordercontext").fetchone()
    here.settle()
    return painted, float(row[0]) - begun if row else 0.0


def _said(taken: dict[int, list[tuple[float, float]]]) -> Iterator[str]:
    yield f"Each store answers after {SLOW_MS} ms; nothing is stored before. Aim: at most {MOST} times what the slowest store takes alone."
    yield ""
    yield "| until | stores | trials | median ms | p95 ms | ratio at the median |"
    yield "|---|---:|---:|---:|---:|---:|"
    for index, until in enumerate(("all sections are painted", "all answers are stored")):
        alone = statistics.median(each[index] for each in taken[1])
        for count, trials in taken.items():
            values = [each[index] * 1000 for each in trials]
            middle = statistics.median(values)
            ratio = middle / 1000 / alone
            yield f"| {until} | {count} | {len(values)} | {middle:.0f} | {percentile(values, 0.95):.0f} | {ratio:.2f} |"
