"""An installation of a test's own, on a PostgreSQL and a Valkey of its own, whose parts die and are started again.

The servers' ports outlive them, as addresses do. PostgreSQL waits for its log before it says that something is committed; the
disk behind is not waited for, because no machine goes down here, only processes.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connections
from environ import Env
from redis import Redis

from tenants.rls.database import with_database
from tests.acceptance.stack import PYTHON, Installation, answers
from tests.inbox.smtp_server import SmtpServer
from versana.devservices import binaries, environment, postgres
from versana.devservices.credentials import ROLES
from versana.devservices.places import ROOT, Trouble, is_root, open_to_all
from versana.devservices.processes import wait_until

DATABASE = "versana_mortal"
DOMAIN, DOOR_SECRET, PROVIDER = "in.example.com", secrets.token_urlsafe(24), f"provider:{secrets.token_urlsafe(24)}"
# Of what a PostgreSQL that was killed leaves behind, its successor waits for the last process; so long in seconds.
PATIENCE = 60.0


class Postgres:
    """One server on one port, killed and started again on the same data."""

    def __init__(self, place: Path) -> None:
        self.place, self.programs = place, binaries.postgres_bin()
        self.password, self.port = secrets.token_urlsafe(24), postgres.free_port()
        self.account = postgres.make_cluster(
            place / "data", programs=self.programs, password=self.password, durable=False
        )
        self.url = postgres.address(self.port, self.password)
        self.start()
        with psycopg.connect(self.url, autocommit=True) as server:
            server.execute("ALTER SYSTEM SET fsync = off")
            server.execute("SELECT pg_reload_conf()")

    def start(self) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.child = postgres.start(
                    self.place / "data",
                    programs=self.programs,
                    account=self.account,
                    log=self.place / "postgres.log",
                    durable=True,
                    port=self.port,
                )
                return
            except Trouble:  # processes of the one before still hold its memory
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def die(self, how: signal.Signals) -> None:
        """SIGQUIT: the immediate shutdown, which throws everybody out. SIGKILL: not even that; they find out by themselves."""
        self.child.process.send_signal(how)
        self.child.process.wait(PATIENCE)
        self.child.stop(1)


class Mortal(Installation):
    """The running parts, and what kills them. Its database is the one that this process' Django speaks with."""

    def __init__(self, place: Path, env: dict[str, str], database: Postgres, mail_server: SmtpServer) -> None:
        super().__init__(place, env, place, ())
        self.postgres = database
        env |= {
            "ENVIRONMENT": "test",
            "INBOUND_DOMAIN": DOMAIN,
            "MAIL_DOOR_SECRET": DOOR_SECRET,
            "INBOUND_PROVIDER": "postmark",
            "ANYMAIL_WEBHOOK_SECRET": PROVIDER,
            "MAIL_TRANSPORT": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
            "MAIL_STEP_TIMEOUT": "0.7",
            "MAIL_ANSWER_TIMEOUT": "0.7",
        }

    def make_database(self) -> None:
        module = [*PYTHON, "tests.acceptance.prepare"]
        subprocess.run(module, env=self.env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

    def restart_workers(self) -> None:
        self.kill(*[name for name in self.parts if name.startswith("worker")])
        self.start_workers(1, concurrency=2)

    def revive(self) -> list[str]:
        """The workers and beat that ended by themselves are started again, as docker-compose.yml does: kombu 5.7 may lose its
        channel when the broker comes back at a bad moment (celery/kombu issue 582 is of that kind), and then the process ends."""
        ended = [name for name, child in self.parts.items() if child.died() and name.startswith(("worker", "beat"))]
        for name in ended:
            self.parts.pop(name).stop(1)
            if name == "beat":
                self.start_beat()
            else:
                self.start_workers(1, concurrency=2)
        return ended

    def restart_web(self) -> None:
        """The same process on the same port: whoever wants to hand something in finds nobody for a while."""
        port = int(self.web[0].rpartition(":")[2])
        self.kill("web0")
        gunicorn = ["gunicorn", "versana.wsgi", "--worker-class", "gthread", "--workers", 1, "--threads", 8]
        self.start("web0", [*PYTHON, *gunicorn, "--no-control-socket", "--bind", f"127.0.0.1:{port}"])

    def restart_redis(self) -> None:
        self.kill("redis")
        time.sleep(0.5)
        self.start_redis()

    def flush(self) -> None:
        with Redis.from_url(self.env["REDIS_URL"]) as broker:
            broker.flushall()

    def restart_postgres(self, how: signal.Signals) -> None:
        self.postgres.die(how)
        self.postgres.start()
        connections["default"].close()

    def cut_connections(self) -> None:
        """Everybody's of the application: the workers', the web server's and this process'."""
        with psycopg.connect(self.postgres.url, autocommit=True) as server:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'versana_app'")
        connections["default"].close()

    def wait_for_web(self) -> None:
        ready = self.web[0].replace("localhost", "127.0.0.1") + "/readyz"
        wait_until(lambda: answers(ready), child=self.parts["web0"], seconds=PATIENCE)

    def pipe(self, raw: bytes, *, recipient: str) -> int:
        """What one's own mail server does that has no HTTP: the status of the command that it gives a mail to."""
        command = [sys.executable, "manage.py", "deliver_mail", "--recipient", recipient]
        quiet = subprocess.DEVNULL
        done = subprocess.run(
            command, input=raw, env=self.env, cwd=ROOT, stdout=quiet, stderr=quiet, check=False, timeout=120
        )
        return done.returncode


@contextmanager
def mortal(mail_server: SmtpServer) -> Iterator[Mortal]:
    """Starts everything, has this process' Django speak with its database, and removes everything."""
    with ExitStack() as stack:
        place = stack.enter_context(_place())
        database = Postgres(place)
        stack.callback(lambda: database.child.stop(5))
        addresses = environment.addresses(database.url, caller={})
        env = {**os.environ, **addresses, **{name: with_database(addresses[name], DATABASE) for name in ROLES}}
        env.pop("UNPOOLED_DATABASE_URL", None)
        here = Mortal(place, env, database, mail_server)
        stack.callback(here.stop_all)
        here.start_redis()
        here.make_database()
        stack.enter_context(_spoken_with(env))
        here.start_web(1)
        here.start_workers(1, concurrency=2)
        here.start_beat()
        yield here


@contextmanager
def _spoken_with(env: dict[str, str]) -> Iterator[None]:
    before = {alias: dict(connections[alias].settings_dict) for alias in settings.DATABASES}
    names = {"default": "DATABASE_URL", "owner": "MIGRATION_DATABASE_URL"}
    for alias in before:
        connections[alias].close()
        found = Env.db_url_config(env[names[alias]])
        place = {key: found[key] for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
        connections[alias].settings_dict.update(place)
    try:
        yield
    finally:
        for alias, given in before.items():
            connections[alias].close()
            connections[alias].settings_dict.update(given)


@contextmanager
def _place() -> Iterator[Path]:
    base = Path(tempfile.gettempdir())
    if is_root() and not open_to_all(base):
        base = Path("/var/tmp")
    place = Path(tempfile.mkdtemp(dir=base, prefix="versana-mortal-"))
    place.chmod(0o711)  # PostgreSQL under root runs as nobody and must get through
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
