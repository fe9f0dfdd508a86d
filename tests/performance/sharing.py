"""Eight worker processes and one store's points: how many are used, who gets them, and how long a person waits.

Each measurement has a shop of its own, and so a full bucket. The floor is the same eight without a shared budget: each waits
as Shopify says when it is refused.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.shopify import queries
from integrations.shopify.sandbox import RunningSandbox, serve
from tests import factories
from tests.performance.measuring import percentile

WORKERS = 8
HEADING = "## Workers that share a store's budget"
# As the sidebar asks; and as something smaller would, so that a short run is not about its last call.
FULL: Mapping[str, Any] = {**queries.FULL, "guests": True}
SMALL: Mapping[str, Any] = {"orders": 10, "lines": 5, "guestOrders": 2, "guests": False}
SHOPS = [f"shop-{n}.myshopify.com" for n in range(8)]
_RATE, _BUCKET = 100, 2000
_LATENCY_MS = 80


@dataclass(frozen=True)
class Measured:
    """What became of one run on one shop."""

    seconds: float  # from the beginning of all to the last call's end
    calls: list[int]  # for each worker that was not a person
    points: float
    throttled: int
    gave_up: int
    took: list[float]  # seconds of a person's calls

    @property
    def available(self) -> float:
        return _BUCKET + _RATE * self.seconds

    @property
    def share(self) -> float:
        return self.points / self.available

    @property
    def fairness(self) -> float:
        return min(self.calls) / max(self.calls) if self.calls and max(self.calls) else 0.0


def shops() -> dict[str, Any]:
    """Maya is a customer of each, with ten orders."""
    played = factories.store_file(
        *[factories.order(f"#{n}", days=n + 1, shop=shop) for shop in SHOPS for n in range(10)]
    )
    played["shops"] = [{"domain": shop, "name": shop} for shop in SHOPS]
    played["customers"][0]["shops"] = SHOPS
    return played


def served() -> RunningSandbox:
    return serve(shops(), latency_ms=_LATENCY_MS)


def run(
    sandbox: RunningSandbox,
    shop: str,
    *,
    seconds: float,
    sizes: Mapping[str, Any],
    workers: int = WORKERS,
    priority: str = "interactive",
    people: int = 0,
    shared: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Measured:
    """Start the processes, let them begin together, wait for all."""
    each = [{"priority": priority, "pause": 0.0}] * workers + [{"priority": "interactive", "pause": 0.7}] * people
    processes = _started(sandbox, environment or {})
    _line(processes)  # "ready"
    sandbox.clear_calls()
    common = {
        "shop": shop,
        "token": sandbox.grant(shop)["access_token"],
        "store_id": SHOPS.index(shop) + 1,
        "begin": time.time() + 0.5,
        "seconds": seconds,
        "shared": shared,
        "variables": {"email": factories.MAYA, "search": f'email:"{factories.MAYA}"', "destinations": True, **sizes},
    }
    told = json.loads(processes.communicate(json.dumps([{**common, **one} for one in each]) + "\n", timeout=300)[0])
    pulled, asked = told[:workers], told[workers:]
    return Measured(
        seconds=max(one["ended"] for one in told) - common["begin"],
        calls=[len(one["took"]) for one in pulled],
        points=sum(one["points"] for one in told),
        throttled=sum(call["error"] == "THROTTLED" for call in sandbox.calls),
        gave_up=sum(one["gave_up"] for one in told) if shared else 0,
        took=[took for one in asked for took in one["took"]],
    )


def _started(sandbox: RunningSandbox, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    env = {**os.environ, **environment, "SHOPIFY_SANDBOX_URL": sandbox.url, "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "tests.performance.pulling"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)


def _line(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"a worker ended with {process.wait()}")
    return line


def main(seconds: float) -> list[str]:
    with served() as sandbox:
        floor = run(sandbox, SHOPS[0], seconds=seconds, sizes=FULL, shared=False)
        full = run(sandbox, SHOPS[1], seconds=seconds, sizes=FULL)
        background = run(sandbox, SHOPS[2], seconds=seconds, sizes=FULL, priority="background", people=1)
        alone = run(sandbox, SHOPS[3], seconds=seconds, sizes=FULL, workers=0, people=1)
    rows = {
        "floor: no shared budget, each waits as Shopify says": floor,
        "shared budget": full,
        "shared budget, background work, and one person": background,
    }
    return [
        HEADING,
        "",
        "Printed by `./dev bench --budget --write docs/performance.md`. Eight processes ask one store of the sandbox as fast as they",
        f"may, for {seconds:.0f} s, by the sidebar's query; each row has a full bucket of 2,000 points that gains 100 a second. Used: what the answers",
        "cost, of the bucket and all it gained. Aims: at least 95 %, no THROTTLED.",
        "",
        "| workers | calls | points used | of available | THROTTLED | gave up | calls of a worker, least and most |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(_row(name, measured) for name, measured in rows.items()),
        "",
        "| a person's question every 0.7 s | number | median ms | p95 ms | most ms |",
        "|---|---:|---:|---:|---:|",
        _person("alone in the store (floor)", alone.took),
        _person("with eight background workers before it", background.took),
    ]


def _row(name: str, measured: Measured) -> str:
    least, most = min(measured.calls), max(measured.calls)
    return (
        f"| {name} | {sum(measured.calls) + len(measured.took)} | {measured.points:.0f} | {measured.share:.1%} "
        f"| {measured.throttled} | {measured.gave_up} | {least} to {most} |"
    )


def _person(name: str, took: list[float]) -> str:
    numbers = [statistics.median(took), percentile(took, 0.95), max(took)]
    return f"| {name} | {len(took)} | {' | '.join(f'{1000 * number:.0f}' for number in numbers)} |"
