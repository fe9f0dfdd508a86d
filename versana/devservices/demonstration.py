"""`./dev demo`: the whole product with demo data, watched until Ctrl-C."""

import argparse
import errno
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from versana.devservices import prepare, standing
from versana.devservices.environment import caller_environment, real_superuser
from versana.devservices.places import DEMO, ROOT, Trouble
from versana.devservices.postgres import free_port
from versana.devservices.processes import Child, Stopped, wait_until

# What only setting up needs stays out of the processes that answer the network.
SETUP_ONLY = ("SUPERUSER_DATABASE_URL", "MIGRATION_DATABASE_URL", "PLATFORM_DATABASE_URL", "BACKUP_DATABASE_URL")
SANDBOX_NEEDS = ("PATH", "LANG", "PYTHONUNBUFFERED", "SHOPIFY_CLIENT_ID", "SHOPIFY_CLIENT_SECRET")


def main(arguments: Sequence[str]) -> int:
    begun = time.monotonic()
    options = _parse(arguments)
    address = f"http://localhost:{options.port}"
    caller = {**caller_environment(), "PUBLIC_URL": address}
    with standing.owned(
        caller, kind="demo", fresh=options.fresh, before=lambda: check_port(options.port, patience=standing.left_over())
    ) as env:
        env["SHOPIFY_SANDBOX_URL"] = f"http://127.0.0.1:{free_port(options.port + 1)}"
        standing.announce(env, kind="demo", address=address)
        accounts = prepare.everything(env, server=real_superuser(caller))
        with ExitStack() as stack:
            web = start_processes(env, port=options.port, stack=stack)
            wait_until(lambda: answers(f"http://127.0.0.1:{options.port}/readyz"), child=web)
            _greet(address, env["SHOPIFY_SANDBOX_URL"], accounts, time.monotonic() - begun)
            return watch()


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="throw the demo's data away and start over")
    parser.add_argument("--port", type=int, default=8000, help="the web server's port (8000)")
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65000:
        parser.error("--port must be between 1 and 65000")
    return options


def check_port(port: int, patience: float = 0) -> None:
    """Raises Trouble when the port cannot be had. A killed demo's processes need a moment to leave it."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return _try_port(port)
        except Trouble:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _try_port(port: int) -> None:
    another = f"Choose another: ./dev demo --port {port + 1 if port >= 1024 else 8000}"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise Trouble(f"Port {port} is for root only. {another}") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise Trouble(f"Port {port} is taken by another program. {another}") from None
    if _listens_on_ipv6(port):  # A browser asks ::1 for localhost first, and would meet that program.
        raise Trouble(f"Port {port} of ::1 is taken by another program. {another}")


def _listens_on_ipv6(port: int) -> bool:
    try:
        with socket.create_connection(("::1", port), timeout=1):
            return True
    except OSError:
        return False


def start_processes(env: Mapping[str, str], *, port: int, stack: ExitStack) -> Child:
    """Sandbox, web, worker with beat; stopped together, before the servers they use. Returns the web server."""
    product = {name: value for name, value in env.items() if name not in SETUP_ONLY}
    sandbox_env = {name: env[name] for name in SANDBOX_NEEDS if name in env}
    sandbox = ["--port", env["SHOPIFY_SANDBOX_URL"].rpartition(":")[2], "--stores", str(standing.STORES)]
    # The tokens it issued outlive it, as the connections that hold them do.
    sandbox += ["--state", str(DEMO / "sandbox.json"), "--log", str(standing.logs() / "sandbox-calls.jsonl")]
    # What the app's own configuration at Shopify would say; other topics are subscribed to store by store.
    product_url = f"http://localhost:{port}/shopify"
    sandbox += ["--app-url", f"{product_url}/install/", "--webhooks", f"{product_url}/webhooks/"]
    sandbox += ["--topics", "customers/data_request", "customers/redact", "shop/redact"]
    module = [sys.executable, "-m"]
    commands = {
        "sandbox": ([*module, "integrations.shopify.sandbox", *sandbox], sandbox_env),
        "worker": ([*module, *CELERY, "-s", str(DEMO / "beat-schedule")], {**product, "REMAP_SIGTERM": "SIGQUIT"}),
        "web": ([*module, *GUNICORN, "--bind", f"127.0.0.1:{port}"], product),
    }
    asking = ExitStack()
    for name, (command, its_env) in commands.items():
        child = Child(name, command, log=standing.logs() / f"{name}.log", env=its_env, cwd=ROOT)
        stack.callback(child.stop, 10)
        asking.callback(child.ask_to_stop)
    stack.push(asking)  # All are asked before the first is waited for.
    return child


# -B: beat inside the worker, one process fewer; right for one worker, and the demo has one.
# REMAP_SIGTERM: stop without waiting for tasks. They are acknowledged late, so none is lost.
CELERY = [
    *("celery", "-A", "versana", "worker", "-B", "-c", "2", "-Q", "interactive,background", "--loglevel", "INFO"),
    *("--without-gossip", "--without-mingle"),
]
GUNICORN = [
    "gunicorn",
    "versana.wsgi",
    "--worker-class",
    "gthread",
    "--workers",
    "1",
    "--threads",
    "8",
    "--no-control-socket",
]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _greet(address: str, sandbox: str, accounts: str, seconds: float) -> None:
    print(f"\nVersanaCX is ready after {seconds:.1f} s:  {address}\n")
    print(accounts.strip())
    print(f"\nPlay Shopify: {sandbox}/_sandbox/ (clock, faults, webhooks, what happens in the stores)")
    print(f"Logs: {standing.logs().relative_to(ROOT)}   Stop: Ctrl-C", flush=True)


def watch() -> int:
    try:
        while True:
            for child in Child.living:
                if child.died():
                    raise child.obituary()
            time.sleep(0.3)
    except Stopped:
        print("\nStopping; the data is kept.", flush=True)
        return 0
