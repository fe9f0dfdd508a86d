"""A real Celery worker for tests that kill it: in a group of its own, on this run's broker and a test's database."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from tenants.rls.database import with_database

CELERY = ("-m", "celery", "-A", "versana", "worker", "-Q", "interactive,background", "-l", "ERROR")
ALONE = ("--without-gossip", "--without-mingle")


@contextmanager
def worker(database: str, *, processes: int, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """With so many processes that work; a killed one is replaced by its parent. `environment` goes before this process's."""
    process = subprocess.Popen(
        [sys.executable, *CELERY, "-c", str(processes), *ALONE],
        env={**os.environ, "DATABASE_URL": with_database(os.environ["DATABASE_URL"], database), **environment},
        cwd=settings.BASE_DIR,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """-9 to the parent and its children at once: nobody gets to say goodbye."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
