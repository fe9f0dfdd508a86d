"""Which tests `./dev test` chooses."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from versana.devservices import chromium, gate, throwaway
from versana.devservices.places import ROOT


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would run; every one succeeds."""
    made: list[list[str]] = []

    @contextmanager
    def no_servers(caller: Mapping[str, str], *, pooler: Path | None = None) -> Iterator[dict[str, str]]:
        yield {}

    def note(command: Sequence[str], **_: Any) -> int:
        made.append(list(command))
        return 0

    monkeypatch.setattr(throwaway, "servers", no_servers)
    monkeypatch.setattr(gate, "foreground", note)
    for way in ("find", "find_or_install"):
        monkeypatch.setattr(chromium, way, lambda: "/usr/bin/chromium")
    return made


def test_alone_it_checks_and_leaves_the_long_tests_out(calls: list[list[str]]) -> None:
    gate.test([])
    *checks, tests = calls
    assert len(checks) == len(gate.LINT)
    assert tests[-2:] == ["-m", "not nightly and not pgbouncer and not long"]


def test_with_all_it_checks_and_leaves_no_long_test_out(calls: list[list[str]]) -> None:
    gate.test(["--all"])
    *checks, tests = calls
    assert len(checks) == len(gate.LINT)
    assert tests[-2:] == ["-m", "not nightly and not pgbouncer"]


def test_a_test_that_is_named_runs_however_long_it_is(calls: list[list[str]]) -> None:
    gate.test(["tests/isolation"])
    (tests,) = calls
    assert tests[-3:] == ["-m", "not nightly and not pgbouncer", "tests/isolation"]


def test_the_build_server_leaves_no_long_test_out() -> None:
    assert "./dev test --all" in (ROOT / ".ci" / "run").read_text()
