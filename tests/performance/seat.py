"""One database of `./dev bench --seed large`, and who asks in it: a process of its own, told by its input what to ask next.

Two of them, a small installation and a large one, are asked in turns, so that whatever else the machine does meets both.
"""

import json
import os
import re
import subprocess
import sys
from typing import Any

import django

MESSAGES = 5  # of a conversation
SLUG = "workspace-1"
HTMX = {"HX-Request": "true", "HX-Target": "conversation"}
CLOSED_AT_ONCE = 200
# Name -> address. A word of every message, one of 1 in 150, one of 1 in 10,000: as in isolation.md 4.3.
LISTS = {
    "list": "?view=all",
    "list again (A/A)": "?view=all",
    "list, open": "?view=open",
    "next page": "{next}",
    "list, needs reply": "?view=needs-reply",
    "list by assignee, who has a quarter": "?view=all&assignee=1",
    "list by assignee, who has 1 in 1,000": "?view=all&assignee=3",
    "list by tag, on a quarter": "?view=all&tag=1",
    "list by tag, on 1 in 100": "?view=all&tag=2",
    "list by tag, on 1 in 5,000": "?view=all&tag=3",
    "list by store, which knows 1 in 10": "?view=all&store=1",
    "list by topic, 1 in 200": "?view=all&topic=cancel",
}
THREADS = {"thread": HTMX, "thread again (A/A)": HTMX, "thread with the list beside it": {}}
SEARCHES = {
    "search, common": "where",
    "search, medium": "medium",
    "search, rare": "seldom",
    "search, nothing": "zanzibar",
}
COUNTS, CLOSE = "counts of all views", f"bulk close of {CLOSED_AT_ONCE}"
ROWS = [*LISTS, COUNTS, *THREADS, *SEARCHES, CLOSE]


class Seat:
    """The process, from outside."""

    def __init__(self, database: str, *, tenants: int, conversations: int) -> None:
        names = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "PLATFORM_DATABASE_URL", "BACKUP_DATABASE_URL")
        moved = {name: re.sub(r"/\w+$", f"/{database}", os.environ[name]) for name in names if name in os.environ}
        # Their lines of the log would stand between what is printed.
        command = [sys.executable, "-m", "tests.performance.seat", str(tenants), str(conversations)]
        self.env = {**os.environ, **moved}
        self.process = subprocess.Popen(
            command, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, what: str) -> Any:
        """`what`: a method of asking.Asker, and the name of a row."""
        if self.process.stdin is None:
            raise RuntimeError("the process that asks has no input")
        self.process.stdin.write(f"{what}\n")
        return self.heard()

    def heard(self) -> Any:
        """The next thing that it says; the first one is with what the database was filled."""
        if self.process.stdout is None:
            raise RuntimeError("the process that asks has no output")
        for line in self.process.stdout:
            if line.startswith("said "):
                return json.loads(line[5:])
        raise RuntimeError("the process that asks has ended")

    def close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(30)


def main(tenants: int, conversations: int) -> None:
    django.setup()
    # Models can be imported only after setup().
    from tests.performance import asking  # noqa: PLC0415

    _say(asking.filled(tenants=tenants, conversations=conversations))
    asker = asking.Asker()
    for line in sys.stdin:
        kind, _, name = line.strip().partition(" ")
        _say(getattr(asker, kind)(name))


def _say(what: object) -> None:
    print("said", json.dumps(what), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
