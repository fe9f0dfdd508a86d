"""The documents are true as far as a program can tell: links, pictures, files, commands and variables that they name exist."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from versana.devservices.__main__ import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
OPERATIONS = ROOT / "docs" / "operations.md"

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FILE = re.compile(r"`((?:versana|tenants|integrations|inbox|static|templates|tests|requirements|docs)/[^`\s*<>]*)`")
_DEV = re.compile(r"\./dev ([a-z]+)")
_MANAGE = re.compile(r"(?:manage\.py|\./dev manage) ([a-z_]+)")
# A variable where it is set, used, or explained in the first column of a table.
_ASSIGNED = re.compile(r"(?<![\w-])([A-Z][A-Z0-9_]{3,})=")
_USED = re.compile(r"\$\{?([A-Z][A-Z0-9_]{3,})")
_ROW = re.compile(r"^\| ((?:`[A-Z][A-Z0-9_]+`(?:, )?)+) \|", re.MULTILINE)
_READ = re.compile(r"""(?:env\.\w+|required|environ\.get|caller\.get|getenv)\(\s*["']([A-Z][A-Z0-9_]+)["']""")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def code(path: Path) -> str:
    """What stands in a document as code: between backticks, or indented; without the comments of commands."""
    text = read(path)
    inline = re.findall(r"`([^`\n]+)`", text)
    indented = [line.partition(" # ")[0] for line in text.splitlines() if line.startswith("    ")]
    return "\n".join([*inline, *indented])


def anchors(path: Path) -> set[str]:
    """The anchors that code hosts make of a document's headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(read(path))}


def variables_read(*paths: str) -> set[str]:
    return {name for path in paths for name in _READ.findall(read(ROOT / path))}


def explained(path: Path) -> set[str]:
    return {name for row in _ROW.findall(read(path)) for name in re.findall(r"[A-Z][A-Z0-9_]+", row)}


def by_setting() -> set[str]:
    return variables_read("versana/settings.py", "versana/platform/settings.py")


def known() -> set[str]:
    """Every variable that the product, its commands, ./dev, the compose file or the tests read."""
    places = [*(ROOT / "versana" / "devservices").glob("*.py"), *(ROOT / "tests" / "contract").glob("*.py")]
    read_in_code = variables_read(*(str(path.relative_to(ROOT)) for path in places))
    addresses = set(
        re.findall(r'"([A-Z_]+DATABASE_URL)"', read(ROOT / "tenants/management/commands/setup_database.py"))
    )
    compose = set(_USED.findall(read(ROOT / "docker-compose.yml")))
    return by_setting() | read_in_code | addresses | compose | {"DJANGO_SETTINGS_MODULE", "PGPASSWORD", "ON_ERROR_STOP"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_and_picture_leads_somewhere(document: Path) -> None:
    for target in _LINK.findall(read(document)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{target} does not exist"
        assert not anchor or anchor in anchors(path), f"{target} names no heading"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(document: Path) -> None:
    missing = [name for name in _FILE.findall(read(document)) if not (ROOT / name.partition(":")[0]).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_named_exists(document: Path) -> None:
    assert set(_DEV.findall(code(document))) <= COMMANDS.keys()
    assert set(_MANAGE.findall(code(document))) <= get_commands().keys()


def test_dev_explains_every_command_it_has() -> None:
    shown = re.findall(r"^    \./dev ([a-z]+) ", read(ROOT / "dev"), re.MULTILINE)
    assert set(shown) == COMMANDS.keys()


@pytest.mark.parametrize("document", [*DOCUMENTS, ROOT / ".env.example"], ids=lambda path: path.name)
def test_every_variable_that_is_named_is_read_somewhere(document: Path) -> None:
    text = read(document)
    named = {*_ASSIGNED.findall(text), *_USED.findall(text), *explained(document)}
    assert named - known() == set()


def test_operations_explain_every_variable_that_settings_read() -> None:
    text = read(OPERATIONS)
    assert {name for name in by_setting() if f"`{name}`" not in text} == set()


def test_the_compose_file_gives_the_product_only_variables_that_it_reads() -> None:
    given = set(re.findall(r"^ {2,6}([A-Z][A-Z0-9_]+): ", read(ROOT / "docker-compose.yml"), re.MULTILINE))
    of_others = {
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "POOL_MODE",
        "AUTH_TYPE",
        "MAX_CLIENT_CONN",
        "DEFAULT_POOL_SIZE",
    }
    assert {name for name in given - of_others if not name.startswith("DB_")} <= known()


def test_the_readme_shows_the_two_commands_and_a_picture() -> None:
    text = read(ROOT / "README.md")
    assert "\n    ./dev demo\n    ./dev test\n" in text
    assert re.search(r"!\[[^\]]+\]\(docs/images/[\w-]+\.png\)", text)
