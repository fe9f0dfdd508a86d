"""docs/sandbox.md names every fault, every action and every option of the command."""

import re
from pathlib import Path

import pytest

from integrations.shopify.sandbox import FAULTS
from integrations.shopify.sandbox.control_actions import ACTIONS
from tests.integrations.shopify.sandbox.test_server import run

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*FAULTS, *ACTIONS])
def test_every_fault_and_action_is_described(name: str) -> None:
    assert re.search(rf"[`/ ]{re.escape(name)}[` ]", PAGE)


def test_every_option_of_the_command_is_described() -> None:
    options = set(re.findall(r"--[a-z-]+", run("--help").stdout)) - {"--help"}
    assert options
    assert {option for option in options if f"`{option}" not in PAGE} == set()
