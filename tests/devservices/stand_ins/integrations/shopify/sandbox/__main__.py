"""Waits to be stopped."""

import signal

signal.pause()
