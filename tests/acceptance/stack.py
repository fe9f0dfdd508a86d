"""A whole installation for acceptance tests and measurements: database, Redis, sandbox, web processes, workers, beat.

    python -m tests.acceptance.stack --stores FILE [--mailbox FILE ...] [--all-orders DOMAIN ...] [--connect DOMAIN ...]

starts one on throw-away servers and keeps it until Ctrl-C. Inside `./dev test` the run's PostgreSQL is used, with a
database of its own; Redis is always its own, because tests stop it.
"""

import argparse
import itertools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from bs4 import BeautifulSoup
from psycopg import sql
from redis import Redis

from tenants.rls.database import with_database
from tests.acceptance import prepare
from tests.acceptance.painted import Browser, hidden
from versana.devservices import binaries, throwaway
from versana.devservices.credentials import ROLES
from versana.devservices.demonstration import SANDBOX_NEEDS, SETUP_ONLY
from versana.devservices.places import ROOT
from versana.devservices.postgres import free_port
from versana.devservices.processes import Child, kill_group, wait_until
from versana.devservices.valkey import CONFIG

PYTHON = [sys.executable, "-m"]
# Not what was dated by whoever published it and never tried yet (a closed workspace's mail in three weeks): that waits for
# its day. What waits for another attempt counts.
WAITING = """
    SELECT count(*) FROM outbox_event WHERE done_at IS NULL AND dead_at IS NULL
    AND (attempts > 0 OR held_until IS NULL OR held_until <= now())
"""
_number = itertools.count(1)


class Installation:
    """The handle of a running installation. Parts can be stopped, killed and started again one by one."""

    def __init__(self, place: Path, env: dict[str, str], stores: Path, all_orders: Sequence[str]) -> None:
        self.place, self.env, self.stores, self.all_orders = place, env, stores, all_orders
        self.web: list[str] = []
        self.passed: list[str] = []  # addresses that the owner's browser was sent to while it connected stores
        self.postgres_log = place  # Known to who starts the servers; missing where they are not ours.
        self.parts: dict[str, Child] = {}
        self.redis_port, self.sandbox_port = free_port(), free_port()
        env["REDIS_URL"] = f"redis://:{secrets.token_urlsafe(16)}@127.0.0.1:{self.redis_port}/0"
        env["SHOPIFY_SANDBOX_URL"] = f"http://127.0.0.1:{self.sandbox_port}"

    # --- Parts ---
    def start(
        self, name: str, command: Sequence[object], *, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> Child:
        """A child process; its log of earlier starts is kept beside the new one."""
        log = self.place / f"{name}.{next(_number)}.log"
        product = {key: value for key, value in self.env.items() if key not in SETUP_ONLY}
        self.parts[name] = Child(name, [str(c) for c in command], log=log, env=env or product, cwd=ROOT, stdin=stdin)
        return self.parts[name]

    def stop(self, *names: str) -> None:
        for name in names:
            self.parts[name].ask_to_stop()
        for name in names:
            self.parts.pop(name).stop(8)

    def stop_all(self) -> None:
        """Redis and the sandbox last: a worker that has lost its broker does not stop by itself."""
        served = [name for name in self.parts if name in ("redis", "sandbox")]
        self.stop(*[name for name in self.parts if name not in served])
        self.stop(*served)

    def kill(self, *names: str) -> None:
        """As the kernel does when memory ends: no goodbye."""
        for name in names:
            kill_group(self.parts[name].process.pid)
            self.parts.pop(name).stop(2)

    def start_redis(self) -> None:
        password = self.env["REDIS_URL"].split("@")[0].rpartition(":")[2]
        config = CONFIG.format(port=self.redis_port, password=password)
        child = self.start("redis", [binaries.valkey_server(), "-"], stdin=config)
        wait_until(lambda: _answers_on(self.redis_port), child=child, seconds=20)
        self.record_redis(password)

    def record_redis(self, password: str) -> None:
        """Every command that Redis is sent, in `redis-commands.N.log`: what was queued is gone when a test looks."""
        connection = socket.create_connection(("127.0.0.1", self.redis_port))
        connection.sendall(f"AUTH {password}\r\nMONITOR\r\n".encode())
        path = self.place / f"redis-commands.{next(_number)}.log"

        def record() -> None:
            with open(path, "wb", buffering=0) as file, connection:
                while data := connection.recv(65536):
                    file.write(data)

        threading.Thread(target=record, daemon=True).start()

    def start_sandbox(self, *, latency_ms: int = 0) -> None:
        options: list[object] = ["--port", self.sandbox_port, "--stores", self.stores, "--latency-ms", latency_ms]
        options += ["--state", self.place / "sandbox-state.json"]
        options += ["--all-orders", *self.all_orders] if self.all_orders else []
        env = {name: self.env[name] for name in SANDBOX_NEEDS if name in self.env}
        child = self.start("sandbox", [*PYTHON, "integrations.shopify.sandbox", *options], env=env)
        wait_until(lambda: answers(f"{self.env['SHOPIFY_SANDBOX_URL']}/_sandbox/settings"), child=child, seconds=20)

    def start_web(self, count: int) -> None:
        self.web = [f"http://localhost:{free_port()}" for _ in range(count)]
        self.env["PUBLIC_URL"] = self.web[0]
        for index, address in enumerate(self.web):
            bind = f"127.0.0.1:{address.rpartition(':')[2]}"
            gunicorn = ["gunicorn", "versana.wsgi", "--worker-class", "gthread", "--workers", 1, "--threads", 8]
            self.start(f"web{index}", [*PYTHON, *gunicorn, "--no-control-socket", "--bind", bind])
        for index, address in enumerate(self.web):
            ready = address.replace("localhost", "127.0.0.1") + "/readyz"
            wait_until(lambda ready=ready: answers(ready), child=self.parts[f"web{index}"])  # type: ignore[misc]

    def start_workers(self, count: int, *, concurrency: int = 1) -> list[str]:
        names = [f"worker{next(_number)}" for _ in range(count)]
        celery = ["celery", "-A", "versana", "worker", "-c", concurrency, "-Q", "interactive,background"]
        product = {key: value for key, value in self.env.items() if key not in SETUP_ONLY}
        for name in names:
            command = [
                *PYTHON,
                *celery,
                "-n",
                f"{name}@%h",
                "--without-gossip",
                "--without-mingle",
                "--loglevel",
                "INFO",
            ]
            self.start(name, command, env={**product, "REMAP_SIGTERM": "SIGQUIT"})
        return names

    def start_beat(self) -> None:
        self.start("beat", [*PYTHON, "celery", "-A", "versana", "beat", "-s", self.place / "beat-schedule"])

    # --- Handles ---
    def manage(self, *arguments: object) -> str:
        command = [sys.executable, "manage.py", *map(str, arguments)]
        done = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return done.stdout

    def sandbox(self, name: str, body: dict[str, Any] | None = None, method: str = "") -> Any:
        """`/_sandbox/NAME`: log, settings, tokens."""
        data = json.dumps(body).encode() if body is not None else None
        url = f"{self.env['SHOPIFY_SANDBOX_URL']}/_sandbox/{name}"
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, data=data, headers=headers, method=method or ("POST" if data else "GET"))
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def database(self) -> psycopg.Connection:
        """A superuser's connection: sees what no role of the product may see."""
        name = self.env["DATABASE_URL"].rpartition("/")[2]
        return psycopg.connect(with_database(self.env["SUPERUSER_DATABASE_URL"], name), autocommit=True)

    def trusted(self) -> None:
        """As if the time were over for which a store that did not answer is left alone: how often it was asked is chance."""
        with Redis.from_url(self.env["REDIS_URL"]) as shared:
            for key in list(shared.scan_iter("*shared:breaker:*")):
                shared.delete(key)
        with self.database() as database:
            database.execute("UPDATE shopify_ordercontext SET failed_at = failed_at - interval '1 minute'")

    def settle(self, seconds: float = 20) -> None:
        """Waits until no event is waiting for delivery. What is dated for another day does not count."""
        deadline = time.monotonic() + seconds
        with self.database() as database:
            while time.monotonic() < deadline:
                row = database.execute(WAITING).fetchone()
                if row == (0,):
                    return
                time.sleep(0.1)
        raise TimeoutError("events are still waiting")

    def foresee_nothing(self) -> None:
        """From now on nothing is looked up because a list was looked at: for tests that count who is asked, and when."""
        browser = self.browser()
        for view in ("needs-reply", "replied", "all"):
            browser.open(f"/acme/inbox/?view={view}")
        self.settle(60)
        with self.database() as database:
            database.execute("UPDATE inbox_watchedview SET warmed_at = '2999-01-01'")

    def browser(self, email: str = prepare.AGENT, *, web: int = 0) -> Browser:
        browser = Browser(self.web[web])
        browser.sign_in(email, prepare.PASSWORD)
        return browser

    def connect(self, *domains: str) -> None:
        """As the owner does it: the form on General, the consent screen, and back."""
        for domain in domains:
            after = self.decide(domain, "approve").get_text()
            if f"{domain} is connected" not in after:
                raise RuntimeError(f"{domain} was not connected")

    def decide(self, domain: str, decision: str) -> BeautifulSoup:
        """What the owner sees after "approve" or "deny" on the consent screen of a store."""
        owner = self.browser(prepare.OWNER)
        panel = owner.page("/acme/settings/shopify/")  # General loads it as a part of itself
        form = next(f for f in panel.select("form") if f.select_one("[name=shop]:not([type=hidden])"))
        consent = owner.page(str(form["action"]), form={**hidden(form), "shop": domain})
        asked = consent.select_one("form[action*=decision]")
        if asked is None:
            raise RuntimeError(f"no consent screen for {domain}")
        url = f"{self.env['SHOPIFY_SANDBOX_URL']}{asked['action']}"
        page = owner.page(url, form={**hidden(asked), "decision": decision})
        self.ended_at = urllib.parse.urlsplit(owner.url)
        self.passed += owner.passed
        return owner.page(f"/acme/settings/shopify/?{self.ended_at.query}") if decision == "approve" else page


@contextmanager
def installation(
    *,
    stores: Path,
    mailboxes: Sequence[Path] = (),
    all_orders: Sequence[str] = (),
    web: int = 2,
    workers: int = 2,
    settings: str = "versana.settings",
) -> Iterator[Installation]:
    """Starts everything; stops and removes everything. `all_orders`: the stores that grant read_all_orders."""
    with ExitStack() as stack:
        base = dict(os.environ) if _inside_a_test_run() else stack.enter_context(throwaway.servers(dict(os.environ)))
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="versana-acceptance-")))
        env = _with_database(base, f"versana_acceptance_{os.getpid()}_{next(_number)}")
        env |= {
            "DJANGO_SETTINGS_MODULE": settings, "ENVIRONMENT": "test", "SHOPIFY_DOMAIN_ENTRY": "1",
            "SHOPIFY_REQUEST_ALL_ORDERS": "1", "MAIL_FILE_PATH": str(place / "mail"),
            "MAIL_TRANSPORT": "django.core.mail.backends.filebased.EmailBackend",
            "INBOUND_DOMAIN": "in.example.com", "MAIL_DOOR_SECRET": secrets.token_urlsafe(24),
            "INBOUND_PROVIDER": "postmark", "ANYMAIL_WEBHOOK_SECRET": f"provider:{secrets.token_urlsafe(24)}",
        }  # fmt: skip
        here = Installation(place, env, stores, all_orders)
        here.postgres_log = Path(base["MAIL_FILE_PATH"]).with_name("postgres.log")
        stack.callback(_drop, base["SUPERUSER_DATABASE_URL"], env["DATABASE_URL"].rpartition("/")[2])
        stack.callback(here.stop_all)
        (place / "mail").mkdir()
        here.start_redis()
        here.start_sandbox()
        module = [*PYTHON, "tests.acceptance.prepare", *map(str, mailboxes)]
        env["PUBLIC_URL"] = "http://localhost"
        subprocess.run(module, env=env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        here.start_web(web)
        here.start_workers(workers)
        here.start_beat()
        yield here


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _answers_on(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _inside_a_test_run() -> bool:
    return os.environ.get("ENVIRONMENT") == "test" and bool(os.environ.get("SUPERUSER_DATABASE_URL"))


def _with_database(base: Mapping[str, str], name: str) -> dict[str, str]:
    return {**base, **{each: with_database(base[each], name) for each in ROLES if each in base}}


def _drop(superuser_url: str, name: str) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=Path, required=True)
    parser.add_argument("--mailbox", type=Path, nargs="+", default=[])
    parser.add_argument("--all-orders", nargs="+", default=[])
    parser.add_argument("--connect", nargs="+", default=[])
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with installation(stores=given.stores.resolve(), mailboxes=given.mailbox, all_orders=given.all_orders) as here:
        here.connect(*given.connect)
        print(f"ready: {' '.join(here.web)}  {prepare.OWNER} {prepare.AGENT} password: {prepare.PASSWORD}", flush=True)
        try:
            while True:
                time.sleep(1)
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
