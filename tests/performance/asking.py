"""What is asked in one database of `./dev bench --seed large`: pages, parts of them, a deed to many; how long, by how many
statements, by which plans.

Everything goes through the whole of Django in this process, as the workspace's owner. Of statements all are counted that the
request issues (session, person, workspace, naming it for the transaction), but BEGIN and COMMIT, which change nothing.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inbox import bulk, listing
from inbox.bulk import Deed
from inbox.models import Conversation
from tenants.models import Membership, User
from tenants.rls.context import tenant_context
from tenants.rls.database import SETTINGS, with_database
from tests.performance import crowd
from tests.performance.seat import CLOSE, CLOSED_AT_ONCE, COUNTS, LISTS, MESSAGES, SEARCHES, SLUG, THREADS

# Tables that grow with a workspace: none of them is read from end to end.
GROWING = {
    "inbox_conversation", "inbox_message", "inbox_contact", "inbox_contactaddress", "inbox_searchentry", "inbox_attachment",
    "inbox_conversationevent", "inbox_conversationtag", "inbox_conversationtopic", "shopify_ordercontext",
}  # fmt: skip
TENANT = 1
THREAD = f"/{SLUG}/inbox/101/?view=all"
# Plans of what a statement calls too: those of the function that searches, in its owner's role.
PLANS = (
    "LOAD 'auto_explain'",
    "SET auto_explain.log_min_duration = 0",
    "SET auto_explain.log_nested_statements = on",
    "SET auto_explain.log_level = 'notice'",
)


def filled(*, tenants: int, conversations: int) -> dict[str, Any]:
    """Fill the database: rows by table, and the seconds that it took."""
    begun = time.monotonic()
    call_command("setup_database", verbosity=0)
    call_command("migrate", verbosity=0)
    with psycopg.connect(_superuser(), autocommit=True) as server:
        loaded = crowd.load(server, tenants=tenants, conversations=conversations, messages=MESSAGES)
        rows = {each.table: each.rows for each in loaded}
    return {"rows": rows, "seconds": time.monotonic() - begun}


class Asker:
    """Asks by the name of a row of the table."""

    def __init__(self) -> None:
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(User.objects.get(pk=1))
        with tenant_context(TENANT):
            self.member = Membership.objects.get(user=1)
            rows = Conversation.objects.filter(state=Conversation.State.OPEN).order_by("-last_message_at")
            self.open = list(rows.values_list("number", flat=True)[:CLOSED_AT_ONCE])
        self.paths = {name: f"/{SLUG}/inbox/{query}" for name, query in LISTS.items()}
        self.paths["next page"] = self._next_page()
        self.paths |= {name: f"/{SLUG}/inbox/search/?q={word}" for name, word in SEARCHES.items()}

    def milliseconds(self, name: str) -> float:
        if name == CLOSE:
            return self._closed()
        begun = time.perf_counter()
        self._deed(name)()
        return (time.perf_counter() - begun) * 1000

    def explained(self, name: str) -> dict[str, Any]:
        """How many statements it takes once it is warm, and which growing tables PostgreSQL reads from end to end for it."""
        deed = self._closed if name == CLOSE else self._deed(name)
        deed()
        with CaptureQueriesContext(connection) as queries:
            deed()
        statements = [each["sql"] for each in queries if not each["sql"].startswith(_MARKS)]
        scans = {table for each in statements if each.startswith(("SELECT", "UPDATE")) for table in self._scanned(each)}
        return {"statements": len(statements), "scans": sorted(scans)}

    def cookie(self, _name: str) -> str:
        """The owner's session, as a browser sends it."""
        return "; ".join(f"{name}={value.value}" for name, value in self.client.cookies.items())

    def threads(self, _name: str) -> list[str]:
        """Addresses of threads that are open."""
        return [f"/{SLUG}/inbox/{number}/?view=all" for number in self.open]

    def _deed(self, name: str) -> Callable[[], object]:
        if name == COUNTS:
            return self._counts
        return lambda: self._get(self.paths.get(name, THREAD), THREADS.get(name, {}))

    def _get(self, path: str, headers: dict[str, str]) -> None:
        response = self.client.get(path, headers=headers)
        if response.status_code != 200:
            raise RuntimeError(f"{path} answered {response.status_code}")

    def _counts(self) -> None:
        with tenant_context(TENANT):
            listing.facts(self.member)

    def _closed(self) -> float:
        """Rolled back, so that each round finds the same."""
        with transaction.atomic(), tenant_context(TENANT):
            begun = time.perf_counter()
            outcome = bulk.act(numbers=self.open, deed=Deed("close"), by=self.member)
            taken = (time.perf_counter() - begun) * 1000
            if len(outcome.changed) != len(self.open):
                raise RuntimeError(f"{len(outcome.changed)} of {len(self.open)} were closed")
            transaction.set_rollback(True)
        return taken

    def _next_page(self) -> str:
        page = self.client.get(f"/{SLUG}/inbox/?view=all").content.decode()
        found = re.search(r'href="([^"]+after=[^"]+)"', page)
        if found is None:
            raise RuntimeError("the list has no second page")
        return found[1].replace("&amp;", "&")

    def _scanned(self, statement: str) -> Iterator[str]:
        with psycopg.connect(_superuser(), autocommit=True) as session:
            plans: list[str] = []
            session.add_notice_handler(lambda notice: plans.append(notice.message_primary or ""))
            of_application = [f"SET {setting} = '{value}'" for setting, value in SETTINGS["versana_app"].items()]
            for each in (*PLANS, *of_application):
                session.execute(each)  # type: ignore[arg-type]
            session.execute("BEGIN")
            # The role of the application: its policies, as its settings above.
            session.execute("SET LOCAL ROLE versana_app")
            session.execute("SELECT set_config('app.tenant_id', %s, true)", [str(TENANT)])
            plans.clear()
            session.execute(statement)  # type: ignore[arg-type]
            session.execute("ROLLBACK")
        for table in re.findall(r"Seq Scan on (?:public\.)?(\w+)", "\n".join(plans)):
            if table in GROWING:
                yield table


_MARKS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def _superuser() -> str:
    database = os.environ["DATABASE_URL"].rpartition("/")[2].partition("?")[0]
    return with_database(os.environ["SUPERUSER_DATABASE_URL"], database)
