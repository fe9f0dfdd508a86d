"""Worker processes that ask one store as fast as they may, for the measuring of the shared budget (sharing.py).

    python -m tests.performance.pulling   prints a line when it is ready, reads one of JSON, prints one of JSON

Loaded once and forked for each worker, as Celery does.
"""

import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import django


def main() -> None:
    django.setup()
    from integrations.shopify import asking  # noqa: F401, PLC0415 - loaded before it counts

    print("ready", flush=True)
    workers = json.loads(sys.stdin.readline())
    with ProcessPoolExecutor(len(workers), mp_context=multiprocessing.get_context("fork")) as pool:
        print(json.dumps([job.result() for job in [pool.submit(pull, **worker) for worker in workers]]))


def pull(
    *,
    shop: str,
    token: str,
    store_id: int,
    begin: float,
    seconds: float,
    variables: dict[str, Any],
    priority: str,
    pause: float,
    shared: bool,
) -> dict[str, Any]:
    """Calls until the time is over. `shared`: by the budget; else alone, waiting as Shopify says when it refuses."""
    from integrations import errors  # noqa: PLC0415
    from integrations.shopify import asking, client, queries  # noqa: PLC0415
    from tenants.crypto.secret import Secret  # noqa: PLC0415
    from tenants.rls.context import expected_tenant  # noqa: PLC0415

    access = client.Connection(shop=shop, access_token=Secret(token))

    def question(connection: client.Connection) -> client.Result:
        return client.execute(connection, queries.CUSTOMER_ORDERS, "CustomerOrders", variables)

    took, points, refused = [], 0.0, 0
    time.sleep(max(0.0, begin - time.time()))
    while time.time() < begin + seconds:
        started = time.perf_counter()
        try:
            if shared:
                with expected_tenant(1):
                    result = asking.ask_with(access, question, store_id=store_id, priority=asking.Priority(priority))
            else:
                result = question(access)
        except errors.RateLimited as limited:
            refused += 1
            time.sleep(0 if shared else limited.retry_after or 0)
            continue
        took.append(time.perf_counter() - started)
        points += result.cost.actual or 0
        time.sleep(pause)
    return {"took": took, "points": points, "gave_up": refused, "ended": time.time()}


if __name__ == "__main__":
    main()
