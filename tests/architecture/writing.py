"""Which functions of the product write, found in its source: by what they call, and by calling others that write."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from tests.architecture.source import Module, modules

# Packages of domain functions. Commands, views, forms, pages and migrations call these and are not domain themselves.
DOMAIN = ("tenants/", "integrations/shopify/", "inbox/")
NOT_DOMAIN = (
    "/migrations/", "/management/", "/views", "/forms", "/pages", "/models", "/rls/", "/crypto/", "/sandbox/", "urls.py", "apps.py",
    "/outbox/", "context_processors.py", "__init__.py", "access.py", "cards.py",
)  # fmt: skip
ALWAYS_WRITES = {"bulk_create", "get_or_create", "update_or_create", "bulk_update", "create_user", "next_number"}
# Words that dictionaries and sets have too: a write only where the thing they are called on looks like rows.
WRITES_ON_ROWS = {"create", "update", "delete", "save"}


@dataclass
class Function:
    """`name` is "tenants.members:invite"."""

    name: str
    public: bool
    writes: bool = False
    actions: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)


@cache
def functions() -> dict[str, Function]:
    """Every function of the domain modules, with what it writes and records itself."""
    found = {}
    for module in modules():
        if module.path.startswith(DOMAIN) and not any(part in f"/{module.path}" for part in NOT_DOMAIN):
            for function in _of(module):
                found[function.name] = function
    return found


@cache
def writing() -> dict[str, set[str]]:
    """Public function that writes, itself or by what it calls -> the actions that it records, itself or by what it calls."""
    known = functions()
    reached = {name: _reach(name, known) for name, function in known.items() if function.public}
    return {
        name: {action for one in ones for action in known[one].actions}
        for name, ones in reached.items()
        if any(known[one].writes for one in ones)
    }


def _reach(name: str, known: dict[str, Function]) -> set[str]:
    seen, waiting = set[str](), [name]
    while waiting:
        one = waiting.pop()
        if one in known and one not in seen:
            seen.add(one)
            waiting += known[one].calls
    return seen


def _of(module: Module) -> Iterator[Function]:
    name = module.path.removesuffix(".py").replace("/", ".")
    names = _imported_names(module.tree)
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef):
            function = Function(f"{name}:{node.name}", public=not node.name.startswith("_"))
            _read(node, function, module=name, names=names)
            yield function


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """Local name -> the module or function it stands for."""
    names = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _read(node: ast.FunctionDef, function: Function, *, module: str, names: dict[str, str]) -> None:
    querysets = _querysets(node)
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name | ast.Attribute) and one.attr.isupper():
            owner = one.value.attr if isinstance(one.value, ast.Attribute) else one.value.id
            if owner == "Action":
                function.actions.add(one.attr)
        if not isinstance(one, ast.Call):
            continue
        if isinstance(one.func, ast.Name):
            target = names.get(one.func.id, f"{module}.{one.func.id}")
            function.calls.add(":".join(target.rsplit(".", 1)))
        elif isinstance(one.func, ast.Attribute):
            _method(one.func, function, names, querysets)


def _method(called: ast.Attribute, function: Function, names: dict[str, str], querysets: set[str]) -> None:
    if isinstance(called.value, ast.Name) and called.value.id in names:
        function.calls.add(f"{names[called.value.id]}:{called.attr}")
    rows = called.attr in ("save", "delete") or _is_a_query(called.value, querysets)
    function.writes |= called.attr in ALWAYS_WRITES or (called.attr in WRITES_ON_ROWS and rows)


def _querysets(node: ast.FunctionDef) -> set[str]:
    """Local variables that hold a query."""
    found = set[str]()
    for one in ast.walk(node):
        if isinstance(one, ast.Assign) and _is_a_query(one.value, found):
            found |= {target.id for target in one.targets if isinstance(target, ast.Name)}
    return found


def _is_a_query(value: ast.expr, querysets: set[str]) -> bool:
    if isinstance(value, ast.Name):
        return value.id in querysets
    text = ast.unparse(value)
    return any(part in text for part in (".objects", ".filter(", ".exclude("))
