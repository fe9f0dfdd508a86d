"""The demo's stores and mails moved to the present: the newest mail came twelve minutes ago, whenever that is."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from integrations.shopify.sandbox import DEMO_STORES
from tests.e2e.house import MAILBOX

NEWEST_IS = timedelta(minutes=12)
DATE = re.compile(r"(?m)^Date: (.+)$")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def moved(place: Path) -> tuple[Path, Path]:
    """Writes both files below `place`. The stores' clock moves along, so that orders and mails stay together."""
    mails = MAILBOX.read_bytes().decode("latin-1")  # Every byte survives; only the dates are touched.
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    by = now - NEWEST_IS - max(parsedate_to_datetime(found) for found in DATE.findall(mails))

    def mail_date(match: re.Match[str]) -> str:
        return f"Date: {format_datetime(parsedate_to_datetime(match[1]) + by)}"

    def instant(match: re.Match[str]) -> str:
        moment = datetime.strptime(match[0], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) + by
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    stores, mailbox = place / "stores.json", place / "mailbox.mbox"
    stores.write_text(INSTANT.sub(instant, DEMO_STORES.read_text()))
    mailbox.write_bytes(DATE.sub(mail_date, mails).encode("latin-1"))
    return stores, mailbox
