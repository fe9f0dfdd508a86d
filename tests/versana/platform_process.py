"""The administration as its own process on its own role: a script runs in it, and what it prints comes back."""

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import psycopg
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings

from tenants import accounts, sealed_factors, staff
from tenants.models import StaffAction, User
from tests.conftest import PASSWORD

SECONDS = 120
PREAMBLE = """
import json, os, time
import django; django.setup()
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
GIVEN = json.loads(os.environ["GIVEN"])
def say(value): print(json.dumps(value))
def code(steps=0): return totp.format_hotp_value(totp.hotp_value(GIVEN["secret"], int(time.time()) // 30 + steps))
def enter(client, email=None, password=None, code=None, **more):
    given = {"username": email or GIVEN["email"], "password": password or GIVEN["password"], "code": code or "000000", **more}
    return client.post("/admin/login/?next=/admin/", given, secure=False)
def browser(**more): return Client(SERVER_NAME="localhost", **more)
def inside():
    client = browser()
    assert enter(client, code=code()).status_code == 302
    return client
"""


@dataclass(frozen=True)
class Staff:
    user: User
    secret: str
    recovery_codes: tuple[str, ...]

    @property
    def given(self) -> dict[str, Any]:
        return {"email": self.user.email, "password": PASSWORD, "secret": self.secret, "recovery": self.recovery_codes}


def make_staff(email: str = "staff@platform.example", *, factors: bool = True) -> Staff:
    """A person of the platform, with an authenticator app and recovery codes."""
    user = accounts.create(email=email, password=PASSWORD, name="Stella Staff")
    staff.add(user, using="owner")
    secret = generate_totp_secret()
    if not factors:
        return Staff(user, secret, ())
    with sealed_factors.of(user.pk):
        TOTP.activate(user, secret)
        codes = RecoveryCodes.activate(user).generate_codes()
    assert Authenticator.objects.filter(user=user).count() == 2
    return Staff(user, secret, tuple(codes))


def run(script: str, platform_url: str, **given: Any) -> list[Any]:
    """What the script says, value by value."""
    done = launch(script, platform_url, **given)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def launch(
    script: str, platform_url: str, *, env: Mapping[str, str] | None = None, **given: Any
) -> subprocess.CompletedProcess[str]:
    """The script's process, when it has ended: what it said, and what it logged."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "versana.platform.settings",
        "DATABASE_URL": platform_url,
        "PLATFORM_DATABASE_URL": platform_url,
        **(env or {}),
    }
    environment.pop("MIGRATION_DATABASE_URL", None)
    environment.pop("PYTEST_CURRENT_TEST", None)
    if env is None:
        return Forks.of(environment).run(PREAMBLE + script, json.dumps(given))
    # Settings are read once: another environment needs a process that has not read them yet.
    return subprocess.run(
        [sys.executable, "-c", PREAMBLE + script], env={**environment, "GIVEN": json.dumps(given)},
        cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


class Forks:
    """The process that forks one for each script (platform_forks.py): one for the whole session, if its environment stays."""

    current: ClassVar["Forks | None"] = None

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        # A session of its own: Ctrl-C is for pytest, with which this one ends.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.versana.platform_forks"], env=environment, cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        atexit.register(self.end)

    @classmethod
    def of(cls, environment: dict[str, str]) -> "Forks":
        if cls.current and cls.current.environment != environment:
            cls.current.end()
        if not cls.current:
            cls.current = cls(environment)
        return cls.current

    def run(self, script: str, given: str) -> subprocess.CompletedProcess[str]:
        assert self.process.stdin
        assert self.process.stdout
        answer = ""
        try:
            self.process.stdin.write(json.dumps({"script": script, "given": given}) + "\n")
            self.process.stdin.flush()
            if not select.select([self.process.stdout], [], [], SECONDS)[0]:
                raise subprocess.TimeoutExpired(script, SECONDS)
            answer = self.process.stdout.readline()
        finally:
            if not answer:  # whatever went wrong, the next script starts anew
                self.end()
        assert answer, f"The administration's process has ended with {self.process.returncode}."
        return subprocess.CompletedProcess(script, **json.loads(answer))

    def end(self) -> None:
        atexit.unregister(self.end)
        Forks.current = None
        with self.process:  # waits
            assert self.process.stdin
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()


def actions(url: str) -> list[tuple[str, int | None, str, dict[str, Any]]]:
    """The record, oldest first. The application may not read it: the superuser does."""
    with psycopg.connect(url) as session:
        rows = session.execute(f"SELECT action, user_id, target, detail FROM {StaffAction._meta.db_table} ORDER BY id")
        return rows.fetchall()
