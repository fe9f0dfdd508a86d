"""Children: stopped with all they started, and what they said last."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.devservices.conftest import ROOT, command_lines, eventually
from versana.devservices.places import Trouble
from versana.devservices.processes import Child, captured, foreground, wait_until

STUBBORN = "trap '' TERM INT; sleep {0} & sleep {0}"


def sleepers(seconds: str) -> int:
    return sum(f"sleep {seconds}" in line and "trap" not in line for line in command_lines())


def test_a_child_that_ignores_being_stopped_is_killed_with_its_own_children(place: Path) -> None:
    child = Child("stubborn", ["sh", "-c", STUBBORN.format("61.125")], log=place / "log")
    assert eventually(lambda: sleepers("61.125") == 2)
    child.stop(patience=0.2)
    assert eventually(lambda: sleepers("61.125") == 0)
    assert child not in Child.living


KILLED = """
import sys, time
from pathlib import Path
from versana.devservices.processes import Child
Child("stubborn", ["sh", "-c", sys.argv[2]], log=Path(sys.argv[1]))
print("started", flush=True)
time.sleep(60)
"""


def test_a_killed_supervisor_takes_even_stubborn_children_along(place: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(place / "log"), STUBBORN.format("62.125")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        supervisor.stdout.readline()
        assert eventually(lambda: sleepers("62.125") == 2)
        os.kill(supervisor.pid, signal.SIGKILL)
    assert eventually(lambda: sleepers("62.125") == 0)


def test_a_death_is_reported_with_the_last_words_and_the_status(place: Path) -> None:
    child = Child("web", ["sh", "-c", "echo before; echo last words; exit 3"], log=place / "log")
    with pytest.raises(Trouble, match=r"last words\n\nweb stopped with status 3"):
        wait_until(lambda: False, child=child)
    child.stop()


def test_a_full_disk_is_said_in_plain_words(place: Path) -> None:
    child = Child(
        "PostgreSQL", ["sh", "-c", "echo 'PANIC: could not write: No space left on device'; exit 1"], log=place / "log"
    )
    with pytest.raises(Trouble, match=r"The disk is full\. Free some space and start again: what was stored is kept"):
        wait_until(lambda: False, child=child)
    child.stop()


def test_a_program_that_is_not_there_is_named(place: Path) -> None:
    child = Child("nothing", ["/nowhere/nothing"], log=place / "log")
    with pytest.raises(Trouble, match=r"/nowhere/nothing cannot be started: .*No such file"):
        wait_until(lambda: False, child=child)
    child.stop()


def test_a_child_that_never_gets_ready_is_not_waited_for_for_ever(place: Path) -> None:
    child = Child("slow", ["sleep", "60"], log=place / "log")
    with pytest.raises(Trouble, match="slow is not ready after 0 s"):
        wait_until(lambda: False, child=child, seconds=0.2)
    child.stop()


def test_commands_hand_back_status_and_output(place: Path) -> None:
    assert foreground(["sh", "-c", "exit 7"], env={"PATH": os.environ["PATH"]}, cwd=place) == 7
    assert captured(["sh", "-c", "echo said; exit 2"], env={"PATH": os.environ["PATH"]}, cwd=place) == (2, "said\n")
