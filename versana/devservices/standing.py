"""The demo's servers with their lasting data: one process owns them at a time, others join it.

`./dev demo` owns them while it runs. `./dev manage` and `./dev shell` join a running demo, or own
them for as long as the command (and whoever joined meanwhile) takes.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from versana.devservices import credentials, environment, prepare
from versana.devservices.places import DEMO, ROOT, Trouble, demo_cluster, remove

STORES = ROOT / "integrations" / "shopify" / "sandbox" / "demo_stores.json"
LOCK, USERS, RUNNING = DEMO / "lock", DEMO / "users", DEMO / "running.json"


@contextmanager
def owned(
    caller: dict[str, str], *, kind: str, fresh: bool = False, before: Callable[[], None] = lambda: None
) -> Iterator[dict[str, str]]:
    """Starts the servers; yields the product's environment. Raises Trouble when another process owns them."""
    DEMO.mkdir(parents=True, exist_ok=True)
    with open(LOCK, "a") as lock:
        if not _take(lock):
            raise Trouble(_who_owns())
        before()
        if fresh:
            start_over(caller)
        RUNNING.unlink(missing_ok=True)
        check_keys(caller)
        keys = credentials.kept(DEMO / "secrets")
        with environment.servers(
            data=demo_cluster(), logs=DEMO / "logs", keys=keys, durable=True, caller=caller
        ) as found:
            given = {**demo_settings(), **caller}
            env = environment.for_product(servers=found, keys=keys, kind="demo", caller=given)
            try:
                announce(env, kind=kind)
                yield env
            finally:
                RUNNING.unlink(missing_ok=True)
                if kind == "command":
                    _wait_for_users()


def demo_settings() -> dict[str, str]:
    """What makes an installation the demo: mails become files, and the sandbox's shops are offered by name."""
    shops = json.loads(STORES.read_text())["shops"] if STORES.exists() else []
    return {
        "MAIL_TRANSPORT": "django.core.mail.backends.filebased.EmailBackend",
        "MAIL_FILE_PATH": str(DEMO / "mail"),
        "SHOPIFY_DOMAIN_ENTRY": "1",
        "SHOPIFY_REQUEST_ALL_ORDERS": "1",  # Asked of every shop; the store file says which one grants it.
        "SHOPIFY_STORE_SUGGESTIONS": ",".join(shop["domain"] for shop in shops),
    }


@contextmanager
def joined(caller: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of the servers, started for this command unless they run already."""
    DEMO.mkdir(parents=True, exist_ok=True)
    with open(LOCK, "a") as lock:
        free = _take(lock)
    if free:  # Released on closing; if another is quicker now, owned() says so.
        with owned(caller, kind="command") as env:
            yield env
        return
    with open(USERS, "a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        yield {**caller, **_running_environment()}


def announce(env: dict[str, str], *, kind: str, address: str = "") -> None:
    """Tells other commands where the servers are; the file holds passwords."""
    ours = {name: value for name, value in env.items() if os.environ.get(name) != value}
    partial = RUNNING.with_suffix(".new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"pid": os.getpid(), "kind": kind, "address": address, "env": ours}, file)
    partial.rename(RUNNING)


def check_keys(caller: dict[str, str]) -> None:
    """New keys would open neither the server nor what is sealed in it: say so, instead of failing later."""
    if not (DEMO / "secrets").exists() and not environment.real_superuser(caller) and demo_cluster().exists():
        raise Trouble(
            f"The demo's data ({demo_cluster()}) is there, its keys are not (.dev/demo/secrets). Put them back, or start over: ./dev demo --fresh"
        )


def start_over(caller: dict[str, str]) -> None:
    if environment.real_superuser(caller):
        raise Trouble("--fresh never empties a server of yours. Drop the database yourself, or unset DATABASE_URL.")
    remove(demo_cluster())
    (DEMO / "secrets").unlink(missing_ok=True)
    prepare.forget()
    (DEMO / "sandbox.json").unlink(missing_ok=True)
    for name in ("mail", "logs"):
        remove(DEMO / name)


def _take(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def left_over() -> float:
    """How long to be patient with what a killed owner left: its guards end it within these seconds."""
    return 6.0 if RUNNING.exists() else 0.0


def _who_owns() -> str:
    state = _state()
    if state.get("kind") == "demo":
        return (
            f"The demo of this checkout already runs at {state['address'] or 'its address'} (process {state['pid']}). "
            f"Stop it with Ctrl-C in its terminal, or: kill {state['pid']}"
        )
    return "Another ./dev command is using the demo's servers, or a demo is just starting. Try again when it has ended."


def _state() -> dict[str, Any]:
    try:
        return dict(json.loads(RUNNING.read_text()))
    except (OSError, ValueError):
        return {}


def _running_environment() -> dict[str, str]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if env := _state().get("env"):
            return dict(env)
        time.sleep(0.1)
    raise Trouble("Another ./dev command holds the demo's servers, but they are not ready. Try again.")


def _wait_for_users() -> None:
    with open(USERS, "a") as users:
        if not _take(users):
            print("Waiting for another ./dev command that uses these servers ...", flush=True)
            fcntl.flock(users, fcntl.LOCK_EX)


def logs() -> Path:
    return DEMO / "logs"
