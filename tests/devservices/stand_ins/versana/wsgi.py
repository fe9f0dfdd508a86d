"""Answers every request; on /die, the last one."""

import os
import signal


def application(environ, start_response):
    if environ["PATH_INFO"] == "/die":
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [" ".join(sorted(name for name in os.environ if name.endswith("_URL"))).encode()]
