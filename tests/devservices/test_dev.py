"""The script itself: what it would install, and that old Pythons can read as far as its refusal."""

import ast
import importlib.machinery
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def dev() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("dev_script", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev_script", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_an_old_python_can_read_as_far_as_the_refusal() -> None:
    ast.parse((ROOT / "dev").read_text(), feature_version=(3, 7))


def test_any_change_of_a_lock_changes_the_stamp(dev: ModuleType, tmp_path: Path) -> None:
    dev.LOCKS = [tmp_path / "lock"]
    prints = set()
    for text in ("a==1", "a==2"):
        (tmp_path / "lock").write_text(text)
        prints.add(dev.fingerprint())
        assert dev.fingerprint() in prints
    assert len(prints) == 2


def test_every_locked_package_has_a_hash_and_no_file_names_a_place() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        pins = path.read_text().replace("\\\n", "")
        for line in pins.splitlines():
            if "==" in line and not line.lstrip().startswith("#"):
                assert "--hash=sha256:" in line, line
        assert "://" not in pins
        assert "--find-links" not in pins


def test_a_full_disk_and_a_foreign_checkout_are_told_apart(dev: ModuleType) -> None:
    assert "disk is full" in dev.advice(OSError(28, "No space left on device"))
    assert "belong to you" in dev.advice(OSError(13, "Permission denied"))
