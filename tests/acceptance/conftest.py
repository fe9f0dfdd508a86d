"""One installation for all acceptance tests: the demo's shops and mails, two stores connected over HTTP."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.painted import Browser, conversations, observe, settled, text
from tests.acceptance.stack import Installation, installation
from versana.devservices.places import ROOT

DEMO = (ROOT / "integrations/shopify/sandbox/demo_stores.json", ROOT / "versana/devservices/demo/mailbox.mbox")
HARBOR, PINE = "harbor-goods.myshopify.com", "pine-outlet.myshopify.com"
# In both stores, in one, in none.
PRIYA, MAYA, DEE = "priya.raman@mailbox.example", "maya@lindqvist.example", "dee@example.net"


@dataclass
class Acme:
    """The running installation, what it was fed, and where each contact's conversation is."""

    stack: Installation
    data: dict[str, Any]
    all_orders: list[str]
    mailbox: Path
    paths: dict[str, str]

    def cold(self, email: str) -> str:
        """Forgets what is stored of a contact and of orders, and the sandbox's log. The address of its conversation."""
        self.stack.settle()
        with self.stack.database() as database:
            database.execute("DELETE FROM shopify_ordercontext WHERE key = %s OR kind = 'order'", [email])
        self.stack.sandbox("log", method="DELETE")
        return self.paths[email]

    def later(self, email: str, seconds: int) -> None:
        """As if what is stored of a contact had been stored, and failed, and been leased, so much earlier."""
        columns = ("fetched_at", "leased_until", "failed_at")
        changes = ", ".join(f"{each} = {each} - make_interval(secs => %(s)s)" for each in columns)
        with self.stack.database() as database:
            query = f"UPDATE shopify_ordercontext SET {changes} WHERE key = %(e)s"
            database.execute(query, {"s": seconds, "e": email})  # type: ignore[arg-type]

    def asked(self) -> list[str]:
        """The shops that were asked for a customer's orders, by the sandbox's own log."""
        calls = self.stack.sandbox("log")
        return sorted(call["shop"] for call in calls if call["operation"] == "CustomerOrders")

    def look(self, browser: Browser, path: str) -> dict[str, str]:
        """The kind of each store's section, once it has stopped polling."""
        sections = [settled(browser, section) for section in browser.page(path).select("section.section")]
        return {text(section.select_one("h3, .domain")): str(section["data-kind"]) for section in sections}


@pytest.fixture(scope="session")
def acme() -> Iterator[Acme]:
    with installation(stores=DEMO[0], mailboxes=[DEMO[1]]) as stack:
        stack.connect(HARBOR, PINE)
        stack.foresee_nothing()
        browser = stack.browser()
        paths = {}
        for path in conversations(browser, "acme"):
            address = browser.page(path).select_one(".side-pane .address .clip")
            paths.setdefault(text(address), path)
        yield Acme(stack, json.loads(DEMO[0].read_text()), [PINE], DEMO[1], paths)


@pytest.fixture(scope="session")
def observed(acme: Acme) -> list[dict[str, Any]]:
    """Every section of every conversation, as painted."""
    browser = acme.stack.browser()
    return observe(browser, conversations(browser, "acme"))
