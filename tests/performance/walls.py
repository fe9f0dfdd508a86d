"""`./dev bench --rls`: what the walls between workspaces cost the queries of the product's own pages.

Statements are caught where the pages issue them, for a large, a medium and a small workspace, and then repeated by two
roles in an order that chance decides: the application's, to which the policies apply, and one with the same grants that
passes them by (BYPASSRLS). Both use the same tables, indexes, statistics and cached pages, which a run with the walls
taken down would not: ALTER TABLE empties caches and cannot be done a thousand times in turns.
"""

import os
import random
import re
import secrets
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from psycopg import sql

from tenants.models import User
from tenants.rls import tables
from tenants.rls.database import SETTINGS, with_database
from tests.performance import crowd
from tests.performance.measuring import percentile

SIZES = {"large": crowd.LARGE, "medium": crowd.MEDIUM, "small": crowd.SMALL}
# A conversation that every workspace has, with a contact whom its stores were asked about.
NUMBER = "101"
WARM_UP, MOST = 20, 1.3
BEHIND, PAST, PAST_AGAIN = "behind the walls", "past them", "past them again (A/A)"
# Name of the page -> name of its address, what it needs besides the workspace, the query. `{number}`: of a conversation.
PAGES: dict[str, tuple[str, dict[str, str], str]] = {
    "inbox, needs reply": ("inbox:list", {}, "?view=needs-reply"),
    "inbox, all": ("inbox:list", {}, "?view=all"),
    "inbox, next page": ("inbox:list", {}, "{next}"),
    "thread": ("inbox:thread", {"number": "{number}"}, "?view=all"),
    "section": ("inbox:section", {"number": "{number}", "store": "1"}, ""),
    "settings, general": ("tenants:general", {}, ""),
    "settings, stores": ("shopify:panel", {}, ""),
    "members": ("tenants:members", {}, ""),
    "audit log": ("tenants:audit", {}, ""),
}


@dataclass
class Query:
    """One statement of the pages; its text, its times and its plans for each size of workspace."""

    shape: str
    pages: list[str] = field(default_factory=list)
    text: dict[str, str] = field(default_factory=dict)
    taken: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    plans: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    written: dict[str, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The page that asks, the table that is read, and by what."""
        table = re.findall(r'FROM "?(\w+)"?', self.shape)[-1]
        where = self.shape.rpartition(" WHERE ")[2].partition(" ORDER BY ")[0]
        columns = [(no.lower() + column) for no, column in re.findall(r'(NOT )?"\w+"\."(\w+)"', where)]
        by = ", ".join([column for column in dict.fromkeys(columns) if column != "tenant_id"][:2])
        what = "count" if "COUNT(" in self.shape.upper() else "rows"
        page = self.pages[0] if len(self.pages) == 1 else f"{self.pages[0]} and {len(self.pages) - 1} more"
        return f"{page}: {what} of {table}{' by ' + by if by else ''}"


def main(rounds: int) -> list[str]:
    begun = time.monotonic()
    call_command("setup_database", verbosity=0)
    call_command("migrate", verbosity=0)
    with psycopg.connect(with_database(_superuser(), _database()), autocommit=True) as server:
        loaded = list(crowd.load(server))
        filled = time.monotonic() - begun
        with _role_past_the_walls(server) as bypass:
            queries = caught()
            named = measure(queries, bypass, rounds)
    return [*heading(loaded, filled, rounds), *map(row, queries), *summary(queries, named)]


def _superuser() -> str:
    return os.environ["SUPERUSER_DATABASE_URL"]


def _database() -> str:
    return os.environ["DATABASE_URL"].rpartition("/")[2].partition("?")[0]


@contextmanager
def _role_past_the_walls(server: psycopg.Connection) -> Iterator[str]:
    """The address of a role with the application's grants and settings, and BYPASSRLS."""
    password = secrets.token_hex(16)
    statement = "CREATE ROLE versana_bench LOGIN NOSUPERUSER BYPASSRLS PASSWORD {}"
    server.execute(sql.SQL(statement).format(sql.Literal(password)))
    database = sql.Identifier(_database())
    server.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO versana_bench").format(database))
    server.execute("GRANT USAGE ON SCHEMA public TO versana_bench")
    for table, privileges in tables.application_privileges().items():
        server.execute(f"GRANT {privileges} ON {table} TO versana_bench")
    for name, value in SETTINGS["versana_app"].items():
        server.execute(f"ALTER ROLE versana_bench SET {name} = '{value}'")
    application = os.environ["DATABASE_URL"]
    yield re.sub(r"//[^@]*@", f"//versana_bench:{password}@", application)
    server.execute("DROP OWNED BY versana_bench; DROP ROLE versana_bench")


# --- The statements that pages issue ---------------------------------------------------------------------------------
def caught() -> list[Query]:
    """Every SELECT that reads a table behind the walls, once, whichever page asks first."""
    found: dict[str, Query] = {}
    for size, tenant in SIZES.items():
        for page, statement in _statements(tenant):
            query = found.setdefault(_shape(statement), Query(_shape(statement)))
            query.text.setdefault(size, statement)
            if page not in query.pages:
                query.pages.append(page)
    return [query for query in found.values() if query.text.keys() == SIZES.keys()]


def _statements(tenant: int) -> Iterator[tuple[str, str]]:
    """The pages as the workspace's owner opens them, in this process."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(pk=tenant))
    known = {"number": NUMBER}
    behind = {*tables.owned_tables(), tables.TENANT_TABLE}
    for page, (name, needs, query) in PAGES.items():
        kwargs = {key: value.format(**known) for key, value in needs.items()}
        try:
            path = reverse(name, kwargs={"workspace": f"workspace-{tenant}", **kwargs})
        except NoReverseMatch:
            continue  # A page that this version does not have.
        if "{next}" in query and "next" not in known:
            continue
        with CaptureQueriesContext(connection) as queries:
            response = client.get(path + query.format(**known))
        if response.status_code != 200:
            raise RuntimeError(f"{path} answered {response.status_code}")
        _learn(response.content.decode(), known)
        for each in queries.captured_queries:
            if each["sql"].startswith("SELECT") and behind & set(re.findall(r'"(\w+)"', each["sql"])):
                yield page, each["sql"]


def _learn(page: str, known: dict[str, str]) -> None:
    """The next page's address."""
    if match := re.search(r'\?(view=all&(?:amp;)?after=[^"&]+)', page):
        known["next"] = "?" + match[1].replace("&amp;", "&")


def _shape(statement: str) -> str:
    """The statement without its values."""
    plain = re.sub(r"'(?:[^']|'')*'(::\w+)?", "?", statement)
    return re.sub(r"\bIN \([^()]*\)", "IN (?)", re.sub(r"\b\d+\b", "?", plain))


# --- Measuring -------------------------------------------------------------------------------------------------------
def measure(queries: list[Query], bypass: str, rounds: int) -> float:
    """In each round every statement for every size by every role, in an order that chance decides. Returns what it costs to
    name the workspace, in milliseconds."""
    addresses = {BEHIND: os.environ["DATABASE_URL"], PAST: bypass, PAST_AGAIN: bypass}
    with ExitStack() as stack:
        sessions = {
            name: stack.enter_context(psycopg.connect(url, autocommit=True, prepare_threshold=None))
            for name, url in addresses.items()
        }
        explain(queries, sessions)
        naming: list[float] = []
        turns = [(query, size, name) for query in queries for size in query.text for name in sessions]
        chance = random.Random(2026)
        for number in range(-WARM_UP, rounds):
            chance.shuffle(turns)
            for query, size, name in turns:
                named, milliseconds = timed(sessions[name], query.text[size], SIZES[size])
                if number >= 0:
                    naming.append(named)
                    query.taken.setdefault((size, name), []).append(milliseconds)
            if number % 100 == 99:
                print(f"  {number + 1} of {rounds} rounds", file=sys.stderr, flush=True)
        return statistics.median(naming)


def timed(session: psycopg.Connection, statement: str, tenant: int) -> tuple[float, float]:
    """Milliseconds of naming the workspace, and of the statement: planning, running, fetching."""
    session.execute("BEGIN")
    begun = time.perf_counter()
    session.execute(f"SELECT set_config('app.tenant_id', '{tenant}', true)").fetchone()
    named = time.perf_counter()
    session.execute(statement).fetchall()  # type: ignore[arg-type]
    done = time.perf_counter()
    session.execute("COMMIT")
    return (named - begun) * 1000, (done - named) * 1000


def explain(queries: list[Query], sessions: Mapping[str, psycopg.Connection]) -> None:
    for query in queries:
        for size, statement in query.text.items():
            for name in sessions:
                query.plans[size, name] = plan(sessions[name], statement, SIZES[size])
            query.written[size] = plan(sessions[PAST], written_out(statement, SIZES[size]), SIZES[size])


def plan(session: psycopg.Connection, statement: str, tenant: int) -> list[str]:
    session.execute(f"BEGIN; SELECT set_config('app.tenant_id', '{tenant}', true)")
    answer = session.execute("EXPLAIN (COSTS OFF, FORMAT JSON) " + statement).fetchone()  # type: ignore[arg-type]
    session.execute("COMMIT")
    if answer is None:
        raise RuntimeError("EXPLAIN said nothing")
    return list(nodes(answer[0][0]["Plan"]))


def written_out(statement: str, tenant: int) -> str:
    """The statement with the workspace named for each joined table too, as its author would have to without walls."""
    behind = tables.owned_tables()

    def narrowed(join: re.Match[str]) -> str:
        alias = join[2] or f'"{join[1]}"'
        return join[0] + (f'{alias}."tenant_id" = {tenant} AND ' if join[1] in behind else "")

    return re.sub(r'JOIN "(\w+)" (?:(?!ON\b)(\S+) )?ON \(', narrowed, statement)


def nodes(plan: dict[str, Any]) -> Iterator[str]:
    """Node types, tables and indexes. The check that is made once a statement (is this the workspace that was
    named?) is left out: it is what a wall looks like where it costs nothing per row."""
    once = plan["Node Type"] == "Result" and "One-Time Filter" in plan and plan.get("Plans")
    if not once:
        named = (plan.get(key, "") for key in ("Node Type", "Relation Name", "Index Name"))
        yield " ".join(filter(None, named))
    for child in plan.get("Plans", []):
        yield from nodes(child)


# --- What is printed -------------------------------------------------------------------------------------------------
def heading(loaded: list[crowd.Loaded], filled: float, rounds: int) -> list[str]:
    counts = ", ".join(f"{each.rows:,} {each.table}" for each in loaded if each.rows >= 100_000)
    return [
        "## What the walls cost",
        "",
        "Printed by `./dev bench --rls --write docs/performance.md`. The statements of the pages, repeated by the application's role",
        "and by one with the same grants to which no policy applies. Ratios of medians; A/A is the second role against itself on",
        "another connection. Plan: whether both get the same nodes and indexes, a check once per statement aside. *As written out*: a",
        "wall narrows joined tables too, which offers their indexes by workspace; the second role gets the same plan once the statement",
        "names the workspace of each joined table, as it would have to without walls. Aim: at most 1.3.",
        "",
        f"* {crowd.TENANTS:,} workspaces (Zipf): {counts}; filled in {filled:.0f} s",
        f"* The large workspace has rank {crowd.LARGE}, the medium {crowd.MEDIUM}, the small {crowd.SMALL}; {rounds} rounds, PostgreSQL {_server_version()}",
        "",
        "| query | ms past: large, medium, small | ratio | A/A | plan |",
        "|---|---|---|---|---|",
    ]


def _server_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0]).split()[0]


def ratio(query: Query, size: str, over: str) -> float:
    return statistics.median(query.taken[size, over]) / statistics.median(query.taken[size, PAST])


def row(query: Query) -> str:
    differ = [size for size in query.text if difference(query, size)]
    columns = [
        [f"{percentile(query.taken[size, PAST], 0.5):.2f}" for size in query.text],
        [f"{ratio(query, size, BEHIND):.2f}" for size in query.text],
        [f"{ratio(query, size, PAST_AGAIN):.2f}" for size in query.text],
        [_told(query, differ)],
    ]
    return f"| {query.name} | {' | '.join(', '.join(column) for column in columns)} |"


def _told(query: Query, differ: list[str]) -> str:
    """Whether the walls change the plan, and if so, whether only by narrowing a joined table, which the statement leaves wide."""
    if not differ:
        return "same"
    other = [size for size in differ if not as_written_out(query, size)]
    return f"other for {', '.join(other)}" if other else "as written out"


def as_written_out(query: Query, size: str) -> bool:
    return Counter(query.written[size]) == Counter(query.plans[size, BEHIND])


def difference(query: Query, size: str) -> str:
    """The nodes that only one of the two plans has; empty when there are none."""
    behind, past = Counter(query.plans[size, BEHIND]), Counter(query.plans[size, PAST])
    more, fewer = (" + ".join((one - other).elements()) for one, other in ((behind, past), (past, behind)))
    return f"{more or 'nothing'} instead of {fewer or 'nothing'}" if more or fewer else ""


def differences(queries: list[Query]) -> Iterator[str]:
    for query in queries:
        sizes: dict[str, list[str]] = {}
        for size in query.text:
            sizes.setdefault(difference(query, size), []).append(size)
        yield from (f"* Plan of {query.name}, {', '.join(sizes[text])}: {text}" for text in sizes if text)


def summary(queries: list[Query], named: float) -> list[str]:
    every = [(ratio(query, size, BEHIND), query, size) for query in queries for size in query.text]
    again = [ratio(query, size, PAST_AGAIN) for query in queries for size in query.text]
    worst, query, size = max(every, key=lambda each: each[0])
    same = sum(not difference(query, size) for _, query, size in every)
    out = sum(bool(difference(query, size)) and as_written_out(query, size) for _, query, size in every)
    over = [f"{query.name}, {size}: {r:.2f}" for r, query, size in every if r > MOST]
    return [
        "",
        f"* {len(every)} statements: median ratio {statistics.median(r for r, _, _ in every):.2f}, "
        f"worst {worst:.2f} ({query.name}, {size}); {len(over)} over {MOST}; same plan {same} of {len(every)}, "
        f"as written out {out}, other {len(every) - same - out}",
        f"* A/A: median {statistics.median(again):.2f}, from {min(again):.2f} to {max(again):.2f}",
        f"* Naming the workspace, once a transaction: {named:.2f} ms",
        *(f"* Over: {each}" for each in over),
        *differences(queries),
    ]
