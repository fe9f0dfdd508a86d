"""The production settings, each process in one of its own: Django's deployment check, cookies, HSTS, and the database away."""

import base64
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.architecture.source import ROOT
from tests.versana.test_headers import TELLING

pytestmark = pytest.mark.long

DEAD = "postgres://{role}:secret-of-the-database@127.0.0.1:1/versana"  # nobody listens on port 1
PROCESSES = {"web": ("versana.settings", "versana_app"), "admin": ("versana.platform.settings", "versana_platform")}
# Collected files exist in the image alone; where they lie is not what these tests are about.
ASK = """
import json, sys, django
from importlib import import_module
import os
settings = import_module(os.environ["DJANGO_SETTINGS_MODULE"])
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
django.setup()
from django.test import Client
client = Client(SERVER_NAME="support.example.com", raise_request_exception=False)
out = {}
for path in json.loads(sys.argv[1]):
    if path.startswith("session "):
        client.cookies[django.conf.settings.SESSION_COOKIE_NAME] = "x" * 32
        path = path.removeprefix("session ")
    response = client.get(path, secure=True)
    cookies = {name: [bool(c["secure"]), bool(c["httponly"]), c["samesite"]] for name, c in response.cookies.items()}
    out[path] = [response.status_code, dict(response.headers), response.content.decode(), cookies]
print(json.dumps(out))
"""


def environment(process: str) -> dict[str, str]:
    module, role = PROCESSES[process]
    address = DEAD.format(role=role)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return {
        **kept, "DJANGO_SETTINGS_MODULE": module, "DATABASE_URL": address, "PLATFORM_DATABASE_URL": address,
        "SECRET_KEY": base64.b64encode(os.urandom(50)).decode(), "PUBLIC_URL": "https://support.example.com",
        "REDIS_URL": "redis://127.0.0.1:1/0", "SEALING_KEYS": f"1:{base64.b64encode(os.urandom(32)).decode()}",
    }  # fmt: skip


def run(process: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, env=environment(process), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def asked(process: str, *paths: str) -> dict[str, Any]:
    done = run(process, "-W", "ignore", "-c", ASK, json.dumps(paths))
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("process", PROCESSES)
def test_djangos_check_for_deployment_has_nothing_to_say(process: str) -> None:
    done = run(process, "manage.py", "check", "--deploy", "--fail-level", "DEBUG")
    assert (done.returncode, "no issues (0 silenced)" in done.stdout) == (0, True), done.stdout + done.stderr[-3000:]


def test_with_the_database_away_every_page_is_our_own_and_says_nothing() -> None:
    paths = [
        "/",
        "/account/login/",
        "/acme/inbox/",
        "/nowhere/x/y/",
        "session /",
        "session /acme/inbox/",
        "session /nowhere/z/",
    ]
    answers = asked("web", *paths, "/readyz", "/healthz")
    assert answers["/healthz"][0] == 200
    assert answers["/readyz"][0] == 503
    for path, (status, _, body, _) in answers.items():
        assert status in (200, 302, 404, 500, 503), path
        assert not any(
            word in body for word in ("secret-of-the-database", "127.0.0.1", "versana_app", "OperationalError")
        )
        assert not TELLING.search(body) or status == 200 or "<svg" in body, path
    assert any(status == 500 and "Something broke on our side" in body for status, _, body, _ in answers.values())


def test_the_admin_process_says_nothing_either() -> None:
    answers = asked("admin", "/admin/", "/admin/login/", "/readyz", "/nowhere/", "session /admin/platform/workspace/")
    assert answers["/readyz"][0] == 503
    for status, _, body, _ in answers.values():
        assert status in (200, 302, 404, 500, 503)
        assert not any(
            word in body for word in ("secret-of-the-database", "versana_platform@", "OperationalError", "Traceback")
        )


@pytest.mark.parametrize(
    ("process", "paths"),
    [
        ("web", ("/account/login/", "/", "/nowhere/", "/healthz")),
        ("admin", ("/admin/login/", "/admin/", "/nowhere/", "/healthz")),
    ],
)
def test_over_https_every_answer_of_each_process_is_guarded(process: str, paths: tuple[str, ...]) -> None:
    for path, (_, headers, _, _) in asked(process, *paths).items():
        assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload", path
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert "no-store" in headers["Cache-Control"], path
        for name in (
            "Permissions-Policy",
            "Cross-Origin-Opener-Policy",
            "Cross-Origin-Resource-Policy",
            "Referrer-Policy",
        ):
            assert headers[name], (path, name)
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_cookies_go_over_https_alone() -> None:
    for process, path in (("web", "/account/login/"), ("admin", "/admin/login/")):
        cookies = asked(process, path)[path][3]
        assert cookies or process == "web"
        for name, (secure, httponly, samesite) in cookies.items():
            assert secure, name
            # Strict where nobody comes from elsewhere; the way back from Shopify needs Lax.
            assert samesite in (("Lax",) if process == "web" else ("Lax", "Strict")), name
            assert httponly or "csrf" in name
