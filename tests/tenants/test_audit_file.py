"""The audit log as a file: complete, verified by the command without a database, and by a script that is not ours."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tenants import audit_chain
from tenants.models import AuditEvent
from tenants.rls.context import tenant_context
from tests.conftest import Cast
from tests.tenants import chains
from tests.walking import cast, signed_in

__all__ = ["cast"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.long]
EXPORT = "/acme/settings/audit/export/"
EVENTS = 640  # more than a batch
BY_HAND = Path(__file__).with_name("verify_by_hand.py")


@pytest.fixture
def file(cast: Cast, tmp_path: Path) -> Path:
    """A downloaded log."""
    chains.sealed(cast.olivia, EVENTS)
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"".join(signed_in(cast.olivia).post(EXPORT)))  # type: ignore[arg-type] - streamed
    return path


def verified(path: Path, *, head: str = "") -> tuple[bool, str]:
    out = StringIO()
    try:
        call_command("verify_audit", str(path), head=head, stdout=out, stderr=out)
    except CommandError as error:
        return False, f"{out.getvalue()}{error}"
    return True, out.getvalue()


def by_hand(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(BY_HAND), str(path)], capture_output=True, text=True, check=False)


def rewritten(path: Path, change: Callable[[list[Any]], object]) -> Path:
    """The file with its lines changed."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    change(rows)
    path.write_text("".join(json.dumps(row, sort_keys=True, separators=(",", ":")) + "\n" for row in rows))
    return path


def test_the_file_holds_every_event_and_verifies_by_the_command_and_by_hand(cast: Cast, file: Path) -> None:
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    with tenant_context(cast.acme.pk):
        head = audit_chain.head()
        stored = {event.pk: audit_chain.values(event) for event in AuditEvent.objects.all()}
    assert rows[0] | {"exported_at": ""} == {
        "format": "versana-audit", "version": 1, "workspace": {"id": cast.acme.pk, "slug": "acme"}, "exported_at": "", "length": head.length, "head": head.hash,
    }  # fmt: skip
    assert {row["event"]["id"]: row["event"] for row in rows[1:]} == stored
    assert len(rows) == 1 + len(stored)
    assert verified(file) == (True, f"acme: {head.length} events, chain whole, head {head.hash}, 1 not yet sealed\n")
    assert verified(file, head=head.hash)[0]
    assert by_hand(file).stdout.strip() == head.hash
    assert len(BY_HAND.read_text().splitlines()) <= 36


def test_taking_the_log_away_is_on_record_and_in_the_file(cast: Cast, file: Path) -> None:
    last = json.loads(file.read_text().splitlines()[-1])
    assert last.keys() == {"event"}
    assert (last["event"]["action"], last["event"]["actor_name"]) == ("audit.exported", "Olivia")
    with tenant_context(cast.acme.pk):
        assert AuditEvent.objects.filter(action="audit.exported", target="acme").count() == 1


def test_the_command_needs_no_database_for_a_file(file: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": "postgres://versana_app:x@127.0.0.1:1/nothing"}
    done = subprocess.run(
        [sys.executable, "manage.py", "verify_audit", str(file)],
        env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "chain whole" in done.stdout
    rewritten(file, lambda rows: rows.pop(100))
    done = subprocess.run(
        [sys.executable, "manage.py", "verify_audit", str(file)],
        env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "acme: position 100 is missing" in done.stderr


def _swap(rows: list[Any], one: int, other: int) -> None:
    rows[one], rows[other] = rows[other], rows[one]


def _swap_events(rows: list[Any], one: int, other: int) -> None:
    rows[one]["event"], rows[other]["event"] = rows[other]["event"], rows[one]["event"]


def _cut(rows: list[Any]) -> None:
    del rows[500:]
    rows[0] |= {"length": 499, "head": rows[-1]["hash"]}


DAMAGE: dict[str, tuple[Callable[[list[Any]], object], str]] = {
    "a changed value": (lambda rows: rows[200]["event"].update(target="nothing"), "position 200: event {} "),
    "a changed seal": (
        lambda rows: rows[200].update(sealed_at="2026-01-01T00:00:00.000000Z"),
        "position 200: event {} ",
    ),
    "a dropped line": (lambda rows: rows.pop(200), "position 200 is missing"),
    "three dropped lines": (lambda rows: [rows.pop(200) for _ in range(3)], "positions 200 to 202 are missing"),
    "a line twice": (lambda rows: rows.insert(200, rows[200]), "position 200 occurs twice"),
    "two swapped lines": (lambda rows: _swap(rows, 200, 417), "positions 200 and 417 are swapped"),
    "two swapped events": (lambda rows: _swap_events(rows, 200, 417), "positions 200 and 417 are swapped (events "),
    "a rotation": (lambda rows: rows.insert(200, rows.pop(202)), "3 rows are out of order, the first at position 200"),
    "a cut end": (lambda rows: rows.__delitem__(slice(500, None)), "is not in the chain, which ends at position 499"),
    "no links": (lambda rows: rows.__delitem__(slice(1, None)), "is not in the chain, which ends at position 0"),
    "a changed length": (lambda rows: rows[0].update(length=3), "the first line says 3 links"),
    "another version": (lambda rows: rows[200].update(v=2), "position 200: event {} "),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_and_named_by_the_command_and_found_by_hand(name: str, file: Path) -> None:
    change, words = DAMAGE[name]
    events = [json.loads(line).get("event", {}).get("id") for line in file.read_text().splitlines()]
    worked, said = verified(rewritten(file, change))
    assert not worked
    assert words.format(events[200]) in said
    assert by_hand(file).returncode == 1


def test_a_cut_end_whose_first_line_was_adapted_is_found_by_a_head_noted_elsewhere(cast: Cast, file: Path) -> None:
    with tenant_context(cast.acme.pk):
        head = audit_chain.head().hash
    rewritten(file, _cut)
    assert verified(file)[0]
    worked, said = verified(file, head=head)
    assert not worked
    assert f"the expected head {head[:12]}… is not in the chain" in said


def test_no_byte_of_a_link_can_be_changed(file: Path, tmp_path: Path) -> None:
    """One random byte of the file at a time. What is no JSON any more is refused with its line."""
    pick, whole = random.Random(7), file.read_bytes()
    last_link = whole.rindex(b'"hash":')
    first_link = whole.index(b"\n")
    for _ in range(150):
        place = pick.randrange(first_link + 1, last_link)
        if whole[place : place + 1] == b"\n":
            continue
        damaged = bytearray(whole)
        damaged[place] ^= 1 << pick.randrange(7)
        if damaged[place : place + 1] in (b" ", b"\t", b"\r", b"\n") or whole[place : place + 1] in (b" ",):
            continue
        if says_the_same(whole, bytes(damaged), place):
            continue
        (tmp_path / "damaged").write_bytes(damaged)
        assert not verified(tmp_path / "damaged")[0], (place, whole[place - 20 : place + 20])


def says_the_same(whole: bytes, damaged: bytes, place: int) -> bool:
    """Another spelling of the same value: the digits of an escaped letter (\\u015e) may be small or large."""
    line = whole.count(b"\n", 0, place)
    try:
        return bool(json.loads(damaged.split(b"\n")[line]) == json.loads(whole.split(b"\n")[line]))
    except ValueError:
        return False


BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"hello\n",
    "a list": b"[]\n",
    "another format": b'{"format":"x","version":1}\n',
    "another version": b'{"format":"versana-audit","version":2}\n',
    "bytes": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "a link of numbers": b'{"format":"versana-audit","version":1}\n{"hash":1,"position":1}\n',
    "a link of nothing": b'{"format":"versana-audit","version":1}\n{"hash":null}\n',
    "a position of text": b'{"format":"versana-audit","version":1}\n{"hash":"a","previous":"b","sealed_at":"c","position":"1"}\n',
    "a workspace of text": b'{"format":"versana-audit","version":1,"workspace":"x","head":"","length":0}\nnull\n',
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_export_is_refused_in_words(name: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(BROKEN[name])
    worked, said = verified(tmp_path / "x")
    assert not worked
    assert "line" in said or "cannot be read" in said


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    assert "cannot be read: FileNotFoundError" in verified(tmp_path / "none")[1]
