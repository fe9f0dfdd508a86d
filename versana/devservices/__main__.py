"""./dev's commands, once .venv is there."""

import errno
import sys
from collections.abc import Sequence

from versana.devservices import chromium, demonstration, gate, prepare, standing, throwaway
from versana.devservices.environment import caller_environment, real_superuser
from versana.devservices.places import ROOT, Trouble
from versana.devservices.processes import Stopped, foreground, stop_on_signals


def manage(arguments: Sequence[str]) -> int:
    caller = caller_environment()
    with standing.joined(caller) as env:
        prepare.for_command(env, arguments, server=real_superuser(caller))
        return foreground([sys.executable, "manage.py", *arguments], env=env, cwd=ROOT)


def shell(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["--test"]:
        with throwaway.servers(caller_environment()) as env:
            return foreground(arguments[1:] or ["bash"], env=env, cwd=ROOT)
    with standing.joined(caller_environment()) as env:
        return foreground(arguments or [sys.executable, "manage.py", "shell"], env=env, cwd=ROOT)


def shots(arguments: Sequence[str]) -> int:
    browser = chromium.find_or_install()
    if not browser:
        raise Trouble(f"Screenshots need Chromium. As root: {chromium.APT_COMMAND}")
    with throwaway.servers(caller_environment()) as env:
        command = [sys.executable, "-m", "tests.e2e.shots", *arguments]
        return foreground(command, env={**env, "CHROMIUM_PATH": browser}, cwd=ROOT)


def bench(arguments: Sequence[str]) -> int:
    with throwaway.servers(caller_environment()) as env:
        return foreground([sys.executable, "-m", "tests.performance", *arguments], env=env, cwd=ROOT)


COMMANDS = {
    "demo": demonstration.main,
    "test": gate.test,
    "lint": gate.lint,
    "lock": gate.lock,
    "manage": manage,
    "shell": shell,
    "shots": shots,
    "bench": bench,
}


def main(arguments: Sequence[str]) -> int:
    name, *rest = arguments or [""]
    if name not in COMMANDS:
        print(f"./dev knows no command {name!r}: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    stop_on_signals()
    try:
        return COMMANDS[name](rest)
    except Stopped as stopped:
        return 128 + int(stopped.args[0])
    except Trouble as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in (
            errno.ENOSPC,
            errno.EDQUOT,
            errno.EACCES,
            errno.EPERM,
            errno.EROFS,
            errno.ENOTDIR,
            errno.EEXIST,
        ):
            raise
        print(f"\n{error}\n{_advice(error)}", file=sys.stderr)
        return 1


def _advice(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space and start again: what was stored is kept."
    return "The checkout and its .dev directory must belong to the account that runs ./dev."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
