"""The product's own source files, read once."""

import ast
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("versana", "tenants", "integrations", "inbox")


@dataclass(frozen=True)
class Module:
    """One Python file: its path from the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def is_migration(self) -> bool:
        return "/migrations/" in self.path


@cache
def modules() -> tuple[Module, ...]:
    files = [
        ROOT / "dev",
        ROOT / "manage.py",
        *(path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))),
    ]
    return tuple(
        Module(path.relative_to(ROOT).as_posix(), path.read_text(), ast.parse(path.read_text())) for path in files
    )


@cache
def committed() -> tuple[str, ...]:
    """Every file that a clone has; in a tree without git, every file but what tools leave."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
            "\n"
        )
        return tuple(name for name in listed if name and (ROOT / name).is_file())
    return tuple(_walk())


def _walk() -> Iterator[str]:
    for folder, names, files in os.walk(ROOT):
        names[:] = [name for name in names if not name.startswith(".") and name not in ("__pycache__", "staticfiles")]
        yield from (Path(folder, file).relative_to(ROOT).as_posix() for file in files)


def calls(tree: ast.Module, *names: str) -> Iterator[int]:
    """Lines on which a method or function of one of these names is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in names:
                yield node.lineno


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module or name that is imported, with its full path."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
