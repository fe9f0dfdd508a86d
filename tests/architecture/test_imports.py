"""Who imports whom is what the contracts say, and the contracts forget no module."""

import configparser
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import PACKAGES, ROOT, imported, modules

# What of Shopify the inbox may see; everything else there is forbidden to it by name.
OPEN_TO_THE_INBOX = {"events", "interface", "person", "sections", "types", "vocabulary", "migrations"}


def _contract(name: str) -> set[str]:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    return set(parser[f"importlinter:contract:{name}"]["forbidden_modules"].split())


def _names(folder: Path) -> set[str]:
    return {
        path.stem
        for path in folder.iterdir()
        if (path.suffix == ".py" or path.is_dir()) and not path.name.startswith("__")
    }


def test_the_contracts_hold() -> None:
    """In a process of its own: the linter sets logging up, and by that silences every logger there is."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_new_module_of_shopify_is_forbidden_to_the_inbox_until_somebody_decides() -> None:
    shopify = {f"integrations.shopify.{name}" for name in _names(ROOT / "integrations/shopify") - OPEN_TO_THE_INBOX}
    others = {f"integrations.{name}" for name in _names(ROOT / "integrations") - {"shopify", "imap"}}
    assert _contract("inbox-asks-the-interface") == shopify | others


def test_the_sandbox_is_forbidden_every_module_of_ours() -> None:
    shopify = {
        f"integrations.shopify.{name}" for name in _names(ROOT / "integrations/shopify") - {"sandbox", "migrations"}
    }
    others = {f"integrations.{name}" for name in _names(ROOT / "integrations") - {"shopify"}}
    assert _contract("sandbox-is-an-outsider") == shopify | others | {
        "versana",
        "tenants",
        "inbox",
        "django",
        "requests",
        "shopify",
    }


def test_nothing_of_the_product_imports_the_tests() -> None:
    assert [m.path for m in modules() if any(name.split(".")[0] == "tests" for name in imported(m.tree))] == []


def test_signals_are_listened_to_in_one_place_and_never_those_of_models() -> None:
    listening = {
        m.path for m in modules() for name in imported(m.tree) if "signals" in name and name.startswith("django")
    }
    assert listening <= {"tenants/apps.py"}
    of_models = ("pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed")
    assert [m.path for m in modules() for name in imported(m.tree) if name.endswith(of_models)] == []


def test_every_top_level_package_is_ours_by_name() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert found == set(PACKAGES)
