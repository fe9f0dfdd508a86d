"""Child processes: started tied to us, watched, stopped in order, their last words shown."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import ClassVar

from versana.devservices.places import Trouble

ALMOST_NOTHING = 1_000_000  # bytes
TETHER = Path(__file__).with_name("tether.py")


class Stopped(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal."""


class Child:
    """One process with a log file. `account` is explained in tether.py."""

    living: ClassVar[list["Child"]] = []
    # Never written to: that it closes, however we end, is the message. (Inheritable: neither end, unless passed on.)
    alive: ClassVar[tuple[int, int]] = os.pipe()

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        account: str = "self",
        cwd: Path | str | None = None,
        stdin: str = "",
    ) -> None:
        self.name, self.log, self.stop_signal = name, log, stop_signal
        with open(log, "wb") as output:
            # A session of its own: Ctrl-C reaches only us, and we stop the children in the right order.
            self.process = subprocess.Popen(
                [*_tether(stop_signal, account, self.alive[0]), *map(str, command)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
                pass_fds=[self.alive[0]],
            )
        self.living.append(self)
        self._tell(stdin)

    def _tell(self, text: str) -> None:
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError):  # It has ended already; died() will say so.
                self.process.stdin.write(text.encode())
                self.process.stdin.close()

    def died(self) -> bool:
        return self.process.poll() is not None

    def ask_to_stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def stop(self, patience: float = 15) -> None:
        if self in self.living:
            self.living.remove(self)
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        kill_group(self.process.pid)  # Whoever is left of it, and the guard.
        self.process.wait()

    def last_words(self, lines: int = 25) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def obituary(self) -> Trouble:
        words = self.last_words()
        # On a full disk the log's own last line is often missing.
        full = "No space left" in words or shutil.disk_usage(self.log.parent).free < ALMOST_NOTHING
        hint = "\nThe disk is full. Free some space and start again: what was stored is kept." if full else ""
        return Trouble(
            f"{words}\n\n{self.name} stopped with status {self.process.poll()}; its log is {self.log}.{hint}"
        )


def foreground(command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> int:
    """Runs a command in our terminal and session, tied to us; returns its status."""
    return _wait_for(subprocess.Popen([*_tether(), *command], env=env, cwd=cwd))


def captured(command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> tuple[int, str]:
    """The same, returning what the command printed; its standard error (progress, tracebacks) is shown at once."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([*_tether(), *command], env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output)
        status = _wait_for(process, resume=False)
        output.seek(0)
        return status, output.read()


def _tether(stop_signal: signal.Signals = signal.SIGTERM, account: str = "self", pipe: int = 0) -> list[str]:
    return [sys.executable, "-IS", str(TETHER), str(os.getpid()), str(int(stop_signal)), str(pipe), account]


def _wait_for(process: "subprocess.Popen[bytes] | subprocess.Popen[str]", *, resume: bool = True) -> int:
    """`resume`: after a stopping signal the command's own status is what is returned."""
    try:
        return process.wait()
    except Stopped as stopped:
        if stopped.args[0] != signal.SIGINT:  # The terminal has sent Ctrl-C to the command too.
            process.terminate()
        try:
            status = process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        if resume:
            return status
        raise


def kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def wait_until(ready: Callable[[], bool], *, child: Child, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if child.died():
            raise child.obituary()
        if time.monotonic() > deadline:
            raise Trouble(
                f"{child.last_words()}\n\n{child.name} is not ready after {seconds:.0f} s; its log is {child.log}."
            )
        time.sleep(0.02)


def stop_on_signals() -> None:
    """Turns the stopping signals into an exception, so that every `with` and `finally` runs.

    Set explicitly: a shell starts its background jobs with SIGINT ignored.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        ignore_signals()  # An impatient second Ctrl-C must not break off the stopping.
        raise Stopped(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
