"""`python -m integrations.shopify.sandbox`: reads arguments and environment, serves until it is stopped."""

import argparse
import os
import sys
from pathlib import Path

from integrations.shopify.sandbox import DEMO_STORES
from integrations.shopify.sandbox.sandbox import LONGEST_LATENCY_MS, Sandbox, Settings
from integrations.shopify.sandbox.server import SandboxServer


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m integrations.shopify.sandbox", description="Plays Shopify stores on 127.0.0.1."
    )
    parser.add_argument("--port", type=int, default=8099, help="0 picks a free one")
    parser.add_argument("--stores", type=Path, default=DEMO_STORES, help="store file (default: the demo's)")
    parser.add_argument("--log", type=Path, help="append one JSON line per API call to this file")
    parser.add_argument("--state", type=Path, help="keep tokens, changes and settings in this file for a restart")
    parser.add_argument("--latency-ms", type=_latency, default=0, help="delay of every API call")
    parser.add_argument("--search-lag", type=float, default=0.0, metavar="SECONDS", help="lateness of the search index")
    parser.add_argument("--app-url", metavar="URL", help="where Shopify sends who installs the app from its side")
    parser.add_argument("--webhooks", metavar="URL", help="the webhook address in the app's configuration")
    parser.add_argument(
        "--topics", nargs="+", default=[], metavar="TOPIC", help="what is sent there, as orders/updated"
    )
    parser.add_argument(
        "--all-orders",
        nargs="+",
        action="extend",
        default=[],
        metavar="DOMAIN",
        help="stores that grant read_all_orders",
    )
    return parser.parse_args(arguments)


def _latency(text: str) -> int:
    number = int(text)
    if not 0 <= number <= LONGEST_LATENCY_MS:
        raise argparse.ArgumentTypeError(f"0 to {LONGEST_LATENCY_MS}")
    return number


def main(arguments: list[str]) -> int:
    given = _arguments(arguments)
    client_id, client_secret = os.environ.get("SHOPIFY_CLIENT_ID"), os.environ.get("SHOPIFY_CLIENT_SECRET")
    if not client_id or not client_secret:
        print("sandbox: SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET must be set", file=sys.stderr)
        return 2
    try:
        sandbox = Sandbox(
            Settings(
                stores=given.stores,
                client_id=client_id,
                client_secret=client_secret,
                latency_ms=given.latency_ms,
                all_orders=tuple(given.all_orders),
                log_path=given.log,
                state_path=given.state,
                search_lag_seconds=given.search_lag,
                app_url=given.app_url,
                webhook_uri=given.webhooks,
                topics=tuple(given.topics),
            )
        )
    except ValueError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    return _serve(sandbox, given.port)


def _serve(sandbox: Sandbox, port: int) -> int:
    try:
        server = SandboxServer(sandbox, port)
    except (OSError, OverflowError) as error:
        print(f"sandbox: cannot listen on 127.0.0.1:{port}: {error}", file=sys.stderr)
        return 1
    # The first line is read by programs.
    print(f"sandbox ready {server.url}\ncontrol page {server.url}/_sandbox/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
