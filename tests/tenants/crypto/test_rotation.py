"""Keys are changed while everything runs: nothing is lost, nothing is left behind, and what does not open is named."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from inbox.models import Mailbox
from integrations.shopify.models import ComplianceRequest, Farewell, ShopifyApp, Store
from tenants.crypto import holders, keyring, rotation
from tenants.crypto.holders import Broken, JsonTexts
from tenants.crypto.secret import Secret
from tenants.models import Tenant
from tenants.outbox.models import Event
from tenants.rls.context import tenant_context
from tenants.rls.database import with_database
from tests.architecture.source import ROOT
from tests.isolation.rows import populate, workspace
from tests.telling import Tell

pytestmark = pytest.mark.nightly

OLD, NEW = os.urandom(32), os.urandom(32)


@pytest.fixture
def ring(settings: Settings) -> Settings:
    """Both keys; the old one seals."""
    settings.SEALING_KEYS, settings.SEALING_PRIMARY_KEY = {1: OLD, 2: NEW}, 1
    return settings


def fill(tenant: Tenant, stores: int) -> None:
    """So many stores with two tokens each, and one farewell."""
    model = populate(tenant)[Store]
    with tenant_context(tenant.pk):
        for other in (ComplianceRequest, Store, ShopifyApp, Mailbox):
            other.objects.all().delete()
        Farewell.objects.all().delete()
        Store.objects.bulk_create([_store(model, tenant, number) for number in range(stores)])
        Farewell.objects.create(shop_domain="gone.myshopify.com", access_token=Secret(f"farewell-{tenant.pk}"))


def _store(like: object, tenant: Tenant, number: int) -> Store:
    return Store(
        number=number + 1, shop_domain=f"s{tenant.pk}-{number}.myshopify.com", state="connected",
        connected_by=like.connected_by, access_token=Secret(f"access-{tenant.pk}-{number}"),
        refresh_token=Secret(f"refresh-{tenant.pk}-{number}"),
    )  # fmt: skip


def assert_all_open(*tenants: Tenant) -> int:
    """Every value opens and is what was sealed there. How many there are."""
    seen = 0
    for tenant in tenants:
        with tenant_context(tenant.pk):
            for store in Store.objects.all():
                number = store.number - 1
                assert store.access_token == Secret(f"access-{tenant.pk}-{number}")
                assert store.refresh_token == Secret(f"refresh-{tenant.pk}-{number}")
                seen += 2
            for farewell in Farewell.objects.all():
                assert farewell.access_token == Secret(f"farewell-{tenant.pk}")
                seen += 1
    return seen


def rotate(*arguments: str) -> tuple[str, str, int]:
    """What the command wrote, what it complained of, and its status."""
    out, err = StringIO(), StringIO()
    try:
        call_command("rotate_keys", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), f"{err.getvalue()}{error}", error.returncode
    return out.getvalue(), err.getvalue(), 0


# --- One after the other ---------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_everything_is_sealed_anew_and_the_old_key_can_be_dropped(ring: Settings) -> None:
    acme, door = workspace("acme"), workspace("door")
    fill(acme, 7)
    fill(door, 2)
    assert rotate("--verify", "1")[2] == 1
    assert rotate("--verify", "2")[2] == 0
    ring.SEALING_PRIMARY_KEY = 2
    said, _, status = rotate("--batch", "3")
    assert status == 0
    assert "6 of 20 ..." in said
    assert "20 values re-sealed. Everything is sealed with key 2." in said
    said, _, status = rotate("--verify", "1")
    assert (status, "shopify_store: 0 sealed with key 1" in said) == (0, True)
    ring.SEALING_KEYS = {2: NEW}
    assert assert_all_open(acme, door) == 20


@pytest.mark.django_db
def test_verify_counts_per_table_and_fails_while_anything_is_left(ring: Settings) -> None:
    fill(workspace("acme"), 7)
    said, complaint, status = rotate("--verify", "1")
    counted = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    assert {table: int(words.partition(" ")[0]) for table, words in counted.items() if table.startswith("shopify_")} == {
        "shopify_farewell": 1, "shopify_pendinginstallation": 0, "shopify_shopifyapp": 0, "shopify_store": 14,
    }  # fmt: skip
    assert "15 values are still sealed with key 1" in complaint
    assert status == 1


@pytest.mark.django_db
def test_a_second_run_finds_nothing_to_do(ring: Settings) -> None:
    fill(workspace("acme"), 2)
    ring.SEALING_PRIMARY_KEY = 2
    rotate()
    assert rotate()[0] == "0 values re-sealed. Everything is sealed with key 2.\n"


@pytest.mark.django_db
def test_only_the_envelopes_of_the_sealed_columns_change(ring: Settings) -> None:
    acme = workspace("acme")
    fill(acme, 3)
    with tenant_context(acme.pk):
        before = list(Store.objects.order_by("pk").defer("access_token", "refresh_token").values())
        sealed = {s.pk: s.__dict__["access_token"] for s in Store.objects.all()}
        ring.SEALING_PRIMARY_KEY = 2
    rotate()
    with tenant_context(acme.pk):
        after = list(Store.objects.order_by("pk").values())
        hidden = ("access_token", "refresh_token")
        assert [{k: v for k, v in row.items() if k not in hidden} for row in after] == [
            {k: v for k, v in row.items() if k not in hidden} for row in before
        ]
        assert all(bytes(s.__dict__["access_token"]) != bytes(sealed[s.pk]) for s in Store.objects.all())


@pytest.mark.django_db
def test_what_does_not_open_is_named_and_the_rest_goes_on(ring: Settings, caplog: pytest.LogCaptureFixture) -> None:
    acme = workspace("acme")
    fill(acme, 5)
    with tenant_context(acme.pk):
        first, second, third = Store.objects.order_by("pk")[:3]
        with connection.cursor() as cursor:  # damaged; moved from next door; no envelope at all
            cursor.execute("UPDATE shopify_store SET access_token = set_byte(access_token, 30, 255 - get_byte(access_token, 30)) WHERE id = %s", [first.pk])  # fmt: skip
            cursor.execute("UPDATE shopify_store SET refresh_token = (SELECT access_token FROM shopify_farewell) WHERE id = %s", [second.pk])  # fmt: skip
            cursor.execute("UPDATE shopify_store SET access_token = 'shpat_in_clear' WHERE id = %s", [third.pk])
    ring.SEALING_PRIMARY_KEY = 2
    said, complaint, status = rotate("--batch", "2")
    assert status == 1
    assert "8 of 11 ..." in said
    named = re.findall(r"(\S+) of row (\d+) does not open", complaint)
    assert sorted(named) == sorted(
        [("shopify_store.access_token", str(first.pk)), ("shopify_store.refresh_token", str(second.pk)), ("shopify_store.access_token", str(third.pk))]
    )  # fmt: skip
    assert "3 values are not sealed with key 2" in complaint
    assert "shpat_in_clear" not in said + complaint + caplog.text
    with tenant_context(acme.pk):
        assert Store.objects.get(pk=first.pk).refresh_token == Secret(f"refresh-{acme.pk}-0")


@pytest.mark.django_db
def test_a_missing_key_names_every_row_and_changes_nothing(ring: Settings) -> None:
    acme = workspace("acme")
    fill(acme, 3)
    ring.SEALING_KEYS, ring.SEALING_PRIMARY_KEY = {2: NEW}, 2
    _, complaint, status = rotate()
    assert (complaint.count("does not open"), status) == (7, 1)
    ring.SEALING_KEYS = {1: OLD, 2: NEW}
    assert assert_all_open(acme) == 7


@pytest.mark.django_db
def test_a_wrong_key_under_the_old_number_changes_nothing(ring: Settings) -> None:
    acme = workspace("acme")
    fill(acme, 2)
    ring.SEALING_KEYS, ring.SEALING_PRIMARY_KEY = {1: os.urandom(32), 2: NEW}, 2
    assert rotate()[2] == 1
    ring.SEALING_KEYS = {1: OLD, 2: NEW}
    assert assert_all_open(acme) == 5


@pytest.mark.django_db
@pytest.mark.parametrize("size", ["0", "-1"])
def test_a_batch_of_nothing_is_refused(size: str) -> None:
    assert rotate("--batch", size)[2] == 1


def test_every_sealed_column_is_found_by_itself() -> None:
    found = [each.table for each in holders.holders()]
    assert {"shopify_store", "shopify_farewell"} <= set(found)
    assert len(found) == len(set(found))


# --- Sealed text inside JSON -----------------------------------------------------------------------------------------
FACTORS = ("outbox_event", "payload")
IN_JSON = JsonTexts(label="outbox.Event", field="payload", keys=("secret", "codes"), place=FACTORS)


def sealed_text(value: str) -> str:
    return b64encode(keyring.seal(Secret(value), place=FACTORS)).decode()


@pytest.mark.django_db
def test_sealed_texts_inside_json_are_found_by_the_settings_and_sealed_anew(ring: Settings) -> None:
    ring.SEALED_ELSEWHERE = ["tests.tenants.crypto.test_rotation.IN_JSON"]
    data = {
        "secret": sealed_text("one"),
        "codes": [sealed_text("two"), sealed_text("three")],
        "mask": 5,
        "credential": "AQ==",
    }
    row = Event.objects.create(kind="k", payload=data, queue="q")
    Event.objects.create(kind="k", payload=["no", "object"], queue="q")
    assert "outbox_event: 3 sealed with key 1" in rotate("--verify", "1")[0]
    ring.SEALING_PRIMARY_KEY = 2
    assert "3 of 3 ..." in rotate()[0]
    assert rotate("--verify", "1")[2] == 0
    ring.SEALING_KEYS = {2: NEW}
    after = Event.objects.get(pk=row.pk).payload
    opened = [keyring.unseal(holders._bytes(t), place=FACTORS) for t in (after["secret"], *after["codes"])]
    assert opened == [Secret("one"), Secret("two"), Secret("three")]
    assert (after["mask"], after["credential"]) == (5, "AQ==")


@pytest.mark.django_db
def test_a_text_that_does_not_open_is_named_and_its_neighbours_are_sealed_anew(ring: Settings) -> None:
    ring.SEALED_ELSEWHERE = ["tests.tenants.crypto.test_rotation.IN_JSON"]
    data = {"secret": "not base64!", "codes": [sealed_text("two"), sealed_text("three")[:-8] + "AAAAAAA="]}
    row = Event.objects.create(kind="k", payload=data, queue="q")
    ring.SEALING_PRIMARY_KEY = 2
    _, complaint, status = rotate()
    assert (complaint.count(f"outbox_event.payload of row {row.pk} does not open"), status) == (1, 1)
    assert keyring.unseal(holders._bytes(Event.objects.get().payload["codes"][0]), place=FACTORS) == Secret("two")


# --- At once, and interrupted ----------------------------------------------------------------------------------------
@pytest.fixture
def environment(test_database_name: str) -> Callable[[int], dict[str, str]]:
    """A process's environment with both keys, of which the given one seals."""

    def make(primary: int) -> dict[str, str]:
        keys = ",".join(f"{number}:{b64encode(key).decode()}" for number, key in ((1, OLD), (2, NEW)))
        database = with_database(os.environ["DATABASE_URL"], test_database_name)
        return {**os.environ, "DATABASE_URL": database, "SEALING_KEYS": keys, "SEALING_PRIMARY_KEY": str(primary)}

    return make


def started(env: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", "rotate_keys", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def sealed_with(key_id: int) -> int:
    return sum(count[key_id] for count in rotation.tallies().values())


@pytest.mark.django_db(transaction=True)
def test_killed_at_any_moment_it_goes_on_where_it_was(
    ring: Settings, environment: Callable[[int], dict[str, str]], tell: Tell
) -> None:
    tenants = [workspace("acme"), workspace("door"), workspace("third")]
    for tenant in tenants:
        fill(tenant, 100)
    done, chance = [0], random.Random(3)
    for _ in range(4):
        process = started(environment(2), "--batch", "5")
        for _ in range(chance.randint(1, 10)):
            if not process.stdout.readline():
                break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert assert_all_open(*tenants) == 603
        done.append(sealed_with(2))
        assert done[-1] >= done[-2]
    assert 0 < done[-1] < 603
    process = started(environment(2))
    said, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (0, "")
    assert f"{603 - done[-1]:,} values re-sealed" in said
    assert (sealed_with(1), sealed_with(2)) == (0, 603)
    assert assert_all_open(*tenants) == 603
    tell(
        f"rotation: killed 4 times at {', '.join(map(str, done[1:]))} of 603 values, resumed, 603 open, 0 under the old key"
    )


@pytest.mark.django_db(transaction=True)
def test_two_rotations_at_once_share_the_work(
    ring: Settings, environment: Callable[[int], dict[str, str]], superuser_url: str, tell: Tell
) -> None:
    tenants = [workspace("acme"), workspace("door")]
    for tenant in tenants:
        fill(tenant, 300)
    with psycopg.connect(superuser_url) as held:  # until both are there
        held.execute("SELECT 1 FROM shopify_store FOR UPDATE")
        processes = [started(environment(2), "--batch", "5") for _ in range(2)]
        _until_seen(superuser_url, sessions=2)
        held.rollback()
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    shares = [int(re.search(r"(\d[\d,]*) values re-sealed", out)[1].replace(",", "")) for out, _ in said]
    assert sum(shares) == 1202  # each value once: nothing was sealed twice
    assert min(shares) > 0
    assert assert_all_open(*tenants) == 1202
    tell(f"rotation: two at once re-sealed {shares[0]} + {shares[1]} of 1,202 values, none twice")


def _clients(superuser_url: str) -> list[int]:
    """Other sessions of the application's role that have asked something by now: of whichever table it was."""
    with psycopg.connect(superuser_url) as server:
        query = "SELECT pid FROM pg_stat_activity WHERE usename = 'versana_app' AND datname = current_database() AND query LIKE %s"
        return [pid for (pid,) in server.execute(query, ["%SELECT%"]) if pid != connection.connection.info.backend_pid]


def _until_seen(superuser_url: str, *, sessions: int) -> None:
    """Each at some time: between two passes a session's last word is COMMIT."""
    seen: set[int] = set()

    def all_of_them() -> bool:
        seen.update(_clients(superuser_url))
        return len(seen) >= sessions

    _until(all_of_them)


def _until(reached: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_waited_for(ring: Settings, superuser_url: str) -> None:
    """A refresh has the store locked and writes new tokens: the rotation goes round it and comes back."""
    acme = workspace("acme")
    fill(acme, 4)
    ring.SEALING_PRIMARY_KEY = 2
    progress: list[int] = []
    released = threading.Event()
    with psycopg.connect(superuser_url) as held:
        held.execute("SELECT 1 FROM shopify_store WHERE number = 2 FOR UPDATE")

        def follow(done: int, total: int) -> None:
            progress.append(done)
            if done == 7 and not released.is_set():  # all the others
                held.rollback()
                released.set()

        outcome = rotation.reseal_all(progress=follow, on_broken=lambda broken: None)
    assert (outcome.resealed, outcome.left, progress[-1]) == (9, 0, 9)
    assert released.is_set()


@pytest.mark.django_db(transaction=True)
def test_a_row_held_for_ever_ends_the_rotation_with_a_word(
    ring: Settings, superuser_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workspace("acme"), 2)
    ring.SEALING_PRIMARY_KEY = 2
    monkeypatch.setattr(rotation, "PATIENCE_SECONDS", 0.2)
    with psycopg.connect(superuser_url) as held:
        held.execute("SELECT 1 FROM shopify_store WHERE number = 1 FOR UPDATE")
        _, complaint, status = rotate()
        held.rollback()
    assert (status, "2 values are not sealed with key 2" in complaint) == (1, True)
    assert rotate()[2] == 0


@pytest.mark.django_db(transaction=True)
def test_tokens_renewed_during_a_rotation_are_never_overwritten(ring: Settings) -> None:
    """Renewals write as the web does, under the row's lock and with the key that their process still takes for the primary."""
    acme = workspace("acme")
    fill(acme, 30)
    ring.SEALING_PRIMARY_KEY = 2
    stop = threading.Event()
    latest: dict[int, str] = {}

    def renew() -> None:
        chance = random.Random(5)
        try:
            while not stop.is_set():
                with tenant_context(acme.pk):
                    store = Store.objects.select_for_update().get(number=chance.randint(1, 30))
                    latest[store.pk] = f"renewed-{chance.random()}"
                    store.access_token = store.refresh_token = Secret(latest[store.pk])
                    store.save()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(renew)]
        try:
            for _ in range(5):
                rotation.reseal_all(batch=2, progress=lambda done, total: None, on_broken=_never)
        finally:
            stop.set()
        [future.result() for future in futures]
    rotation.reseal_all(progress=lambda done, total: None, on_broken=_never)
    assert len(latest) > 5
    with tenant_context(acme.pk):
        for pk, value in latest.items():
            store = Store.objects.get(pk=pk)
            assert (store.access_token, store.refresh_token) == (Secret(value), Secret(value))
    assert sealed_with(1) == 0


def _never(broken: Broken) -> None:
    raise AssertionError(f"{broken.place} of row {broken.row} does not open")


@pytest.mark.django_db(transaction=True)
def test_an_envelope_that_changed_meanwhile_is_left_alone(ring: Settings) -> None:
    """The comparison itself, without the lock that makes it a second net."""
    acme = workspace("acme")
    fill(acme, 1)
    with tenant_context(acme.pk):
        mine = Store.objects.get()
        other = Store.objects.get()
        other.access_token = Secret("newer")
        other.save()
        ring.SEALING_PRIMARY_KEY = 2
        columns = holders.Columns(Store)
        assert columns._reseal_row(mine)[0] == 0
        assert Store.objects.get().access_token == Secret("newer")
