"""The browser of the browser tests: the system's Chromium, installed by apt when we are root and it is missing."""

import ctypes
import shutil

from versana.devservices import apt

# Playwright's own node needs libatomic, which a minimal Debian lacks; Chromium needs some font.
PACKAGES = ("chromium", "libatomic1", "fonts-dejavu-core")
APT_COMMAND = apt.command(PACKAGES)
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find() -> str:
    """The path of a browser that can run here; empty when there is none."""
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return ""
    return next((path for path in map(shutil.which, NAMES) if path), "")


def find_or_install() -> str:
    if (found := find()) or not apt.possible():
        return found
    announcement = "Installing Chromium for the browser tests (about 200 MB, once) ..."
    apt.install(PACKAGES, announcement=announcement, log_name="chromium.log")
    return find()


def missing() -> str:
    return f"Browser tests are skipped: there is no Chromium. To run them: {apt.advice(PACKAGES)}"
