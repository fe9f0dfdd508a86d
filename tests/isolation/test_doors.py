"""The ways into a workspace that no page is: the cache, the broker, events, commands. Generated from what is registered."""

import base64
import json
import re
import typing
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from tenants.outbox import delivery, events
from tenants.outbox.models import Event
from tenants.roles import Role
from tests.architecture.source import imported, modules
from tests.architecture.test_dangers import OF_NO_TENANT
from tests.isolation.conftest import snapshot
from tests.isolation.houses import House, furnish, signed_in
from tests.isolation.routes import routes
from tests.telling import Tell

pytestmark = [pytest.mark.filterwarnings("ignore:No directory at:UserWarning"), pytest.mark.long]


@pytest.fixture
def houses(db: None) -> tuple[House, House]:
    return furnish("here"), furnish("there")


# --- The cache -----------------------------------------------------------------------------------------------------
def test_nothing_of_a_workspace_is_ever_in_the_cache(houses: tuple[House, House]) -> None:
    """After every page was read and a sign-in failed: rate limits of allauth's, and no word of a page."""
    here, _ = houses
    owner = signed_in(here.people[Role.OWNER])
    seen = [owner.get(route.address(here)).status_code for route in routes() if route.of_workspace]
    assert seen.count(200) > 5
    Client().post("/account/login/", {"login": here.people[Role.OWNER].email, "password": "wrong"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM versana_cache")
        rows = [(key, base64.b64decode(value).decode("latin-1")) for key, value in cursor.fetchall()]
    assert rows
    assert {key.split(":")[2] for key, _ in rows} == {"allauth"}
    assert [here.told_by(f"{key} {value}") for key, value in rows] == [set()] * len(rows)


# --- The broker ----------------------------------------------------------------------------------------------------
PREFIX = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    monkeypatch.setattr(events, "_pause_until", 0.0)
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushall()
    yield client
    client.flushall()
    client.close()


def messages(valkey: redis.Redis) -> list[dict[str, Any]]:
    """Every message that waits, whatever its queue."""
    queues = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return [json.loads(raw) for queue in queues for raw in valkey.lrange(f"{PREFIX}{queue}", 0, -1)]


def test_a_message_on_the_wire_holds_ids_and_no_content(valkey: redis.Redis) -> None:
    """One message of every task, sent as the product sends it: a poke, or a beat."""
    assert events.poke(1234, "interactive")
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        current_app.send_task(entry["task"], kwargs=entry.get("kwargs", {}), **entry["options"])
    sent = messages(valkey)
    assert {message["headers"]["task"] for message in sent} >= {
        e["task"] for e in settings.CELERY_BEAT_SCHEDULE.values()
    }
    for message in sent:
        args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
        assert args == []
        assert all(type(value) in (int, bool) for value in kwargs.values()), kwargs
        headers = message["headers"]
        assert headers.get("tenant_id") or headers["task"] in OF_NO_TENANT


def test_the_broker_holds_queues_alone_and_nobody_listens_to_a_channel(valkey: redis.Redis) -> None:
    events.poke(1, "background")
    assert all(key.startswith(PREFIX.encode()) for key in valkey.scan_iter())
    assert valkey.pubsub_channels() == []


def test_one_module_of_ours_talks_to_redis() -> None:
    """Numbers under ids of stores are all it keeps (test_shared.py); the rest is Celery's own transport."""
    talking = {m.path for m in modules() if any(name.split(".")[0] in ("redis", "valkey") for name in imported(m.tree))}
    assert {path for path in talking if not path.startswith("versana/devservices/")} == {"integrations/shared.py"}


# --- Events --------------------------------------------------------------------------------------------------------
KINDS = sorted(settings.EVENT_HANDLERS)


def event_class(kind: str) -> type[Any]:
    module, _, name = kind.rpartition(".")
    return getattr(import_module(module), name)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_made_of_ids(kind: str) -> None:
    hints = typing.get_type_hints(event_class(kind))
    names = [field.name for field in fields(event_class(kind))]
    # A moment is a text on the wire, and tells of nobody.
    moments = {name for name in names if name.endswith(("_at", "_after"))}
    assert {hints[name] for name in names if name not in moments} <= {int, bool}
    assert {hints[name] for name in moments} <= {str}


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_with_ids_of_another_workspace_reaches_nothing_there(
    kind: str, houses: tuple[House, House], tell: Tell
) -> None:
    """Forged rows in the outbox: bound to one workspace, or to none, with every id that the other has."""
    here, there = houses
    names = [field.name for field in fields(event_class(kind))]
    before, tried = snapshot(there.tenant), 0
    for pk in sorted({int(row.pk) for row in there.rows.values()}):
        for bound in (here.tenant.pk, None):
            row = Event.objects.create(
                tenant_id=bound,
                kind=kind,
                payload=dict.fromkeys(names, pk),
                queue="background",
                next_run_at=timezone.now(),
            )
            with transaction.atomic():
                delivery.deliver(row.pk)
            tried += 1
    assert snapshot(there.tenant) == before
    tell(f"doors: {tried} forged events of {kind.rpartition('.')[2]}, 0 rows next door changed")


# --- Commands ------------------------------------------------------------------------------------------------------
OUR_APPS = {config.name for config in apps.get_app_configs() if not Path(config.path).match("*/site-packages/*")}
NAMES = ("workspace", "slug")
# What a command needs beside its workspace. A command that needs nothing more has no line.
FURTHER: dict[str, list[str]] = {
    "add_member": ["somebody@new.example"],
    "create_tenant": ["--name", "New", "--owner", "somebody@new.example"],
    "import_mail": ["versana/devservices/demo/mailbox.mbox"],
}


def workspace_commands() -> list[str]:
    """Every command of ours that takes a workspace."""
    found = []
    for name, app in get_commands().items():
        if app in OUR_APPS:
            parser = load_command_class(app, name).create_parser("manage.py", name)
            if any(action.dest in NAMES for action in parser._actions):
                found.append(name)
    return sorted(found)


def argument_of(name: str, slug: str) -> list[str]:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    action = next(action for action in parser._actions if action.dest in NAMES)
    return [action.option_strings[-1], slug] if action.option_strings else [slug]


@pytest.mark.parametrize("name", workspace_commands())
def test_a_command_for_one_workspace_touches_that_one_alone(
    name: str,
    houses: tuple[House, House],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tell: Tell,
) -> None:
    here, there = houses
    monkeypatch.setattr("sys.stdin", _Password())
    before = snapshot(there.tenant)
    slug = "quite-new" if name == "create_tenant" else here.tenant.slug
    try:
        call_command(name, *argument_of(name, slug), *FURTHER.get(name, []))
        ended = "done"
    except (CommandError, SystemExit) as error:
        ended = f"refused ({error})"
    assert "are required" not in ended, f"say in FURTHER what {name} needs beside its workspace"
    assert snapshot(there.tenant) == before
    said = "".join(capsys.readouterr())
    assert there.told_by(said) == set()
    assert there.tenant.slug not in said
    tell(f"doors: command {name} for one workspace {ended}, 0 rows next door changed")


def test_no_further_argument_is_stale() -> None:
    assert set(FURTHER) <= set(workspace_commands())


class _Password:
    """What is typed, where a command asks for a password."""

    def isatty(self) -> bool:
        return False

    def readline(self) -> str:
        return "correct horse battery staple\n"

    def read(self) -> str:
        return self.readline()


# --- What a query names --------------------------------------------------------------------------------------------
def test_a_shop_of_next_door_named_in_a_query_is_like_one_that_nobody_has(houses: tuple[House, House]) -> None:
    here, there = houses
    owner = signed_in(here.people[Role.OWNER])
    theirs, unknown = there.row("Store").shop_domain, "value-9999999.myshopify.com"  # type: ignore[attr-defined]
    for path in ("settings/shopify/", "settings/general/"):
        pages = [owner.get(f"/{here.tenant.slug}/{path}", {"connected": shop}) for shop in (theirs, unknown)]
        assert pages[0].status_code == pages[1].status_code == 200
        texts = [_without_tokens(page, shop) for page, shop in zip(pages, (theirs, unknown), strict=True)]
        assert texts[0] == texts[1]


def _without_tokens(page: Any, shop: str) -> str:
    """The page without what differs from answer to answer: the nonce of its scripts, the tokens of its forms."""
    nonce = re.search(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])
    text = page.content.decode().replace(shop, "SHOP").replace(nonce[1] if nonce else "no nonce", "")
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "", text)
