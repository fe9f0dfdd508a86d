"""`./dev bench`: what a section costs beside an empty page, and what a slow Shopify costs the inbox.

    ./dev bench [--rounds N] [--write FILE]
    ./dev bench --rls [--rounds N] [--write FILE]     what the walls between workspaces cost instead (walls.py)
    ./dev bench --budget [--seconds N] [--write FILE] how workers share a store's points instead (sharing.py)
    ./dev bench --cold [--rounds N] [--write FILE]    how long five stores take that nobody asked yet (cold.py)
    ./dev bench --seed large [--conversations N] [--rounds N] [--write FILE]  a large workspace beside a small one (large.py)
    ./dev bench --webhooks [--seconds N] [--write FILE]  how long Shopify waits for an answer instead (webhooks.py)

Starts installations of its own on throw-away servers. Each table compares requests that were interleaved, and beside each
ratio stands the A/A ratio: the same page against itself, which says how much of a difference is noise.
"""

import argparse
import os
import platform
import sys
import tempfile
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import django

from tests.acceptance.painted import Browser, conversations, settled
from tests.acceptance.stack import Installation, installation
from tests.performance import cold, data, webhooks
from tests.performance.measuring import Asked, interleaved, percentile, ratios, statements

SETTINGS = "tests.performance.settings"
SLOW_MS = 30_000
SECTION = "section, 50 orders of 25 lines"
WALLS = "## What the walls cost"
LARGE = "## A large workspace beside a small one"
SHARING = "## Workers that share a store's budget"


def main(arguments: list[str]) -> int:
    given = parsed(arguments)
    if given.rls:
        return walls_cost(given)
    if given.seed:
        return large_workspace(given)
    if given.budget:
        return sharing_of_points(given)
    if given.webhooks:
        return webhooks_at_a_rate(given)
    if given.cold:
        return cold_stores(given)
    with tempfile.TemporaryDirectory() as place:
        files = data.write(Path(place))
        said = [*facts(), *section_costs(files, given.rounds), *slow_shopify(files, given.rounds), *load()]
    print("\n".join(said))
    if given.write:
        text = given.write.read_text() if given.write.exists() else ""
        kept = "\n".join(
            filter(None, (section_of(text, title) for title in (WALLS, LARGE, SHARING, webhooks.TITLE, cold.TITLE)))
        )
        given.write.write_text("\n".join([*HEADING, *said, "", kept]))
    return 0


def walls_cost(given: argparse.Namespace) -> int:
    django.setup()
    from tests.performance import walls  # noqa: PLC0415 - models can be imported only after setup()

    said = [*walls.main(given.rounds), *load()]
    print("\n".join(said))
    if given.write:
        put(given.write, said)
    return 0


def large_workspace(given: argparse.Namespace) -> int:
    django.setup()
    from tests.performance import large  # noqa: PLC0415 - models can be imported only after setup()

    said = [*large.main(given.rounds, given.conversations), *load()]
    print("\n".join(said))
    if given.write:
        put(given.write, said)
    return 0


def sharing_of_points(given: argparse.Namespace) -> int:
    django.setup()
    from tests.performance import sharing  # noqa: PLC0415 - models can be imported only after setup()

    said = [*sharing.main(given.seconds), *load()]
    print("\n".join(said))
    if given.write:
        put(given.write, said)
    return 0


def webhooks_at_a_rate(given: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as place, running(data.write(Path(place))) as (stack, browser):
        heavy_section(browser)
        said = [*webhooks.compared(stack, browser, int(given.seconds)), *load()]
    print("\n".join(said))
    if given.write:
        put(given.write, said)
    return 0


def cold_stores(given: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as place:
        said = [*cold.compared(Path(place), min(given.rounds, data.OTHERS - 1, 60), SETTINGS), *load()]
    print("\n".join(said))
    if given.write:
        put(given.write, said)
    return 0


def put(page: Path, section: list[str]) -> None:
    """A section in place of the one of this title, or at the end of the page."""
    text = page.read_text() if page.exists() else "# Performance\n"
    before, found, after = text.partition(section[0])
    _, mark, rest = after.partition("\n## ") if found else ("", "", "")
    page.write_text("\n".join([before.rstrip(), "", *section, ""]) + (f"\n## {rest}" if mark else ""))


def section_of(text: str, title: str) -> str:
    """The section of this title, up to the next one; empty where there is none."""
    _, found, after = text.partition(title)
    return found + after.partition("\n## ")[0].rstrip() + "\n" if found else ""


def section_costs(files: tuple[Path, Path], rounds: int) -> list[str]:
    """One installation: the empty page, the empty page again, a section as full as sections get."""
    with running(files) as (stack, browser):
        path = heavy_section(browser)
        empty = Asked(browser, "/acme/empty/")
        asked = {
            "empty page": empty,
            "empty page again": empty,
            SECTION: Asked(browser, path, htmx=True),
        }
        taken, sizes = interleaved(asked, rounds)
        stack.settle()
        counts = {name: statements(each) for name, each in asked.items()}
    said = table("A section beside an empty page", taken, sizes, base="empty page", same="empty page again")
    return [*said, *beside(SECTION, sizes, counts)]


def beside(name: str, sizes: dict[str, int], counts: dict[str, int]) -> list[str]:
    """What a section weighs, and how many statements are its own: an empty page has some before anything is read."""
    own = counts[name] - counts["empty page"]
    return [
        "",
        f"* A section weighs {sizes[name] / 1000:.1f} kB, uncompressed, at first paint. Aim: under 40 kB",
        f"* SQL statements: {counts[name]}, of which {counts['empty page']} are every page's and {own} the section's. Aim: at most 6",
    ]


def slow_shopify(files: tuple[Path, Path], rounds: int) -> list[str]:
    """Two installations alike; then the Shopify of one answers after 30 seconds. In both, people keep opening mails."""
    inbox = "/acme/inbox/?view=all"
    with running(files) as (_, healthy), running(files) as (other, second):
        asked = {"inbox": Asked(healthy, inbox), "inbox of the other": Asked(second, inbox)}
        with people_at_work(healthy, second):
            alike, sizes = interleaved(asked, rounds)
            other.sandbox("settings", {"latency_ms": SLOW_MS})
            time.sleep(3)
            taken, _ = interleaved(asked, rounds)
    rows = {
        "inbox, both healthy": alike["inbox"],
        "inbox of the other, both healthy (A/A)": alike["inbox of the other"],
        "inbox, healthy": taken["inbox"],
        "inbox of the other, its Shopify slow": taken["inbox of the other"],
    }
    title = f"The inbox while Shopify answers after {SLOW_MS // 1000} seconds"
    out = heading(title)
    for name, values in rows.items():
        under = alike["inbox"] if "both" in name else taken["inbox"]
        out.append(row(name, values, under, sizes["inbox"]))
    return out


@contextmanager
def running(files: tuple[Path, Path]) -> Iterator[tuple[Installation, Browser]]:
    with installation(stores=files[0], mailboxes=[files[1]], web=1, workers=1, settings=SETTINGS) as stack:
        stack.connect(data.SHOP)
        yield stack, stack.browser()


def heavy_section(browser: Browser) -> str:
    """The address of the big customer's section, filled."""
    path = next(each for each in conversations(browser, "acme") if data.HEAVY in browser.open(each))
    section = browser.page(path).select_one("section.section")
    if section is None or len(settled(browser, section).select("article.order")) != data.ORDERS:
        raise RuntimeError("the section does not hold what it should")
    return f"{path.partition('?')[0]}stores/1/"


@contextmanager
def people_at_work(*browsers: Browser) -> Iterator[None]:
    """Opens a conversation a second in each, so that Shopify is being asked all the time."""
    done = threading.Event()

    def work(browser: Browser) -> None:
        paths = conversations(browser, "acme")
        for number in range(1_000_000):
            if done.wait(1):
                return
            try:
                browser.open(paths[number % len(paths)])
            except urllib.error.URLError as error:
                print(f"a conversation could not be opened: {error}", file=sys.stderr)

    people = [threading.Thread(target=work, args=(one,), daemon=True) for one in (_copy(b) for b in browsers)]
    for person in people:
        person.start()
    time.sleep(3)
    yield
    done.set()
    for person in people:
        person.join(30)


def _copy(browser: Browser) -> Browser:
    other = Browser(browser.base)
    for cookie in browser.cookies:
        other.cookies.set_cookie(cookie)
    return other


# --- What is printed ------------------------------------------------------------------------------------------------
HEADING = [
    "# Performance",
    "",
    "Printed by `./dev bench --write docs/performance.md`. Requests are interleaved; figures between 0.75 and 1.3 are noise",
    "on a shared machine, which the A/A ratios show. Aims: a section of 50 orders of 25 lines at most twice an empty page",
    "at the median, and an inbox that does not notice a slow Shopify.",
    "",
]


def heading(title: str) -> list[str]:
    columns = "| request | number | median ms | p95 ms | ratio at the median | ratio at p95 | bytes |"
    return ["", f"## {title}", "", columns, "|---|---:|---:|---:|---:|---:|---:|"]


def row(name: str, values: list[float], under: list[float], size: int) -> str:
    median, high = ratios(values, under)
    numbers = f"{len(values)} | {percentile(values, 0.5):.2f} | {percentile(values, 0.95):.2f}"
    return f"| {name} | {numbers} | {median:.2f} | {high:.2f} | {size} |"


def table(title: str, taken: dict[str, list[float]], sizes: dict[str, int], *, base: str, same: str) -> list[str]:
    named = {name: f"{name} (A/A)" if name == same else name for name in taken}
    return [*heading(title), *(row(named[name], values, taken[base], sizes[name]) for name, values in taken.items())]


def facts() -> list[str]:
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), ""
    )
    return [
        f"* {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.system()} {platform.machine()}, {os.cpu_count()} processors, {cpu or 'unknown'}",
        f"* Python {platform.python_version()}; one gunicorn process with 8 threads and one worker for each installation",
        *load(),
    ]


def load() -> list[str]:
    return [f"* Load average of the machine: {', '.join(f'{each:.1f}' for each in os.getloadavg())}"]


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=1000, help="how often each page is asked for (1000)")
    parser.add_argument("--rls", action="store_true", help="what the walls between workspaces cost")
    parser.add_argument("--budget", action="store_true", help="how workers share a store's points")
    parser.add_argument("--seed", choices=["large"], help="what pages cost with a million conversations")
    parser.add_argument("--conversations", type=int, default=1_000_000, help="for --seed: how many (1000000)")
    parser.add_argument("--seconds", type=float, default=60, help="for --budget and --webhooks: how long (60)")
    parser.add_argument("--cold", action="store_true", help="how long five stores take that nobody asked yet")
    parser.add_argument("--webhooks", action="store_true", help="how long Shopify waits for the answer to a webhook")
    parser.add_argument("--write", type=Path, help="write the tables into this file too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
