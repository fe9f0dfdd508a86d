"""Brings the demo's database up to date: roles, migrations and demo data, each only when needed."""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from versana.devservices.places import DEMO, ROOT, Trouble
from versana.devservices.processes import captured

CODE = ("inbox", "integrations", "tenants", "versana")
# Commands that must run on a database that is not ready, or that make it so.
NEED_NO_DATA = (
    "check",
    "collectstatic",
    "diffsettings",
    "help",
    "makemigrations",
    "migrate",
    "setup_database",
    "seed_demo",
    "sqlmigrate",
)


def everything(env: Mapping[str, str], *, server: str) -> str:
    """Returns what seed_demo says about the accounts. `server`: the address of a server not of ours, else empty."""
    mark = hashlib.sha256(server.encode()).hexdigest()[:8] if server else ""
    prepared, seeded = DEMO / f"prepared{mark}", DEMO / f"seeded{mark}"
    state = code_state()
    if not prepared.exists() or prepared.read_text() != state:
        _step("Setting up the database", "setup_database", env)
        _step("Bringing the tables up to date", "migrate", env)
        prepared.write_text(state)
    if not seeded.exists():
        accounts = _step("Loading the demo's data", "seed_demo", env)
        seeded.write_text(accounts)
    return seeded.read_text()


def for_command(env: Mapping[str, str], arguments: Sequence[str], *, server: str) -> None:
    """`./dev manage import_mail ...` works as the very first command too."""
    if arguments and arguments[0] not in NEED_NO_DATA and not any(DEMO.glob("seeded*")):
        everything(env, server=server)


def code_state() -> str:
    """Changes with any code of ours: all of it may bear on tables and grants, and running again costs two seconds."""
    digest = hashlib.sha256()
    for path in sorted(path for name in CODE for path in (ROOT / name).rglob("*.py")):
        digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def _step(what: str, command: str, env: Mapping[str, str]) -> str:
    print(f"{what} ...", flush=True)
    status, text = captured([sys.executable, "manage.py", command], env=env, cwd=ROOT)
    if status:
        raise Trouble(f"{text}\n{what} failed (manage.py {command}, status {status}).")
    return text


def forget(marks: Path = DEMO) -> None:
    for path in (*marks.glob("prepared*"), *marks.glob("seeded*")):
        path.unlink()
