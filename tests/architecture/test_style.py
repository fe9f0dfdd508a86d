"""Names, sizes and the sentences at the head of every module."""

import ast

from tests.architecture.source import Module, modules

OURS = [module for module in modules() if not module.is_migration]
FORBIDDEN = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "services",
    "service",
    "managers",
    "signals",
    "lib",
    "base",
}
MOST_LINES, LONGEST_FUNCTION = 400, 60
# Folders whose names and places are Django's; ours is what lies in them.
DJANGOS = ("management", "commands", "templatetags", "migrations")


def test_no_module_is_named_for_nothing() -> None:
    assert [m.path for m in OURS if FORBIDDEN & set(m.path.removesuffix(".py").split("/"))] == []


def _is_djangos_own(module: Module) -> bool:
    return module.path.endswith("__init__.py") and module.path.split("/")[-2] in DJANGOS


def test_every_module_and_package_says_what_it_answers_for() -> None:
    heads = {m.path: ast.get_docstring(m.tree) or "" for m in OURS if not _is_djangos_own(m)}
    assert [path for path, text in heads.items() if len(text) < 15] == []


def test_every_module_can_be_read_in_one_sitting() -> None:
    lengths = {m.path: len(m.text.splitlines()) for m in OURS}
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


def _functions() -> dict[str, int]:
    """Where each function stands, and how many lines it has."""
    return {
        f"{module.path}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for module in OURS
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }


def test_every_function_fits_on_a_screen() -> None:
    assert {place: length for place, length in _functions().items() if length > LONGEST_FUNCTION} == {}


def test_nothing_is_left_for_later() -> None:
    words = ["TO" + "DO", "FIX" + "ME", "X" * 3 + ":", "HA" + "CK"]
    lines = ((m.path, line.strip()) for m in OURS for line in m.text.splitlines())
    assert [(path, line) for path, line in lines if any(word in line for word in words)] == []


def test_half_of_all_functions_are_short() -> None:
    lengths = sorted(_functions().values())
    assert lengths[len(lengths) // 2] <= 12
