"""`./dev bench --seed large`: what pages cost in a workspace of 10 thousand conversations, and where there are a million.

Two installations' data in one database, one after the other: first one workspace of 10,000 conversations alone; then 1,000
workspaces (Zipf) with a million, five messages each. The same pages are asked in the workspace of the first and in the large
one of the second, through the whole of Django in this process; the statements are counted and explained.
"""

import os
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.models import User
from tenants.rls.database import with_database
from tests.performance import crowd
from tests.performance.measuring import percentile
from tests.performance.walls import _database, _superuser

TITLE = "## A large workspace beside a small one"
MESSAGES = 5  # of a conversation
LIST_STATEMENTS, THREAD_STATEMENTS, MOST_RATIO = 12, 15, 1.25
WARM_UP = 10
# A word of every message, one of 1 in 150, one of 1 in 10,000: as in isolation.md 4.3.
PAGES = {
    "list": "/{slug}/inbox/?view=all",
    "list again (A/A)": "/{slug}/inbox/?view=all",
    "next page": "{next}",
    "counts (list that needs a reply)": "/{slug}/inbox/?view=needs-reply",
    "thread": "/{slug}/inbox/101/?view=all",
    "search, common": "/{slug}/inbox/search/?q=where",
    "search, medium": "/{slug}/inbox/search/?q=medium",
    "search, rare": "/{slug}/inbox/search/?q=seldom",
    "search, nothing": "/{slug}/inbox/search/?q=zanzibar",
}


BIG = {
    "inbox_conversation", "inbox_message", "inbox_contact", "inbox_contactaddress", "inbox_searchentry", "inbox_attachment",
}  # fmt: skip


@dataclass
class Asked:
    """A page: milliseconds, statements of one request, and tables that were read from end to end."""

    taken: list[float] = field(default_factory=list)
    statements: int = 0
    scans: set[str] = field(default_factory=set)


def main(rounds: int, conversations: int) -> list[str]:
    call_command("setup_database", verbosity=0)
    call_command("migrate", verbosity=0)
    with psycopg.connect(with_database(_superuser(), _database()), autocommit=True) as server:
        small, small_rows, _ = filled(server, tenants=1, conversations=10_000, rounds=rounds)
        empty(server)
        large, large_rows, seconds = filled(server, tenants=crowd.TENANTS, conversations=conversations, rounds=rounds)
    return [*heading(small_rows, large_rows, seconds, rounds), *table(small, large), *aims(small, large)]


def filled(
    server: psycopg.Connection, *, tenants: int, conversations: int, rounds: int
) -> tuple[dict[str, Asked], dict[str, int], float]:
    begun = time.monotonic()
    rows = {
        each.table: each.rows
        for each in crowd.load(server, tenants=tenants, conversations=conversations, messages=MESSAGES)
    }
    seconds = time.monotonic() - begun
    return measured("workspace-1", rounds), rows, seconds


def empty(server: psycopg.Connection) -> None:
    """Away with all workspaces; the connection of this process with them, whose plans are of other sizes."""
    connection.close()
    tables = ", ".join(table for table in crowd.STATEMENTS if not table.startswith("_"))
    server.execute(f"TRUNCATE {tables} CASCADE")
    server.execute("DROP TABLE plan, people")


def measured(slug: str, rounds: int) -> dict[str, Asked]:
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(pk=1))
    following = next_page(client, slug)
    paths = {name: path.format(slug=slug, next=following) for name, path in PAGES.items()}
    asked = {name: explained(client, path) for name, path in paths.items()}
    for number in range(-WARM_UP, rounds):
        for name, path in paths.items():
            begun = time.perf_counter()
            status = client.get(path).status_code
            if status != 200:
                raise RuntimeError(f"{path} answered {status}")
            if number >= 0:
                asked[name].taken.append((time.perf_counter() - begun) * 1000)
    return asked


def next_page(client: Client, slug: str) -> str:
    page = client.get(f"/{slug}/inbox/?view=all").content.decode()
    found = re.search(r'href="([^"]+after=[^"]+)"', page)
    if found is None:
        raise RuntimeError("the list has no second page")
    return found[1].replace("&amp;", "&")


def explained(client: Client, path: str) -> Asked:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    statements = [each["sql"] for each in queries.captured_queries]
    scans = {table for each in statements if each.startswith("SELECT") for table in scanned(each)}
    return Asked(statements=len(statements), scans=scans)


def scanned(statement: str) -> Iterator[str]:
    """Tables of conversations and what hangs on them that PostgreSQL would read from end to end."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as session:
        session.execute("BEGIN")
        session.execute("SELECT set_config('app.tenant_id', '1', true)")
        lines = session.execute("EXPLAIN (COSTS OFF) " + statement).fetchall()  # type: ignore[arg-type]
        session.execute("ROLLBACK")
    for (line,) in lines:
        if (found := re.search(r"Seq Scan on (inbox_\w+)", line)) and found[1] in BIG:
            yield found[1]


# --- What is printed ------------------------------------------------------------------------------------------------
def heading(small: dict[str, int], large: dict[str, int], seconds: float, rounds: int) -> list[str]:
    def counted(rows: dict[str, int]) -> str:
        return ", ".join(
            f"{rows[name]:,} {name}" for name in ("inbox_conversation", "inbox_message", "inbox_searchentry")
        )

    return [
        TITLE,
        "",
        "Printed by `./dev bench --seed large --write docs/performance.md`. Whole requests in one process, as a workspace's owner, for",
        "a workspace that is alone with its 10 thousand conversations and for the largest of a thousand. Aims: a ratio of at most",
        f"{MOST_RATIO} for list and thread, {LIST_STATEMENTS} statements for the list, {THREAD_STATEMENTS} for a thread, no sequential scan.",
        "",
        f"* Small: one workspace, {counted(small)}",
        f"* Large: {crowd.TENANTS:,} workspaces (Zipf), {counted(large)}; filled in {seconds:.0f} s. {rounds} rounds",
        "",
        "| request | p50 ms, small | p99 | p50 ms, large | p99 | ratio at p50 | at p99 | statements | sequential scans |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]


def table(small: dict[str, Asked], large: dict[str, Asked]) -> Iterator[str]:
    for name, one in small.items():
        other = large[name]
        low, high = (tuple(percentile(each.taken, share) for share in (0.5, 0.99)) for each in (one, other))
        ratios = f"{high[0] / low[0]:.2f} | {high[1] / low[1]:.2f}"
        scans = ", ".join(sorted(one.scans | other.scans)) or "none"
        yield f"| {name} | {low[0]:.2f} | {low[1]:.2f} | {high[0]:.2f} | {high[1]:.2f} | {ratios} | {other.statements} | {scans} |"


def aims(small: dict[str, Asked], large: dict[str, Asked]) -> list[str]:
    again = statistics.median(large["list again (A/A)"].taken) / statistics.median(large["list"].taken)
    return ["", f"* A/A: the list against itself, {again:.2f} at the median"]
