"""Stops when told, but not once its supervisor is gone: so does a worker that has lost its broker."""

import os
import signal
import sys

SUPERVISOR = os.getppid()


def stop(number, frame):
    if os.getppid() == SUPERVISOR:
        sys.exit(0)


signal.signal(signal.SIGTERM, stop)
while True:
    signal.pause()
