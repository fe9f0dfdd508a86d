"""Servers for one test run: in a temporary directory, without fsync, gone afterwards. Runs never share any."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from versana.devservices import credentials, environment, pgbouncer
from versana.devservices.places import is_root, open_to_all

PREFIX = "versana-test-"


@contextmanager
def servers(caller: Mapping[str, str], *, pooler: Path | None = None) -> Iterator[dict[str, str]]:
    """Yields the environment of a test run. `pooler`: the PgBouncer that shall stand between the application and its database."""
    keys = credentials.fresh()
    with ExitStack() as stack:
        place = stack.enter_context(_directory())
        found = stack.enter_context(
            environment.servers(data=place / "postgres", logs=place, keys=keys, durable=False, caller=caller)
        )
        if pooler:
            direct = found["DATABASE_URL"]
            pooled = stack.enter_context(pgbouncer.running(pooler, direct, place=place / "pgbouncer"))
            found |= {"DATABASE_URL": pooled, "UNPOOLED_DATABASE_URL": direct}
        given = {**caller, "MAIL_FILE_PATH": str(place / "mail")}
        yield environment.for_product(servers=found, keys=keys, kind="test", caller=given)


@contextmanager
def _directory() -> Iterator[Path]:
    base = Path(tempfile.gettempdir())
    if is_root() and not open_to_all(base):
        base = Path("/var/tmp")
    sweep(base)
    place = Path(tempfile.mkdtemp(dir=base, prefix=PREFIX))
    place.chmod(0o711)  # PostgreSQL under root runs as nobody and must get through.
    try:
        with open(place / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def sweep(base: Path) -> None:
    """Removes what killed runs left behind: directories of ours whose lock nobody holds."""
    for place in base.glob(f"{PREFIX}*"):
        if place.lstat().st_uid != os.geteuid() or not (place / "lock").exists():
            continue
        with open(place / "lock") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(place, ignore_errors=True)
