"""A mailbox in which every customer of a store file writes one letter, so that each of them can be looked up.

    python -m tests.acceptance.letters stores.json > customers.mbox

Some write their address in capitals, as the same person. Others write from one that is nearly a customer's: they are
nobody's, and nothing may stand beside them. Knows none of the product's code.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
TO = "support@shop.example"
LETTER = """\
From MAILER-DAEMON Thu Oct 29 18:40:00 2026
From: {name} <{address}>
To: {to}
Subject: A question about my order
Date: Thu, 29 Oct 2026 19:40:00 +0100
Message-ID: <letter.{number}@letters.example>
Content-Type: text/plain; charset="utf-8"
MIME-Version: 1.0

Hello, could you tell me how my order is doing?

{name}

"""


def senders(data: Json) -> Iterator[tuple[str, str]]:
    """Name and address of whoever writes."""
    for number, customer in enumerate(data["customers"]):
        name, address = customer.get("displayName") or "Somebody", customer.get("email")
        if not address:
            continue
        yield name, address.upper() if number % 7 == 3 else address
        local, _, domain = address.partition("@")
        if number % 24 == 5:
            yield name, f"{local}+shop@{domain}"  # for Shopify another person
            yield name, f"{local[1:]}@{domain}"  # the end of an address
            yield name, f"{address}.net"  # its beginning


def mailbox(data: Json) -> str:
    letters = (
        LETTER.format(name=name, address=address, to=TO, number=number)
        for number, (name, address) in enumerate(senders(data), 1)
    )
    return "".join(letters)


if __name__ == "__main__":
    sys.stdout.write(mailbox(json.loads(Path(sys.argv[1]).read_text())))
