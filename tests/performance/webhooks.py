"""`./dev bench --webhooks`: how long Shopify waits for our answer, at a steady rate, beside an empty page at the same rate.

Requests leave by the clock and not when the one before has come back, and a wait begins when a request should have left:
a server that falls behind cannot hide it. Both kinds take turns of a few seconds in one run.
"""

import base64
import hashlib
import hmac
import http.client
import json
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from itertools import count

from tests.acceptance.painted import Browser
from tests.acceptance.stack import Installation
from tests.performance import data
from tests.performance.measuring import percentile

RATE, TURN_SECONDS, LINES = 50, 5, 8
DOOR = "/shopify/webhooks/"
TITLE = "## Webhooks at a steady rate"
Request = tuple[str, str, bytes, dict[str, str]]


def compared(stack: Installation, browser: Browser, seconds: int) -> list[str]:
    """The table: webhooks and the empty page, `seconds` each, and how many answers were not 200."""
    kinds = {
        "empty page": _pages(browser),
        "empty page again (A/A)": _pages(browser),
        "webhook, order of a known customer": _webhooks(stack.env["SHOPIFY_CLIENT_SECRET"]),
    }
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    failed = 0
    host = urllib.parse.urlsplit(browser.base).netloc.replace("localhost", "127.0.0.1")
    for turn in range(-1, max(1, seconds // TURN_SECONDS)):
        for name, requests in kinds.items():
            waits, wrong = steady(host, requests, RATE * TURN_SECONDS)
            if turn >= 0:  # the first turn warms up
                taken[name] += waits
                failed += wrong
    stack.settle(60)
    base = taken["empty page"]
    return [
        TITLE, "",
        f"Printed by `./dev bench --webhooks --write docs/performance.md`. {RATE} a second, in turns of {TURN_SECONDS} seconds; a wait counts from when",
        "the request should have left. Aim: the 99th percentile of a webhook at most that of an empty page, and Shopify's limit is 5,000 ms.", "",
        "| request | number | median ms | p95 ms | p99 ms | ratio at the median | ratio at p99 |", "|---|---:|---:|---:|---:|---:|---:|",
        *(_row(name, values, base) for name, values in taken.items()), "",
        f"* Answers other than 200: {failed}",
    ]  # fmt: skip


def steady(host: str, requests: Iterator[Request], number: int) -> tuple[list[float], int]:
    """Milliseconds of each, and how many were not answered by 200."""
    planned = [(index / RATE, next(requests)) for index in range(number)]
    waits: list[float] = []
    wrong: list[int] = []
    begun = time.perf_counter() + 0.05

    def line(start: int) -> None:
        connection = http.client.HTTPConnection(host, timeout=30)
        for at, (method, path, body, headers) in planned[start::LINES]:
            time.sleep(max(0.0, begun + at - time.perf_counter()))
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            response.read()
            waits.append((time.perf_counter() - begun - at) * 1000)
            if response.status != 200:
                wrong.append(response.status)
        connection.close()

    _together([lambda start=start: line(start) for start in range(LINES)])  # type: ignore[misc]
    return waits, len(wrong)


def _together(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _pages(browser: Browser) -> Iterator[Request]:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
    while True:
        yield "GET", "/acme/empty/", b"", {"Cookie": cookies}


def _webhooks(secret: str) -> Iterator[Request]:
    for number in count(1):
        body = json.dumps(
            {"id": number, "updated_at": "2026-11-26T10:00:00Z", "email": data.HEAVY, "customer": None}
        ).encode()
        yield (
            "POST",
            DOOR,
            body,
            {
                "Content-Type": "application/json",
                "X-Shopify-Topic": "orders/updated",
                "X-Shopify-Shop-Domain": data.SHOP,
                "X-Shopify-Hmac-Sha256": base64.b64encode(
                    hmac.new(secret.encode(), body, hashlib.sha256).digest()
                ).decode(),
                "X-Shopify-Webhook-Id": str(uuid.uuid4()),
                "X-Shopify-Event-Id": str(uuid.uuid4()),
            },
        )


def _row(name: str, values: list[float], base: list[float]) -> str:
    shares = [percentile(values, share) for share in (0.5, 0.95, 0.99)]
    numbers = " | ".join(f"{share:.2f}" for share in shares)
    return f"| {name} | {len(values)} | {numbers} | {shares[0] / percentile(base, 0.5):.2f} | {shares[2] / percentile(base, 0.99):.2f} |"
