"""The installation that browser tests walk through and the screenshots show: the demo's stores and mails, three people."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from integrations.shopify.sandbox import DEMO_STORES
from tests.acceptance import prepare
from tests.acceptance.stack import Installation, installation
from tests.e2e.people import ADMINISTRATOR
from versana.devservices.places import ROOT

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
    *, stores: Path = DEMO_STORES, mailbox: Path = MAILBOX, all_orders: Sequence[str] = ()
) -> Iterator[Installation]:
    with installation(stores=stores, mailboxes=[mailbox], all_orders=all_orders, web=1, workers=1) as here:
        subprocess.run([sys.executable, "-m", "tests.e2e.people"], env=here.env, cwd=ROOT, check=True)
        yield here
