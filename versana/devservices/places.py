"""Where the development servers keep what they write, and who may read it."""

import hashlib
import os
import shutil
import stat
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEV = ROOT / ".dev"
DEMO = DEV / "demo"


class Trouble(Exception):
    """Something the person at the keyboard can put right; shown without a traceback."""


def is_root() -> bool:
    return os.geteuid() == 0


def open_to_all(path: Path) -> bool:
    """Whether an account without rights can walk down to this path (root's home usually is 0700)."""
    real = path.resolve()
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in (real, *real.parents) if parent.exists())


def root_place() -> Path:
    """Root's directory for copies and data that `nobody` must reach.

    /var/lib before /var/tmp: newer systems delete from /var/tmp what nobody opened for a month.
    """
    for base in ("/var/lib", "/var/tmp"):
        if os.access(base, os.W_OK):
            return own_directory(Path(base) / "versana-dev", mode=0o755)
    raise Trouble("Neither /var/lib nor /var/tmp can be written; run ./dev as an ordinary user.")


def own_directory(path: Path, *, mode: int = 0o700) -> Path:
    """Makes the directory, or checks that the one there is ours: in a shared place somebody else may have been first."""
    try:
        path.mkdir(mode=mode)
        path.chmod(mode)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise Trouble(
                f"{path} exists and is not a directory only you can write. Remove it and try again."
            ) from None
    return path


def demo_cluster() -> Path:
    """The demo's database files: in the checkout, unless root's `nobody` cannot get there."""
    own = DEMO / "postgres"
    if not is_root() or sys.platform != "linux" or own.exists():
        return own
    far = root_place() / f"demo-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:16]}"
    return own if open_to_all(DEMO) and not far.exists() else far


def remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
