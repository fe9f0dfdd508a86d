"""Installs Debian's packages when we are root and one is missing; names the command to everybody else."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from versana.devservices.places import DEV, is_root


def command(packages: Sequence[str]) -> str:
    return f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"


def advice(packages: Sequence[str]) -> str:
    """The same for a person's terminal."""
    return f"{'' if is_root() else 'sudo '}sh -c '{command(packages)}'"


def possible() -> bool:
    return is_root() and shutil.which("apt-get") is not None


def install(packages: Sequence[str], *, announcement: str, log_name: str) -> None:
    """Tries; whoever calls looks again whether the program is there now."""
    print(announcement, flush=True)
    DEV.mkdir(exist_ok=True)
    log_path: Path = DEV / log_name
    with open(log_path, "w") as log:
        done = subprocess.run(
            ["sh", "-c", command(packages)],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        print(f"That failed; the log is {log_path}.", flush=True)
