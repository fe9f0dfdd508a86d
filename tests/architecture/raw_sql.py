"""Finds raw SQL in a syntax tree: every way that Django and psycopg offer, by the words that none of them can do without."""

import ast
from collections.abc import Iterator

# Reaching for one of these, called or not, under whatever name the object has.
WORDS = frozenset({"cursor", "chunked_cursor", "executemany", "mogrify", "callproc", "RawSQL", "RunSQL", "RawQuerySet"})
# Words with other meanings, too: only a call counts.
CALLED = frozenset({"raw", "extra", "execute", "copy"})
DRIVERS = frozenset({"psycopg", "psycopg2", "psycopg_pool", "asyncpg", "sqlite3"})


def raw_sql(tree: ast.Module) -> list[str]:
    """What was found, each with its line."""
    return [f"{line}: {what}" for node in ast.walk(tree) for line, what in _found(node)]


def _found(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((node.lineno, name) for name in _imports(node))
    elif isinstance(node, ast.Attribute) and node.attr in WORDS:
        yield node.lineno, node.attr
    elif isinstance(node, ast.Name) and node.id in WORDS - {"cursor"}:
        yield node.lineno, node.id
    elif isinstance(node, ast.Call):
        yield from ((node.lineno, name) for name in _calls(node))


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    module = getattr(node, "module", None) or ""
    for alias in node.names:
        whole = f"{module}.{alias.name}" if module else alias.name
        if whole.split(".")[0] in DRIVERS or alias.name in WORDS or whole == "django.db.connections":
            yield whole


def _calls(node: ast.Call) -> Iterator[str]:
    if isinstance(node.func, ast.Attribute) and node.func.attr in CALLED and not _of_a_module(node.func):
        yield node.func.attr
    if isinstance(node.func, ast.Name) and node.func.id in ("getattr", "methodcaller", "attrgetter"):
        yield from (str(a.value) for a in node.args if isinstance(a, ast.Constant) and a.value in WORDS | CALLED)


def _of_a_module(function: ast.Attribute) -> bool:
    """`shutil.copy`, `copy.copy`."""
    return isinstance(function.value, ast.Name) and function.value.id in ("shutil", "copy")
