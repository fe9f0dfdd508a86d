"""Servers for one test run: in a temporary directory, without fsync, gone afterwards. Runs never share any."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from versana.devservices import credentials, environment
from versana.devservices.places import is_root, open_to_all

PREFIX = "versana-test-"


@contextmanager
def servers(caller: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yields the environment of a test run."""
    keys = credentials.fresh()
    with (
        _directory() as place,
        environment.servers(data=place / "postgres", logs=place, keys=keys, durable=False, caller=caller) as found,
    ):
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
