"""The administration's process, set up once: each script it is given runs in a child of its own, forked from it.

Starting Python and Django costs seconds of work, and dozens of tests would each pay them. What is forked has imported
and parsed, and nothing more: it has no thread, has opened no connection and answered no request. It ends, and what runs
in it too, when its stdin does: when who started it is gone, however that came about.
"""

import gc
import json
import os
import select
import signal
import sys
import tempfile
import threading
from importlib import import_module
from typing import IO

import django
from django.conf import settings
from django.db import connections
from django.template.loader import get_template
from django.urls import get_resolver

IMPORTED = (
    "allauth.mfa.recovery_codes.internal.auth",
    "allauth.mfa.totp.internal.auth",
    "django.test",
    "django.test.client",
    "bs4",
    "psycopg",
)
PARSED = (
    "admin/login.html",
    "admin/index.html",
    "admin/change_list.html",
    "admin/change_form.html",
    "admin/pagination.html",
)


def set_up() -> None:
    django.setup()
    for name in IMPORTED:
        import_module(name)
    for name in PARSED:
        get_template(name)
    for middleware in settings.MIDDLEWARE:
        import_module(middleware.rpartition(".")[0])
    assert get_resolver().url_patterns
    gc.freeze()  # a child's collector would touch, and so copy, all that is shared with it
    assert threading.active_count() == 1, "a fork would lose a thread"
    assert all(one.connection is None for one in connections.all(initialized_only=True)), "forks would share it"


def next_script() -> str:
    """In a new child: what it is to run. In the process itself: nothing, it answers until its stdin ends."""
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            ended, held = os.pipe()  # the child holds one end for as long as it lives
            child = os.fork()
            if not child:
                become(out, err)
                os.environ["GIVEN"] = asked["given"]
                script: str = asked["script"]
                return script
            os.close(held)
            returncode = wait(child, ended)
            os.close(ended)
            print(json.dumps({"returncode": returncode, "stdout": text(out), "stderr": text(err)}), flush=True)
    sys.exit()


def become(out: IO[bytes], err: IO[bytes]) -> None:
    """The child's own input, output and errors; from here on it knows nothing of who asked."""
    with open(os.devnull, "rb") as nothing:
        for file, number in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(file.fileno(), number)


def wait(child: int, ended: int) -> int:
    ready, _, _ = select.select([ended, sys.stdin], [], [])
    if ended not in ready:  # nobody asks anything meanwhile: the stdin has ended
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        sys.exit()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="backslashreplace")


if __name__ == "__main__":
    set_up()
    # At the top, so that how the script ends is how the process ends: its traceback, its status, what it left to exit.
    exec(compile(next_script(), "<script>", "exec"), {"__name__": "__main__"})
