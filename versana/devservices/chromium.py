"""The browser of the browser tests: the system's Chromium, installed by apt when we are root and it is missing."""

import ctypes
import os
import shutil
import subprocess

from versana.devservices.places import DEV, is_root

# Playwright's own node needs libatomic, which a minimal Debian lacks; Chromium needs some font.
PACKAGES = ("chromium", "libatomic1", "fonts-dejavu-core")
APT_COMMAND = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(PACKAGES)}"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find() -> str:
    """The path of a browser that can run here; empty when there is none."""
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return ""
    return next((path for path in map(shutil.which, NAMES) if path), "")


def find_or_install() -> str:
    if (found := find()) or not is_root() or not shutil.which("apt-get"):
        return found
    print("Installing Chromium for the browser tests (about 200 MB, once) ...", flush=True)
    DEV.mkdir(exist_ok=True)
    log_path = DEV / "chromium.log"
    with open(log_path, "w") as log:
        done = subprocess.run(
            ["sh", "-c", APT_COMMAND],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        print(f"That failed; the log is {log_path}.", flush=True)
    return find()


def missing() -> str:
    sudo = "" if is_root() else "sudo "
    return f"Browser tests are skipped: there is no Chromium. To run them: {sudo}sh -c '{APT_COMMAND}'"
