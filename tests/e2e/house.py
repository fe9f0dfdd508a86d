"""The installation that browser tests walk through and the screenshots show: the demo's stores and mails, three people."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from integrations.shopify.sandbox import DEMO_STORES
from tests.acceptance import prepare
from tests.acceptance.stack import Installation, answers, installation
from tests.e2e.people import ADMINISTRATOR
from versana.devservices.places import ROOT
from versana.devservices.processes import wait_until

MAILBOX = ROOT / "versana" / "devservices" / "demo" / "mailbox.mbox"
HARBOR, PINE, COVE, PIER = (
    f"{name}.myshopify.com" for name in ("harbor-goods", "pine-outlet", "cove-wholesale", "north-pier")
)
OWNER, AGENT, PASSWORD = prepare.OWNER, prepare.AGENT, prepare.PASSWORD
BROWSER_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

__all__ = [
    "ADMINISTRATOR",
    "AGENT",
    "BROWSER_ARGUMENTS",
    "COVE",
    "HARBOR",
    "OWNER",
    "PASSWORD",
    "PIER",
    "PINE",
    "open_house",
]


@contextmanager
def open_house(
    *, stores: Path = DEMO_STORES, mailbox: Path = MAILBOX, all_orders: Sequence[str] = (), address: str = ""
) -> Iterator[Installation]:
    """`address`: what the installation takes for its own address, when that is not where it listens."""
    with installation(stores=stores, mailboxes=[mailbox], all_orders=all_orders, web=1, workers=1) as here:
        subprocess.run([sys.executable, "-m", "tests.e2e.people"], env=here.env, cwd=ROOT, check=True)
        if address:
            rename(here, address)
        yield here


def rename(here: Installation, address: str) -> None:
    """Start the web process anew with another idea of its own address."""
    here.stop("web0")
    here.env["PUBLIC_URL"] = address
    listening = here.web[0].replace("http://localhost", "127.0.0.1")
    command = ["-m", "gunicorn", "versana.wsgi", "--worker-class", "gthread", "--threads", 8, "--no-control-socket"]
    web = here.start("web0", [sys.executable, *command, "--bind", listening])
    wait_until(lambda: answers(f"http://{listening}/readyz"), child=web)
