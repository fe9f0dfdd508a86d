"""Dockerfile and docker-compose.yml, as far as they can be checked without an engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def test_every_file_the_image_copies_exists_and_is_let_through() -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in ignore or "!requirements/*.txt" in ignore, source


def test_the_image_does_not_run_as_root_and_installs_by_hash() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert dockerfile.rindex("\nUSER versana") < dockerfile.rindex("\nCMD")
    assert dockerfile.count("pip install") == dockerfile.count("pip install --require-hashes --no-deps") == 2


def test_the_services_are_those_of_the_design_and_wait_for_what_they_need(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {"postgres", "redis", "pgbouncer", "web", "admin", "worker", "beat"} <= services.keys()
    assert services["pgbouncer"]["environment"]["POOL_MODE"] == "transaction"
    for name, service in services.items():
        assert "healthcheck" in service or "build" in service, name
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services
            if how["condition"] == "service_healthy":
                assert "test" in services[needed]["healthcheck"]


def test_each_process_gets_the_address_of_its_own_role_only(compose: dict[str, Any]) -> None:
    for name in ("web", "worker", "beat"):
        env = compose["services"][name]["environment"]
        assert env["DATABASE_URL"].startswith("postgres://versana_app:")
        assert "@pgbouncer:" in env["DATABASE_URL"]
        assert not {"SUPERUSER_DATABASE_URL", "MIGRATION_DATABASE_URL", "PLATFORM_DATABASE_URL"} & env.keys()
    assert compose["services"]["admin"]["environment"]["DATABASE_URL"].startswith("postgres://versana_platform:")
    assert "/pgbouncer" not in compose["services"]["setup"]["environment"]["MIGRATION_DATABASE_URL"]


def test_only_loopback_is_published(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_variable_is_explained_and_no_secret_has_a_value() -> None:
    wanted = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert wanted == example.keys()
    for name, value in example.items():
        assert not value or not re.search("PASSWORD|SECRET|KEY", name), name
