"""`./dev test`, `./dev lint` and `./dev lock`."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from versana.devservices import chromium, pgbouncer, throwaway
from versana.devservices.environment import caller_environment
from versana.devservices.places import ROOT, Trouble
from versana.devservices.processes import foreground

PYTHON = sys.executable
LINT = {
    "ruff check": [PYTHON, "-m", "ruff", "check", ".", "dev"],
    "ruff format": [PYTHON, "-m", "ruff", "format", "--check", ".", "dev"],
    "mypy": [PYTHON, "-m", "mypy", "versana", "tenants", "integrations", "inbox", "dev"],
    "import contracts": [PYTHON, "-c", "from importlinter.cli import lint_imports_command as main; main()"],
    # A warning says that the database could not be asked; there is none yet, and the models are what counts.
    "migrations": [PYTHON, "-W", "ignore::RuntimeWarning", "manage.py", "makemigrations", "--check", "--dry-run"],
}
LOCK = "-m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links"


def test(arguments: Sequence[str]) -> int:
    """Lint, then the tests that take minutes; --all: the long ones too; --pgbouncer: all, through PgBouncer in
    transaction mode, without lint. With arguments of pytest's: only pytest, with these."""
    if "--pgbouncer" in arguments:
        return through_pgbouncer([each for each in arguments if each not in ("--pgbouncer", "--all")])
    everything = "--all" in arguments
    arguments = [each for each in arguments if each != "--all"]
    caller = caller_environment()
    browser = chromium.find() if arguments else chromium.find_or_install()
    if not browser and caller.get("CI") == "true":
        raise Trouble(f"{chromium.missing()}\nWith CI=true that is a failure.")
    begun = time.monotonic()
    with throwaway.servers(caller) as env:
        print(f"-- servers: {time.monotonic() - begun:.1f} s", flush=True)
        if not arguments and (status := run_lint(env)):
            return status
        return _pytest(arguments, env, browser, short=not (everything or arguments))


def through_pgbouncer(arguments: Sequence[str]) -> int:
    """The suite with a PgBouncer between the application's role and the database; owner, platform and superuser go past it."""
    program = pgbouncer.find_or_install()
    with throwaway.servers(caller_environment(), pooler=program) as env:
        number = ".".join(map(str, pgbouncer.version(program)))
        print(f"-- PgBouncer {number} in transaction mode stands before the database", flush=True)
        return _pytest(arguments, env, chromium.find(), pooled=True)


def _pytest(
    arguments: Sequence[str], env: Mapping[str, str], browser: str, *, pooled: bool = False, short: bool = False
) -> int:
    choices = {"nightly": True, "browser": not browser, "pgbouncer": not pooled, "long": short}
    left_out = [mark for mark, out in choices.items() if out]
    marks = ["-m", " and ".join(f"not {mark}" for mark in left_out)]
    if not browser:
        print(chromium.missing(), flush=True)
    # Two processes, whole modules each: the suite waits for browsers and servers half of its time.
    spread = [] if arguments else ["-n", "2", "--dist", "loadfile"]
    print("-- pytest", flush=True)
    return foreground(
        [PYTHON, "-m", "pytest", *spread, *marks, *arguments], env={**env, "CHROMIUM_PATH": browser}, cwd=ROOT
    )


def lint(arguments: Sequence[str]) -> int:
    with throwaway.servers(caller_environment()) as env:
        return run_lint(env)


def run_lint(env: Mapping[str, str]) -> int:
    """Runs every check even when one fails, so that one run tells all. Returns the first bad status."""
    failed: dict[str, int] = {}
    for name, command in LINT.items():
        begun = time.monotonic()
        if status := foreground(command, env=env, cwd=ROOT):
            failed[name] = status
        print(f"-- {name}: {time.monotonic() - begun:.1f} s", flush=True)
    if failed:
        print(f"Lint failed: {', '.join(failed)}", file=sys.stderr)
    return next(iter(failed.values()), 0)


def lock(arguments: Sequence[str]) -> int:
    """Keeps the versions that are locked; `--upgrade` or `--upgrade-package NAME` moves them."""
    for name in ("base", "dev", "tools"):
        files = [f"requirements/{name}.in", "-o", f"requirements/{name}.txt"]
        command = [PYTHON, *LOCK.split(), "--custom-compile-command", "./dev lock", *arguments, *files]
        if status := subprocess.run(command, cwd=ROOT, check=False).returncode:
            return status
    return 0
