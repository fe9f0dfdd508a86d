"""Runs one command that ends with the process that started it, if asked under an account without rights.

    python -IS tether.py PARENT SIGNAL PIPE self|nobody|namespace COMMAND...

The kernel sends SIGNAL when PARENT dies (Linux). A guard watches PIPE, whose other end only PARENT holds: when it
closes, the whole process group gets SIGNAL and soon SIGKILL, because a Celery worker without its broker does not
stop by itself and because other systems send nothing. PIPE 0: no guard.

A program of its own, not a function run between fork and exec: that is not safe beside threads.
"""

import ctypes
import os
import pwd
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534
GRACE_SECONDS = 4


def become_nobody() -> None:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def enter_namespace() -> None:
    """Root of a namespace with a single user cannot change to another: it can only be called otherwise in a new one."""
    user, group = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER):
        number = ctypes.get_errno()
        raise OSError(number, f"a user namespace is refused ({os.strerror(number)})")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {user} 1"),
        ("gid_map", f"{NOBODY} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def tie_to(*, parent: int, stop_signal: int) -> None:
    # After the change of account: the kernel forgets the wish when credentials change.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, stop_signal)
    if os.getppid() != parent:  # It died in the meantime.
        sys.exit(1)


def post_guard(*, pipe: int, stop_signal: int) -> None:
    """Leaves a process behind that belongs to the command's group and to nobody else."""
    if os.fork():
        os.wait()
        os.close(pipe)
    elif os.fork():
        os._exit(0)
    else:
        guard(pipe, stop_signal)


def guard(pipe: int, stop_signal: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, stop_signal):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # Whoever reads the command's output to its end must not wait for us.
        os.dup2(nothing, standard)
    os.read(pipe, 1)
    os.killpg(0, stop_signal)
    time.sleep(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    parent, stop_signal, pipe, account, *command = sys.argv[1:]
    try:
        if int(pipe):
            post_guard(pipe=int(pipe), stop_signal=int(stop_signal))
        {"self": lambda: None, "nobody": become_nobody, "namespace": enter_namespace}[account]()
        tie_to(parent=int(parent), stop_signal=int(stop_signal))
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]} cannot be started: {error}")


if __name__ == "__main__":
    main()
